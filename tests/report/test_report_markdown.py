"""The report as Markdown, read back by a parser of GitHub's dialect."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import HOSTILE, HOSTILE_PROMPT

from benchmark.report.blocks import Paragraph, Section, Strong
from benchmark.report.markdown import escape, markdown_report, markdown_table
from benchmark.report.tables import Column, Group, Table, TableRow, text_cell

markdown_it = pytest.importorskip("markdown_it", reason="needs markdown-it-py")

#: What a report is made of.
ELEMENTS = {"h1", "h2", "h3", "h4", "p", "strong", "em", "ul", "li", "blockquote", "img"} | {
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
NASTY = [
    HOSTILE,
    HOSTILE_PROMPT,
    r"\| a \\| b | c \\",
    "`code | span`",
    "[link](javascript:alert(1)) ![image](http://x.test/y.png)",
    "<http://x.test> http://x.test www.x.test/a?b=1",
    "1. list",
    "2026) list",
    "12 345. no list",
    "- list",
    "+ list",
    "# heading",
    "=====",
    "---",
    "> quote",
    "    code",
    "~~~\nfence\n~~~",
    "two\n\nparagraphs\n| a | b |\n|---|---|",
    "a&nbsp;b &lt;b&gt; &#60;",
    "**bold** __bold__ ~~gone~~ $x_1$ [^1] :smile: <!-- -->",
    "\u202eright to left \u05d0\u05d1 🙂",
]


class _Reader(HTMLParser):
    """Elements, and text by table cell and in all."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.elements and self.elements[-1][0] in ("td", "th") and not data.isspace():
            self.tables[-1][-1][-1] += data


def read(source: str) -> _Reader:
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return _Reader(parser.render(source))


@given(st.sampled_from(NASTY) | st.text())
def test_any_text_is_shown_as_it_is_written(untrusted):
    shown = read(markdown_report("Title", [Section("s", "S", (Paragraph((untrusted,)),))]))
    assert {tag for tag, _ in shown.elements} <= {"h1", "h2", "p"}
    expected = re.sub(r"[\s\x1c-\x1f\x85]+", " ", untrusted.replace("\0", "\ufffd")).strip()
    assert re.sub(r"[\s\x1c-\x1f\x85]+", " ", shown.text).strip().removeprefix("Title S").strip() == expected


@given(st.lists(st.sampled_from(NASTY) | st.text(max_size=30), min_size=1, max_size=5))
def test_a_cell_a_column_whatever_the_cells_say(texts):
    columns = (Column("a", "A | B"), Column("b", "`C`", "right"))
    rows = tuple(TableRow((text_cell(text), text_cell("end"))) for text in texts)
    (table,) = read(markdown_table(Table("t", "", columns, (Group(rows),)))).tables
    assert table[0] == ["A | B", "`C`"]
    assert [row[1] for row in table[1:]] == ["end"] * len(texts)
    assert [row[0] for row in table[1:]] == [text_cell(text).shown for text in texts]


def test_strong_text_is_strong_whatever_it_is():
    for text in NASTY:
        line = text_cell(text).shown
        shown = read(
            markdown_report("T", [Section("s", "S", (Paragraph(("The best, ", Strong(line), ", is")),))])
        )
        assert ("strong", {}) in shown.elements
        assert "**" not in shown.text.replace(line, "")


def test_links_are_left_alone_by_github():
    safe = escape("http://x.test/ and www.x.test")
    assert "://" not in safe
    assert "www." not in safe


def test_a_report_is_plain_elements_and_full_tables(built):
    shown = read((built / "report.md").read_text(encoding="utf-8"))
    assert {tag for tag, _ in shown.elements} <= ELEMENTS
    assert shown.tables
    for table in shown.tables:
        assert len({len(row) for row in table}) == 1
    assert "<script>alert" in shown.text


def test_its_images_are_files_beside_it_and_say_what_they_show(built: Path):
    shown = read((built / "report.md").read_text(encoding="utf-8"))
    images = [attributes for tag, attributes in shown.elements if tag == "img"]
    assert {(built / unquote(image["src"] or "")).stem for image in images} == {
        path.stem for path in (built / "figures").glob("*.svg")
    }
    for image in images:
        assert (built / (image["src"] or "")).is_file()
        assert len(image["alt"] or "") > 20


def test_its_headings_go_down_one_level_at_a_time(built):
    shown = read((built / "report.md").read_text(encoding="utf-8"))
    levels = [int(tag[1]) for tag, _ in shown.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("said", ["The claim. ", " one", "a*b ", "Failed: "])
def test_bold_text_with_a_space_at_its_end_is_bold(said):
    text = markdown_report("T", [Section("s", "S", (Paragraph(("It is", Strong(said), "so")),))])
    html = markdown_it.MarkdownIt("commonmark").render(text)
    assert f"<strong>{said.strip()}</strong>" in html
