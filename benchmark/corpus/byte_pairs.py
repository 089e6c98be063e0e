"""Byte-pair encoding (Sennrich et al. 2016) over bytes: subwords that can write any text, by `tokenizers`.

Beginning with the bytes of UTF-8, the most frequent pair of neighbouring tokens is merged, again and again.
Before that, GPT-2's rule cuts the text (Radford et al. 2019): a word with the space before it, a number, or
a run of signs. No token crosses a cut, so none is spelt `</s>` or `<unk>`, in which signs and letters meet.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from benchmark.corpus.byte_symbols import NEWLINE, SYMBOLS
from benchmark.errors import UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: What GPT-2's rule takes for white space. Wherever it begins is a cut.
WHITESPACE = (
    "\t\n\v\f\r \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def train(pieces: Iterable[bytes], size: int, least_count: int, *, lines: bool) -> str:
    """Learn the merges from the pieces of a text; the encoding as JSON.

    It has up to `size` tokens, the bytes among them, and merges only pairs that occur at least
    `least_count` times. With `lines`, newlines separate texts, and none is in a token. Raises UserError
    where the package is missing.
    """
    tokenizers = _package()
    encoding = tokenizers.Tokenizer(tokenizers.models.BPE())
    encoding.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=least_count,
        initial_alphabet=sorted(set(SYMBOLS) - {NEWLINE} if lines else SYMBOLS),
        show_progress=False,
    )
    texts = (text.split("\n") if lines else [text] for text in cut_at_words(pieces))
    encoding.train_from_iterator(texts, trainer)
    return str(encoding.to_str())


def load(encoding: str) -> Tokenizer:
    """The encoding that JSON describes. Raises UserError where the package is missing."""
    return _package().Tokenizer.from_str(encoding)


def version() -> str:
    """The package's version. Raises UserError where it is missing."""
    return str(_package().__version__)


def cut_at_words(pieces: Iterable[bytes]) -> Iterator[str]:
    """The same text in pieces that end with a word: white space at an end goes to the next piece.

    So the tokens do not depend on how the text came in pieces.
    """
    rest = ""
    for piece in pieces:
        text = rest + piece.decode()
        whole = text.rstrip(WHITESPACE)
        rest = text[len(whole) :]
        if whole:
            yield whole
    if rest:
        yield rest


def _package() -> Any:
    # The package's threads would take more cores than `threads` allows, and it would warn of forks.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        import tokenizers
    except ImportError as error:
        raise UserError(
            "corpus.tokens=bpe needs the package tokenizers: pip install 'nextword[bpe]'"
        ) from error
    return tokenizers
