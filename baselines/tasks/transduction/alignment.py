"""Which letters stand for which phonemes: many-to-many alignment by expectation maximisation.

A word of n letters and m phonemes is cut into graphones of the given `shapes` (a letters, b phonemes). The
probability of a segmentation is the product of its graphones' probabilities; that of a pair of sequences is
the sum over its segmentations (Jiampojamarn et al. 2007; Bisani & Ney 2008 with n = 1). EM makes the
training pairs likely; then each is given its best segmentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.tasks.transduction.graphones import Graphone

#: Letters and phonemes of a graphone.
Shape = tuple[int, int]
#: A pair of sequences of numbers: letters and phonemes.
Pair = tuple[tuple[int, ...], tuple[int, ...]]
#: Pairs that are computed side by side, at most.
_SIDE_BY_SIDE = 4096


def shapes_of(letters: int, phonemes: int) -> tuple[Shape, ...]:
    """Up to so many letters for one phoneme or none, and up to so many phonemes for one letter.

    A letter may be silent. Several letters for several phonemes are left to the n-grams.
    """
    one_letter = [(1, b) for b in range(phonemes + 1)]
    return (*one_letter, *((a, 1) for a in range(2, letters + 1)))


@dataclass(frozen=True)
class _Block:
    """Pairs of the same lengths. `arcs[i, j][shape]` [pairs]: the graphones ending at letter i, phoneme j."""

    members: np.ndarray
    letters: int
    phonemes: int
    arcs: dict[tuple[int, int], dict[Shape, np.ndarray]]

    def places(self) -> list[tuple[int, int]]:
        """Places after so many letters and phonemes, but the beginning; each after those that lead to it."""
        grid = np.ndindex(self.letters + 1, self.phonemes + 1)
        return [(i, j) for i, j in grid if (i, j) in self.arcs]


@dataclass(frozen=True)
class Aligner:
    """Probabilities of graphones: `probs[q]` is that of `graphones[q]`; they sum to one."""

    shapes: tuple[Shape, ...]
    graphones: tuple[Graphone, ...]
    probs: np.ndarray
    blocks: tuple[_Block, ...]

    @classmethod
    def of(cls, pairs: Sequence[Pair], shapes: tuple[Shape, ...]) -> Aligner:
        """Every graphone that the pairs could have, equally probable."""
        numbers: dict[Graphone, int] = {}
        blocks = tuple(_block(pairs, members, shapes, numbers) for members in _of_like_lengths(pairs))
        return cls(shapes, tuple(numbers), np.full(len(numbers), 1 / max(len(numbers), 1)), blocks)

    def trained(self, iterations: int, say: Callable[[int, float], None]) -> Aligner:
        """After some steps of EM. `say` is given the number of each and ln p of all pairs before it."""
        probs = self.probs
        for step in range(iterations):
            counts, log_likelihood = np.zeros(len(probs)), 0.0
            for block in self.blocks:
                log_likelihood += _expect(block, probs, counts)
            say(step, log_likelihood)
            probs = counts / counts.sum() if counts.sum() else probs
        return Aligner(self.shapes, self.graphones, probs, self.blocks)

    def log_probs(self) -> np.ndarray:
        """ln p of each pair, over all of its segmentations: float64 [pairs], −∞ where there is none."""
        values = np.empty(sum(len(block.members) for block in self.blocks))
        for block in self.blocks:
            forward = _forward(block, self.probs)
            with np.errstate(divide="ignore"):
                values[block.members] = np.log(_end(block, forward))
        return values

    def best(self, weigh: Callable[[Graphone], float] = lambda _: 1.0) -> list[list[Graphone] | None]:
        """The most probable segmentation of each pair, in order; None for a pair that has none.

        The logarithm of a graphone's probability counts `weigh(graphone)` times.
        """
        weights = np.array([weigh(graphone) for graphone in self.graphones])
        with np.errstate(divide="ignore"):
            scores = np.log(self.probs) * weights
        found: list[list[Graphone] | None] = [None] * sum(len(block.members) for block in self.blocks)
        for block in self.blocks:
            for member, numbers in zip(block.members.tolist(), _viterbi(block, scores), strict=True):
                found[member] = None if numbers is None else [self.graphones[q] for q in numbers]
        return found


def _of_like_lengths(pairs: Sequence[Pair]) -> Iterator[np.ndarray]:
    """Numbers of pairs of the same lengths, a block at a time."""
    by_lengths: dict[tuple[int, int], list[int]] = {}
    for number, (letters, phonemes) in enumerate(pairs):
        by_lengths.setdefault((len(letters), len(phonemes)), []).append(number)
    for members in by_lengths.values():
        for start in range(0, len(members), _SIDE_BY_SIDE):
            yield np.array(members[start : start + _SIDE_BY_SIDE])


def _block(
    pairs: Sequence[Pair], members: np.ndarray, shapes: Sequence[Shape], numbers: dict[Graphone, int]
) -> _Block:
    letters, phonemes = (np.array([pairs[member][side] for member in members], dtype=int) for side in (0, 1))
    n, m = letters.shape[1], phonemes.shape[1]
    reaching, base = _reaching(n, m, shapes), int(max(letters.max(initial=0), phonemes.max(initial=0))) + 1
    arcs: dict[tuple[int, int], dict[Shape, np.ndarray]] = {}
    for i, j in sorted(reaching - {(0, 0)}):
        for a, b in shapes:
            if (i - a, j - b) in reaching:
                both = np.concatenate([letters[:, i - a : i], phonemes[:, j - b : j]], axis=1)
                codes = both @ base ** np.arange(a + b)
                _, first, which = np.unique(codes, return_index=True, return_inverse=True)
                distinct = ((tuple(row[:a]), tuple(row[a:])) for row in both[first].tolist())
                ids = [numbers.setdefault(graphone, len(numbers)) for graphone in distinct]
                arcs.setdefault((i, j), {})[a, b] = np.array(ids, dtype=np.int32)[which.reshape(-1)]
    return _Block(members, n, m, arcs)


def _reaching(letters: int, phonemes: int, shapes: Sequence[Shape]) -> set[tuple[int, int]]:
    """The places on a way from the beginning to the end."""

    def closure(place: tuple[int, int], sign: int) -> set[tuple[int, int]]:
        found, new = {place}, [place]
        while new:
            i, j = new.pop()
            for a, b in shapes:
                after = (i + sign * a, j + sign * b)
                if 0 <= after[0] <= letters and 0 <= after[1] <= phonemes and after not in found:
                    found.add(after)
                    new.append(after)
        return found

    return closure((0, 0), 1) & closure((letters, phonemes), -1)


def _forward(block: _Block, probs: np.ndarray) -> dict[tuple[int, int], np.ndarray]:
    """The probability of everything up to each place, over all segmentations: [pairs] each."""
    forward = {(0, 0): np.ones(len(block.members))}
    for i, j in block.places():
        arcs = block.arcs[i, j].items()
        forward[i, j] = sum(forward[i - a, j - b] * probs[ids] for (a, b), ids in arcs)
    return forward


def _end(block: _Block, forward: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    return forward.get((block.letters, block.phonemes), np.zeros(len(block.members)))


def _expect(block: _Block, probs: np.ndarray, counts: np.ndarray) -> float:
    """Add the expected counts of graphones in these pairs (forward-backward). Returns ln p of the pairs."""
    forward = _forward(block, probs)
    total = _end(block, forward)
    # 0 without any segmentation, or with ones too improbable for a float: such a pair is left out
    there = total > 0
    backward = {place: np.zeros(len(total)) for place in forward}
    backward[block.letters, block.phonemes] = np.divide(1, total, out=np.zeros(len(total)), where=there)
    for i, j in reversed(block.places()):
        for (a, b), ids in block.arcs[i, j].items():
            after = probs[ids] * backward[i, j]
            backward[i - a, j - b] += after
            counts += np.bincount(ids, forward[i - a, j - b] * after, len(counts))
    return float(np.log(total[there]).sum())


def _viterbi(block: _Block, scores: np.ndarray) -> list[list[int] | None]:
    """The numbers of the graphones of the best segmentation of each pair."""
    best = {(0, 0): np.zeros(len(block.members))}
    choice: dict[tuple[int, int], np.ndarray] = {}
    for i, j in block.places():
        ways = np.stack([best[i - a, j - b] + scores[ids] for (a, b), ids in block.arcs[i, j].items()])
        choice[i, j] = ways.argmax(axis=0)
        best[i, j] = ways.max(axis=0)
    end = (block.letters, block.phonemes)
    if end not in best:
        return [None] * len(block.members)
    found: list[list[int] | None] = []
    for row in range(len(block.members)):
        numbers, (i, j) = [], end
        while (i, j) != (0, 0):
            (a, b), ids = list(block.arcs[i, j].items())[choice[i, j][row]]
            numbers.append(int(ids[row]))
            i, j = i - a, j - b
        found.append(numbers[::-1] if best[end][row] > -np.inf else None)
    return found
