"""Decoding of hidden Markov models, against all sequences of states."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.tasks.tagging.viterbi import posteriors, viterbi

Lattice = tuple[list[np.ndarray], list[np.ndarray]]


def lattice(seed: int, sizes: list[int], first: bool, impossible: float) -> Lattice:
    """Random ln p for places with so many states; without `first`, of a model that knows one state back."""
    random = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        scores = random.normal(size=shape)
        return np.where(random.random(shape) < impossible, -np.inf, scores)

    around = [1, 1, *sizes, 1]
    transitions = [
        drawn(around[i - 2] if first else 1, around[i - 1], around[i]) for i in range(2, len(around))
    ]
    return [drawn(size) for size in sizes], transitions


def every_path(emissions: list[np.ndarray], transitions: list[np.ndarray]) -> dict[tuple[int, ...], float]:
    """The score of each sequence of states."""
    scores = {}
    for path in product(*(range(len(own)) for own in emissions)):
        states = (0, 0, *path, 0)
        score = sum(own[state] for own, state in zip(emissions, path, strict=True))
        for place, table in enumerate(transitions):
            one, two, three = states[place : place + 3]
            score += table[one if len(table) > 1 else 0, two, three]
        scores[path] = float(score)
    return scores


LATTICES = st.builds(
    lattice,
    st.integers(0, 10**6),
    st.lists(st.integers(1, 4), max_size=5),
    st.booleans(),
    st.sampled_from([0.0, 0.2]),
)


@given(case=LATTICES)
def test_the_best_of_all_paths_is_found(case: Lattice) -> None:
    scores = every_path(*case)
    path = tuple(viterbi(*case))
    assert path in scores
    assert scores[path] == pytest.approx(max(scores.values()))


@given(case=LATTICES)
def test_posteriors_are_sums_over_all_paths(case: Lattice) -> None:
    scores = every_path(*case)
    total = np.logaddexp.reduce(list(scores.values()))
    if total == -np.inf:
        return
    for place, found in enumerate(posteriors(*case)):
        for state, log_prob in enumerate(found):
            through = [score for path, score in scores.items() if path[place] == state]
            assert np.exp(log_prob) == pytest.approx(np.exp(np.logaddexp.reduce(through) - total), abs=1e-9)


def test_of_equally_probable_paths_the_first_is_taken() -> None:
    assert viterbi(
        [np.zeros(3), np.zeros(2)], [np.zeros((1, 1, 3)), np.zeros((1, 3, 2)), np.zeros((3, 2, 1))]
    ) == [0, 0]


def test_an_empty_sentence_has_no_states() -> None:
    assert viterbi([], [np.zeros((1, 1, 1))]) == []
    assert posteriors([], [np.zeros((1, 1, 1))]) == []
