"""Nano-dollars as JSON spells numbers: exact decimals of US dollars."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t

cdef enum:
    PLACES = 9                    # digits of a nano-dollar behind the point
    SIZE = 24
    LARGEST = 18                  # digits that surely fit an int64


def usd(nanousd) -> bytes:
    """Give an amount of 0 or more as a decimal of US dollars."""
    cdef int64_t amount
    cdef char[SIZE] digits
    cdef int at = SIZE
    if nanousd >= 10 ** LARGEST:
        whole, part = divmod(nanousd, 10 ** PLACES)
        return b"%d.%09d" % (whole, part)
    amount = nanousd
    if amount % 1_000_000_000 == 0:
        amount //= 1_000_000_000
    else:
        while at > SIZE - PLACES:
            at -= 1
            digits[at] = <char>(c"0" + amount % 10)
            amount //= 10
        at -= 1
        digits[at] = c"."
    while True:
        at -= 1
        digits[at] = <char>(c"0" + amount % 10)
        amount //= 10
        if amount == 0:
            return PyBytes_FromStringAndSize(digits + at, SIZE - at)
