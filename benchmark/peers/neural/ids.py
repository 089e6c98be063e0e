"""The ids that all programs are given: those of a corpus, or ids drawn by Zipf's law for any vocabulary."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.corpus import Corpus
from benchmark.errors import UserError
from benchmark.peers.neural.record import IdText

#: p(r) ∝ 1 / (r + SHIFT) for rank r from 1 (Mandelbrot 1953), roughly as in English.
SHIFT = 2.7
SEED = 1


@dataclass(frozen=True)
class Ids:
    """A text as ids below `vocabulary`: uint32 arrays whose first id is only history."""

    name: str
    vocabulary: int
    train: np.ndarray
    evaluation: np.ndarray

    @property
    def recorded(self) -> IdText:
        """What is recorded of it."""
        digest = hashlib.sha256(self.train.tobytes() + self.evaluation.tobytes()).hexdigest()
        return IdText(self.name, self.vocabulary, len(self.train) - 1, len(self.evaluation) - 1, digest)

    def save(self, folder: Path, targets: int) -> tuple[Path, Path]:
        """Write the first `targets` ids to learn from, and the evaluation, as .npy files."""
        train, evaluation = folder / "train.npy", folder / "evaluation.npy"
        np.save(train, self.train[: targets + 1], allow_pickle=False)
        np.save(evaluation, self.evaluation, allow_pickle=False)
        return train, evaluation


def zipf(vocabulary: int, train: int, evaluation: int) -> Ids:
    """Independent draws, the same for the same sizes. They are as fast as a text, and need no data."""
    random = np.random.default_rng(SEED)
    weights = 1 / (np.arange(1, vocabulary + 1) + SHIFT)
    ids = random.choice(vocabulary, train + evaluation + 2, p=weights / weights.sum()).astype(np.uint32)
    return Ids("zipf", vocabulary, ids[: train + 1], ids[train + 1 :])


def ids_of_corpus(corpus: Corpus, train: int, evaluation: int) -> Ids:
    """The front of the training and of the validation split. Raises UserError if one is too short."""
    parts = {}
    for split, least in (("train", train), ("valid", evaluation)):
        ids = np.asarray(getattr(corpus, split).ids[: least + 1], dtype=np.uint32)
        if len(ids) <= least:
            raise UserError(
                f"--corpus: the {split} split of {corpus.name} has {len(ids):,} tokens, fewer than the "
                f"{least + 1:,} that are measured; give fewer --steps or --evaluation-tokens"
            )
        parts[split] = ids
    return Ids(corpus.name, len(corpus.vocabulary), parts["train"], parts["valid"])
