"""Whole agents against relay: nothing of theirs is replaced, and nothing of theirs leaves this machine."""
