"""Small made-up texts to check models on: with sentence ends and without, with words never trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.corpus import END, UNKNOWN, TokenStream, Vocabulary


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
