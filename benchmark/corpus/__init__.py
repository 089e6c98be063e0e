"""Corpora: from text to token streams of ids over a closed vocabulary."""

from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import END, UNKNOWN, Vocabulary

__all__ = ["END", "UNKNOWN", "TokenStream", "Vocabulary"]
