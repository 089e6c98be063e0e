"""What interpolated Kneser-Ney models share, whatever their discounts: the CPU or a GPU estimates them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import Discounts, counts_of_counts
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import Computation, RunLog


@dataclass(kw_only=True, eq=False)
class InterpolatedKneserNey(BackoffModel):
    """Kneser-Ney as `interpolate` defines it. A subclass chooses the discounts.

    `device`: who counts and estimates. `cpu`: NumPy. `cuda` or `cuda:1`: torch on that device; `auto`: on a
    CUDA device if there is one. The model is the same, bit for bit, and the CPU scores it. A text whose
    tables may not fit the device's memory is left to the CPU; the log says so.
    """

    device: str = "cpu"

    @abstractmethod
    def choose_discounts(self, seen: Sequence[tuple[int, int, int, int]], log: RunLog) -> list[Discounts]:
        """D₁, D₂ and D₃₊ of each order, from how many n-grams have the adjusted counts 1 to 4."""

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        adjusted = adjusted_counts(counts)
        discounts = self.choose_discounts([counts_of_counts(each) for each in adjusted], log)
        return interpolate(counts, adjusted, discounts)

    def count_and_estimate(
        self, sequence: np.ndarray, words: int, progress: Callable[[int], None], log: RunLog
    ) -> BackoffTable:
        device = torch_device(self.device)
        table = self._estimated_on(device, sequence, words, progress, log) if device else None
        self.trained_on = Computation(device=device if device and table else "cpu", dtype="float64")
        return table or super().count_and_estimate(sequence, words, progress, log)

    def _estimated_on(
        self, device: str, sequence: np.ndarray, words: int, progress: Callable[[int], None], log: RunLog
    ) -> BackoffTable | None:
        """The model, if it fits the device."""
        from baselines.ngram.device.count import count_on_device
        from baselines.ngram.device.estimate import (
            adjusted_on_device,
            counts_of_counts_on_device,
            interpolate_on_device,
        )
        from baselines.ngram.device.memory import free_bytes, places_that_fit

        places = places_that_fit(len(sequence), self.order, free_bytes(device), log)
        if places is None:
            return None
        counts = count_on_device(sequence, words, self.order, device, places, progress)
        adjusted = adjusted_on_device(counts)
        discounts = self.choose_discounts(counts_of_counts_on_device(adjusted), log)
        return interpolate_on_device(counts, adjusted, discounts).on_host()


def torch_device(name: str) -> str | None:
    """The device that a setting names; None for the CPU. Raises UserError if it cannot be used."""
    if name == "cpu":  # without torch, which takes seconds to import
        return None
    from baselines.devices import pick_device

    device = str(pick_device(name))
    return None if device == "cpu" else device
