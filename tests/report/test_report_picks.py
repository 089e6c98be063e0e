"""Rows picked on the page: the differences that a browser computes are those of Python's bootstrap."""

from __future__ import annotations

import base64
import math
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from headless import missing, visit
from synthetic_runs import PTB, SOTU, finished, write_run

from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.page import Drawings, page
from benchmark.report.page_losses import MOST_ROWS, MOST_SUMS, encoded, page_losses
from benchmark.report.sections import comparison
from benchmark.report.size_limit import ALLOWANCES
from benchmark.statistics.bootstrap import RESAMPLES, bootstrap
from benchmark.statistics.randomisation import holm, sign_flip_p

#: Blocks of unequal length: so many that signs are drawn, and so few that all assignments are tried.
TARGETS = {"ptb": np.arange(700, 1300, 15), "sotu": np.array([3000, 9000, 24000, 8000, 5000, 12000])}


def losses(corpus: str, mean: float, dice: int, noise: float = 0.02) -> np.ndarray:
    shared = np.random.default_rng(5).normal(0, 0.3, len(TARGETS[corpus]))
    own = np.random.default_rng(dice).normal(0, noise, len(TARGETS[corpus]))
    return TARGETS[corpus] * (mean + shared + own)


def write(folder: Path, corpus: dict, label: str, sums: np.ndarray | None, **more: object) -> None:
    name, family = corpus["corpus"], "neural" if "LSTM" in label else "count"
    targets = TARGETS[name]
    ppl = math.exp((sums.sum() if sums is not None else 5.0 * targets.sum()) / targets.sum())
    record = finished(corpus, label, label, family, (ppl, 10.0, 60.0, 5e4), **more)
    run = write_run(folder, record)
    if sums is not None:
        write_blocks(run, BlockLosses("documents", targets, sums))


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A page of the comparison alone, and the losses of its rows by label, [seeds, blocks]."""
    folder = tmp_path_factory.mktemp("picks")
    kept = {
        "ptb": {
            "KN": losses("ptb", 5.0, 1)[None],
            "PPM": losses("ptb", 5.004, 2)[None],
            "LSTM": np.stack([losses("ptb", 4.98 + 0.01 * seed, 10 + seed) for seed in (1, 2, 3)]),
        },
        "sotu": {
            "Unigram": losses("sotu", 5.1, 3)[None],
            "Bigram": losses("sotu", 5.09, 4)[None],
            "Bigram rounded": losses("sotu", 5.09, 4)[None] + 2e-5 * TARGETS["sotu"],
        },
    }
    for corpus in (PTB, SOTU):
        for label, rows in kept[corpus["corpus"]].items():
            for seed, sums in enumerate(rows, start=1):
                write(folder, corpus, label, sums, seed=seed)
    write(folder, PTB, "Silent", None)
    context = context_of(read_runs(folder))
    section = comparison.build(context)
    assert section is not None
    (folder / "index.html").write_text(page("Picks", [section], Drawings({}, ""), ALLOWANCES[0]))
    return SimpleNamespace(folder=folder, kept=kept, context=context)


@pytest.mark.parametrize("seeds", [1, 3])
def test_losses_are_kept_to_a_millionth(seeds):
    sums = np.abs(np.random.default_rng(0).normal(5000, 2000, (seeds, 40)))
    number, unit, coded = encoded(sums).split()
    bytes_ = np.frombuffer(base64.b64decode(coded), np.uint8).reshape(seeds, 40, 3).astype(float)
    assert int(number) == seeds
    assert float(unit) * (bytes_ @ [65536, 256, 1]) == pytest.approx(sums, abs=1e-7 * sums.max())


def test_the_page_holds_the_losses_of_so_many_rows_of_each_family(suite, tmp_path):
    known = page_losses(suite.context.ranked_groups)
    assert len(known.rows) == 6
    for place in range(40):
        write(tmp_path, PTB, f"KN {place}", losses("ptb", 5.0, place))
    write(tmp_path, PTB, "LSTM", losses("ptb", 6.0, 99))
    groups = context_of(read_runs(tmp_path)).ranked_groups
    held = page_losses(groups)
    assert len(held.rows) == MOST_ROWS
    assert {row.label for row in groups[0].rows if row.number in held.rows} >= {"LSTM"}
    assert MOST_ROWS * len(TARGETS["ptb"]) <= MOST_SUMS


def test_one_row_with_losses_has_nothing_to_be_compared_with(tmp_path):
    write(tmp_path, PTB, "KN", losses("ptb", 5.0, 1))
    write(tmp_path, PTB, "Silent", None)
    held = page_losses(context_of(read_runs(tmp_path)).ranked_groups)
    assert (held.rows, held.groups) == ({}, {})


in_browser = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]
PANEL = """
  const lines = [...document.querySelectorAll('.picks tbody tr')];
  return lines.map(line => [line.cells[0].textContent,
    ...[...line.querySelectorAll('[data-v]')].flatMap(cell => cell.dataset.v.split(' ').map(Number))]);"""
TICK = """
  const row = [...document.querySelectorAll('table[data-filters] tr[data-row]')]
    .find(row => row.querySelector('th').textContent === arguments[0]);
  row.querySelector('input').click();
  return document.querySelector('.picks [role=status]').textContent;"""
KEYBOARD = """return [document.activeElement.getAttribute('aria-label'), document.activeElement.checked,
  document.querySelectorAll('table[data-filters] :is(button, input, a)[tabindex="0"]').length]"""


def expected(kept: dict[str, np.ndarray], labels: list[str], targets: np.ndarray) -> dict[str, tuple]:
    """For each label but the first: the estimate, the p-value and the adjusted one, as `compare` has them."""
    rows = [kept[label] for label in labels]
    drawn = bootstrap(rows, targets)
    pairs = list(combinations(range(len(rows)), 2))
    weights = [np.eye(len(rows))[b] - np.eye(len(rows))[a] for a, b in pairs]
    flipped = [float(sign_flip_p(rows[b].mean(axis=0) - rows[a].mean(axis=0))[0]) for a, b in pairs]
    p = [
        drawn.p(weight) if max(len(rows[a]), len(rows[b])) > 1 else by_signs
        for (a, b), weight, by_signs in zip(pairs, weights, flipped, strict=True)
    ]
    found = zip(pairs, weights, p, holm(np.array(p)).tolist(), strict=True)
    return {labels[b]: (drawn.combined(w), one, holms) for (a, b), w, one, holms in found if a == 0}


class TestInBrowser:
    pytestmark = in_browser

    @pytest.mark.parametrize(
        ("corpus", "labels"),
        [("ptb", ["KN", "PPM"]), ("ptb", ["KN", "LSTM", "PPM"]), ("sotu", ["Bigram", "Unigram"])],
    )
    def test_differences_are_those_of_compare(self, browser, suite, corpus, labels):
        page = visit(browser, suite.folder, anchor=f"#comparison?corpus={corpus}")
        for label in labels:
            page.execute_script(TICK, label)
        shown = {name: values for name, *values in page.execute_script(PANEL)}
        wanted = expected(suite.kept[corpus], labels, TARGETS[corpus])
        assert list(shown) == labels[1:]
        for label, (nats, p, holms) in wanted.items():
            difference, low, high, ratio, shown_p, *adjusted = shown[label]
            near = 0.15 * (nats.high - nats.low) / 3.92  # four standard errors of a drawn quantile
            assert difference == pytest.approx(nats.value, abs=2e-6)
            assert ratio == pytest.approx(math.exp(nats.value), abs=2e-6)
            assert (low, high) == (pytest.approx(nats.low, abs=near), pytest.approx(nats.high, abs=near))
            drawn = 6 * math.sqrt(p * (1 - p) / RESAMPLES) if corpus == "ptb" else 0
            assert shown_p == pytest.approx(p, abs=drawn + 1e-4)
            assert adjusted == ([pytest.approx(holms, abs=3 * drawn + 1e-3)] if len(labels) > 2 else [])
        assert page.get_log("browser") == []

    def test_no_p_is_told_of_a_difference_that_may_be_rounding(self, browser, suite):
        page = visit(browser, suite.folder, anchor="#comparison?corpus=sotu")
        for label in ("Bigram", "Bigram rounded", "Unigram"):
            page.execute_script(TICK, label)
        cells = [row.text.split() for row in page.find_elements("css selector", ".picks tbody tr")]
        assert [line[-2:] == ["–", "–"] for line in cells] == [True, False]

    def test_the_address_keeps_the_picked_rows_and_the_panel_names_the_command(self, browser, suite):
        page = visit(browser, suite.folder)
        said = [page.execute_script(TICK, label) for label in ("LSTM", "KN")]
        assert said[0] == "Picked: LSTM. Tick another row of Penn Treebank."
        before, address = page.execute_script(PANEL), page.current_url
        page = visit(browser, suite.folder, anchor=f"#{address.partition('#')[2]}")
        assert page.execute_script(PANEL) == before
        command = page.execute_script("return document.querySelector('.picks code').textContent")
        runs = {run.result.label: run.folder.name for row in suite.context.rows for run in row.runs[:1]}
        assert command == f"nextword compare {runs['LSTM'][:8]} {runs['KN'][:8]} --all-seeds"
        page.execute_script("document.querySelector('.picks button').click()")
        assert page.execute_script(PANEL) == []
        assert "pick=" not in page.current_url

    def test_what_cannot_be_picked_says_why(self, browser, suite):
        page = visit(browser, suite.folder, anchor="#comparison?corpus=all")
        assert "keep no losses by block" in page.execute_script(TICK, "Silent")
        page.execute_script(TICK, "KN")
        said = page.execute_script(TICK, "Unigram")
        assert said.startswith("Unigram cannot be compared here: it was scored on other text")
        assert "Penn Treebank" in said
        ticked = "return [...document.querySelectorAll('.pick input')].filter(box => box.checked).length"
        assert page.execute_script(ticked) == 1

    def test_rows_are_picked_by_keyboard(self, browser, suite):
        from selenium.webdriver import ActionChains, Keys

        page = visit(browser, suite.folder)
        page.execute_script("document.querySelector('.pick input').focus()")
        for key, wanted in ((Keys.SPACE, True), (Keys.ARROW_DOWN, False), (Keys.SPACE, True)):
            ActionChains(page).send_keys(key).perform()
            label, checked, stops = page.execute_script(KEYBOARD)
            assert label.startswith("Compare ")
            assert (checked, stops) == (wanted, 1)
        assert len(page.execute_script(PANEL)) == 1
