"""The step `counting`: from a text to a Kneser-Ney model on the device, beside KenLM's `lmplz`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup, python
from benchmark.gpu.summary import Figures
from benchmark.peers.ngram.programs import KENLM_TOOLKIT, find_programs
from benchmark.peers.ngram.record import NgramRecord, NgramRun
from benchmark.peers.record import newest_records

#: Least training words of each part, the first of which is quick.
WORDS, TOY_WORDS = (3_000_000, 30_000_000, 100_000_000), (20_000, 200_000)
#: Seconds that a million words may take: both programs, and making the text.
SECONDS_FOR_A_MILLION = 8.0


class Size(Part):
    """Both programs on one size of text."""

    def __init__(self, setup: Setup, words: int, least: float) -> None:
        self.name = f"{text.round_ticks(text.amount(words))} words"
        self.least, self.limit = least, TOY_LIMIT if setup.toy else 60.0 + SECONDS_FOR_A_MILLION * words / 1e6
        self._setup, self._words = setup, words
        self._record_name = f"gpu-python-{words}"

    def command(self, seconds: float) -> Command:
        options: dict[str, Any] = {
            "words": self._words,
            "device": self._setup.device,
            "name": self._record_name,
            "results-dir": self._setup.results_dir,
        }
        if self._setup.toy:
            options |= {"order": 3, "memory": "100M"}
        if self._setup.kenlm:
            options["kenlm"] = self._setup.kenlm
        given = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        return Command(python("benchmark.gpu.count_python", *given))

    def outcome(self, ended: Ended) -> Outcome:
        if ended.status:
            return Outcome("failed", ended.last_line)
        record = self._record()
        if record is None:
            return Outcome("failed", "nothing was measured: the log says why")
        rows = {row.contestant: row for row in record.rows}
        for name in ("ours", "kenlm"):
            if rows[name].status != "ok":
                return Outcome("failed", f"{rows[name].title}: {rows[name].reason}", [_figures(record)])
        return Outcome("ok", None, [_figures(record)])

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        record = self._record()
        return [_figures(record)] if record else []

    def _record(self) -> NgramRecord | None:
        records = newest_records(self._setup.results_dir, NgramRecord)
        return next((record for record in records if record.name == self._record_name), None)


def _figures(record: NgramRecord) -> Figures:
    """The times of both programs, and whether they agree."""
    runs: dict[str, NgramRun] = {row.contestant: row.runs[-1] for row in record.rows if row.runs}
    ours, its = _to_model(runs.get("ours")), _lmplz(runs.get("kenlm"))
    figures: dict[str, Any] = {"tokens": record.train.tokens, "ours": ours, "lmplz": its}
    figures["ratio"] = its / ours if ours and its else None
    for program in ("ours", "kenlm"):
        run = runs.get(program)
        figures[f"{program}_perplexity"] = run and run.perplexity
        figures[f"{program}_whole"] = run and run.seconds
    return figures


def _to_model(run: NgramRun | None) -> float | None:
    """Seconds of our process without those of scoring: its start, reading, counting and estimating."""
    if run is None:
        return None
    return run.seconds - (run.printed or {}).get("seconds", {}).get("score", 0.0)


def _lmplz(run: NgramRun | None) -> float | None:
    """Seconds of `lmplz`, which ends with an ARPA file."""
    return next((stage.seconds for stage in run.stages if stage.program == "lmplz"), None) if run else None


class Counting(Step):
    """On the Python sources installed here, which every machine has."""

    name = "counting"
    proves = "speed of estimating n-gram models on the device beside KenLM's lmplz"
    columns = (
        Column("tokens", "Tokens", text.amount),
        Column("ours", "Ours, to the model", text.duration),
        Column("lmplz", "lmplz", text.duration),
        Column("ratio", "lmplz ÷ ours", text.times),
        Column("ours_perplexity", "Perplexity: ours", text.perplexity),
        Column("kenlm_perplexity", "KenLM's", text.perplexity),
        Column("ours_whole", "Whole: ours", text.duration),
        Column("kenlm_whole", "KenLM", text.duration),
    )

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.limit = TOY_LIMIT if setup.toy else 400.0

    def missing(self) -> str | None:
        return find_programs(KENLM_TOOLKIT, self._setup.kenlm).missing

    def parts(self) -> Sequence[Part]:
        if self._setup.toy:
            return [Size(self._setup, words, 1.0) for words in TOY_WORDS]
        return [Size(self._setup, words, 15.0 + words / 1e6) for words in WORDS]
