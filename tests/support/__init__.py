"""Builders, splitters and doubles that tests share."""
