"""The planted overflow is found: a fuzzer that is silent about this one says nothing about others."""

from importlib import import_module

from tests.fuzz.harness import fuzz

PLANTED = import_module("tests.fuzz.planted.planted")


def check(data: bytes) -> None:
    """Hand the input to the code with the overflow."""
    PLANTED.touch(data)


if __name__ == "__main__":
    fuzz(check)
