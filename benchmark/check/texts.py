"""Small made-up texts to check models on: with sentence ends and without, with words never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.corpus import END, UNKNOWN, Corpus, TokenStream, Vocabulary
from benchmark.errors import UserError


@dataclass(frozen=True)
class Texts:
    """Three streams over one vocabulary, and histories to ask about."""

    name: str
    train: TokenStream
    valid: TokenStream
    test: TokenStream
    contexts: list[np.ndarray]


def made_up(*, sentences: bool, words: int = 40, seed: int = 7) -> Texts:
    """A text whose next word depends on the last one, its words falling off as in Zipf's law.

    `sentences` marks line ends with `</s>`; without, each split is one line. The rarest words and
    `<unk>` occur in the test text but hardly, or never, in the training text.
    """
    random = np.random.default_rng(seed)
    names = [f"w{index}" for index in range(words)] + [UNKNOWN] + ([END] if sentences else [])
    end = len(names) - 1 if sentences else None
    splits = [_markov(random, words, length, end) for length in (4_000, 400, 300)]
    splits[2][11:13] = words  # <unk> twice in a row, which training never shows
    counts = np.bincount(splits[0], minlength=len(names))
    order = np.lexsort((np.arange(len(names)), -counts))
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    vocabulary = Vocabulary(tuple(names[i] for i in order), counts[order].astype(np.int64))
    train, valid, test = (TokenStream.from_ids(rank[ids].astype(np.uint16), vocabulary) for ids in splits)
    return Texts(
        "text with sentences" if sentences else "one unbroken text",
        train,
        valid,
        test,
        _contexts(random, test, len(names)),
    )


#: How much of each split of a corpus is taken, in targets: training, validation, test; and the least of each.
FRONT, LEAST = (20_000, 2_000, 300), 60


def front_of(corpus: Corpus) -> Texts:
    """The front of a corpus, with its whole vocabulary. Raises UserError for a corpus of a few words."""
    splits = {"train": corpus.train, "valid": corpus.valid, "test": corpus.test}
    for name, split in splits.items():
        if len(split) < LEAST:
            raise UserError(
                f"corpus={corpus.name}: its {name} split has {len(split)} targets; checking a model on it "
                f"takes {LEAST}. Without corpus=, models are checked on made-up texts alone"
            )
    fronts = [np.asarray(split.ids[:size]) for split, size in zip(splits.values(), FRONT, strict=True)]
    # A model may take how often a word occurs from the vocabulary, so it has the counts of this text.
    counts = np.bincount(fronts[0], minlength=len(corpus.vocabulary)).astype(np.int64)
    vocabulary = Vocabulary(corpus.vocabulary.tokens, counts)
    train, valid, test = (TokenStream.from_ids(ids, vocabulary) for ids in fronts)
    contexts = _contexts(np.random.default_rng(7), test, len(vocabulary))
    return Texts(f"front of {corpus.name}", train, valid, test, contexts)


def whole_of(corpus: Corpus) -> Texts:
    """A corpus as it is, which is what a model of scores alone can be matched with."""
    return Texts(corpus.name, corpus.train, corpus.valid, corpus.test, [])


def _markov(random: np.random.Generator, words: int, length: int, end: int | None) -> np.ndarray:
    ids = np.empty(length, dtype=np.int64)
    word, in_line = 0, 0
    for place in range(length):
        if end is not None and in_line and (random.random() < 0.12 or place == length - 1):
            ids[place], word, in_line = end, 0, 0
            continue
        follow = (word * 7 + np.array([1, 2, 3])) % words
        zipf = int(min(random.zipf(1.4), words)) - 1
        word = int(random.choice(follow)) if random.random() < 0.6 else zipf
        ids[place], in_line = word, in_line + 1
    return ids


def _contexts(random: np.random.Generator, test: TokenStream, size: int) -> list[np.ndarray]:
    ids = np.asarray(test.ids, dtype=np.int64)
    ends = (
        np.flatnonzero(ids == test.vocabulary.end) if test.vocabulary.end is not None else np.array([], int)
    )
    contexts = [ids[:0], ids[:1], ids[:7], ids[:13], ids[:60]]
    contexts += [ids[: end + 1] for end in ends[:2].tolist()]
    contexts += [random.integers(0, size, length) for length in (1, 2, 5, 21)]
    return contexts
