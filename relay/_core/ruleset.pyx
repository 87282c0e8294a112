"""What a redactor looks for, compiled once and shared."""

cimport cython

from relay._core.custom cimport Customs
from relay._core.kinds cimport CLASSES

CLASS_NAMES = ("custom", "token", "iban", "credit_card", "email", "uuid", "mac", "ip", "ssn", "phone")
assert len(CLASS_NAMES) == <int>CLASSES


@cython.final
cdef class Ruleset:
    """The classes that are on.

    classes   names of CLASS_NAMES; ValueError names one that is none
    custom    patterns of relay.redact.custom, or what has their attributes; class `custom` is on where there are any
    """

    def __cinit__(self, classes, custom=()):
        self.customs = Customs(custom) if custom else None
        self.classes = frozenset(classes) - {"custom"} | ({"custom"} if custom else set())
        for name in self.classes:
            if name not in CLASS_NAMES:
                raise ValueError(f"{name!r} is no class; classes are {', '.join(sorted(CLASS_NAMES))}")
            self.on |= <unsigned int>1 << <int>CLASS_NAMES.index(name)
