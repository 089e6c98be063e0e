"""A share of the training split, for learning curves: less text, scored on the same events."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: Part of the identity of every share: raised when the same share would be other lines.
VERSION = 1
#: A share is spread over so many stretches, or fewer, so that each has at least so many lines.
STRETCHES, LINES = 64, 100


def share_mark(whole: str, share: float) -> str:
    """The fingerprint of a corpus with a share of its training split; the whole's own where it is all."""
    if share == 1:
        return whole
    content = {"corpus": whole, "train_share": share, "version": VERSION}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def with_share(streams: dict[str, TokenStream], share: float) -> dict[str, TokenStream]:
    """The splits of a corpus with only a share (above 0, up to 1) of the training one.

    The training split is cut into equally long stretches, 64 if it is not short, and the beginning of each
    is kept: texts are often in order of time or of source, and their first part alone would be another kind
    of text, not just less of it. (Banko & Brill 2001, section 3, draw the sentences of each training size
    from all of their sources for the same reason. Of the State of the Union, in order of year, the first
    fourth gives a Kneser-Ney 3-gram a test perplexity of 130, a fourth from everywhere one of 94.) Where
    there are lines they stay whole: one is kept if its middle is. A smaller share is part of every larger
    one, in the same order.

    Validation, test and the tokens of the vocabulary stay as they are, and with them the events that are
    scored; the vocabulary's counts become the share's, 0 for a word that only the rest of the text has.
    The ids of a share are copied: 2 or 4 bytes a token. Raises UserError where not one line is kept.
    """
    if share == 1:
        return streams
    train = streams["train"]
    pieces = _pieces(train, share)
    counts = np.zeros(len(train.vocabulary), dtype=np.int64)
    for ids, _ in pieces:
        counts += np.bincount(ids, minlength=len(counts))
    lengths = np.concatenate([lengths for _, lengths in pieces])
    if train.vocabulary.end is None:
        lengths = lengths.sum(keepdims=True)
    lines = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    part = TokenStream(np.concatenate([ids for ids, _ in pieces]), lines, train.vocabulary)
    vocabulary = Vocabulary(train.vocabulary.tokens, counts)
    return {
        name: replace(stream, vocabulary=vocabulary) for name, stream in {**streams, "train": part}.items()
    }


def stretches(train: TokenStream) -> int:
    """How many stretches a training split is cut into."""
    lines = len(train) if train.vocabulary.end is None else len(train.lines) - 1
    return min(STRETCHES, max(1, lines // LINES))


def _pieces(train: TokenStream, share: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """What is kept of each stretch, where anything is: its ids, and the lengths of its lines."""
    count = stretches(train)
    begins = np.arange(count) * (len(train) / count)
    stops = begins + share * (len(train) / count)
    if train.vocabulary.end is None:  # a line is a token
        kept = zip(np.rint(begins).astype(int).tolist(), np.rint(stops).astype(int).tolist(), strict=True)
        pieces = [(train.ids[a:b], np.array([b - a])) for a, b in kept if b > a]
    else:
        lines = train.lines
        middles = (lines[:-1] + lines[1:]) / 2
        kept = zip(
            np.searchsorted(middles, begins).tolist(), np.searchsorted(middles, stops).tolist(), strict=True
        )
        pieces = [(train.ids[lines[a] : lines[b]], np.diff(lines[a : b + 1])) for a, b in kept if b > a]
    if not pieces:
        raise UserError(
            f"corpus.train_share={share:g} leaves nothing of {len(train):,} training targets in "
            f"{len(train.lines) - 1:,} lines: give a larger share, up to 1"
        )
    return pieces
