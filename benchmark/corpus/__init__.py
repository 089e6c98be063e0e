"""Corpora: from text to token streams of ids over a closed vocabulary."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.corpus.corpus import Corpus, corpus_documents, fingerprint, open_corpus, tokeniser_of
    from benchmark.corpus.marks import END, UNKNOWN
    from benchmark.corpus.stream import CodedText, TokenStream
    from benchmark.corpus.vocabulary import Vocabulary

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


#: Where each name is that `benchmark.corpus.corpus` does not have.
_HOMES = {
    "END": "marks",
    "UNKNOWN": "marks",
    "CodedText": "stream",
    "TokenStream": "stream",
    "Vocabulary": "vocabulary",
}


def __getattr__(name: str) -> Any:
    """Each name is imported when it is asked for: models and programs do without most of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'corpus')}"), name)
