"""Tables that LaTeX sets: their escaping by property, and the whole of a report by pdflatex."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import HOSTILE, finished, samples, write_run

from benchmark.report import build_report
from benchmark.report.latex_escape import breakable, escape
from benchmark.report.latex_table import latex_table
from benchmark.report.tables import Column, Group, Table, TableRow, text_cell

pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex (texlive-latex-base)")

#: Every command and every character of math that text may become.
KNOWN = re.compile(
    r"\$\\[a-zA-Z]+\$|\$[_^]\{(?:\\circ|[0-9+-])\}\$|\$-\$"
    r"|\\text(?:backslash|asciitilde|asciicircum|less|greater|bar|quotedbl|quotesingle|asciigrave|endash|emdash"
    r"|quotedblleft|quotedblright|quoteleft|quoteright|exclamdown|questiondown|copyright|euro|bullet)\{\}"
    r"|\\(?:ldots|quotedblbase|guillemotleft|guillemotright|S|P|pounds|ss|ae|AE|oe|OE|o|O|l|L|dj|DJ|dh|DH|th|TH|i)"
    r"\{\}"
    r"|\\[`'^~=u.\"rHvdckb]\{[A-Za-z]\}|\\texttt\{U\+[0-9A-F]{4,6}\}|\\allowbreak\{\}|\\[{}$&#_%]|\{[*\[\]]\}|\{\}"
)
NASTY = [
    r"\write18{ls}",
    r"\input{/etc/passwd}",
    "^^5cwrite18{ls}",
    "% & _ # $ { } ~ ^ \\",
    "[x] first",
    "* starred",
    "--flag ,,low'' <<up>> ?`!` ''",
    "<script>alert(1)</script>",
    "π ≤ ∞-gram, 10⁻⁷ × 3 °C − ½ Ω Жж",
    "Kočiský, Erdős, Łódź, Þór, naïve, ſtraße, Ế",
    "emoji 🙂👩‍💻, אבג right to left \u202eabc, 日本語",
    "a" * 300,
    "path/to/a_very-long.setting=" * 12,
    "two\n\nparagraphs\\par\\end{document}",
    "}} \\\\ \\hline \\end{tabular}",
    "",
]


def table_of(*texts: str, titles: tuple[str, ...] = ("Model", "Value"), group: str = "") -> Table:
    columns = tuple(Column(f"c{i}", title) for i, title in enumerate(titles))
    rows = tuple(TableRow(tuple(text_cell(text) for _ in titles)) for text in texts)
    return Table("some_table_1", "A caption", columns, (Group(rows, group),))


@given(st.text() | st.sampled_from(NASTY))
def test_text_becomes_known_commands_and_letters_only(untrusted):
    for safe in (escape(untrusted), breakable(untrusted)):
        assert safe.isascii()
        assert not set(KNOWN.sub("", safe)) & set("\\{}$&#_%~^<>|\"'`[]*\n")


@given(st.text(st.characters(exclude_characters="-,")))
def test_places_to_break_are_all_that_long_words_get(untrusted):
    assert breakable(untrusted).replace(r"\allowbreak{}", "") == escape(untrusted)


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("2 × 250", r"2 $\times$ 250"),
        ("∞-gram", r"$\infty$-gram"),
        ("10⁻⁷", "10$^{-}$$^{7}$"),
        ("H₂", "H$_{2}$"),
        ("−1 °C", r"$-$1 $^{\circ}$C"),
        ("λ Λ", r"$\lambda$ $\Lambda$"),
        ("Kočiský", r"Ko\v{c}isk\'{y}"),
        ("a--b", "a-{}-{}b"),
        ("א", r"\texttt{U+05D0}"),
        ("[1]", "{[}1{]}"),
    ],
)
def test_what_papers_write_is_set_as_they_do(text, tex):
    assert escape(text) == tex


@given(st.lists(st.sampled_from(NASTY) | st.text(max_size=40), min_size=1, max_size=4))
def test_every_row_has_a_cell_a_column(texts):
    lines = latex_table(table_of(*texts)).splitlines()
    body = lines[lines.index(r"\midrule") + 1 : lines.index(r"\bottomrule")]
    assert len(body) == len(texts)
    assert all(len(re.findall(r"(?<!\\)&", row)) == 1 and row.endswith(r" \\") for row in body)


def test_a_table_names_the_packages_it_needs_and_its_label():
    tex = latex_table(table_of("x"))
    assert tex.splitlines()[0].startswith("% ")
    for package in ("booktabs", "graphicx", "longtable", "lscape", "array", "fontenc"):
        assert package in tex.splitlines()[0]
    assert r"\label{tab:some-table-1}" in tex


def test_a_caption_says_that_rows_are_left_out():
    table = replace(table_of("first", "second"), most=1)
    assert "1 of 2 rows" in latex_table(table)
    assert "second" not in latex_table(table)


def test_long_text_wraps_and_long_tables_go_on_over_pages():
    assert r"\raggedright" not in latex_table(table_of("short"))
    assert r"\raggedright" in latex_table(table_of("much longer than a line has room for " * 3))
    tall = latex_table(table_of(*["x"] * 60))
    assert r"\endfirsthead" in tall
    assert r"\begin{landscape}" not in tall
    assert r"\begin{landscape}" in latex_table(table_of(*["x" * 60] * 60, titles=("A", "B", "C", "D", "E")))


def compiled(body: str, folder: Path) -> str:
    """The log of pdflatex, with the packages that the tables ask for and no others."""
    packages = body.splitlines()[0].removeprefix("% ")
    text = f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "t.tex").write_text(text, encoding="ascii")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


@pdflatex
def test_hostile_cells_compile_within_the_line(tmp_path):
    body = latex_table(table_of(*NASTY, group=NASTY[0])) + latex_table(table_of(*NASTY * 4, group=NASTY[3]))
    body += latex_table(table_of("x", titles=("A very long title of a column", "")))
    log = compiled(body, tmp_path)
    assert "Overfull" not in log
    assert "Missing character" not in log


@pdflatex
def test_every_character_with_a_command_of_its_own_compiles(tmp_path):
    letters = [chr(code) for code in (*range(0xA1, 0x250), *range(0x370, 0x400), *range(0x1E00, 0x2300))]
    cells = ["".join(letters[i : i + 20]) for i in range(0, len(letters), 20)]
    compiled(latex_table(table_of(*cells)), tmp_path)


@pdflatex
def test_the_tables_of_a_report_compile_together(built, tmp_path):
    body = "\n".join(path.read_text(encoding="ascii") for path in sorted((built / "tables").glob("*.tex")))
    log = compiled(body, tmp_path)
    assert "Overfull" not in log
    assert "multiply defined" not in log


@pdflatex
def test_a_report_of_hostile_labels_compiles(tmp_path):
    from synthetic_runs import PTB

    corpus = {**PTB, "corpus_title": NASTY[0]}
    for number, label in enumerate([*NASTY[:-1], HOSTILE]):
        record = finished(corpus, f"m{number}", label, "neural", (100.0 + number, 1.0, 1.0, 1.0))
        write_run(tmp_path, record, samples_json=samples(label))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    tables = sorted((tmp_path / "report" / "tables").glob("*.tex"))
    compiled("\n".join(path.read_text(encoding="ascii") for path in tables), tmp_path)
