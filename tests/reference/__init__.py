"""Slow, obvious versions of what `_core` does: the oracles of the tests. They share no code with it."""
