"""Intervals, ranges of ranks and the verdict, of runs that keep their losses by block."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from benchmark import text
from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import SCORES, read_runs
from benchmark.report import comparison_table
from benchmark.report.blocks import Paragraph, Strong
from benchmark.report.context import context_of
from benchmark.report.latex_escape import escape
from benchmark.report.sections import comparison
from benchmark.report.verdict import summary_sentence, verdict_sentences
from benchmark.statistics.bootstrap import bootstrap

BLOCKS = 40
TARGETS = np.full(BLOCKS, 500)
UNIT = "blocks of 50 lines"


@pytest.fixture
def kept(run):
    """Writes a finished run that keeps its losses by block; its perplexity is that of the losses."""

    def write(model, family, mean, *, noise=0.01, seed=None, unit=UNIT, dice=0, **more):
        shared = np.random.default_rng(7).normal(0, 0.2, BLOCKS)
        own = np.random.default_rng([len(model), dice]).normal(0, noise, BLOCKS)
        nll = TARGETS * (mean + shared - shared.mean() + own - own.mean())
        ppl = math.exp(nll.sum() / TARGETS.sum())
        folder = run(model, model, family, ppl, seed=seed, **more)
        write_blocks(folder, BlockLosses(unit, TARGETS, nll))
        return nll

    write.run = run
    return write


def ranked(folder):
    (group,) = context_of(read_runs(folder)).ranked_groups
    return group


def test_rows_that_do_not_differ_share_their_ranks_and_the_value_has_an_interval(kept, tmp_path):
    losses = [
        kept("kn", "count", 5.0),
        kept("lstm", "neural", 4.5),
        kept("gru", "neural", 4.501),
        kept("rnn", "neural", 4.6),
    ]
    group = ranked(tmp_path)
    found = {row.model: row for row in group.rows}
    assert {model: row.ranks for model, row in found.items()} == {
        "lstm": (1, 2),
        "gru": (1, 2),
        "rnn": (3, 3),
        "kn": (4, 4),
    }
    assert [row.leads for row in group.rows] == [True, True, False, False]
    nats = bootstrap([losses[0][None, :]], TARGETS).combined([1])
    assert found["kn"].interval == pytest.approx((math.exp(nats.low), math.exp(nats.high)), rel=0.01)
    shown = comparison_table(read_runs(tmp_path))
    assert re.search(r"^1–2 +lstm .* 90\.0 +[\d.]+ to [\d.]+", shown, re.MULTILINE)
    assert re.search(r"^ *4 +kn ", shown, re.MULTILINE)


def test_seeds_are_pooled_and_widen_the_interval(kept, tmp_path):
    for seed, mean in enumerate((4.4, 4.5, 4.6), start=1):
        kept("lstm", "neural", mean, seed=seed)
    kept("kn", "count", 4.5)
    lstm, kn = sorted(ranked(tmp_path).rows, key=lambda row: -len(row.runs))
    assert lstm.interval is not None
    assert kn.interval is not None
    width, of_text = (math.log(high / low) for low, high in (lstm.interval, kn.interval))
    assert width > 2 * of_text  # 0.1 between seeds: 0.058 for their mean, and few degrees of freedom
    assert lstm.ranks == kn.ranks == (1, 2)


def test_rows_that_keep_nothing_have_their_value_and_say_so(kept, run, tmp_path):
    run("old", "old", "count", 100.0)
    run("older", "older", "count", 60.0)
    kept("lstm", "neural", 4.5)  # 90.0
    kept("gru", "neural", 4.5, dice=1)
    kept("other", "neural", 5.0, unit="documents")  # not the blocks that most have
    found = {row.model: (row.rank, row.ranks) for row in ranked(tmp_path).rows}
    assert found["older"] == (1, None)
    assert {found["lstm"][1], found["gru"][1]} == {(2, 3)}
    assert found["old"] == (4, None)
    assert found["other"] == (5, None)
    shown = comparison_table(read_runs(tmp_path))
    assert re.search(r"^ *4 † +old .*no interval", shown, re.MULTILINE)
    assert re.search(r"^ *2–3 +lstm ", shown, re.MULTILINE)


def test_a_rank_by_value_alone_is_marked_and_explained(kept, run, tmp_path):
    kept("lstm", "neural", 4.5)
    run("old", "old", "count", 100.0)

    def section():
        found = comparison.build(context_of(read_runs(tmp_path)))
        return [row.cells[2].shown for row in found.blocks[0].groups[0].rows], [
            block.parts[0] for block in found.blocks[1:] if isinstance(block, Paragraph)
        ]

    ranks, notes = section()
    assert ranks == ["1", "2 †"]
    assert escape(ranks[1]) == r"2 \dag{}"
    assert any(note.startswith("† Rank by value alone: no losses by block are kept") for note in notes)


def test_where_no_row_has_a_range_no_rank_is_marked(run, tmp_path):
    run("old", "old", "count", 100.0)
    shown = comparison_table(read_runs(tmp_path))
    assert re.search(r"^ *1 +old ", shown, re.MULTILINE)
    assert "†" not in shown


def test_blocks_of_another_unit_are_made_from_the_scores_that_a_run_keeps(kept, tmp_path):
    """Rows from before documents were known are paired with one that has them, but not without scores."""
    scores = {}
    for dice, model in enumerate(("kn", "lstm")):
        scores[model] = np.random.default_rng(dice).normal(-4.5, 1, TARGETS.sum()).astype(np.float32)
        total = -float(scores[model].sum(dtype=np.float64))
        kept(model, "count", 4.5, test_nll=total, test_targets=len(scores[model]))
    for run in read_runs(tmp_path):
        np.save(run.folder / SCORES, scores[run.result.model])
    kept("gone", "count", 4.5)
    documents = np.array([4_000] * 4 + [1_000] * 4)
    folder = kept.run("new", "New", "neural", 80.0)
    losses = BlockLosses("documents", documents, documents * np.linspace(4.2, 4.5, 8))
    write_blocks(folder, losses)
    group = ranked(tmp_path)
    known = {row.model: row.interval is not None for row in group.rows}
    assert known == {"kn": True, "lstm": True, "gone": False, "new": True}
    assert group.uncertainty is not None
    assert group.uncertainty.blocks == "8 documents"
    assert "intervals over 8 documents" in comparison_table(read_runs(tmp_path))
    found = {row.model: group.uncertainty.places[row.number] for row in group.rows if row.model != "gone"}
    nll = -np.add.reduceat(scores["kn"].astype(np.float64), np.cumsum(documents) - documents)
    alone = bootstrap([nll[None, :], losses.nll[None, :]], documents)
    assert group.uncertainty.losses.means[found["kn"]] == pytest.approx(alone.means[0])
    assert np.diag(group.uncertainty.losses.covariance)[[found["kn"], found["new"]]] == pytest.approx(
        np.diag(alone.covariance)
    )


def test_a_row_of_which_one_seed_keeps_nothing_has_no_interval(kept, run, tmp_path):
    kept("lstm", "neural", 4.5, seed=1)
    run("lstm", "lstm", "neural", 90.0, seed=2)
    (row,) = ranked(tmp_path).rows
    assert (row.interval, row.ranks) == (None, None)


def test_without_any_blocks_the_table_is_as_before(run, tmp_path):
    run("kn", "KN", "count", 140.0)
    table = comparison_table(read_runs(tmp_path))
    assert "interval" not in table


def test_the_verdict_chooses_by_validation_and_not_by_test(run, tmp_path):
    run("kn", "KN", "count", 140.0)
    run("lucky", "Lucky", "neural", 100.0, valid_perplexity=130.0)
    run("lstm", "LSTM", "neural", 112.0, valid_perplexity=115.0)
    group = ranked(tmp_path)
    best = group.best("neural")
    assert best is not None
    assert best.label == "LSTM"
    said = plain(verdict_sentences(group))
    assert "the best neural model, LSTM, has a test perplexity of 112.0, 20% below the best n-gram" in said
    assert "Both were chosen by validation perplexity." in said


def test_the_verdict_says_how_sure_it_is(kept, tmp_path):
    kept("kn", "count", 4.5)
    kept("lstm", "neural", 4.49, noise=0.1)
    said = plain(verdict_sentences(ranked(tmp_path)))
    assert re.search(
        r"95% interval of the difference: −\d\.\d% to \+\d\.\d%; the two are not shown to differ", said
    )
    assert "not shown to differ from that of the best n-gram model on 1" in summary_sentence(
        [ranked(tmp_path)]
    )
    kept("gru", "neural", 4.0)
    said = plain(verdict_sentences(ranked(tmp_path)))
    assert re.search(r"39% below the best n-gram model, kn, at 90\.0 \(95% interval .* −3\d\.\d%\)", said)


def plain(parts):
    return "".join(part.text if isinstance(part, Strong) else part for part in parts)


@pytest.mark.parametrize(
    ("number", "unit", "said"),
    [
        (1, "blocks of 50 lines", "1 block of 50 lines"),
        (1, "documents", "1 document"),
        (1_200, "blocks of 1,000 tokens", "1,200 blocks of 1,000 tokens"),
    ],
)
def test_one_block_is_no_plural(number, unit, said):
    assert text.of_unit(number, unit) == said


@pytest.mark.filterwarnings("error")
def test_a_loss_whose_perplexity_no_float_holds_has_an_infinite_one(kept, tmp_path):
    """As of scores from other programs that have −1e30 in place of ln 0."""
    kept("kn", "count", 4.5)
    folder = kept.run("scores", "scores", "neural", 1e300)
    nll = TARGETS * 5.0
    nll[3] += 1e30
    write_blocks(folder, BlockLosses(UNIT, TARGETS, nll))
    shown = comparison_table(read_runs(tmp_path))
    assert re.search(r"scores .* to ∞", shown)
    rows = {row.model: row for row in ranked(tmp_path).rows}
    assert rows["scores"].interval == (pytest.approx(0), math.inf)
    assert rows["kn"].interval is not None
    assert summary_sentence([ranked(tmp_path)])
