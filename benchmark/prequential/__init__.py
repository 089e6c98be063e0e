"""Prequential code length: the bits of a text when each part is coded by a model of what stands before it."""

#: Raise it when an edit gives the same model another code length: those found before are found again.
VERSION = 1
