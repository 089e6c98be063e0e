"""Decoding of a second-order hidden Markov model, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def viterbi(emissions: Sequence[np.ndarray], transitions: Sequence[np.ndarray]) -> list[int]:
    """The most probable states (Viterbi 1967), one for each place; the first of several equally probable
    ones.

    `emissions[i]` [A_i] are ln p of the observation at place i in each of the A_i states that it may have.
    `transitions[i]` [A_{i−2}, A_{i−1}, A_i] are ln p of these states after each pair of states, where A_{−1}
    and A_{−2} are 1: a sentence begins after one pair. There is one more of them than of emissions: the
    last, with one state, ends the sentence. An axis of length 1 stands for equal values.
    """
    best = np.zeros((1, 1))
    came_from = []
    for place, transition in enumerate(transitions):
        paths = best[:, :, None] + transition
        came_from.append(paths.argmax(axis=0))
        best = paths.max(axis=0)
        if place < len(emissions):
            best = best + emissions[place]
    # The pair is the last state and the end, then goes back by a place each time.
    before, state = divmod(int(best.argmax()), best.shape[1])
    states = []
    for table in reversed(came_from):
        states.append(state)
        before, state = int(table[before, state]), before
    return states[:0:-1]


def posteriors(emissions: Sequence[np.ndarray], transitions: Sequence[np.ndarray]) -> list[np.ndarray]:
    """ln p of each state at each place given all observations, by the forward-backward algorithm.

    The arguments are those of `viterbi` (Baum et al. 1970). Returns float64 [A_i] for each place.
    """
    forward = [np.zeros((1, 1))]
    for place, transition in enumerate(transitions):
        summed = log_sum(forward[-1][:, :, None] + transition, 0)
        forward.append(summed + emissions[place] if place < len(emissions) else summed)
    backward = np.zeros(forward[-1].shape)
    found = []
    for place in range(len(emissions), 0, -1):
        ahead = backward[None] + transitions[place]
        if place < len(emissions):
            ahead = ahead + emissions[place]
        backward = np.broadcast_to(log_sum(ahead, 2), forward[place].shape)
        found.append(log_sum(forward[place] + backward, 0))
    return [each - log_sum(each, 0) for each in reversed(found)]


def log_sum(x: np.ndarray, axis: int) -> np.ndarray:
    """ln Σ exp(x) along an axis; −∞ where all of x is."""
    most = x.max(axis=axis, keepdims=True)
    most = np.where(np.isneginf(most), 0.0, most)
    with np.errstate(divide="ignore"):
        summed: np.ndarray = np.log(np.exp(x - most).sum(axis=axis)) + most.squeeze(axis)
    return summed
