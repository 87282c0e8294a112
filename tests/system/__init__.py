"""Tests of the whole: relay as a process, providers and clients that are nothing but sockets."""
