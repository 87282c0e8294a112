"""The labelled quality set of redaction, and how finders of personal data score on it.

It is written against the contract and imports nothing of relay, so that no rule of the engine shapes what the engine is
measured by.
"""
