"""Corpora: from text to token streams of ids over a closed vocabulary."""

from benchmark.corpus.corpus import Corpus, corpus_documents, fingerprint, open_corpus, tokeniser_of
from benchmark.corpus.stream import CodedText, TokenStream
from benchmark.corpus.vocabulary import END, UNKNOWN, Vocabulary

__all__ = [
    "END",
    "UNKNOWN",
    "CodedText",
    "Corpus",
    "TokenStream",
    "Vocabulary",
    "corpus_documents",
    "fingerprint",
    "open_corpus",
    "tokeniser_of",
]
