"""CRC-32 of ISO 3309 (polynomial 0xEDB88320, reflected), eight bytes at a time.

Of our own, for zlib's headers are not there on every machine that compiles relay.
"""

from libc.stdint cimport uint8_t, uint32_t

cdef enum:
    STEP = 8

cdef uint32_t[8][256] _TABLE      # of a byte, as far before the end as the first index says


cdef int _fill() except -1:
    cdef uint32_t polynomial = 0xEDB88320
    cdef uint32_t value
    cdef int byte, at
    for byte in range(256):
        value = <uint32_t>byte
        for _ in range(8):
            value = value >> 1 ^ (polynomial if value & 1 else <uint32_t>0)
        _TABLE[0][byte] = value
    for byte in range(256):
        for at in range(1, STEP):
            _TABLE[at][byte] = _TABLE[at - 1][byte] >> 8 ^ _TABLE[0][_TABLE[at - 1][byte] & 0xFF]
    return 0


_fill()


cdef uint32_t crc32(const char* ptr, Py_ssize_t size) noexcept nogil:
    """Give the checksum of some bytes."""
    cdef const uint8_t* at = <const uint8_t*>ptr
    cdef const uint8_t* end = at + size
    cdef uint32_t value = 0xFFFFFFFF
    while end - at >= STEP:  # bound: end
        value ^= <uint32_t>at[0] | <uint32_t>at[1] << 8 | <uint32_t>at[2] << 16 | <uint32_t>at[3] << 24
        value = (
            _TABLE[7][value & 0xFF] ^ _TABLE[6][value >> 8 & 0xFF] ^ _TABLE[5][value >> 16 & 0xFF]
            ^ _TABLE[4][value >> 24] ^ _TABLE[3][at[4]] ^ _TABLE[2][at[5]] ^ _TABLE[1][at[6]] ^ _TABLE[0][at[7]]
        )
        at += STEP
    while at < end:
        value = value >> 8 ^ _TABLE[0][(value ^ at[0]) & 0xFF]
        at += 1
    return value ^ <uint32_t>0xFFFFFFFF
