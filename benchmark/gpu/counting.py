"""The step `counting`: from a text to a Kneser-Ney model on the device, beside KenLM's `lmplz`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup, newest_named, python
from benchmark.gpu.summary import Figures
from benchmark.peers.ngram.programs import KENLM_TOOLKIT, find_programs
from benchmark.peers.ngram.record import NgramRecord, NgramRun
from benchmark.peers.record import OURS

#: Least training words of each part, the first of which is quick.
WORDS, TOY_WORDS = (3_000_000, 30_000_000, 100_000_000), (20_000, 200_000)
#: Seconds that a million words may take: both programs, and making the text.
SECONDS_FOR_A_MILLION = 8.0
KENLM = "kenlm"


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
        row = _row(record)
        rows = {each.contestant: each for each in record.rows}
        for name in (OURS, KENLM):
            if rows[name].status != "ok":
                return Outcome("failed", f"{rows[name].title}: {rows[name].reason}", [row])
        if self._setup.device != "cpu" and row["device"] != self._setup.device:
            return Outcome("failed", "ours was not computed on the device: the text may not fit there", [row])
        return Outcome("ok", None, [row])

    def so_far(self, ended: Ended) -> Sequence[Figures]:
        record = self._record()
        return [_row(record)] if record else []

    def _record(self) -> NgramRecord | None:
        return newest_named(self._setup.results_dir, NgramRecord, self._record_name)


def _row(record: NgramRecord) -> Figures:
    """The times of both programs, and whether they agree.

    `ours` is the whole process without scoring, and `stages` of that counting and estimating alone. `lmplz`
    is that program as a whole, which reads the text and writes an ARPA file.
    """
    runs: dict[str, NgramRun] = {row.contestant: row.runs[-1] for row in record.rows if row.runs}
    printed = (runs[OURS].printed or {}) if OURS in runs else {}
    seconds = printed.get("seconds", {})
    ours = runs[OURS].seconds - seconds.get("score", 0.0) if OURS in runs else None
    stages = sum(seconds.get(stage, 0.0) for stage in ("count", "estimate")) or None
    used = runs[KENLM].stages if KENLM in runs else []
    lmplz = next((stage.seconds for stage in used if stage.program == "lmplz"), None)
    figures: dict[str, Any] = {
        "tokens": record.train.tokens,
        "device": printed.get("device", "cpu"),
        "ours": ours,
        "stages": stages,
        "lmplz": lmplz,
        "ratio": lmplz / ours if lmplz and ours else None,
        "stages_ratio": lmplz / stages if lmplz and stages else None,
        "peak_device_bytes": printed.get("peak_device_bytes"),
    }
    for program, run in runs.items():
        figures |= {f"{program}_perplexity": run.perplexity, f"{program}_seconds": run.seconds}
    return figures


class Counting(Step):
    """On the Python sources installed here, which every machine has."""

    name = "counting"
    proves = "speed of estimating n-gram models on the device beside KenLM's lmplz"
    columns = (
        Column("tokens", "Tokens", text.amount),
        Column("ratio", "lmplz ÷ ours", text.times),
        Column("lmplz", "lmplz", text.duration),
        Column("ours", "Ours without scoring", text.duration),
        Column("stages", "Counting and estimating", text.duration),
        Column("stages_ratio", "lmplz ÷ these", text.times),
        Column("ours_perplexity", "Perplexity: ours", text.perplexity),
        Column("kenlm_perplexity", "KenLM's", text.perplexity),
        Column("peak_device_bytes", "GPU memory", text.size),
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
