"""What every model of a corpus says behind the same prompts: next-word tables and continuations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.contract import LanguageModel
from benchmark.corpus import Corpus
from benchmark.generate import Sampling, next_words, sample

PROMPTS = 3
#: Tokens taken from a line; of what is smaller than a word, it takes more to say anything.
WORDS, SMALLER = 4, {"bpe": 8, "characters": 24, "bytes": 24}
TOP = 8
SAMPLING = Sampling(temperature=0.8, length=25)


@dataclass(frozen=True)
class Prompt:
    text: str
    ids: np.ndarray  # int64


def samples(model: LanguageModel, corpus: Corpus) -> dict[str, Any]:
    """The content of `samples.json`: for each prompt the likeliest next tokens and one continuation."""
    behind = []
    for prompt in prompts_from(corpus):
        words = sample(model, prompt.ids, corpus.vocabulary, SAMPLING, np.random.default_rng(0))
        behind.append(
            {
                "prompt": prompt.text,
                "next": [
                    (corpus.tokeniser.shown(token), probability)
                    for token, probability in next_words(model, prompt.ids, corpus.vocabulary, TOP)
                ],
                "samples": [corpus.detokenise(words)],
            }
        )
    return {"temperature": SAMPLING.temperature, "prompts": behind}


def prompts_from(corpus: Corpus) -> list[Prompt]:
    """The first tokens of a few lines of the validation split, evenly spaced, without `<unk>`."""
    stream, vocabulary = corpus.valid, corpus.vocabulary
    length = SMALLER.get(corpus.tokeniser.tokens, WORDS)
    starts = stream.lines[:-1]
    if len(starts) <= PROMPTS:
        starts = np.arange(0, max(1, len(stream) - length), length)
    barred = {vocabulary.unknown, vocabulary.end}
    prompts: list[Prompt] = []
    for chosen in np.array_split(starts, PROMPTS):
        for start in chosen.tolist():
            ids = np.asarray(stream.ids[start : start + length], dtype=np.int64)
            if len(ids) == length and not barred.intersection(ids.tolist()):
                prompts.append(Prompt(corpus.detokenise(vocabulary.decode(ids)), ids))
                break
    return prompts
