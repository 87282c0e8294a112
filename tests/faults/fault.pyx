"""A counter of calls that fails the n-th (build.py puts a call of it into every function of the redactor).

arm() counts from now on; without it nothing fails. Where RELAY_FAULT is set to `first+step`, each request counts anew
from START on: the first fails at its call number `first`, the next at `first + step`, and so on, so that one process
shows a whole range. RELAY_FAULT_TEXT is what such a fault says.
"""

from libc.string cimport strncmp

import os

START = "redaction.Redactors.of"

cdef long _seen = 0
cdef long _due = 0                # 0: none
cdef bint _lasting = False        # every call from the due one on fails
cdef bint _with_buffers = False   # those of Buffer count too, and all fail for want of memory
cdef const char* _where = NULL    # the function that failed first

_text = ""
_ranges = []                      # first and step, in a process


class Planted(Exception):
    """The fault; its text quotes what is redacted, as that of a library may."""


cdef int fail_if_due(const char* name) except -1 nogil:
    global _seen
    if not _with_buffers and strncmp(name, b"buffer.", 7) == 0:
        return 0
    _seen += 1
    if _due == 0 or _seen < _due or (_seen > _due and not _lasting):
        return 0
    return _fail(name)


cdef int _fail(const char* name) except -1 with gil:
    global _where
    if _where == NULL:
        _where = name
    raise MemoryError() if _with_buffers else Planted(_text)


def arm(due: int, text: str, *, lasting: bool = False, buffers: bool = False) -> None:
    """Count from now on, and fail the call number `due` with `text`.

    lasting   those behind it fail as well
    buffers   Buffer's calls count too, of which others than the redactor have some; what fails is memory
    """
    global _seen, _due, _lasting, _with_buffers, _text, _where
    _seen, _due, _lasting, _with_buffers, _text = 0, due, lasting, buffers, text
    _where = NULL


def disarm() -> str | None:
    """Fail no more; give the function that failed, None: none did."""
    global _due
    _due = 0
    return (<bytes>_where).decode() if _where != NULL else None



def enter(name: bytes) -> None:
    """What functions written in Python call."""
    if name.decode() == START and _ranges:
        first, step = _ranges
        arm(first, os.environ["RELAY_FAULT_TEXT"])
        _ranges[0] = first + step
    fail_if_due(name)


if "RELAY_FAULT" in os.environ:
    _ranges = [int(number) for number in os.environ["RELAY_FAULT"].split("+")]
