"""The targets at which two entries differ most, each in its context."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from benchmark.compare.entries import Entry
from benchmark.corpus import Corpus

#: Tokens shown before and after a target.
BEFORE, AFTER = 12, 5


@dataclass(frozen=True)
class Target:
    """A target and its context. `first` and `second` are its probabilities, the geometric means over seeds;
    `difference` is the second loss minus the first, in nats."""

    position: int
    before: str
    target: str
    after: str
    first: float
    second: float
    difference: float


def most_different(first: Entry, second: Entry, corpus: Corpus, most: int) -> list[Target]:
    """The targets at which the second entry is better by most, then those at which the first is.

    At most `most` of each, by the difference in nats.
    """
    ours, theirs = first.losses, second.losses
    difference = theirs - ours
    order = np.argsort(difference, kind="stable")
    places = [place for place in order[:most].tolist() if difference[place] < 0]
    places += [place for place in order[::-1][:most].tolist() if difference[place] > 0]
    return [
        Target(
            position=place,
            before=_text(corpus, max(0, place - BEFORE), place),
            target=corpus.tokeniser.shown(corpus.vocabulary.tokens[int(corpus.test.ids[place])]),
            after=_text(corpus, place + 1, min(len(difference), place + 1 + AFTER)),
            first=exp(-ours[place]),
            second=exp(-theirs[place]),
            difference=float(difference[place]),
        )
        for place in places
    ]


def _text(corpus: Corpus, start: int, stop: int) -> str:
    """Tokens of the test text as they are; words have spaces between them."""
    tokens = corpus.vocabulary.decode(corpus.test.ids[start:stop])
    if corpus.tokeniser.tokens in ("bytes", "bpe"):
        return corpus.detokenise(tokens)
    return ("" if corpus.tokeniser.tokens == "characters" else " ").join(tokens)
