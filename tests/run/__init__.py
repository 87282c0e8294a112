"""Tests of the running process, one file per part; `make test` runs them all."""
