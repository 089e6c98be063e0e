"""Judgements of finished models by tasks other than the corpus's own text: BLiMP and LAMBADA."""

#: Raise it when an edit gives the same model other judgements: those made before are made again.
VERSION = 1

#: The tasks, and what readers call them.
TITLES = {"blimp": "BLiMP", "lambada": "LAMBADA"}
