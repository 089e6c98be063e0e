"""Measures of the whole predictive distribution, at a sample of the test targets."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measure import Measure

PREDICTIONS: tuple[Measure, ...] = (
    Measure(
        key="accuracy_at_1",
        title="Top‑1",
        noun="top-1 accuracy",
        unit="",
        definition=(
            "The share of targets that are the most probable token, ties broken at random. Like all measures "
            "of the whole distribution, at up to 5,000 test targets, evenly spread over the text."
        ),
        show=text.percent,
        better="higher",
        optional=True,
    ),
    Measure(
        key="accuracy_at_5",
        title="Top‑5",
        noun="top-5 accuracy",
        unit="",
        definition="The share of targets among the five most probable tokens.",
        show=text.percent,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="accuracy_at_10",
        title="Top‑10",
        noun="top-10 accuracy",
        unit="",
        definition="The share of targets among the ten most probable tokens.",
        show=text.percent,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="reciprocal_rank",
        title="Mean reciprocal rank",
        noun="mean reciprocal rank",
        unit="",
        definition=(
            "The mean of 1 / rank of the target when tokens are sorted by probability (Voorhees 1999)."
        ),
        show=text.three_decimals,
        better="higher",
        level="data",
        optional=True,
    ),
    Measure(
        key="entropy_bits",
        title="Entropy",
        noun="entropy of the predictive distribution",
        unit="bits",
        definition=(
            "The mean of −Σ p log₂ p over the vocabulary. A model whose entropy is below its bits per token "
            "is more certain than it should be."
        ),
        show=text.three_decimals,
        level="data",
        optional=True,
    ),
    Measure(
        key="calibration_error",
        title="Calibration error",
        noun="calibration error",
        unit="",
        definition=(
            "How far the probability of the most probable token is from how often it is right: the mean over "
            "15 bins of equal width, weighted by their targets (expected calibration error: Naeini et al. "
            "2015; Guo et al. 2017)."
        ),
        show=text.percent,
        better="lower",
        level="data",
        optional=True,
    ),
)
