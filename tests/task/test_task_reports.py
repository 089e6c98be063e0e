"""What reports say of tasks: in a terminal, as JSON and on a page, alone and beside language models."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from task_cases import TAGGED
from task_run_cases import OPTION, run

from benchmark.cli import main
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.task_tables import task_table


@pytest.fixture
def tagged(own: Path) -> Path:
    """Two taggers, of which one is better, of 19 test items with one word in 47 wrong."""
    (own / "test.txt").write_text(TAGGED * 9 + "the D\ndog V\n\n", encoding="utf-8")
    for model in ("often", "inventive"):
        run("corpus=mine", f"model={model}")
    return own


def test_the_table_of_tasks_alone_has_their_groups(tagged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--table"]) == 0
    shown = capsys.readouterr().out
    heading, basis, *lines = shown.splitlines()
    assert re.fullmatch(r"Mine \(protocol \w{6}\): higher accuracy is better", heading)
    assert basis == "19 test items"
    (often,) = [line for line in lines if "Often" in line]
    assert re.search(r"^ *1\S* +Often +counted +97\.87 +\d\d\.\d\d to \d+\.\d\d .*\d B +\S+ m?s +\d", often)
    assert lines.index(often) < next(place for place, line in enumerate(lines) if "Inventive" in line)
    assert "perplexity" not in shown
    assert "Not ranked" not in shown


def test_the_json_of_tasks_has_every_measure(tagged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["groups"] == found["not_ranked"] == []
    (group,) = found["tasks"]
    assert (group["corpus"], group["task"], group["measure"]) == ("mine", "tagging", "accuracy")
    assert group["higher_is_better"]
    best = group["rows"][0]
    assert (best["label"], best["rank"], best["rank_best"]) == ("Often", 1, 1)
    assert best["accuracy"] == pytest.approx(46 / 47)
    assert best["accuracy_low"] < 46 / 47 < best["accuracy_high"]
    assert all(best[cost] > 0 for cost in ("bytes_in_memory", "train_seconds", "score_tokens_per_second"))


def test_tasks_stand_beside_language_models_and_failures_are_named(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "text.txt").write_text("a b a\nb a b\na a b\n" * 20, encoding="utf-8")
    run("corpus=mine", "model=often")
    (own / "conf/model/wandering.yaml").write_text("name: wandering\n_target_: my_taggers.LookingAround\n")
    run("corpus=mine", "model=wandering")
    arguments = ["corpus=lines", "model=unigram", "footprint=false", *OPTION]
    (own / "conf/corpus/lines.yaml").write_text(LINES)
    assert main(["run", *arguments]) == 0
    capsys.readouterr()
    assert main(["report", "--table"]) == 0
    shown = capsys.readouterr().out
    assert "lower perplexity is better" in shown
    assert "higher accuracy is better" in shown
    assert re.search(r"^Not ranked:\n  .* on mine: failed \(.*asked about alone", shown, re.MULTILINE)
    assert main(["report", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [len(found[key]) for key in ("groups", "tasks", "not_ranked")] == [1, 1, 1]
    assert main(["report"]) == 0
    page = (own / "results/report/index.html").read_text(encoding="utf-8")
    assert "<h1>N-gram and neural language models compared</h1>" in page


LINES = """\
name: lines
title: Lines
licence: ours
source: {kind: files}
text: text.txt
split: [0.8, 0.1, 0.1]
"""


def test_the_verdicts_are_the_answer_of_a_page_of_tasks_alone(tagged: Path) -> None:
    assert main(["report"]) == 0
    text = (tagged / "results/report/report.md").read_text(encoding="utf-8")
    assert text.startswith("# nextword: counted and neural methods compared\n")
    assert "language models" not in text.splitlines()[0]
    answer = text.partition("## The answer")[2].partition("\n## ")[0]
    assert "Often has 97.87% (accuracy). One family has been run." in answer
    assert text.count("One family has been run") == 1
    page = (tagged / "results/report/index.html").read_text(encoding="utf-8")
    assert "<h1>Counted and neural methods compared</h1>" in page
    assert re.search(r'<section id="tasks"[^>]*>\n<h2', page)  # open, not folded


def test_runs_on_a_share_of_the_items_are_ranked_apart(own: Path) -> None:
    for share in ("1", "0.5"):
        run("corpus=mine", "model=often", f"+corpus.train_share={share}")
    context = context_of(read_runs(own / "results"), own / "results")
    assert [(group.name, group.title, len(group.rows)) for group in context.task_groups] == [
        ("task_mine", "Mine", 1),
        ("task_mine_0_5", "Mine, 50.0% of the training items", 1),
    ]


def test_all_rows_that_share_the_first_place_are_bold_and_no_other_is(tagged: Path) -> None:
    context = context_of(read_runs(tagged / "results"))
    (group,) = context.task_groups
    first = [group.rank_range(row)[0] == 1 for row in group.rows]
    assert first[0]
    table = task_table(group, context)
    bold = {
        key: [row.cells[place].best for row in table.groups[0].rows]
        for place, key in enumerate(column.key for column in table.columns)
    }
    assert bold["rank"] == bold["accuracy"] == first
    shared = replace(group, rows=tuple(replace(row, rank=1) for row in group.rows))
    shared.__dict__["ranks"] = {row.number: (1, 2) for row in shared.rows}
    for row in task_table(shared, context).groups[0].rows:
        assert row.cells[0].best
        assert row.cells[3].best
