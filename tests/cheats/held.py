"""Models that hold, map and use memory of known size, and some that cannot be loaded."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import ClassVar, Self

import bigram
import numpy as np

from benchmark.contract import ModelSize, RunLog, TokenStream, Vocabulary


class Held(bigram.Bigram):
    """Adds an array of `BYTES` to a bigram model, and uses `SCORING` bytes more while it scores."""

    BYTES: ClassVar[int] = 48_000_000
    SCORING: ClassVar[int] = 80_000_000
    mapped: ClassVar[bool] = False

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        super().fit(train, valid, log)
        self.array = np.ones(self.BYTES, dtype=np.uint8)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        if len(stream) > 100:  # more than the warm-up
            used = np.ones(self.SCORING, dtype=np.uint8)
            assert used[-1] == 1
            assert self.array.sum() == self.BYTES  # reads all of it
        return super().log_probs(stream)

    def size(self) -> ModelSize:
        return ModelSize(self.BYTES + self.table.nbytes, entries=self.table.size)

    def save(self, folder: Path) -> None:
        super().save(folder)
        np.save(folder / "array.npy", self.array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = super().load(folder, vocabulary)
        mode = "r" if cls.mapped else None
        model.array = np.load(folder / "array.npy", mmap_mode=mode, allow_pickle=False)
        return model


class Mapped(Held):
    """Maps the array into memory instead of reading it."""

    mapped = True


class Broken(bigram.Bigram):
    """Can be saved and not loaded."""

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        raise ValueError("the weights are gone")


class Unportable(bigram.Bigram):
    """Can be loaded only by the process that fitted it."""

    fitted: ClassVar[bool] = False

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        super().fit(train, valid, log)
        type(self).fitted = True

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        if not cls.fitted:
            raise ValueError("the weights are gone")
        return super().load(folder, vocabulary)


class Killed(bigram.Bigram):
    """Loading it ends the process, as the system does when memory runs out."""

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


class Endless(bigram.Bigram):
    """Loading it never ends."""

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        time.sleep(3600)
        raise AssertionError
