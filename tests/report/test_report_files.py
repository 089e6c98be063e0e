"""What `nextword report` writes."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from synthetic_runs import HOSTILE, write_run

from benchmark.errors import UserError
from benchmark.measure.measures import COSTS
from benchmark.record.folder import read_runs
from benchmark.report import build_report, comparison_table


def silent(line):
    pass


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_page_is_one_small_file_that_asks_for_nothing(built):
    page = (built / "index.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 1_000_000
    assert not re.findall(r'src="(?!data:)[^"]*"', page)
    linked = re.findall(r'href="(?!#|data:)([^"]*)"', page)
    assert linked
    assert [link for link in linked if not (built / link).is_file()] == []  # figures and tables beside it
    assert "@import" not in page


def test_every_figure_has_its_drawing_and_its_data(built):
    stems = {path.stem for path in (built / "figures").glob("*.svg")}
    kinds = {stem.rpartition("_")[0] for stem in stems}
    assert kinds == {
        "headline",
        "perplexity",
        "curves",
        "training_count",
        "calibration",
        "orders",
        *(cost.key for cost in COSTS),
        "equal_train_seconds",
        "equal_bytes_in_memory",
    }
    for stem in stems:
        assert (built / "figures" / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert (built / "figures" / f"{stem}.pdf").read_bytes().startswith(b"%PDF")
        assert rows_of(built / "figures" / f"{stem}.csv")
        ET.parse(built / "figures" / f"{stem}.svg")


def test_ids_on_the_page_are_unique_and_every_reference_is_met(built):
    page = (built / "index.html").read_text(encoding="utf-8")
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'<use[^>]* href="#([^"]+)"', page))
    assert used
    assert used <= set(ids)


def test_the_comparison_holds_full_precision(built):
    rows = rows_of(built / "tables" / "comparison.csv")
    lstm = next(row for row in rows if row["corpus"] == "Penn Treebank" and row["label"] == "LSTM, 2 × 200")
    assert lstm["rank"] == "1"
    assert float(lstm["test_perplexity"]) == pytest.approx(116.2)
    assert float(lstm["test_perplexity_sd"]) == pytest.approx(0.6972)
    assert lstm["seeds"] == "3"
    assert lstm["entries"] == ""
    assert not any(row["label"].startswith("stupid backoff") for row in rows)


def test_rows_without_a_result_stand_apart_with_their_reasons(built):
    rows = {row["label"]: row for row in rows_of(built / "tables" / "unfinished.csv")}
    assert {label: row["status"] for label, row in rows.items()} == {
        "gru": "diverged",
        "nltk": "skipped",
        "transformer": "failed",
    }
    assert "pip install nltk" in rows["nltk"]["reason"]
    unnormalised = (built / "tables" / "unnormalised.csv").read_text()
    assert "stupid backoff" in unnormalised
    assert "perplexity" not in unnormalised


def test_published_numbers_stand_in_one_list_with_ours(built):
    rows = rows_of(built / "tables" / "published.csv")
    assert [float(row["test_perplexity"]) for row in rows] == sorted(
        float(row["test_perplexity"]) for row in rows
    )
    kn5 = next(row for row in rows if row["label"] == "KN5")
    assert "Mikolov" in kn5["source"]
    assert any(row["source"] == "this report" for row in rows)


def test_the_answer_names_both_families_and_their_ratio(built):
    text = (built / "report.md").read_text(encoding="utf-8")
    assert "**LSTM, 2 × 200**, has a test perplexity of 116.2, 18% below the best n-gram model" in text
    assert "480 times the training time" in text


def test_untrusted_text_is_escaped_everywhere(built):
    for name in ("index.html", "report.md"):
        text = (built / name).read_text(encoding="utf-8")
        assert '<script>alert("1")' not in text
        assert "<i>bold" not in text
        assert "<b>today" not in text
    for path in (built / "figures").glob("*.svg"):
        assert "<script" not in path.read_text(encoding="utf-8")


def test_markdown_tables_are_rectangular(built):
    for path in (built / "tables").glob("*.md"):
        widths = {
            len(re.findall(r"(?<!\\)\|", line))
            for line in path.read_text().splitlines()
            if line.startswith("|")
        }
        assert len(widths) == 1, path


def test_optional_files_may_be_missing(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    summary = build_report(tmp_path, tmp_path / "report", silent)
    assert (summary.runs, summary.rows) == (1, 1)
    assert "no neural model has been run" in (tmp_path / "report" / "report.md").read_text()


def test_damaged_optional_files_are_passed_over(run, tmp_path):
    run(
        "lstm",
        "LSTM",
        "neural",
        120.0,
        config_yaml="model: [",
        curve_csv='tokens,valid_perplexity\n1,2\n"x\x00,',
        samples_json='{"prompts": [{"prompt": "a", "next": 7, "samples": null}, 3]}',
        environment_json="[]",
        bucket_nll=[1.0],
        published=[{"perplexity": "nonsense"}],
    )
    build_report(tmp_path, tmp_path / "report", silent)


def test_a_sparse_record_is_still_a_row(tmp_path, run):
    write_run(
        tmp_path,
        {"run_id": "r", "model": "m", "label": "M", "corpus": "c", "status": "ok", "test_perplexity": 12.5},
    )
    assert "12.5" in comparison_table(read_runs(tmp_path))
    build_report(tmp_path, tmp_path / "report", silent)


def test_a_record_with_a_field_of_another_type_is_named_and_the_others_reported(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    run("lstm", "LSTM", "neural", 120.0, published="nonsense")
    said = []
    assert build_report(tmp_path, tmp_path / "report", said.append).runs == 1
    assert any("result.json" in line and "'published'" in line for line in said)


def test_a_corrupt_record_is_named_and_the_others_reported(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    bad = run("lstm", "LSTM", "neural", 120.0) / "result.json"
    bad.write_text('{"status": "ok"')
    said = []
    summary = build_report(tmp_path, tmp_path / "report", said.append)
    assert summary.runs == 1
    assert sum(str(bad) in line for line in said) == 1


@pytest.mark.parametrize(
    "ask", [lambda f: build_report(f, f / "report", silent), lambda f: comparison_table([])]
)
def test_without_runs_the_error_says_how_to_make_one(tmp_path, ask):
    with pytest.raises(UserError, match="nextword run"):
        ask(tmp_path)


def test_an_unwritable_place_is_one_clear_line(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        build_report(tmp_path, tmp_path / "file", silent)


def test_what_an_earlier_report_left_is_removed(run, tmp_path):
    kept = run("kn", "KN", "count", 141.2)
    run("lstm", "LSTM", "neural", 120.0)
    build_report(tmp_path, tmp_path / "report", silent)
    assert (tmp_path / "report" / "figures" / "bytes_in_memory_ptb.svg").exists()
    shutil.rmtree(tmp_path / "runs" / "ptb" / "lstm")
    build_report(tmp_path, tmp_path / "report", silent)
    assert kept.exists()
    assert not (tmp_path / "report" / "figures" / "bytes_in_memory_ptb.svg").exists()


def test_the_terminal_table_is_aligned(results):
    table = comparison_table(read_runs(results))
    lines = table.splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("#"))
    header, rows = lines[start], lines[start + 2 : start + 12]
    end = header.index("perplexity") + len("perplexity")
    assert all(re.fullmatch(r"[\d.,]+", row[:end].split()[-1]) for row in rows)
    assert all(row[end : end + 2].strip() == "" for row in rows)
    assert "nltk on ptb: skipped (needs the package nltk" in table
    assert HOSTILE not in header


def test_the_terminal_table_needs_no_heavy_import():
    code = (
        "import sys; import benchmark.report;"
        "print([m for m in ('pandas', 'seaborn', 'matplotlib', 'jinja2', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
