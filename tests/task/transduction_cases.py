"""Small words with their phonemes, and every way of cutting them, for tests of transduction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table.backoff import BackoffTable
from baselines.tasks.transduction.alignment import Pair, Shape
from baselines.tasks.transduction.automaton import Automaton
from baselines.tasks.transduction.graphones import Graphone, Graphones
from baselines.tasks.transduction.lattice import JointModel
from benchmark.contract import RunLog
from benchmark.task.items import Input, Item

#: Spelling and sound of made-up words: "x" is two sounds, "sh" one, an "e" at the end none.
WORDS = {
    "cat": "K A T",
    "cats": "K A T S",
    "tax": "T A K S",
    "ash": "A SH",
    "sash": "S A SH",
    "case": "K EY S",
    "take": "T EY K",
    "shake": "SH EY K",
    "teak": "T IY K",
    "sex": "S E K S",
    "ace": "EY S",
    "hat": "H A T",
    "heat": "H IY T",
    "hash": "H A SH",
    "set": "S E T",
    "sheet": "SH IY T",
}


def item(word: str, phonemes: str) -> Item:
    """A word, a letter a character, and its phonemes."""
    return Item(Input(tuple(word)), tuple(phonemes.split()))


ITEMS = [item(*pair) for pair in WORDS.items()]


def segmentations(pair: Pair, shapes: Sequence[Shape]) -> Iterator[list[Graphone]]:
    """Every way of cutting two sequences into graphones of these shapes."""
    letters, phonemes = pair
    if not letters and not phonemes:
        yield []
    for a, b in shapes:
        if a <= len(letters) and b <= len(phonemes):
            for rest in segmentations((letters[a:], phonemes[b:]), shapes):
                yield [(letters[:a], phonemes[:b]), *rest]


def small_model(order: int, seed: int = 1) -> tuple[JointModel, BackoffTable]:
    """An n-gram model of graphones over two letters and two phonemes, from random sequences of them.

    Graphone 0, the silent letter 1, is never seen.
    """
    graphones = Graphones.of(
        [((1,), ()), ((1,), (1,)), ((1,), (2, 1)), ((2,), ()), ((2,), (2,)), ((1, 2), (1,)), ((2, 2), (2,))]
    )
    draw, end = np.random.default_rng(seed), len(graphones)
    lines = [draw.choice([1, 1, 1, 2, 3, 4, 4, 5, 6], draw.integers(1, 5)) for _ in range(40)]
    sequence = np.concatenate([[end + 1, *line, end] for line in lines]).astype(np.int32)
    table = KneserNey(order=order).count_and_estimate(sequence, end + 1, lambda done: None, RunLog())
    return JointModel(graphones, Automaton.of(table)), table


def every_way(model: JointModel, table: BackoffTable, word: tuple[int, ...]) -> dict[tuple[int, ...], float]:
    """p(letters, phonemes) of every output of a word, from the table, by writing down all segmentations."""
    found: dict[tuple[int, ...], float] = {}
    end = len(model.graphones)
    for numbers in _readings(model.graphones, word):
        line = np.array([end + 1, *numbers, end], dtype=np.int32)
        output = tuple(symbol for number in numbers for symbol in model.graphones.pairs[number][1])
        found[output] = found.get(output, 0.0) + float(np.exp(table.score(line).astype(np.float64).sum()))
    return found


def _readings(graphones: Graphones, word: tuple[int, ...]) -> Iterator[list[int]]:
    if not word:
        yield []
    for number, (letters, _) in enumerate(graphones.pairs):
        if word[: len(letters)] == letters:
            for rest in _readings(graphones, word[len(letters) :]):
                yield [number, *rest]


def outputs_up_to(length: int, symbols: Sequence[str]) -> list[tuple[str, ...]]:
    """Every sequence of at most so many symbols."""
    return [output for size in range(length + 1) for output in product(symbols, repeat=size)]
