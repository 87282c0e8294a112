"""Redaction: what to find and what stands in for it.

policy         what a request and the operator ask for: parse(), merge() -> Policy
custom         patterns of their own, compiled with RE2
placeholders   the stand-ins: masked, numbered, hashed; the numbers of one conversation
classes        the classes, modes and directions that all of it speaks of
"""
