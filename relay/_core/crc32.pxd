"""CRC-32 of ISO 3309, as zlib and the event stream of AWS have it."""

from libc.stdint cimport uint32_t

cdef uint32_t crc32(const char* ptr, Py_ssize_t size) noexcept nogil
