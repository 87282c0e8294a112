"""The tests of relay; `tests` is a package so that oracles and builders have one import path."""
