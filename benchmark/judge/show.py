"""A run's judgements as plain text, for a terminal."""

from __future__ import annotations

import math

from benchmark import text
from benchmark.console.terminal import Column, table
from benchmark.judge import TITLES
from benchmark.judge.published import BLIMP, BLIMP_SOURCE, PHENOMENA
from benchmark.judge.record import BlimpJudgement, Judgements, LambadaJudgement, PairCounts, Task
from benchmark.measure.perplexity import exp
from benchmark.statistics.share import wilson

#: The rows of the paper's table that stand beside ours.
BESIDE = (BLIMP[0], BLIMP[1], BLIMP[-1])


def plain(judgements: Judgements, *, normalised: bool) -> str:
    """The judgements by every task. A score that is `normalised` to a probability has a perplexity."""
    parts = []
    if judgements.blimp is not None:
        parts.append(_blimp(judgements.blimp))
    if judgements.lambada is not None:
        parts.append(_lambada(judgements.lambada, normalised))
    parts += [f"{TITLES[task]} is left out: {why}" for task, why in judgements.left_out.items()]
    return "\n\n".join(parts)


def interval(share: float, trials: int, digits: int = 1) -> str:
    """`60.8–61.6`, in per cent."""
    return "–".join(_percent(end, digits) for end in wilson(share, trials))


def perplexity_of(judgement: LambadaJudgement) -> float | None:
    """exp(−Σ ln p / n) over the n last words that the vocabulary has; None if there are none."""
    return exp(judgement.nll / judgement.known) if judgement.known else None


def _blimp(judgement: BlimpJudgement) -> str:
    columns = [
        Column("BLiMP", folds=True),
        Column("accuracy", right=True),
        Column("95% interval", right=True, spare=4),
        Column("pairs", right=True, spare=3),
        Column("ties", right=True, spare=2),
        Column("identical", right=True, spare=1),
        Column("unknown\nwords", right=True),
        Column("pairs\nwithout", right=True),
        Column("accuracy\nwithout", right=True),
        *(Column("\n".join(row.label.split(", ")), right=True, spare=5 + i) for i, row in enumerate(BESIDE)),
    ]
    rows = [
        _row(PHENOMENA.get(name, (name,))[0], counts, [row.phenomena.get(name) for row in BESIDE])
        for name, counts in judgement.phenomena.items()
    ]
    rows.append(_row("All", judgement.overall, [row.overall for row in BESIDE]))
    notes = (
        f"Per cent of the pairs; ties count half. The published models and people: {BLIMP_SOURCE}.",
        _text(judgement),
    )
    return "\n".join([table(columns, rows), *notes])


def _text(judgement: Task) -> str:
    return f"Text: {'; '.join(judgement.reading)}."


def _row(name: str, counts: PairCounts, published: list[float | None]) -> list[str]:
    return [
        name,
        _percent(counts.accuracy),
        interval(counts.accuracy, counts.pairs),
        f"{counts.pairs:,}",
        f"{counts.ties:,}",
        f"{counts.identical:,}",
        _percent(counts.unknown / counts.pairs),
        f"{counts.known:,}",
        _percent(counts.known_accuracy),
        *map(_percent, published),
    ]


def _percent(share: float | None, digits: int = 1) -> str:
    return text.decimals(None if share is None else 100 * share, digits)


def _lambada(judgement: LambadaJudgement, normalised: bool) -> str:
    passages, known = judgement.passages, judgement.known
    history = "the passage" if judgement.history == "stream" else "the words before it in its sentence"
    measured = perplexity_of(judgement) if normalised else None
    ranks = (judgement.median_rank, judgement.mean_rank)
    median, mean = (text.amount(math.nan if rank is None else rank) for rank in ranks)
    return "\n".join(
        [
            f"LAMBADA: the last word of {passages:,} passages, from {history}",
            f"  accuracy           {_percent(judgement.accuracy, 2)}% "
            f"({interval(judgement.accuracy, passages, 2)}); words that the vocabulary lacks count as wrong",
            f"  known last words   {_percent(known / passages)}%; of these:",
            f"  accuracy           {_percent(judgement.known_accuracy, 2)}%",
            f"  perplexity         {text.perplexity(measured)}",
            f"  rank               median {median}, mean {mean}",
            _text(judgement),
        ]
    )
