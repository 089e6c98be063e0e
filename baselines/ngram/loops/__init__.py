"""Loops in machine code, for what NumPy needs many passes for: optional, and with the same results."""
