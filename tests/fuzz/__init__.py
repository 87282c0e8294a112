"""Fuzz targets: one per parser, each a `check(data)` that holds for any bytes. `make fuzz` runs them (run.py)."""
