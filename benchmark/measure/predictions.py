"""What a whole predictive distribution tells: ranks of the targets, entropy and calibration.

They are measured on a sample of the test targets, evenly spread over the text and the same for all models.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmark.check.agreement import check_sums
from benchmark.check.answers import tolerance, usable_rows
from benchmark.check.rules import check_agreement
from benchmark.contract import LanguageModel, TokenStream

#: Targets in a sample: a share of one half is then known to within 1.4 percentage points (95%).
SAMPLE = 5_000
#: Probabilities held at once.
CELLS = 2**21
#: A model that is asked for one context after another may take so many seconds for the sample. One that
#: would take longer is not measured: with fewer targets its figures could not be compared.
SECONDS = 20.0
#: Distributions that tell how fast a model in another process gives them.
TRIED = 5
#: Of so many distributions, one is summed up: that costs a tenth of what the measures do.
SUMMED = 10
#: Bins of the reliability curve, of equal width.
BINS = 15
#: Where the target is among so many most probable tokens, it counts as predicted.
TOP = (1, 5, 10)


def predictions(model: LanguageModel, stream: TokenStream, scores: np.ndarray) -> dict[str, Any]:
    """The fields of `Result` that rest on the whole distribution; none if the model is too slow for them.

    `scores`: what `log_probs` gave the targets of the stream. Raises BrokenContract where the distributions
    say otherwise, or do not sum to 1.
    """
    places = sampled_places(model, stream)
    if not len(places):
        return {}
    sample = Predictions(len(stream.vocabulary), normalised=model.normalised)
    rows = max(1, CELLS // len(stream.vocabulary))
    targets = np.asarray(stream.ids)[places].astype(np.int64)
    blocks = model.distributions(stream, places, rows)
    for first, block in zip(range(0, len(places), rows), blocks, strict=True):
        part = slice(first, first + rows)
        _check(model, block, stream, places[part], scores)
        sample.add(block, targets[part])
    return sample.summary()


def _check(
    model: LanguageModel, block: np.ndarray, stream: TokenStream, places: np.ndarray, scores: np.ndarray
) -> None:
    """A block of distributions keeps the contract. Their sums are checked at every SUMMED-th place."""
    rows = usable_rows(block, places.tolist(), len(stream.vocabulary), "distributions")
    if model.normalised:
        check_sums(rows[::SUMMED], places[::SUMMED].tolist(), tolerance(model), "distributions")
    targets = np.asarray(stream.ids)[places]
    check_agreement(scores[places], rows, targets, places, tolerance(model), method="distributions")


def sampled_places(model: LanguageModel, stream: TokenStream) -> np.ndarray:
    """Indices of the targets to look at, ascending int64; empty if the model is too slow.

    A model with no `distributions` of its own reads every context by itself. Unless it has a short memory, it
    may read the whole text anew: the time of one context from the middle tells. Of a model in another
    process, that of the first few distributions does.
    """
    most = min(SAMPLE, len(stream))
    if model.outside:
        first = np.arange(min(TRIED, most))
        begun = time.perf_counter()
        rows = sum(len(block) for block in model.distributions(stream, first, TRIED))
        if (time.perf_counter() - begun) * most > SECONDS * rows:
            most = 0
    by_context = not model.outside and type(model).distributions is LanguageModel.distributions
    if most and by_context and not model.short_memory:
        middle = np.asarray(stream.ids)[: len(stream) // 2]
        begun = time.perf_counter()
        model.next_log_probs([middle])
        if (time.perf_counter() - begun) * most > SECONDS:
            most = 0
    return np.unique(np.linspace(0, len(stream) - 1, most).round().astype(np.int64))


@dataclass
class Predictions:
    """Collects blocks of distributions and what they were to predict.

    Where several tokens share the target's probability, their order is random: each figure is its
    expectation over all orders.
    """

    vocabulary: int
    #: Whether the rows are distributions. Of mere scores only ranks are measured.
    normalised: bool = True
    _hits: dict[int, float] = field(default_factory=lambda: dict.fromkeys(TOP, 0.0))
    _reciprocal: float = 0.0
    _entropy: float = 0.0
    _targets: int = 0

    def __post_init__(self) -> None:
        self._harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, self.vocabulary + 1)))
        #: Targets, the sum of confidences and the number of right predictions in each bin.
        self._bins = np.zeros((3, BINS))

    def add(self, rows: np.ndarray, targets: np.ndarray) -> None:
        """Take ln p of every token [n, vocabulary] and the targets int64 [n]."""
        own = rows[np.arange(len(rows)), targets][:, None]
        above = (rows > own).sum(axis=1)
        equal = (rows == own).sum(axis=1)  # with the target itself
        hits = {k: np.clip((k - above) / equal, 0, 1) for k in TOP}
        for k, share in hits.items():
            self._hits[k] += float(share.sum())
        harmonic = self._harmonic
        self._reciprocal += float(((harmonic[above + equal] - harmonic[above]) / equal).sum())
        self._targets += len(rows)
        if self.normalised:
            self._add_distributions(rows, hits[1])

    def _add_distributions(self, rows: np.ndarray, right: np.ndarray) -> None:
        p = np.exp(rows)
        with np.errstate(invalid="ignore"):  # 0 · −∞
            self._entropy -= float(np.nansum(p * rows, dtype=np.float64))
        confidence = p.max(axis=1).astype(np.float64)
        index = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
        for row, values in zip(self._bins, (np.ones(len(rows)), confidence, right), strict=True):
            row += np.bincount(index, weights=values, minlength=BINS)

    def summary(self) -> dict[str, Any]:
        """The fields of `Result`."""
        n = self._targets
        ranks = {
            "sampled_targets": n,
            **{f"accuracy_at_{k}": hits / n for k, hits in self._hits.items()},
            "reciprocal_rank": self._reciprocal / n,
        }
        if not self.normalised:
            return ranks
        targets, confidences, right = self._bins
        return {
            **ranks,
            "entropy_bits": self._entropy / n / float(np.log(2)),
            "calibration_error": float(np.abs(right - confidences).sum() / n),
            "reliability_targets": targets.astype(int).tolist(),
            "reliability_confidence": confidences.tolist(),
            "reliability_right": right.tolist(),
        }
