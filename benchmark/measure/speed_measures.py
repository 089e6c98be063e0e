"""Measures of speed: how it varies, one token at a time, and beside what the machine can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchmark import text
from benchmark.measure.measure import Measure

if TYPE_CHECKING:
    from benchmark.record.result import Result


def _spread(key: str, noun: str, low: str, high: str, where: str) -> tuple[Measure, Measure]:
    """The measures of how a speed varied within a run: the fields KEY_low and KEY_high."""
    lower, upper = (
        Measure(
            key=f"{key}_{end}",
            title=f"{noun.capitalize()}, {name}",
            noun=f"{name} {noun}",
            unit="tokens/s",
            definition=f"The {name} {noun} {where}",
            show=text.amount,
            better="higher",
            timed=True,
            level="data",
            optional=True,
        )
        for end, name in (("low", low), ("high", high))
    )
    return lower, upper


def _generation_rate(result: Result) -> float | None:
    if result.next_token_seconds is None or result.draw_seconds is None:
        return None
    seconds = result.next_token_seconds + result.draw_seconds
    return 1 / seconds if seconds > 0 else None


def _peak_share(result: Result, stage: Literal["train", "score"]) -> float | None:
    """Operations a token × tokens a second ÷ the peak."""
    operations = getattr(result, f"{stage}_operations")
    rate, peak = getattr(result, f"{stage}_tokens_per_second"), getattr(result, f"{stage}_peak_operations")
    return operations * rate / peak if None not in (operations, rate, peak) else None


SPEED: tuple[Measure, ...] = (
    Measure(
        key="next_token_seconds",
        title="One next token",
        noun="time of one next token",
        unit="seconds",
        definition=(
            "The time to read one token and to give the probability of every token that may follow it, with "
            "a history that grows: the median over 500 tokens of the test text, after 20 to warm up."
        ),
        show=text.latency,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="next_token_seconds_p99",
        title="One next token, 99th percentile",
        noun="99th percentile of the time of one next token",
        unit="seconds",
        definition="The time that one reading in a hundred exceeds.",
        show=text.latency,
        better="lower",
        timed=True,
        level="data",
        optional=True,
    ),
    Measure(
        key="generated_tokens_per_second",
        title="Generation, tokens/s",
        noun="generation speed",
        unit="tokens/s",
        definition=(
            "Tokens that the model generates in a second, one after the other: one divided by the sum of the "
            "time of one next token and the time of drawing a token by its probability, both medians."
        ),
        show=text.amount,
        better="higher",
        timed=True,
        level="data",
        optional=True,
        of=_generation_rate,
    ),
    Measure(
        key="score_operations",
        title="Operations a token",
        noun="number of operations in scoring",
        unit="FLOP",
        definition=(
            "Floating-point operations that a network takes to score one token: those of matrix products and "
            "convolutions, a multiply-add being two, by the formula of each architecture (as in Kaplan et "
            "al. 2020). N-gram models look their probabilities up; theirs are not counted, nor in mixtures."
        ),
        show=text.amount,
        better="lower",
        level="data",
        optional=True,
    ),
    Measure(
        key="train_operations",
        title="Operations a token, training",
        noun="number of operations in training",
        unit="FLOP",
        definition=(
            "The same for training on one token: three times the forward pass, because a product has a "
            "gradient by each of its two factors. The optimiser's are not counted."
        ),
        show=text.amount,
        better="lower",
        level="data",
        optional=True,
    ),
    Measure(
        key="train_peak_share",
        title="Share of the peak, training",
        noun="share of the machine's peak in training",
        unit="",
        definition=(
            "Operations a token times tokens a second in training, divided by the machine's peak: the "
            "operations a second in the fastest of ten products of two large matrices, in the same number "
            "format, on the same device, with the same threads, measured by the run itself. It is the “model "
            "FLOPs utilization” of Chowdhery et al. (2022), but for the peak, which is measured."
        ),
        show=text.percent,
        better="higher",
        timed=True,
        level="data",
        optional=True,
        of=lambda result: _peak_share(result, "train"),
    ),
    Measure(
        key="score_peak_share",
        title="Share of the peak, scoring",
        noun="share of the machine's peak in scoring",
        unit="",
        definition=(
            "The same in scoring. Where a long text is read in stretches side by side, the parts that are "
            "read twice count once."
        ),
        show=text.percent,
        better="higher",
        timed=True,
        level="data",
        optional=True,
        of=lambda result: _peak_share(result, "score"),
    ),
    *_spread(
        "train_tokens_per_second",
        "training speed",
        "lower quartile",
        "upper quartile",
        "between the points of the training curve, of which there are four or more.",
    ),
    *_spread(
        "score_tokens_per_second", "scoring speed", "lowest", "highest", "in these readings of the test text."
    ),
)
