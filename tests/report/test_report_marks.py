"""Marks in figures tell their own values, wherever they stand, to the pointer and to the keyboard."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from headless import missing, visit

from benchmark.report.figures.dots import Dot, perplexity_dots
from benchmark.report.figures.lines import Level, Line, Mark, line_chart
from benchmark.report.figures.strip import family_strip
from benchmark.report.figures.style import as_svg, styled
from benchmark.report.inline_svg import Styles, inline
from benchmark.report.size_limit import PAGE_LIMIT
from benchmark.report.told_marks import give_marks_their_values


def drawn(**more: Any) -> str:
    """A line of a row, a line of none, and a level, as SVG."""
    lines = [
        Line(3, "A & B", "count", (((1_000.0, 150.25), (20_000.0, 75.125)),)),
        Line(0, "order 2", "neural", (((1_000.0, 120.0), (20_000.0, 80.0)),)),
    ]
    with styled():
        figure, _ = line_chart(
            lines, [Level(4, "Flat", "count", 99.0)], xlabel="tokens", ylabel="perplexity (lower is better)",
            log_x=True, log_y=True, **more,
        )  # fmt: skip
        return as_svg(figure)


def told_nodes(root: ET.Element) -> list[ET.Element]:
    return [node for node in root.iter() if "data-x" in node.attrib or "data-y" in node.attrib]


def told(svg: str) -> list[tuple[str, str, str]]:
    """What the marks of a drawing on the page tell: tag, x and y."""
    root = ET.fromstring(inline(svg, "f1", "alt", Styles()))
    nodes = told_nodes(root)
    return [(node.tag, node.get("data-x", ""), node.get("data-y", "")) for node in nodes]


@pytest.mark.parametrize(("marked", "tag"), [(True, "use"), (False, "circle")])
def test_each_mark_has_its_own_values_as_the_axes_write_them(marked, tag):
    svg = drawn(marked=marked)
    assert sorted(told(svg)) == sorted(
        [
            (tag, "1,000", "150.2"),
            (tag, "20.0 k", "75.12"),
            (tag, "1,000", "120.0"),
            (tag, "20.0 k", "80.00"),
            ("g", "", "99.00"),
        ]
    )
    page = inline(svg, "f1", "alt", Styles())
    assert page.startswith('<svg viewBox="')
    assert ' data-x-axis="tokens" data-y-axis="perplexity"' in page
    assert 'data-name="A &amp; B"' in page
    assert 'data-name="order 2"' in page
    assert 'data-row="0"' not in page


def test_a_line_that_is_cut_says_that_it_goes_on():
    marks = told(drawn(marked=True, ceiling=100.0))
    edges = [(tag, y) for tag, _, y in marks if y.startswith("beyond")]
    assert edges == [("use", "beyond 106.0")] * 2


def dots() -> list[Dot]:
    """One with an interval, one with none."""
    return [
        Dot(1, "A & B", "count", 100.04, (90.16, 110.04), None, "100.0", "95% interval over the test text"),
        Dot(2, "C", "neural", 120.0, None, None, "120.0", "no line"),
    ]


@pytest.mark.parametrize("draw", [perplexity_dots, lambda rows: family_strip(rows, {"count": rows[0]})])
def test_the_bar_of_an_interval_tells_what_it_is_and_its_ends(draw):
    with styled():
        root = ET.fromstring(inline(as_svg(draw(dots())), "f1", "alt", Styles()))
    bars = [node for node in told_nodes(root) if " to " in node.get("data-x", "")]
    said = ("data-x", "data-y", "data-name", "data-row")
    assert [tuple(bar.get(key) for key in said) for bar in bars] == [
        ("90.2 to 110.0", None, "95% interval over the test text", "1")
    ]


def test_a_ring_tells_where_it_is_and_what_happens_there():
    crossing = Mark(4_000.0, "", 110.5, "A & B passes order 2", 3)
    silent = Mark(5_000.0, "", 111.5)
    root = ET.fromstring(inline(drawn(marks=[crossing, silent]), "f1", "alt", Styles()))
    [ring] = [node for node in root.iter() if node.get("data-name") == "A & B passes order 2"]
    assert ring.get("data-row") == "3"
    assert [(mark.tag, mark.get("data-x"), mark.get("data-y")) for mark in told_nodes(ring)] == [
        ("use", "4,000", "110.5")
    ]
    assert "111.5" not in ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("said", ["", "{", "[]", '{"x": 1}', '{"x": "", "y": "", "series": []}'])
def test_a_drawing_with_another_description_is_left_as_it_is(said):
    svg = re.sub("<dc:description>.*?</dc:description>", f"<dc:description>{said}</dc:description>", drawn())
    assert give_marks_their_values(ET.fromstring(svg)) == ""
    assert told(svg) == []


STEP = """
  const [drawing, key] = arguments;
  drawing.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  const tip = document.querySelector('.tip');
  return [tip.hidden ? '' : tip.innerText, document.querySelectorAll('svg .at').length];"""
#: Of a figure: its stop of the Tab key, its marks, and those of the first `most` that do not tell themselves.
WALK = """
  const [figure, most] = arguments, drawing = figure.querySelector('svg');
  const tip = document.querySelector('.tip');
  const marks = [...drawing.querySelectorAll('[data-x], [data-y]')];
  const wrong = marks.slice(0, most).filter(mark => {
    drawing.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
    const lines = [...tip.children].map(line => line.textContent);
    const own = ['x', 'y'].filter(axis => mark.dataset[axis])
      .map(axis => drawing.dataset[axis + 'Axis'] + ': ' + mark.dataset[axis]);
    return !mark.classList.contains('at') || lines.length <= own.length
      || own.some((line, place) => lines[place] !== line);
  });
  return [figure.id, drawing.tabIndex, marks.length > 0, wrong.length];"""


#: What the marks of a figure tell that have a text in it, each as lines, as the arrow keys reach them.
SAID = """
  const [figure, wanted] = arguments, drawing = document.querySelector(`${figure} svg`);
  return [...drawing.querySelectorAll('[data-x], [data-y]')].map(() => {
    drawing.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));
    return [...document.querySelector('.tip').children].map(line => line.textContent);
  }).filter(lines => lines.slice(0, 3).some(line => line.includes(wanted)));"""


def told_in(page: Any, figure: str, wanted: str) -> list[list[str]]:
    found: list[list[str]] = page.execute_script(SAID, figure, wanted)
    return found


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=missing())
class TestInBrowser:
    def test_no_figure_is_left_out_of_the_reference_page(self, browser, rebuilt):
        html = (rebuilt / "index.html").read_bytes()
        assert len(html) <= PAGE_LIMIT
        page = visit(browser, rebuilt)
        counts = (
            "return ['figure', 'figure > svg', '[data-packed]'].map(s => document.querySelectorAll(s).length)"
        )
        figures, drawings, packed = page.execute_script(counts)
        assert figures == drawings == len(list((rebuilt / "figures").glob("*.svg"))) > 80
        assert packed == 0
        assert html.count(b"The figure (SVG)") > 60  # for readers without scripts
        assert page.get_log("browser") == []

    @pytest.mark.parametrize(("report", "most"), [("built", 1_000), ("rebuilt", 3)])
    def test_the_keyboard_reaches_every_mark_and_each_tells_itself_first(
        self, browser, request, report, most
    ):
        page = visit(browser, request.getfixturevalue(report), anchor="#answer")
        for figure in page.find_elements("css selector", "figure"):
            name, *found = page.execute_script(WALK, figure, most)
            assert (name, *found) == (name, 0, True, 0)

    def test_a_learning_curve_tells_what_it_draws_and_then_the_row(self, browser, rebuilt):
        name = "learning_curve_sotu"
        page = visit(browser, rebuilt, anchor=f"#figure-{name}")
        drawing = page.find_element("css selector", f"#figure-{name} svg")
        said, at = page.execute_script(STEP, drawing, "ArrowRight")
        with (Path(rebuilt) / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        first = min(
            (row for row in rows if "Goodman" in row["label"]), key=lambda row: float(row["train_targets"])
        )
        tokens, perplexity, *rest = said.splitlines()
        assert at == 1
        assert tokens == f"training tokens: {float(first['train_targets']):,.0f}"
        assert float(perplexity.rpartition(" ")[2]) == pytest.approx(
            float(first["test_perplexity"]), rel=1e-3
        )
        assert rest[0] == "Row: Goodman's combination"
        assert any(line.startswith("95% interval: ") for line in rest)
        assert rest[-1].startswith("Settings: ")
        assert page.execute_script(STEP, drawing, "Escape") == ["", 0]

    def test_the_bar_of_an_interval_tells_what_the_table_says(self, browser, rebuilt):
        page = visit(browser, rebuilt, anchor="#figure-perplexity_sotu")
        said = told_in(page, "#figure-perplexity_sotu", " to ")
        with (Path(rebuilt) / "figures" / "perplexity_sotu.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["test_perplexity_low"]]
        assert len(said) == len(rows) > 10
        for lines, row in zip(said, rows, strict=True):
            low, high = (f"{float(row[f'test_perplexity_{end}']):.1f}" for end in ("low", "high"))
            assert lines[0] == f"test perplexity: {low} to {high}"
            assert re.fullmatch("95% interval over the test text( and seeds)?", lines[1])
            assert lines[2] == f"Row: {row['label']}"
            assert ("seeds" in lines[1]) == bool(row["test_perplexity_sd"])

    def test_a_ring_says_which_network_passes_which_model(self, browser, rebuilt):
        page = visit(browser, rebuilt, anchor="#figure-learning_curve_sotu")
        said = told_in(page, "#figure-learning_curve_sotu", " passes ")
        assert [(lines[0].partition(":")[0], lines[2]) for lines in said] == [
            ("training tokens", "LSTM, 1 × 128 passes Modified Kneser-Ney 5-gram"),
            ("training tokens", "minGRU, 1 × 128 passes Modified Kneser-Ney 5-gram"),
        ]
        seen = told_in(page, "#figure-curves_ptb", "First seen below ")
        assert seen
        places = [tuple(lines[:2]) for lines in seen]
        assert len(set(places)) == len(places)  # no ring hides another
        assert any(";" in lines[2] for lines in seen)  # networks that pass in one place

    def test_the_pointer_opens_a_bar_and_a_ring(self, browser, rebuilt):
        from selenium.webdriver import ActionChains

        for figure, mark, beginning in (
            ("perplexity_sotu", "[data-x*=' to ']", "test perplexity: "),
            ("learning_curve_sotu", "[data-name*=' passes '] use", "training tokens: "),
        ):
            page = visit(browser, rebuilt, anchor=f"#figure-{figure}")
            shape = page.find_element("css selector", f"#figure-{figure} svg {mark}")
            page.execute_script("arguments[0].scrollIntoView({block: 'center'})", shape)
            # beside the dot, which is in the middle of its interval
            aside = shape.rect["width"] * 0.4 if " to " in mark else 0
            ActionChains(page).move_to_element_with_offset(shape, int(aside), 0).perform()
            assert page.find_element("css selector", ".tip").text.startswith(beginning)
            assert "at" in shape.get_dom_attribute("class").split()

    def test_without_a_row_a_mark_names_its_series(self, browser, rebuilt):
        page = visit(browser, rebuilt, anchor="#growth")
        drawing = page.find_element("css selector", "#growth svg")
        said, _ = page.execute_script(STEP, drawing, "ArrowRight")
        assert re.fullmatch(r"training tokens: \S.*\ntime: \S.*\norder \d", said)

    def test_escape_closes_what_the_pointer_opened(self, browser, built):
        from selenium.webdriver import ActionChains, Keys

        page = visit(browser, built)
        mark = page.find_element("css selector", "#figure-headline_ptb svg use[data-x]")
        ActionChains(page).move_to_element(mark).perform()
        tip = page.find_element("css selector", ".tip")
        assert tip.text.startswith("test perplexity: ")
        ActionChains(page).send_keys(Keys.ESCAPE).perform()
        assert not tip.is_displayed()

    def test_without_scripts_a_link_stands_for_a_folded_figure(self, browser, built):
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            page = visit(browser, built)
            links = page.find_elements("css selector", "figure [data-packed] a")
            assert links
            assert all((built / link.get_dom_attribute("href")).is_file() for link in links)
        finally:
            browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
