"""Ways through words under an n-gram model of graphones: sums over segmentations, letter by letter.

The forward algorithm, for many words at once. Mass stands in pairs of a label and a state of the automaton.
What a label is decides what is summed: the word itself for p(letters), the phonemes matched so far for
p(letters, phonemes), the phonemes written so far in a search for the best ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from baselines.tasks.transduction.automaton import Automaton
from baselines.tasks.transduction.graphones import Graphones

Numbers = Sequence[int]
#: Labels, states and the mass in each of these pairs.
Mass = tuple[np.ndarray, np.ndarray, np.ndarray]


class Labels(Protocol):
    """What is remembered of a way, beside the state."""

    #: Label of each word at its beginning: int64 [words].
    roots: np.ndarray

    def word(self, labels: np.ndarray) -> np.ndarray:
        """The word that each label is of."""

    def after(self, labels: np.ndarray, graphones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The indices of the pairs that may be, and the label that follows each of them."""


@dataclass(frozen=True)
class Beam:
    """What is given up: all but the `width` greatest masses of a word at a place, and any below `share`."""

    width: int
    share: float


@dataclass(frozen=True)
class JointModel:
    """An automaton over graphones, and what they are."""

    graphones: Graphones
    automaton: Automaton

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        """State × groups + group wherever there are such arcs, ascending, and the first arc of each."""
        groups = len(self.graphones.groups)
        states = self.automaton.key // self.automaton.graphones
        keys = states * groups + self.graphones.group_of[self.automaton.graphone]
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        return keys[first], np.append(first, len(keys))

    def arcs(self, states: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The arcs from each state whose graphones are of each group, and whose arcs they are."""
        keys, first = self._rows
        wanted = states * len(self.graphones.groups) + groups
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        owner = np.flatnonzero(keys[at] == wanted)
        at = at[owner]
        count = first[at + 1] - first[at]
        before = np.cumsum(count) - count
        return np.arange(count.sum()) + np.repeat(first[at] - before, count), np.repeat(owner, count)

    def ways(
        self, words: Sequence[Numbers], labels: Labels, beam: Beam | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The labels in which words end, each once, and ln of their mass: int64 and float64 [labels].

        Exact without a `beam`. A word's mass is scaled at each letter, so that long words do not underflow.
        """
        walk = _Walk(self, words, labels)
        walk.add(0, labels.roots, np.full(len(words), self.automaton.start), np.ones(len(words)))
        for place in range(walk.longest + 1):
            label, state, mass = walk.arrive(place)
            if beam is not None:
                label, state, mass = kept(labels.word(label), (label, state, mass), beam)
            ended = walk.lengths[labels.word(label)] == place
            walk.finish(label[ended], mass[ended] * self.automaton.end[state[ended]])
            if not ended.all():
                walk.go_on(place, (label[~ended], state[~ended], mass[~ended]), beam.share if beam else 0)
        return walk.finished()


class _Walk:
    """Mass on its way through words: where it will arrive, in which states, at which scale."""

    def __init__(self, model: JointModel, words: Sequence[Numbers], labels: Labels):
        self._model, self._labels = model, labels
        self.lengths = np.array([len(word) for word in words], dtype=np.int64)
        self.longest = int(self.lengths.max(initial=0))
        self._groups = model.graphones.groups_in(words)
        self._coming: list[list[Mass]]
        self._coming = [[] for _ in range(self.longest + model.graphones.longest + 1)]
        self._log_scale = np.zeros(len(words))
        self._ended: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, place: int, label: np.ndarray, state: np.ndarray, mass: np.ndarray) -> None:
        """Mass that will be in these labels and states after `place` letters."""
        self._coming[place].append((label, state, mass))

    def arrive(self, place: int) -> Mass:
        """What comes to this place: positive masses, the greatest of each word 1."""
        label, state, mass = self._merged(self._coming[place])
        self._coming[place] = []
        some = np.flatnonzero(mass > 0)
        label, state, mass = label[some], state[some], mass[some]
        word = self._labels.word(label)
        scale = np.zeros(len(self.lengths))
        np.maximum.at(scale, word, mass)
        scale[scale == 0] = 1
        self._log_scale += np.log(scale)
        for later in self._coming[place:]:
            later[:] = [(each, s, m / scale[self._labels.word(each)]) for each, s, m in later]
        return label, state, mass / scale[word]

    def go_on(self, place: int, mass: Mass, floor: float) -> None:
        """Read the next graphone of each way.

        The mass in a state goes on by its own arcs, and all of it also by those of the state that it backs
        off to. That would read a graphone with an arc of its own a second time: this part is taken off
        again. So the work grows with the arcs stored, not with the graphones that could be read. Mass up to
        `floor` is given up.
        """
        automaton = self._model.automaton
        waiting: list[list[Mass]] = [[] for _ in range(automaton.longest + 1)]
        _by_length(automaton, mass, waiting)
        for n in range(automaton.longest, -1, -1):
            if not waiting[n]:
                continue
            label, state, m = self._merged(waiting[n])
            passed = m * automaton.weight[state] if n else np.zeros(len(m))
            passed[passed <= floor] = 0
            for more in range(self._model.graphones.longest):
                group = self._groups[self._labels.word(label), place, more]
                fits = np.flatnonzero(group >= 0)
                arc, owner = self._model.arcs(state[fits], group[fits])
                self._read(place + more + 1, label, fits[owner], arc, m, passed)
            some = np.flatnonzero(passed)
            _by_length(automaton, (label[some], automaton.backoff[state[some]], passed[some]), waiting)

    def _read(
        self,
        place: int,
        label: np.ndarray,
        owner: np.ndarray,
        arc: np.ndarray,
        m: np.ndarray,
        passed: np.ndarray,
    ) -> None:
        automaton = self._model.automaton
        may_be, after = self._labels.after(label[owner], automaton.graphone[arc])
        owner, arc = owner[may_be], arc[may_be]
        self.add(place, after, automaton.target[arc], m[owner] * automaton.prob[arc])
        twice = np.flatnonzero(passed[owner])
        owner, lower, after = owner[twice], automaton.lower[arc[twice]], after[twice]
        self.add(place, after, automaton.target[lower], -passed[owner] * automaton.prob[lower])

    def finish(self, label: np.ndarray, mass: np.ndarray) -> None:
        """Mass of words that are over."""
        with np.errstate(divide="ignore"):
            self._ended.append(self._sums(label, mass))

    def _sums(self, label: np.ndarray, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        labels, which = np.unique(label, return_inverse=True)
        log_mass = np.log(np.bincount(which.reshape(-1), mass, len(labels)))
        return labels, log_mass + self._log_scale[self._labels.word(labels)]

    def finished(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels and ln of their mass. All ways of a word end at the same place, so each label comes once."""
        labels, log_mass = (np.concatenate(part) for part in zip(*self._ended, strict=True))
        return labels, log_mass

    def _merged(self, masses: Sequence[Mass]) -> Mass:
        """Each pair of a label and a state once, with the sum of its masses."""
        if not masses:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
        label, state, mass = (np.concatenate(part) for part in zip(*masses, strict=True))
        states = self._model.automaton.states
        keys, which = np.unique(label * states + state, return_inverse=True)
        return keys // states, keys % states, np.bincount(which.reshape(-1), mass, len(keys))


def _by_length(automaton: Automaton, mass: Mass, waiting: list[list[Mass]]) -> None:
    """Put mass to the states of its length."""
    label, state, m = mass
    length = automaton.length[state]
    for n in np.unique(length).tolist():
        some = np.flatnonzero(length == n)
        waiting[n].append((label[some], state[some], m[some]))


def kept(word: np.ndarray, mass: Mass, beam: Beam) -> Mass:
    """The greatest masses of each word. Of equal ones the first stays."""
    label, state, m = mass
    order = np.lexsort((-m, word))
    first = np.searchsorted(word[order], word[order])
    rank = np.arange(len(order)) - first
    some = np.sort(order[(rank < beam.width) & (m[order] >= beam.share)])
    return label[some], state[some], m[some]
