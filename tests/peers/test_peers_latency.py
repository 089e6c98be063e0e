"""The time of one next token beside other libraries: who takes part, what is compared and what is shown."""

from __future__ import annotations

import numpy as np
import pytest

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog
from benchmark.corpus import TokenStream, Vocabulary
from benchmark.errors import UserError
from benchmark.peers.compare import Comparison
from benchmark.peers.latency import measure as measured
from benchmark.peers.latency.measure import LIBRARIES, Library, difference
from benchmark.peers.latency.record import LatencyCase, LatencyRecord, LatencyRun
from benchmark.peers.latency.table import LatencyPresentation
from benchmark.peers.record import OURS, Machine, Row
from benchmark.report.context import Context
from benchmark.report.sections import peers_latency
from benchmark.verbs.peers_latency import main

CASE = LatencyCase("tiny", 3, 400, 12)
WORDS = Vocabulary(("</s>", *(f"w{number}" for number in range(11))), np.arange(12, 0, -1))


class Tiny:
    """A corpus of random words."""

    name, vocabulary = "tiny", WORDS

    def __init__(self):
        draw = np.random.default_rng(0)
        parts = (draw.integers(0, 12, size).astype(np.uint16) for size in (400, 60, 60))
        self.train, self.valid, self.test = (TokenStream.from_ids(ids, WORDS) for ids in parts)


def record(rows) -> LatencyRecord:
    return LatencyRecord(
        name="tiny",
        started="2026-01-02T10:00:00+00:00",
        command="nextword peers latency",
        machine=Machine(processor="AMD EPYC", cores=2, busy_before=0.01),
        programs={},
        rounds=2,
        rows=rows,
    )


def row(name: str, title: str, *seconds: float, **more) -> Row[LatencyCase, LatencyRun]:
    runs = [LatencyRun(seconds=s, seconds_p99=2 * s, readings=500) for s in seconds]
    return Row(case=CASE, contestant=name, title=title, runs=runs, **more)


def test_the_libraries_take_turns_and_have_the_same_model():
    pytest.importorskip("kenlm")
    task = measured.LatencyTask(CASE, Tiny())
    rows: list[Row[LatencyCase, LatencyRun]] = []
    Comparison(
        contestants=LIBRARIES[:2],
        tasks=[task],
        rounds=2,
        measure=measured._run,
        rows=rows,
        save=lambda: None,
        say=lambda line: None,
    ).carry_out()
    assert [(one.contestant, one.status, len(one.runs)) for one in rows] == [
        (OURS, "ok", 2),
        ("kenlm", "ok", 2),
    ]
    assert all(run.readings == 40 and 0 < run.seconds <= run.seconds_p99 for one in rows for run in one.runs)
    assert rows[1].difference_from_ours < 1e-4


def test_another_model_is_told_by_its_probabilities():
    corpus = Tiny()
    models = [KneserNey(order=3), KneserNey(order=2)]
    for model in models:
        model.fit(corpus.train, corpus.valid, RunLog())
    assert difference(models[0], models[0], corpus) == 0
    assert difference(*models, corpus) > 0.01
    shown = record([row(OURS, "nextword", 0.001), row("kenlm", "KenLM", 0.003, difference_from_ours=0.02)])
    (remark,) = LatencyPresentation().remarks(shown)
    assert "differ from ours by up to 2%: this is not the same model" in remark


def test_a_library_that_counts_slowly_takes_no_part_on_a_long_text():
    library = Library("nltk", "nltk.lm", (), "Lidstone", most=300)
    assert "more than 300 tokens" in library.unfit(CASE)
    assert Library("nltk", "nltk.lm", (), "Lidstone", most=400).unfit(CASE) is None


def test_the_ratio_is_ours_by_theirs_in_the_table_and_in_the_report(tmp_path):
    rows = [row(OURS, "nextword", 0.001, 0.003, 0.002), row("kenlm", "KenLM's module", 0.008)]
    found = record(rows)
    plain = LatencyPresentation().plain(found)
    assert "2.00 ms" in plain
    assert "×0.25" in plain
    found.save(tmp_path / "peers" / "latency-2026-01-02" / "latency.json")
    section = peers_latency.build(Context((), (), tmp_path))
    assert section is not None
    table = section.blocks[0]
    assert [line.cells[-1].shown for line in table.groups[0].rows] == ["×1.00", "×0.25"]


def test_numbers_that_make_no_sense_are_refused():
    with pytest.raises(UserError, match="--order=1 is not usable: give a whole number from 2"):
        main(["--order", "1"])
