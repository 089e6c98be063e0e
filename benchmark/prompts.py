"""The prompts behind which every model of a corpus is asked to go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.corpus import Corpus

PROMPTS = 3
#: Tokens taken from a line; character-level text needs more to say anything.
WORDS, CHARACTERS = 4, 24


@dataclass(frozen=True)
class Prompt:
    text: str
    ids: np.ndarray  # int64


def prompts_from(corpus: Corpus) -> list[Prompt]:
    """The first tokens of a few lines of the validation split, evenly spaced, without `<unk>`."""
    stream, vocabulary = corpus.valid, corpus.vocabulary
    length = CHARACTERS if max(map(len, vocabulary.tokens[:50])) == 1 else WORDS
    starts = stream.lines[:-1]
    if len(starts) <= PROMPTS:
        starts = np.arange(0, max(1, len(stream) - length), max(1, length))
    barred = {vocabulary.unknown, vocabulary.end}
    prompts: list[Prompt] = []
    for chosen in np.array_split(starts, PROMPTS):
        for start in chosen.tolist():
            ids = np.asarray(stream.ids[start : start + length], dtype=np.int64)
            if len(ids) == length and not barred.intersection(ids.tolist()):
                prompts.append(Prompt(corpus.detokenise(vocabulary.decode(ids)), ids))
                break
    return prompts
