"""Replacer: what stands in the place of each match, and how many there were.

Most matches of most calls become `[EMAIL]` and its like, or stay: those are settled and counted without an object of
Python's. A subclass is called for the rest.
"""

from relay._core.kinds cimport CLASSES

from relay._core.ruleset import CLASS_NAMES


cdef class Replacer:
    """Serves the channels of one direction; a subclass is called as `replace` of a Channel is, for what is not settled.

    It has no constructor in Python: one is made in each direction of each call.

    treatment   tells by `masked`, as `1 << class`, whose matches become their label (in a key of an object it is called
                for them, too), and by `kept` whose stay as they are; `hashes`: hashes are needed
    numbers     of the conversation
    hashes      ValueError where they are needed and None
    """

    def __init__(self, treatment not None, numbers not None, hashes=None):
        if hashes is None and treatment.hashes:
            raise ValueError("hashes: mode 'hash' needs them")
        self.masked = treatment.masked
        self.kept = treatment.kept
        self.treatment = treatment
        self.numbers = numbers
        self.hashes = hashes

    def count(self, int cls) -> None:
        """Count a match that was asked about."""
        self.tally(cls)

    cdef void tally(self, int cls) noexcept nogil:
        self.found[cls] += 1

    @property
    def counts(self) -> dict[str, int]:
        """What was found so far, by class: those that were found at all."""
        cdef int cls
        return {CLASS_NAMES[cls]: self.found[cls] for cls in range(<int>CLASSES) if self.found[cls]}
