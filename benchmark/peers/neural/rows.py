"""What is compared and what came of it: cases, rows, ratios."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmark.peers.neural.contestants import Contestant
from benchmark.peers.neural.ids import Ids
from benchmark.peers.neural.settings import Sizes
from benchmark.text import plural

#: Tokens a second, the loss included: of training, of scoring.
RATES = ("train_tokens_per_second", "score_tokens_per_second")


@dataclass(frozen=True)
class Case:
    """One network on one text with so many threads."""

    kind: str
    ids: Ids
    threads: int
    device: str
    sizes: Sizes

    @property
    def title(self) -> str:
        """What the case is called in progress lines."""
        return case_title(self.kind, self.ids.name, self.ids.vocabulary, self.threads)


def case_title(kind: str, text: str, vocabulary: int, threads: int) -> str:
    """`lstm, ptb, 10,000 words, 1 thread`"""
    return f"{kind}, {text}, {vocabulary:,} words, {plural(threads, 'thread')}"


@dataclass
class Row:
    """One contestant in one case: its runs so far, or why there are none.

    `proof` is what it printed of its first steps; `loss_difference` the largest share by which their
    losses, or that of the evaluation stream after them, differ from ours.
    """

    case: Case
    contestant: Contestant
    status: str = "ok"
    reason: str | None = None
    proof: dict[str, Any] | None = None
    loss_difference: float | None = None
    runs: list[dict[str, Any]] = field(default_factory=list)

    def leave(self, status: str, reason: str) -> None:
        """It sits out the rest of its case."""
        self.status, self.reason = status, reason

    def recorded(self) -> dict[str, Any]:
        """The row as JSON: medians of the rates, the least and the most, and every run."""
        row: dict[str, Any] = {
            "kind": self.case.kind,
            "text": self.case.ids.name,
            "vocabulary": self.case.ids.vocabulary,
            "threads": self.case.threads,
            "contestant": self.contestant.name,
            "title": self.contestant.title,
            "status": self.status,
            "reason": self.reason,
            "loss_difference": self.loss_difference,
            "runs": self.runs,
        }
        if self.runs:
            for rate in RATES:
                values = [run[rate] for run in self.runs]
                row |= {rate: median(values), f"{rate}_least": min(values), f"{rate}_most": max(values)}
            row["peak_bytes"] = max(run["peak_bytes"] for run in self.runs)
        return row

    def said(self) -> str:
        """How the last run went, in a few words."""
        if self.status != "ok":
            return f"{self.status}: {self.reason}"
        train, score = (self.runs[-1][rate] for rate in RATES)
        return f"{train:,.0f} tokens/s training, {score:,.0f} scoring"


def with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add `train_ratio` and `score_ratio`, our tokens a second over its: above one, ours is faster."""
    ours = {case_of(row): row for row in rows if row["contestant"] == "ours"}
    for row in rows:
        own = ours[case_of(row)]
        if RATES[0] in row and RATES[0] in own:
            row["train_ratio"], row["score_ratio"] = (own[rate] / row[rate] for rate in RATES)
    return rows


def case_of(row: dict[str, Any]) -> tuple[str, str, int, int]:
    """What rows of one case share."""
    return row["kind"], row["text"], row["vocabulary"], row["threads"]
