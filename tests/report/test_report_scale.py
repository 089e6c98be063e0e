"""A report over many runs: what it weighs, what it reads, what it leaves out, and that it says so."""

from __future__ import annotations

import csv
import math
import re
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from many_runs import CORPORA, TEXTS, write_many

from benchmark.record.folder import RunRecord, read_runs
from benchmark.record.result import Result
from benchmark.report import build_report, sections
from benchmark.report.blocks import Figure, all_blocks
from benchmark.report.context import context_of
from benchmark.report.inline_svg import Styles, inline
from benchmark.report.model_settings import settings_of
from benchmark.report.page import Drawings, page
from benchmark.report.size_limit import ALLOWANCES, fit_to_limit
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, even_shares

RUNS = 300
OPENED: Counter[str] = Counter()
_WATCHED: list[str] = []


def _note(event: str, arguments: tuple) -> None:
    if event == "open" and _WATCHED and str(arguments[0]).startswith(_WATCHED[0]):
        OPENED[str(arguments[0])] += 1


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> SimpleNamespace:
    """Many runs, the report on them, what it said, and which files of the runs were opened how often."""
    folder = tmp_path_factory.mktemp("many")
    write_many(folder, RUNS)
    sys.addaudithook(_note)  # stays for good, and looks at nothing once there is nothing to watch
    _WATCHED.append(str(folder / "runs"))
    said: list[str] = []
    build_report(folder, folder / "report", said.append)
    _WATCHED.clear()
    return SimpleNamespace(folder=folder, report=folder / "report", said=said)


@pytest.fixture(scope="module")
def built(many):
    return list(sections.build_all(context_of(read_runs(many.folder))))


def drawings(built, bytes_each: int) -> Drawings:
    """Drawings of a given weight."""
    figures = [b for section in built for b in all_blocks(section.blocks) if isinstance(b, Figure)]
    return Drawings({f.name: f"<svg>{'x' * (bytes_each - 11)}</svg>" for f in figures}, "")


def table(counts: list[dict[str, int]], most: int) -> Table:
    """A table whose groups have so many rows of each family."""
    groups = [
        Group(tuple(TableRow((Cell(f"{f}{i}"),), family=f) for f, n in c.items() for i in range(n)), "g")
        for c in counts
    ]
    return Table("t", "", (Column("a", "A"),), tuple(groups), most=most)


@pytest.mark.slow
def test_page_and_text_stay_small(many):
    assert (many.report / "index.html").stat().st_size < 1_000_000
    assert (many.report / "report.md").stat().st_size < 500_000
    # CSV files may be linked; every table and every figure is on the page
    assert not any("tables and figures" in line for line in many.said)


@pytest.mark.slow
def test_every_corpus_and_family_is_on_the_page_and_every_run_in_its_csv(many):
    html = (many.report / "index.html").read_text(encoding="utf-8")
    body = html[html.index('id="table-comparison"') :].partition("</section>")[0]
    for corpus in TEXTS:
        part = body[body.index(f'data-corpus="{corpus}"') :].partition("</tbody>")[0]
        assert set(re.findall(r'data-family="(\w+)"', part)) == {"count", "neural", "mixture"}
    with (many.report / "tables" / "provenance.csv").open(encoding="utf-8", newline="") as file:
        runs = {row["run_id"] for row in csv.DictReader(file)}
    assert runs == {path.name for path in many.folder.glob("runs/*/*/*")}
    assert len(runs) == RUNS


@pytest.mark.slow
def test_each_file_of_a_run_is_opened_at_most_once_and_no_vector_is_read(many):
    kinds = Counter(Path(name).name for name in OPENED)
    assert kinds["result.json"] == RUNS
    assert max(OPENED.values()) == 1, OPENED.most_common(3)
    assert not any(name.endswith(".npy") for name in OPENED)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [450_000, 300_000])
def test_what_does_not_fit_is_named_and_linked(built, limit):
    drawn = drawings(built, 9_000)
    html, carried = fit_to_limit(lambda allowance: page("t", built, drawn, allowance), limit)
    assert len(html.encode()) <= limit
    assert carried in ALLOWANCES[1:]
    for block in (b for section in built for b in all_blocks(section.blocks)):
        if isinstance(block, Table) and block.rows > (most := min(block.most or block.rows, carried.rows)):
            assert f"{most} of {block.rows} rows" in html, block.name
            assert f'href="tables/{block.name}.csv"' in html
        if isinstance(block, Figure) and drawn.inlined[block.name] not in html:
            assert f'href="figures/{block.name}.svg"' in html


@pytest.mark.slow
def test_there_is_a_smallest_page_even_where_it_is_too_large(built):
    html, carried = fit_to_limit(lambda allowance: page("t", built, drawings(built, 9_000), allowance), 1)
    assert carried == ALLOWANCES[-1]
    assert "<svg" not in html


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 9), min_size=1), min_size=1, max_size=5),
    st.integers(1, 40),
)
def test_a_table_draws_as_many_rows_as_it_may_the_first_of_each_family(counts, most):
    whole = table(counts, most)
    drawn = whole.drawn()
    assert sum(len(group.rows) for group in drawn) == min(most, whole.rows)
    assert bool(whole.omission) == (most < whole.rows)
    for kept, group in zip(drawn, whole.groups, strict=True):
        for family in {row.family for row in group.rows}:
            mine = [row for row in group.rows if row.family == family]
            assert [row for row in kept.rows if row.family == family] == mine[
                : sum(row.family == family for row in kept.rows)
            ]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 200))
def test_shares_are_even_and_whole(wanted, room):
    given_out = even_shares(wanted, room)
    assert sum(given_out) == min(room, sum(wanted))
    assert all(got <= want for got, want in zip(given_out, wanted, strict=True))
    short = [got for got, want in zip(given_out, wanted, strict=True) if got < want]
    assert all(got <= low + 1 for low in short for got in given_out)


KEYS = st.text("abc_", min_size=1, max_size=4).filter(lambda key: key not in ("seed", "label", "name"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=120)
    | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4), VALUES, st.booleans())
def test_settings_read_from_the_model_block_are_those_of_the_whole_file(tmp_path_factory, model, other, flow):
    folder = tmp_path_factory.mktemp("run")
    config = {"corpus": {"name": "c", "other": other, "shared": model}, "model": model, "seed": 1}
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, default_flow_style=flow)
    (folder / "config.yaml").write_text(text, encoding="utf-8")

    def flat(block, prefix=""):
        for key, value in block.items():
            if isinstance(value, dict):
                yield from flat(value, f"{prefix}{key}.")
            else:
                yield f"{prefix}{key}", value

    found = settings_of(RunRecord(folder, record()))
    assert found == dict(flat(yaml.safe_load(text)["model"]))


POINT = st.tuples(*[st.floats(-420, 420).map(lambda value: round(value, 6))] * 2)
SEGMENT = (
    st.tuples(st.just("M"), st.lists(POINT, min_size=1, max_size=1))
    | st.tuples(st.just("L"), st.lists(POINT, min_size=1, max_size=1))
    | st.tuples(st.just("C"), st.lists(POINT, min_size=3, max_size=3))
    | st.just(("z", []))
)


def commands(drawn: str) -> list[tuple[str, list[float]]]:
    """Path data with every command written out."""
    needed = {"M": 2, "L": 2, "C": 6, "z": 0}
    found = []
    for command, rest in re.findall(r"([MLCz])([^MLCz]*)", drawn):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", rest)]
        size = needed[command]
        for start in range(0, max(len(numbers), 1), size or 1):
            later = "L" if command == "M" and start else command
            found.append((later, numbers[start : start + size]))
    return found


@given(st.lists(SEGMENT, max_size=12))
def test_a_path_on_the_page_draws_what_it_drew(segments):
    parts = [("M", [(1.0, 2.0)]), *segments]
    drawn = " ".join(" ".join([c, *(f"{x:.6f} {y:.6f}" for x, y in points)]) for c, points in parts)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d={quoteattr(drawn)}/></svg>'
    (small,) = re.findall(r'<path d="([^"]*)"', inline(svg, "f1", "alt", Styles()))
    assert len(small) <= len(drawn)
    before, after = commands(drawn), commands(small)
    assert [command for command, _ in before] == [command for command, _ in after]
    for (_, old), (_, new) in zip(before, after, strict=True):
        assert all(math.isclose(a, b, abs_tol=0.0501) for a, b in zip(old, new, strict=True))


def test_equal_runs_are_made_up_each_time(tmp_path):
    for name in ("a", "b"):
        write_many(tmp_path / name, 30)
    files = {name: sorted((tmp_path / name).rglob("*.*")) for name in ("a", "b")}
    assert [f.read_bytes() for f in files["a"]] == [f.read_bytes() for f in files["b"]]
    assert {f.relative_to(tmp_path / "a").parts[1] for f in files["a"]} == set(CORPORA)


def record(**more: Any) -> Result:
    return Result(run_id="0", status="ok", model="a", label="A", corpus="c", **more)


def test_settings_in_the_record_are_those_of_the_file(tmp_path: Path) -> None:
    model = {"name": "a", "order": 3, "seed": 2, "of": {"k": 0.5, "label": "b"}}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"model": model}), encoding="utf-8")
    written = settings_of(RunRecord(tmp_path, record()))
    recorded = settings_of(RunRecord(tmp_path / "none", record(model_settings=model)))
    assert recorded == written == {"order": 3, "of.k": 0.5}


def test_a_setting_that_was_added_later_tells_no_rows_apart_while_it_is_off(tmp_path: Path) -> None:
    before = {"_target_": "baselines.neural.architectures.recurrent.Lstm", "training": {"l2": 0}}
    off, on = ({**before, "training": {"l2": 0, "scheduled_sampling": share}} for share in (0, 0.25))
    old, same, other = (
        settings_of(RunRecord(tmp_path, record(model_settings=model))) for model in (before, off, on)
    )
    assert same == old
    assert other == {**old, "training.scheduled_sampling": 0.25}
