"""The inside of a network, for those who study it: its weights, what its layers compute, and gradients.

A family of networks implements `HasInside`; `inside_of` and `untrained` ask for it. Everything is numpy in
float64, computed on the CPU; without dropout, but for `Inside.losses_with_dropout`.

Texts are read side by side: int64 [rows, time], rows of one length, each from the network's initial state.
Step t (from 0) reads the token before `texts[:, t]`, which is the network's start symbol at t = 0, and then
predicts `texts[:, t]`. Its loss is −ln p of that token, in nats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: What a layer carries from step to step, by name, such as `h` and `c` of an LSTM.
LayerState = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Reading:
    """What a network computes from texts.

    `losses` [rows, time] are those of each step. `outputs` [rows, time, size] are those of each layer, the
    lowest first, before any connection around it. `states` [rows, time + 1, size] are those of each layer:
    the initial one, then that after each step.
    """

    losses: np.ndarray
    outputs: tuple[np.ndarray, ...]
    states: tuple[LayerState, ...]


@dataclass(frozen=True)
class Gradients:
    """Gradients of the mean loss over all steps of all texts.

    By the `weights`, in the shape of each, and by the `outputs` [rows, time, size] of each layer, the lowest
    first.
    """

    weights: Mapping[str, np.ndarray]
    outputs: tuple[np.ndarray, ...]


class Inside(Protocol):
    """A network with its weights. Nothing that is done to it changes the model that it comes from."""

    @property
    def weights(self) -> Mapping[str, np.ndarray]:
        """Every weight by its name; a matrix that two parts share comes once."""

    @property
    def recurrent(self) -> Sequence[str]:
        """The names of the matrices by which layers multiply their own h, the lowest layer first."""

    def with_weights(self, changed: Mapping[str, np.ndarray]) -> Inside:
        """The same network with other numbers in the weights named.

        Raises ValueError for a name that it does not have, and for another shape.
        """

    def read(self, texts: np.ndarray) -> Reading:
        """What it computes from texts."""

    def losses_with_dropout(self, texts: np.ndarray, seed: int) -> np.ndarray:
        """The losses [rows, time] with dropout as in training, by masks that the seed determines."""

    def gradients(self, texts: np.ndarray) -> Gradients:
        """By back-propagation through all steps of the texts."""

    def gradients_by_step(self, texts: np.ndarray, names: Sequence[str]) -> Mapping[str, np.ndarray]:
        """The gradient of the mean loss by each appearance of some weights: [time, *shape].

        Each step has a copy of these weights of its own, and the gradient is by that copy.
        """

    def state_gradients(self, texts: np.ndarray) -> tuple[LayerState, ...]:
        """∂ loss of the last step / ∂ the states that each step reads, by layer: [rows, time, size].

        At place t is the state before step t, as in `Reading.states`.
        """


@runtime_checkable
class HasInside(Protocol):
    """A model whose inside can be asked for."""

    def inside(self) -> Inside:
        """That of the fitted model. Raises UserError for a network whose inside nobody described."""

    def untrained(self, vocabulary: Vocabulary) -> Inside:
        """That with which `fit` would begin: weights drawn as the settings and the seed say."""


def inside_of(model: object) -> Inside:
    """The inside of a fitted model. Raises UserError for one that has none."""
    return _asked(model).inside()


def untrained(model: object, vocabulary: Vocabulary) -> Inside:
    """The inside of a model before training. Raises UserError for one that has none."""
    return _asked(model).untrained(vocabulary)


def _asked(model: object) -> HasInside:
    if not isinstance(model, HasInside):
        kind = type(model).__name__
        raise UserError(f"{kind} shows no states and gradients; networks do (benchmark/inside.py)")
    return model
