"""What the sections say, and that a new file is a new section."""

from __future__ import annotations

import csv

import pytest
from synthetic_runs import PTB, config, finished, write_run

from benchmark.measure.breakdown import TRAINING_COUNT, names_from
from benchmark.record.folder import read_runs
from benchmark.report import build_report, sections
from benchmark.report.context import context_of
from benchmark.report.group_runs import group_runs
from benchmark.report.verdict import ratio_phrase, summary_sentence, verdict_sentences


def plain(parts) -> str:
    return "".join(part if isinstance(part, str) else part.text for part in parts)


def corpus(name: str) -> dict:
    return {**PTB, "corpus": name, "corpus_title": name.upper(), "protocol_id": f"{name}0000000000"}


def test_a_ratio_is_said_as_a_person_would():
    assert ratio_phrase(2.13, "memory") == "2.1 times the memory"
    assert ratio_phrase(0.31, "memory") == "31% of the memory"
    assert ratio_phrase(1.01, "memory") == "about the same memory"


def test_the_verdict_does_not_compare_the_clocks_of_two_machines(run, tmp_path):
    run("kn", "KN", "count", 140.0, train_seconds=2.0)
    run(
        "lstm",
        "LSTM",
        "neural",
        112.0,
        train_seconds=600.0,
        score_device="cuda",
        device_name="H100",
        bytes_in_memory=20_000_000,
    )
    (group,) = context_of(read_runs(tmp_path)).ranked_groups
    text = plain(verdict_sentences(group))
    assert "20% below the best n-gram model, KN, at 140.0" in text
    assert "2.0 times the memory; the two were timed on different machines" in text
    assert "training time" not in text


def test_several_corpora_are_summed_up_in_one_sentence(run, tmp_path):
    for name, neural in (("a", 90.0), ("b", 80.0), ("c", 110.0)):
        run("kn", "KN", "count", 100.0, corpus=corpus(name))
        run("lstm", "LSTM", "neural", neural, corpus=corpus(name))
    text = summary_sentence(context_of(read_runs(tmp_path)).ranked_groups)
    assert "below that of the best n-gram model on 2 of 3 corpora (by 10% to 20%)" in text
    assert "above it on 1 (by 10%)" in text


def test_machines_get_letters_where_there_are_several(run, tmp_path):
    run("kn", "KN", "count", 140.0)
    run("lstm", "LSTM", "neural", 112.0, train_device="cuda", score_device="cuda", device_name="NVIDIA H100")
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    with (tmp_path / "report" / "tables" / "comparison.csv").open(encoding="utf-8") as file:
        machines = {row["label"]: (row["machine"], row["machine_name"]) for row in csv.DictReader(file)}
    assert machines == {"KN": ("A", "AMD EPYC 7B13 (cpu, 1 thread)"), "LSTM": ("B", "NVIDIA H100 (cuda)")}
    figure = (tmp_path / "report" / "figures" / "train_seconds_ptb.svg").read_text(encoding="utf-8")
    assert "LSTM [B]" in figure
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "B NVIDIA H100 (cuda)" in page


def test_the_best_order_of_each_method_is_inside_the_axes(run, tmp_path):
    """Also where a network is so far ahead that most n-gram models would be beyond the upper edge."""
    from benchmark.report.figures.style import styled
    from benchmark.report.sections import orders

    run("lstm", "LSTM", "neural", 80.0)
    for name, lowest in (("kneser_ney", 220.0), ("add_k", 290.0)):
        for order, worse in ((1, 4.0), (2, 1.2), (3, 1.0)):
            label = f"{name} {order}-gram"
            run(
                name,
                label,
                "count",
                worse * lowest,
                run_id=f"{name}{order}",
                config_yaml=config(name, order=order),
            )
    section = orders.build(context_of(read_runs(tmp_path)))
    assert section
    (figure,) = section.blocks
    with styled():
        axes = figure.draw().axes[0]
    bottom, top = axes.get_ylim()
    assert bottom < 80
    assert 290 < top < 4 * 220


def test_orders_are_lines_of_what_differs_only_in_the_order(run, tmp_path):
    from benchmark.report.sections.orders import methods

    for order, ppl in ((2, 190.0), (3, 148.0), (10, 141.0)):
        run(
            "kn",
            f"Kneser-Ney {order}-gram",
            "count",
            ppl,
            run_id=f"k{order}",
            config_yaml=config("kn", order=order),
        )
    run("add_k", "Add-1 3-gram", "count", 900.0, config_yaml=config("add_k", order=3, k=1))
    run("add_k", "Add-0.1 2-gram", "count", 700.0, run_id="x", config_yaml=config("add_k", order=2, k=0.1))
    (group,) = context_of(read_runs(tmp_path)).ranked_groups
    assert [(name, [order for order, _ in rows]) for name, rows in methods(group)] == [
        ("Kneser-Ney", [2, 3, 10])
    ]


def test_a_curve_is_read_where_it_is_whole(run, tmp_path):
    from benchmark.report.sections.curves import curve_of

    text = "tokens,train_loss,valid_perplexity\n100,5.1,\n100,,200.5\n200,oops,\n300,,inf\n250,,150\n"
    run("lstm", "LSTM", "neural", 120.0, curve_csv=text)
    (record,) = read_runs(tmp_path)
    assert curve_of(record) == ((100.0, 200.5), (250.0, 150.0))


def test_every_place_where_a_network_passes_a_level_has_a_ring(run, tmp_path):
    from benchmark.report.figures.style import styled
    from benchmark.report.sections import curves

    for name, valid in (("kn", 140.0), ("cache", 120.0)):
        run(name, name.upper(), "count", valid - 2, valid_perplexity=valid)
    for name, low in (("lstm", 100.0), ("rnn", 130.0)):
        text = f"tokens,train_loss,valid_perplexity\n100,,200\n200,,{low + 9}\n300,,{low}\n"
        run(name, name.upper(), "neural", low - 2, valid_perplexity=low, curve_csv=text)
    section = curves.build(context_of(read_runs(tmp_path)))
    assert section
    (figure,) = section.blocks
    with styled():
        axes = figure.draw().axes[0]
    rings = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if len(line.get_xdata()) == 1}
    assert rings == {(200, 120.0), (200, 140.0)}
    assert "LSTM is below CACHE after 200 training tokens. Rings:" in figure.caption


def test_buckets_are_named_by_what_they_hold():
    assert names_from([0, 1, 10, 1000, 10000]) == ("0", "1–9", "10–999", "1,000–9,999", "10,000+")


def test_losses_add_up_to_the_total(run, tmp_path):
    from benchmark.report.sections.losses import mean_losses

    run("kn", "KN", "count", 120.0)
    (row,) = context_of(read_runs(tmp_path)).rows
    targets = dict(zip(names_from(row.first.bucket_edges), row.first.bucket_targets, strict=True))
    total = sum(row.first.bucket_nll)
    found = mean_losses(row, TRAINING_COUNT)
    assert abs(sum(loss * targets[name] for name, loss in found.items()) - total) < 1e-6 * total


def test_a_new_file_is_a_new_section(run, tmp_path, monkeypatch):
    run("kn", "KN", "count", 140.0)
    extra = tmp_path / "extra"
    extra.mkdir()
    (extra / "extra_section.py").write_text(
        "from benchmark.report.blocks import Paragraph, Section\n"
        "ORDER = 1\n"
        "def build(context):\n"
        "    return Section('extra', 'Extra', (Paragraph((f'{len(context.rows)} row',)),))\n"
    )
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(extra)])
    titles = [section.title for section in sections.build_all(context_of(read_runs(tmp_path)))]
    assert titles[1] == "Extra"


def test_the_reliability_curve_pools_the_seeds_and_drops_empty_bins(tmp_path):
    from benchmark.measure.predictions import BINS
    from benchmark.report.sections.predictions import reliability

    for seed, targets in ((1, 10), (2, 30)):
        counts = [targets, *[0] * (BINS - 1)]
        figures = {
            "reliability_targets": counts,
            "reliability_confidence": [0.05 * n for n in counts],
            "reliability_right": [n / 10 for n in counts],
        }
        record = finished(PTB, "lstm", "LSTM", "neural", (100.0, 10.0, 60.0, 5e4), seed=seed, **figures)
        write_run(tmp_path, record)
    (row,) = group_runs(read_runs(tmp_path))
    assert reliability(row) == [(40, pytest.approx(0.05), pytest.approx(0.1))]
