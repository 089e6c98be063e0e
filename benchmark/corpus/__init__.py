"""Corpora: from text to token streams of ids over a closed vocabulary."""

from typing import TYPE_CHECKING, Any

from benchmark.corpus.stream import CodedText, TokenStream
from benchmark.corpus.vocabulary import END, UNKNOWN, Vocabulary

if TYPE_CHECKING:
    from benchmark.corpus.corpus import Corpus, corpus_documents, fingerprint, open_corpus, tokeniser_of

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


def __getattr__(name: str) -> Any:
    """What `benchmark.corpus.corpus` has, imported when it is asked for: models do without most of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from benchmark.corpus import corpus

    return getattr(corpus, name)
