"""The prequential code length of a text (Dawid 1984; Rissanen 1984), block by block.

The text is cut at doubling points. The first block is coded uniformly, at log₂ V bits a token for V tokens
in the vocabulary. Each later block is coded by a model that is trained, from its beginning, on what stands
before the block, and costs −Σ log₂ p (Blier & Ollivier 2018, "The description length of deep learning
models"). A decoder that has the model's settings, the vocabulary and the validation text can train the same
models on what it has decoded, so the bits are the length of a code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmark.check.answers import scores_of
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.prequential.record import CodedBlock

#: The first block is a text's first 2⁻⁶ (1/64).
HALVINGS = 6


@dataclass(frozen=True)
class Span:
    """The tokens of a block: from `begin` up to, and not with, `end`."""

    begin: int
    end: int

    def __len__(self) -> int:
        return self.end - self.begin


def spans(text: TokenStream) -> list[Span]:
    """The blocks of a text of n tokens, which end at n/64, n/32, …, n/2 and n.

    Each end is moved to the nearest end of a line if the text marks these. A text of few lines has fewer
    blocks.
    """
    ends = np.arange(len(text) + 1) if text.vocabulary.end is None else np.asarray(text.lines)
    cuts = [0]
    for halvings in range(HALVINGS, 0, -1):
        wanted = len(text) / 2**halvings
        cut = int(ends[np.abs(ends - wanted).argmin()])
        if cuts[-1] < cut < len(text):
            cuts.append(cut)
    return [Span(begin, end) for begin, end in pairwise([*cuts, len(text)])]


def coded(
    make: Callable[[], LanguageModel], text: TokenStream, span: Span, valid: TokenStream, log: RunLog
) -> CodedBlock:
    """A block of a text, coded by a model that is trained on the tokens before it, or uniformly if there are
    none.

    `make` gives an untrained model. It may look at `valid`, as in any training. The block is scored as a text
    of its own, with nothing before it.
    """
    if span.begin == 0:
        bits = len(span) * math.log2(len(text.vocabulary))
    else:
        # The vocabulary is known in advance, but not how often each of its tokens will occur.
        counts = np.bincount(text.ids[: span.begin], minlength=len(text.vocabulary)).astype(np.int64)
        vocabulary = Vocabulary(text.vocabulary.tokens, counts)
        model = make()
        before = _part(text, Span(0, span.begin), vocabulary)
        model.fit(before, TokenStream(valid.ids, valid.lines, vocabulary), log)
        block = _part(text, span, vocabulary)
        bits = -float(np.sum(scores_of(model, block), dtype=np.float64)) / math.log(2)
    return CodedBlock(after=span.begin, tokens=len(span), bits=bits)


def _part(text: TokenStream, span: Span, vocabulary: Vocabulary) -> TokenStream:
    """A part of a text, with the ends of its lines and of itself."""
    inside = text.lines[(text.lines > span.begin) & (text.lines < span.end)]
    lines = np.concatenate([[span.begin], inside, [span.end]]).astype(np.int64) - span.begin
    return TokenStream(text.ids[span.begin : span.end], lines, vocabulary)
