"""The running process: command line, worker, sweeper, ops port, and the embedded demo provider."""
