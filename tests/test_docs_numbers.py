"""The numbers in tables of README and docs/ are those of the reference set's report."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.judge.record import read_judgements
from benchmark.record.folder import RunRecord, read_runs
from benchmark.report.context import context_of
from benchmark.report.rows import Row
from benchmark.report.uncertainty import uncertainty_of, with_uncertainty
from benchmark.search.record import SearchRecord, defaults_trial, read_searches
from benchmark.statistics.share import wilson
from benchmark.study.claim import read_claim

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "results" / "reference"
TABLES = REFERENCE / "report" / "tables"
#: The corpora of the reports by their short names in the docs.
CORPORA = {
    "Brown": "Brown (Bengio 2003)",
    "Reuters": "Reuters-21578 (ApteMod)",
    "Reuters by date": "Reuters-21578 (ApteMod), by date",
    "State of the Union": "State of the Union, 1790 to 2026",
}


def records(name: str) -> list[dict[str, str]]:
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


COMPARISON = records("comparison")
CONTEXT = context_of(read_runs(REFERENCE), REFERENCE)


def tables(page: str) -> Iterator[list[list[str]]]:
    """The Markdown tables of a page: the cells of each row, the heads first."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE):
        head, _, *rows = found.splitlines()
        yield [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in (head, *rows)]


def table(page: str, *heads: str) -> list[list[str]]:
    """The rows of the only table of a page that has these heads, beginning with the first column."""
    (found,) = [rows for rows in tables(page) if rows[0][: len(heads)] == list(heads)]
    return found[1:]


def shown(row: dict[str, str], decimals: int = 1) -> str:
    """The test perplexity of a row as the docs have it."""
    mean = f"{float(row['test_perplexity']):,.{decimals}f}"
    return f"{mean} ± {float(row['test_perplexity_sd']):.{decimals}f}" if row["test_perplexity_sd"] else mean


def plain(label: str) -> str:
    """A label without its marks and further settings, and as a sentence would have it."""
    label = re.sub(r" \(.*\)$", "", label.replace("’", "'")).replace(", with", " with")
    return label.replace("and the minGRU", "and minGRU").replace("minGRU 2", "minGRU, 2")


def of_corpus(name: str) -> list[dict[str, str]]:
    return [row for row in COMPARISON if row["corpus"] == CORPORA.get(name, name)]


def test_the_best_of_each_corpus() -> None:
    """Two rows a corpus: the best n-gram model, then the best network."""
    ngrams, networks = (table("README.md", "Corpus", "Best")[family::2] for family in (0, 1))
    for (corpus, *ngram), (_, *network) in zip(ngrams, networks, strict=True):
        name = CORPORA.get(corpus, corpus)
        answers = {row["best"]: row for row in records("answer") if row["corpus"] == name}
        for best, cells in (("n-gram", ngram), ("neural", network)):
            answer = answers[f"Best {best}"]
            (row,) = [r for r in of_corpus(corpus) if r["label"] == answer["label"] and is_of(r, answer)]
            valid = f"{float(row['valid_perplexity']):.1f}"
            assert cells[:-1] == [plain(answer["label"]), answer["seeds"], valid, *in_numbers(answer)]
        ratio = answers["Neural ÷ n-gram"]
        assert network[-1] == f"{float(ratio['test_perplexity']):.2f} ({interval_of(ratio, 2)})"


def in_numbers(answer: dict[str, str]) -> list[str]:
    """What README says of a row of the answer behind its validation perplexity."""
    spent = float(answer["settings_seconds"])
    searched = answer["search_core_seconds"]
    return [
        f"{float(answer['test_perplexity']):.1f}",
        interval_of(answer, 1),
        answer["settings_tried"],
        f"{spent / 3600:.1f} h" if spent >= 3600 else f"{spent / 60:.0f} min",
        f"{float(searched):,.0f}" if searched else "–",
    ]


def interval_of(answer: dict[str, str], decimals: int) -> str:
    low, high = (float(answer[f"test_perplexity_{end}"]) for end in ("low", "high"))
    return f"{low:.{decimals}f} to {high:.{decimals}f}"


#: The tables of README's limits, and how their limits are written.
LIMITS = {
    "seconds": ("at_most_train_seconds", lambda value: f"{value / 60:.3g} min"),
    "memory": ("at_most_bytes_in_memory", lambda value: f"{value / 1e6:g} MB"),
    "parameters or n-grams": ("at_most_numbers", lambda value: f"{value / 1e6:g} M"),
}


def test_equal_limits_on_the_penn_treebank() -> None:
    within = [row for row in records("equal_history_ptb") if row["history"] == "within the sentence"]
    expected = [["history", "the sentence", *beside(row)] for row in within]
    for kind, (name, shown_limit) in LIMITS.items():
        rows = [row for row in records(name) if row["group"] == "Penn Treebank"]
        expected += [[kind, shown_limit(float(row["limit"])), *beside(row)] for row in rows]
    assert table("README.md", "Equal", "At most") == expected


def beside(row: dict[str, str]) -> list[str]:
    """Both families' models, and the network's difference."""
    difference, low, high = (
        f"{float(row[key]):+.1%}".replace("-", "−")
        for key in ("difference", "difference_low", "difference_high")
    )
    models = [
        cell
        for family in ("ngram", "neural")
        for cell in (plain(row[family]), f"{float(row[f'{family}_perplexity']):.1f}")
    ]
    return [*models, difference, f"{low} to {high}"]


def is_of(row: dict[str, str], answer: dict[str, str]) -> bool:
    return row["test_perplexity"] == answer["test_perplexity"]


def test_the_default_comparison() -> None:
    """Ranks and intervals are those of the rows of this table among each other."""
    rows = table("README.md", "Rank", "Model")
    sotu = [group for group in CONTEXT.ranked_groups if group.corpus == "sotu"]
    chosen = [one_like(cells, sotu[0].rows) for cells in rows]
    known = {row.number: row for row in with_uncertainty(chosen, uncertainty_of(chosen))}
    for cells, row in zip(rows, (known[row.number] for row in chosen), strict=True):
        assert row.ranks
        assert cells[0] == "–".join(dict.fromkeys(map(str, row.ranks)))
        if row.model != "uniform":  # whose perplexity is no estimate
            assert row.interval
            assert cells[5] == " to ".join(f"{end:.1f}" for end in row.interval)


def one_like(cells: list[str], rows: Sequence[Row]) -> Row:
    """The row that a line of README's first table shows: of several with its name and value, that with the
    most seeds."""
    mean = cells[4].split(" ")[0]
    like = [
        row
        for row in rows
        if plain(row.label) == plain(cells[1]) and mean in (f"{row.perplexity:.1f}", f"{row.perplexity:,.0f}")
    ]
    return max(like, key=lambda row: len(row.runs))


@pytest.mark.parametrize("page", ["README.md", "docs/sweeps.md"])
def test_what_was_carried_over(page: str) -> None:
    (head, *rows) = next(rows for rows in tables(page) if rows[0][:2] == ["", "Penn Treebank"])
    for label, *cells in rows:
        for corpus, cell in zip(head[1:], cells, strict=True):
            like = [row for row in of_corpus(corpus) if is_called(row["label"], label)]
            assert cell in [shown(row) for row in like] + single_runs(corpus, label), (label, corpus)


def single_runs(corpus: str, label: str) -> list[str]:
    """Test perplexities of runs, also of those that a search has tried, which are not ranked."""
    title = CORPORA.get(corpus, corpus)
    results = [run.result for run in CONTEXT.records if run.result.corpus_title == title]
    return [f"{result.test_perplexity:.1f}" for result in results if is_called(result.label, label)]


def is_called(label: str, name: str) -> bool:
    """Whether a row with this label is what the docs mean by a name, which may be shorter."""
    return plain(label).removesuffix(", 2 × 192").replace("Modified ", "") == plain(name).removesuffix(
        ", 2 × 192"
    )


def test_networks_on_the_penn_treebank() -> None:
    for label, test, valid, *_ in table("docs/neural-models.md", "Model", "Test perplexity", "Validation"):
        like = [
            row for row in of_corpus("Penn Treebank") if row["label"].startswith(label.split(", rate")[0])
        ]
        decimals = 2 if "±" in test else 1
        mean = test.split(" ")[0]
        known = [f"{float(row['valid_perplexity']):.1f}" for row in like if has_mean(row, mean)]
        assert valid in known, (label, test, valid)
        if "±" in test:
            deviation = test.split(" ± ")[1]
            assert deviation in [f"{float(row['test_perplexity_sd'] or 0):.{decimals}f}" for row in like]


def has_mean(row: dict[str, str], mean: str) -> bool:
    return f"{float(row['test_perplexity']):.1f}" == mean


#: The column of each measure of a task, by its name in the docs.
MEASURES = {"accuracy": "accuracy", "F1": "span_f1", "phoneme error": "symbol_error"}


@pytest.mark.parametrize("cells", table("docs/tasks.md", "Corpus", "Measure, %"), ids=lambda cells: cells[0])
def test_what_tasks_reach(cells: list[str]) -> None:
    corpus, measure, _, counted, _, neural, _ = cells
    key = MEASURES[measure]
    rows = records(f"task_{corpus.strip('`')}")
    for family, cell in (("counted", counted), ("neural", neural)):
        values = [f"{100 * float(row[key]):.2f}" for row in rows if row["family"] == family]
        assert cell.split(" ± ")[0] in values, (family, cell, values)


def test_what_was_tuned() -> None:
    """Each search of a language model has its row, and no other."""
    names = {"State of the Union": "sotu", "Penn Treebank": "ptb"}
    said = [
        (names[corpus], trials, seconds, defaults, best)
        for _, corpus, trials, seconds, defaults, best in table("docs/sweeps.md", "Entry", "Corpus", "Trials")
    ]
    kept = [search for search in read_searches(REFERENCE) if search.tuning and search.best]
    assert sorted(said) == sorted(
        tuned_cells(search) for search in kept if search.best and search.best.corpus in names.values()
    )


def tuned_cells(search: SearchRecord) -> tuple[str, ...]:
    """A grid has no trial of the defaults: of Kneser-Ney, these are order 5 with its own discounts."""
    first, best = defaults_trial(search), search.best
    if first is None:
        first = next(trial for trial in search.trials if trial.parameters["model.order"] == 5)
    assert best
    return (
        best.corpus,
        str(len(search.ended)),
        f"{search.spent:,.0f}",
        f"{first.value:.1f}",
        f"{best.value:.1f}",
    )


def test_what_was_tuned_of_tasks() -> None:
    tunings = [search for search in read_searches(REFERENCE) if search.tuning]
    for entry, corpus, trials, seconds, *_ in table("docs/tasks.md", "Entry", "Corpus", "Trials"):
        spent = [
            search.spent
            for search in tunings
            if search.trials[0].model == entry.strip("`")
            and search.trials[0].corpus == corpus.rpartition(" ")[2].strip("`")
            and len(search.trials) == int(trials)
        ]
        assert any(abs(each - float(seconds)) <= 0.5 for each in spent), (entry, corpus, spent)


@pytest.mark.parametrize(
    ("scale", "columns"),
    [("full", ("Study", "Verdict", "What was found")), ("quick", ("Study", "The claim", "Verdict"))],
)
def test_verdicts_of_studies(scale: str, columns: tuple[str, ...]) -> None:
    page = REFERENCE / "studies" / scale / "report" / "tables" / "verdicts.csv"
    with page.open(encoding="utf-8", newline="") as file:
        verdicts = {row["study"]: row["verdict"] for row in csv.DictReader(file)}
    place = columns.index("Verdict")
    said = {read_claim(row[0].strip("`")).title: row[place] for row in table("docs/studies.md", *columns)}
    assert said == verdicts


#: How the groups of docs/comparing.md are called, by criterion; the first words of the name stand for it.
GROUPS = {
    "training_count": ["1–9 occurrences", "10–99", "100–999", "1,000–9,999", "10,000–99,999"],
    "seen_3": ["3-gram seen", "3-gram not seen"],
    "last_occurrence": [
        "word read 1–9 tokens",
        "10–99 tokens",
        "100–999 tokens",
        "1,000–9,999 tokens",
        "10,000 tokens before, or more",
        "never",
    ],
}


@pytest.fixture(scope="module")
def compared() -> list[dict[str, Any]]:
    """What the commands of docs/comparing.md on reference runs answer."""
    if "NEXTWORD_CORPORA" not in os.environ:
        pytest.skip("NEXTWORD_CORPORA names no folder of corpora")
    page = (ROOT / "docs" / "comparing.md").read_text(encoding="utf-8")
    lines = re.findall(r"^nextword (compare .*) --results-dir results/reference", page, flags=re.MULTILINE)
    answers = []
    for line in lines:
        with redirect_stdout(StringIO()) as out:
            assert main([*line.split(), "--results-dir", str(REFERENCE), "--json"]) == 0
        answers.append(json.loads(out.getvalue()))
    return answers


def signed(value: float) -> str:
    """A difference in nats as the docs have it."""
    return f"{value:+.3f}".replace("-", "−").replace("+0.000", "0.000").replace("−0.000", "0.000")


def test_differences_on_the_penn_treebank(compared: list[dict[str, Any]]) -> None:
    pairs = [(each, pair) for each in compared for pair in each["pairs"] if pair["first"] == 0]
    shown = table("docs/comparing.md", "", "Test perplexities")
    for (answer, pair), (_, perplexities, *cells) in zip(pairs, shown, strict=True):
        both = [answer["models"][pair[key]]["perplexity"]["value"] for key in ("second", "first")]
        assert perplexities == ", ".join(f"{value:.1f}" for value in both)
        nats = {key: signed(value) for key, value in pair["nats"].items()}
        p = "< 0.001" if pair["p"] < 0.001 else f"{pair['p']:.3f}"
        assert cells == [nats["value"], f"{nats['low']} to {nats['high']}", p]


def test_groups_of_targets_on_the_penn_treebank(compared: list[dict[str, Any]]) -> None:
    columns = [where for answer in compared for where in answer["where"] if where["first"] == 0]
    rows = iter(table("docs/comparing.md", "Targets", "Share of all", "LSTM − Kneser-Ney"))
    for criterion, names in GROUPS.items():
        groups = [[each for each in column["groups"] if each["criterion"] == criterion] for column in columns]
        for name, same in zip(names, zip(*groups, strict=True), strict=False):
            label, share, *cells = next(rows)
            assert label.startswith(name)
            assert share == f"{same[0]['targets'] / compared[0]['targets']:.0%}"
            assert cells == [signed(each["difference"]) for each in same], label
    assert next(rows, None) is None


JUDGED = [run for run in read_runs(REFERENCE) if (run.folder / "judgements.json").exists()]


@pytest.mark.parametrize("run", JUDGED, ids=lambda run: f"{run.result.model}-{run.folder.name}")
def test_judgements_are_of_the_model_whose_record_is_kept(run: RunRecord) -> None:
    assert read_judgements(run) is not None


def test_what_was_judged_on_the_penn_treebank() -> None:
    said = {tuple(cells) for cells in table("docs/judgements.md", "Model", "Validation", "Test perplexity")}
    assert said == {cells for run in JUDGED if (cells := judged_cells(run))}


def judged_cells(run: RunRecord) -> tuple[str, ...]:
    """A row of the table; empty for a run that is not in it."""
    judged, result = read_judgements(run), run.result
    if result.corpus != "ptb" or not (judged and judged.blimp and judged.lambada):
        return ()
    pairs, words = judged.blimp.overall, judged.lambada
    known = pairs.known_accuracy or 0.0
    return (
        result.label.replace("’", "'"),
        f"{result.valid_perplexity:.1f}",
        f"{result.test_perplexity:.1f}",
        f"{100 * pairs.accuracy:.1f}",
        f"{100 * known:.1f} ({'–'.join(f'{100 * end:.1f}' for end in wilson(known, pairs.known))})",
        f"{100 * words.accuracy:.2f} "
        f"({'–'.join(f'{100 * end:.2f}' for end in wilson(words.accuracy, words.passages))})",
        f"{words.median_rank:,.0f}",
        f"{math.exp(words.nll / words.known):,.0f}",
    )
