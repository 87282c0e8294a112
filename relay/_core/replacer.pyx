"""Replacer: what stands in the place of each match, and how many there were.

Most matches of most calls become `[EMAIL]` and its like, or stay: those are settled and counted without an object of
Python's. A subclass is called for the rest.
"""

from libc.stdint cimport uint32_t

from relay._core.ruleset import CLASS_NAMES


cdef class Replacer:
    """Serves the channels of one direction; a subclass is called as `replace` of a Channel is, for what is not settled.

    masked   `1 << class` of those whose matches become their label; in a key of an object it is called for them, too
    kept     of those whose matches stay as they are
    """

    def __init__(self, uint32_t masked=0, uint32_t kept=0):
        self.masked = masked
        self.kept = kept

    def count(self, int cls) -> None:
        """Count a match that was asked about."""
        self.tally(cls)

    cdef void tally(self, int cls) noexcept nogil:
        self.found[cls] += 1

    @property
    def counts(self) -> dict[str, int]:
        """What was found so far, by class: those that were found at all."""
        return {name: self.found[cls] for cls, name in enumerate(CLASS_NAMES) if self.found[cls]}
