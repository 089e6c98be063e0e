"""The rows that the page does not draw: its filters find them, and nothing in them is run."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from headless import missing, visit
from many_runs import CORPORA, write_many
from synthetic_runs import HOSTILE, config, finished, write_run

from benchmark.record.folder import read_runs
from benchmark.report.blocks import Section
from benchmark.report.context import context_of
from benchmark.report.page import Drawings, page
from benchmark.report.sections import comparison
from benchmark.report.size_limit import Allowance
from benchmark.report.tables import Table

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
By = pytest.importorskip("selenium.webdriver.common.by").By
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]

RUNS, DRAWN = 120, 8
ROWS = """
  return [...document.querySelectorAll('#table-comparison tr[data-row]')]
    .filter(row => !row.hidden && !row.parentNode.classList.contains('elsewhere'))
    .map(row => [row.querySelector('th').textContent, row.dataset.row])"""


def section(results: Path) -> tuple[Section, Table]:
    built = comparison.build(context_of(read_runs(results)))
    assert built is not None
    table = built.blocks[0]
    assert isinstance(table, Table)
    return built, table


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A page that draws a few of its rows, one of the others with a hostile label; and its table."""
    folder = tmp_path_factory.mktemp("left_out")
    write_many(folder, RUNS)
    corpus = next(iter(CORPORA.values()))
    worst = finished(corpus, "evil", HOSTILE, "count", (9e5, 10.0, 6.0, 5e5))
    write_run(folder, worst, config_yaml=config("evil", order=3))
    built, table = section(folder)
    html = page("t", [built], Drawings({}, ""), Allowance(DRAWN, 0, 0))
    (folder / "index.html").write_text(html, encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(table.csv)))
    return SimpleNamespace(folder=folder, html=html, table=table, rows=rows, corpus=corpus["corpus"])


def opened(browser: Any, cut: SimpleNamespace, query: str) -> Any:
    seen = visit(browser, cut.folder, anchor=f"#comparison?{query}")
    form = seen.find_element(By.CSS_SELECTOR, ".filters")
    WebDriverWait(seen, 10).until(lambda _: form.is_displayed())
    return seen


def of_corpus(cut: SimpleNamespace) -> list[dict[str, str]]:
    names = dict(cut.table.corpora())
    return [row for row in cut.rows if row["corpus"] == names[cut.corpus]]


def drawn(cut: SimpleNamespace) -> set[int]:
    return {row.row for group in replace(cut.table, most=DRAWN).drawn() for row in group.rows}


def worst(cut: SimpleNamespace) -> int:
    """The number of the row with the hostile label."""
    rows = [row for group in cut.table.groups for row in group.rows]
    return next(row.row for row in rows if row.cells[cut.table.head].shown == HOSTILE)


def test_few_rows_are_drawn(cut):
    assert len(re.findall("<tr data-row", cut.html)) == DRAWN
    assert cut.table.rows > 5 * DRAWN
    assert f"{DRAWN} of {cut.table.rows} rows" in cut.html


def test_a_limit_finds_every_row_within_it_and_names_the_best(browser, cut):
    rows = of_corpus(cut)
    limit = round(sorted(float(row["bytes_in_memory"]) for row in rows)[len(rows) // 2] / 1e6 + 0.01, 2)
    seen = opened(browser, cut, f"corpus={cut.corpus}&memory={limit}")
    within = [row for row in rows if float(row["bytes_in_memory"]) <= limit * 1e6]
    best = min(within, key=lambda row: float(row["valid_perplexity"]))
    found = seen.execute_script(ROWS)
    assert [label for label, _ in found] == [row["label"] for row in within]
    assert {int(number) for _, number in found} - drawn(cut)
    said = seen.find_element(By.CSS_SELECTOR, ".filters output").text
    assert said.startswith(f"{len(within)} of {len(rows)} rows; the best by validation perplexity (")
    assert f"): {best['label']}, test perplexity " in said
    assert seen.find_elements(By.CSS_SELECTOR, "#table-comparison .omission") == []
    assert seen.get_log("browser") == []


def test_words_find_a_row_that_is_not_drawn(browser, cut):
    group = next(group for group in cut.table.groups if group.corpus == cut.corpus)
    row = next(row for row in reversed(group.rows) if row.row not in drawn(cut) and row.row != worst(cut))
    wanted = row.cells[cut.table.head].shown
    seen = opened(browser, cut, f"corpus={cut.corpus}&text={wanted}")
    assert [wanted, str(row.row)] in seen.execute_script(ROWS)
    assert not seen.find_element(By.CSS_SELECTOR, ".filters .none").is_displayed()


def test_unpacked_rows_are_those_of_a_page_that_draws_them_all(browser, cut, tmp_path):
    script = """
      return [...document.querySelectorAll('#table-comparison tbody')].map(body =>
        [...body.querySelectorAll('tr[data-row]')].map(row => row.outerHTML.replace(/>\\s+</g, '><')))"""
    few = opened(browser, cut, "corpus=all").execute_script(script)
    built, _ = section(cut.folder)
    html = page("t", [built], Drawings({}, ""), Allowance(10_000, 0, 0))
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    whole = visit(browser, tmp_path, anchor="#comparison?corpus=all").execute_script(script)
    assert few == whole


def test_hostile_text_in_a_packed_row_is_shown_and_not_run(browser, cut):
    seen = opened(browser, cut, f"corpus={cut.corpus}")
    assert HOSTILE not in cut.html
    assert HOSTILE in [label for label, _ in seen.execute_script(ROWS)]
    assert seen.find_elements(By.CSS_SELECTOR, "img, main script, main b, main i, [onerror]") == []
    assert seen.get_log("browser") == []


@pytest.mark.parametrize("packed", ["", "AAAA"])
def test_without_the_rows_the_page_does_not_say_that_no_row_fits(browser, cut, tmp_path, packed):
    damaged = re.sub(r'data-left-out="[^"]+"', f'data-left-out="{packed}"', cut.html)
    (tmp_path / "index.html").write_text(damaged, encoding="utf-8")
    seen = opened(browser, SimpleNamespace(folder=tmp_path), f"corpus={cut.corpus}&memory=0.0001")
    said = seen.find_element(By.CSS_SELECTOR, ".filters output").text
    assert said.endswith("rows on this page; the CSV has them all")
    assert seen.find_element(By.CSS_SELECTOR, ".filters .none").text.startswith("No row on this page fits")
    assert seen.find_elements(By.CSS_SELECTOR, "#table-comparison .omission") != []


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_captions_keep_within_what_is_seen_of_their_tables(browser, cut, width):
    seen = visit(browser, cut.folder, width)
    script = """
      return [...document.querySelectorAll('.scroll caption')].filter(e => e.checkVisibility())
        .map(e => e.closest('.scroll').getBoundingClientRect().right - e.getBoundingClientRect().right)"""
    room = seen.execute_script(script)
    assert room
    assert min(room) >= -1
