"""The notebook of docs/python.md shows what its cells give."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tour import NOTEBOOK, ROOT, Notebook, code_cells, executed, make_runs, read

REMAKE = "remake it with python tests/notebook/tour.py"
#: No number is in the id of a run, which has digits and letters.
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?!\w)")
#: A network that was trained on another machine has other scores, in the third digit.
NEAR = 0.02


def said(cell: dict[str, Any]) -> list[str]:
    """What a cell shows as text: what it prints, values and the sizes of figures."""
    shown = [
        output["text"] if "text" in output else output["data"]["text/plain"] for output in cell["outputs"]
    ]
    return ["".join(lines) for lines in shown]


def differences(notebook: Notebook, other: Notebook) -> list[str]:
    """Where two notebooks differ in code, in words, or in numbers by more than machines do."""
    found = []
    pairs = list(zip(code_cells(notebook), code_cells(other), strict=True))
    for place, (cell, again) in enumerate(pairs, start=1):
        if cell["source"] != again["source"]:
            found.append(f"cell {place}: other code")
        one, two = "\n".join(said(cell)), "\n".join(said(again))
        if _words(one) != _words(two):
            found.append(f"cell {place}: {one!r} is not {two!r}")
        else:
            numbers = zip(_NUMBER.findall(one), _NUMBER.findall(two), strict=True)
            found += [f"cell {place}: {a} is not {b}" for a, b in numbers if not _near(a, b)]
    return found


def _words(text: str) -> list[str]:
    """Without numbers, and without white space, which numbers move."""
    return re.sub(r"[\s+−-]+", " ", _NUMBER.sub("0", text)).split()


def _near(one: str, other: str) -> bool:
    """Whether two numbers agree as far as they are written, or nearly."""
    digits = min(len(each.partition(".")[2]) for each in (one, other))
    values = [float(each.replace(",", "")) for each in (one, other)]
    return abs(values[0] - values[1]) <= NEAR * max(values) + 1.5 * 10**-digits * ("." in one)


def test_every_cell_has_its_outputs_in_order_and_none_of_the_machine() -> None:
    cells = code_cells(read())
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1)), REMAKE
    assert all(cell["outputs"] for cell in cells), REMAKE
    kinds = {output["output_type"] for cell in cells for output in cell["outputs"]}
    assert kinds == {"stream", "execute_result", "display_data"}
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|work|Users|usr|opt)/", text)
    assert not re.search(r"\d (s|ms|min)\b|second(s|_)", json.dumps([said(cell) for cell in cells]))
    assert NOTEBOOK.stat().st_size < 300_000


def test_the_page_says_how_to_remake_it() -> None:
    assert "python tests/notebook/tour.py" in (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "finds"),
    [("union", "onion", "is not"), ("0.85", "0.95", "is not 0.8"), ("frame", "table", "other code")],
)
def test_a_changed_word_number_or_line_is_found(old: str, new: str, finds: str) -> None:
    changed = copy.deepcopy(read())
    for cell in code_cells(changed):
        if finds == "other code":
            cell["source"] = [line.replace(old, new) for line in cell["source"]]
        for output in cell["outputs"]:
            if "data" in output:
                output["data"]["text/plain"] = [
                    line.replace(old, new) for line in output["data"]["text/plain"]
                ]
    assert differences(read(), read()) == []
    assert any(finds in line for line in differences(changed, read()))


@pytest.mark.slow
def test_its_outputs_are_what_its_cells_give(tmp_path: Path) -> None:
    make_runs(read(), tmp_path)
    made = executed(read(), tmp_path)
    assert differences(read(), made) == [], REMAKE
    kinds = [
        [[sorted(output.get("data", ["stream"])) for output in cell["outputs"]] for cell in code_cells(each)]
        for each in (read(), made)
    ]
    assert kinds[0] == kinds[1], REMAKE
