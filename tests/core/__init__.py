"""Tests of `relay._core`, one file per module."""
