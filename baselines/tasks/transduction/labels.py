"""What is remembered of a way through a word: nothing, the phonemes matched, or the phonemes written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from baselines.tasks.transduction.graphones import Graphones


class WordLabels:
    """Nothing but the word: sums over all phonemes."""

    def __init__(self, words: int):
        self.roots = np.arange(words)

    def word(self, labels: np.ndarray) -> np.ndarray:
        return labels

    def after(self, labels: np.ndarray, graphones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(labels)), labels


class MatchedLabels:
    """How many phonemes of a given output are read: sums over the segmentations of letters and phonemes.

    A word's label grows by 1 for each phoneme; `ends` is its label after the last.
    """

    def __init__(self, outputs: Sequence[Sequence[int]], graphones: Graphones):
        lengths = np.array([len(output) for output in outputs], dtype=np.int64)
        self.ends = np.cumsum(lengths + 1) - 1
        self.roots = self.ends - lengths
        self._word = np.repeat(np.arange(len(outputs)), lengths + 1)
        self._graphones = graphones.phonemes
        most = self._graphones.shape[1]
        # −1 after each output, where no phoneme fits
        self._phonemes = np.full(int((lengths + 1).sum()) + most, -1, dtype=np.int64)
        for root, output in zip(self.roots, outputs, strict=True):
            self._phonemes[root : root + len(output)] = output

    def word(self, labels: np.ndarray) -> np.ndarray:
        return self._word[labels]

    def after(self, labels: np.ndarray, graphones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wanted = self._graphones[graphones]
        there = np.ones(len(labels), dtype=bool)
        for place in range(wanted.shape[1]):
            there &= (wanted[:, place] == 0) | (wanted[:, place] == self._phonemes[labels + place])
        may_be = np.flatnonzero(there)
        return may_be, labels[may_be] + (wanted[may_be] > 0).sum(axis=1)


class WrittenLabels:
    """The phonemes written so far, as nodes of a tree: one way of writing them is as good as another.

    The roots are the words. A node is its parent followed by a phoneme, whatever the graphones were.
    """

    def __init__(self, words: int, graphones: Graphones):
        self.roots = np.arange(words)
        self._word = np.arange(words)
        self._parent, self._phoneme = np.full(words, -1), np.zeros(words, dtype=np.int64)
        self._graphones = graphones.phonemes
        self._symbols = int(self._graphones.max(initial=0)) + 1
        self._keys, self._nodes = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)

    def word(self, labels: np.ndarray) -> np.ndarray:
        return self._word[labels]

    def after(self, labels: np.ndarray, graphones: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        phonemes = self._graphones[graphones]
        labels = labels.copy()
        for place in range(phonemes.shape[1]):
            more = np.flatnonzero(phonemes[:, place])
            labels[more] = self._children(labels[more], phonemes[more, place])
        return np.arange(len(labels)), labels

    def _children(self, parents: np.ndarray, phonemes: np.ndarray) -> np.ndarray:
        """The node of each parent and phoneme, made where there is none yet."""
        keys, which = np.unique(parents * self._symbols + phonemes, return_inverse=True)
        at = np.searchsorted(self._keys, keys)
        there = np.zeros(len(keys), dtype=bool)
        inside = at < len(self._keys)
        there[inside] = self._keys[at[inside]] == keys[inside]
        new = keys[~there]
        nodes = np.arange(len(self._word), len(self._word) + len(new))
        self._parent = np.append(self._parent, new // self._symbols)
        self._phoneme = np.append(self._phoneme, new % self._symbols)
        self._word = np.append(self._word, self._word[new // self._symbols])
        self._keys = np.insert(self._keys, at[~there], new)
        self._nodes = np.insert(self._nodes, at[~there], nodes)
        found: np.ndarray = self._nodes[np.searchsorted(self._keys, keys)][which.reshape(-1)]
        return found

    def written(self, label: int) -> tuple[int, ...]:
        """The phonemes of a label."""
        phonemes = []
        while self._parent[label] >= 0:
            phonemes.append(int(self._phoneme[label]))
            label = int(self._parent[label])
        return tuple(reversed(phonemes))
