"""Texts that models write: how they vary, and how much of them the training text has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.generate import Sampling, draw
from benchmark.measure.seen import longest_seen


def draw_texts(
    model: LanguageModel, vocabulary: Vocabulary, options: Sampling, number: int, prompt: Sequence[str] = ()
) -> TokenStream:
    """Texts of `options.length` tokens as lines, one for each seed from 0 on, without the prompt.

    They go on after `</s>`. Without a prompt, a text begins as a sentence does.
    """
    context = vocabulary.encode(prompt).tolist()
    return lines_of([_text(model, vocabulary, options, context, seed) for seed in range(number)], vocabulary)


def _text(
    model: LanguageModel, vocabulary: Vocabulary, options: Sampling, context: list[int], seed: int
) -> list[int]:
    reader, random, drawn = model.reader(), np.random.default_rng(seed), []
    for token in context:
        reader.read(token)
    for _ in range(options.length):
        drawn.append(draw(reader.next_log_probs().astype(np.float64), vocabulary, options, random))
        reader.read(drawn[-1])
    return drawn


def stretches_of(stream: TokenStream, length: int, number: int) -> TokenStream:
    """As many stretches of a text as texts are drawn, evenly spaced, as lines of the same length.

    They begin where lines of the text do, or anywhere if it has too few lines.
    """
    starts = stream.lines[:-1][stream.lines[:-1] <= len(stream) - length]
    if len(starts) < number:
        starts = np.arange(len(stream) - length + 1)
    chosen = starts[np.linspace(0, len(starts) - 1, number).astype(int)]
    return lines_of([stream.ids[start : start + length].tolist() for start in chosen], stream.vocabulary)


def lines_of(texts: Sequence[Sequence[int]], vocabulary: Vocabulary) -> TokenStream:
    """Texts as the lines of a stream. `</s>` may stand within them."""
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    return TokenStream(np.array([token for each in texts for token in each]), offsets, vocabulary)


def copied_shares(train: TokenStream, texts: TokenStream, orders: Sequence[int]) -> list[list[float]]:
    """For each order, the share of every text's n-grams that a line of `train` has, too.

    An n-gram lies within a sentence. A text without any of an order is left out of its list.
    """
    ids, end = np.asarray(texts.ids), texts.vocabulary.end
    ends = np.flatnonzero(ids == end) + 1 if end is not None else np.empty(0, dtype=np.int64)
    lines = np.unique(np.concatenate([texts.lines, ends]))
    longest = longest_seen(train, TokenStream(ids, lines, texts.vocabulary), max(orders))
    before = np.arange(len(ids)) - np.repeat(lines[:-1], np.diff(lines))
    return [
        [float(np.mean(copied)) for copied in _by_text(longest >= order, before >= order - 1, texts)]
        for order in orders
    ]


def _by_text(values: np.ndarray, there: np.ndarray, texts: TokenStream) -> list[np.ndarray]:
    """The values of each text where they are there, of the texts that have any."""
    parts = [values[start:stop][there[start:stop]] for start, stop in pairwise(texts.lines.tolist())]
    return [part for part in parts if len(part)]


def distinct_shares(texts: TokenStream, order: int) -> list[float]:
    """For each text, how many different n-grams of an order it has, of all its n-grams.

    Distinct-n of Li et al. (2016), A diversity-promoting objective function, text by text.
    """
    shares = []
    for start, stop in pairwise(texts.lines.tolist()):
        line = texts.ids[start:stop].tolist()
        ngrams = [tuple(line[place : place + order]) for place in range(len(line) - order + 1)]
        if ngrams:
            shares.append(len(set(ngrams)) / len(ngrams))
    return shares


def returning_shares(texts: TokenStream, common: int) -> list[float]:
    """For each text, the share of its rarer words that stood in it before, as those of its topic do.

    Rarer words are all but the `common` most frequent of the vocabulary. A text without any is left out.
    """
    shares = []
    for start, stop in pairwise(texts.lines.tolist()):
        rarer = [token for token in texts.ids[start:stop].tolist() if token >= common]
        if rarer:
            shares.append(1 - len(set(rarer)) / len(rarer))
    return shares


def losses_of(model: LanguageModel, texts: TokenStream) -> list[float]:
    """The mean loss of each text by itself under a model, in nats a token."""
    return [float(np.mean(losses, dtype=np.float64)) for losses in losses_by_place(model, texts)]


def losses_by_place(model: LanguageModel, texts: TokenStream) -> list[np.ndarray]:
    """The losses of each text by itself under a model, in nats: [tokens] each."""
    return [-model.log_probs(TokenStream.from_ids(line.ids, line.vocabulary)) for line in texts.each_line()]
