"""A share of the training split, for learning curves: less text to learn from, the same events to score."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: Part of the identity of every share: raise it when an edit makes the same share select other lines.
VERSION = 1
#: A share is taken from up to this many stretches of the text, each of at least this many lines.
STRETCHES, LINES = 64, 100


def share_fingerprint(whole: str, share: float) -> str:
    """The fingerprint of a corpus with a share of its training split; a share of 1 changes nothing."""
    if share == 1:
        return whole
    content = {"corpus": whole, "train_share": share, "version": VERSION}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def take_share(streams: dict[str, TokenStream], share: float) -> dict[str, TokenStream]:
    """The splits of a corpus, with only a share (above 0, up to 1) of the training split.

    The training split is cut into stretches of equal length (64, fewer if it is short), and the beginning
    of each is kept. Texts are often ordered by time or by source, so their first part alone would be
    another kind of text, not just less text. (Banko & Brill 2001, section 3, draw the sentences of each
    training size from all of their sources for the same reason. The State of the Union addresses are in
    order of year: the first fourth gives a Kneser-Ney 3-gram a test perplexity of 130, a fourth taken from
    everywhere gives 94.) Lines stay whole: a line is kept if its middle is within the share. A smaller
    share is contained in every larger one, in the same order.

    The validation and test splits and the tokens of the vocabulary do not change, and so neither do the
    events that are scored. The vocabulary's counts become those of the share: 0 for a word that occurs
    only in the rest of the text. The ids of a share are copied, at 2 or 4 bytes a token. Raises UserError
    if the share holds no line.
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
    """Into how many stretches a training split is cut."""
    lines = len(train) if train.vocabulary.end is None else len(train.lines) - 1
    return min(STRETCHES, max(1, lines // LINES))


def _pieces(train: TokenStream, share: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """What is kept of each stretch that anything is kept of: its ids, and the lengths of its lines."""
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
