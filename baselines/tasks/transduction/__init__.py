"""Sequence to sequence: phonemes from letters."""
