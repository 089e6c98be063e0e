"""Runs the notebook of docs/python.md and writes it with its outputs: python tests/notebook/tour.py

The runs that it shows are made anew in a temporary folder, by the commands of its first cell, in a minute.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import copy
import io
import json
import pprint
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "python" / "tour.ipynb"
#: Pixels an inch of a figure: sharp enough to read, some 20 kB each.
DPI = 100

Notebook = dict[str, Any]


def read() -> Notebook:
    notebook: Notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return notebook


def code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def commands(notebook: Notebook) -> list[list[str]]:
    """The arguments of the commands that its first cell says to run beforehand."""
    shown = "".join(notebook["cells"][0]["source"]).partition("```sh\n")[2].partition("```")[0]
    found = [shlex.split(line) for line in shown.splitlines()]
    assert found
    assert all(words[0] == "nextword" for words in found)
    return [words[1:] for words in found]


def make_runs(notebook: Notebook, folder: Path) -> None:
    """Do what the first cell says, in a folder."""
    for arguments in commands(notebook):
        subprocess.run([sys.executable, "-m", "benchmark", *arguments], cwd=folder, check=True)


def executed(notebook: Notebook, folder: Path) -> Notebook:
    """The notebook with the outputs that its cells give beside the results of a folder."""
    import matplotlib as mpl
    import pandas as pd

    mpl.use("agg")
    done, names = copy.deepcopy(notebook), {"__name__": "__main__"}
    wide = ("display.width", 110, "display.max_columns", 20, "display.max_colwidth", 50)
    with contextlib.chdir(folder), pd.option_context(*wide):
        for number, cell in enumerate(code_cells(done), start=1):
            cell["execution_count"] = number
            cell["outputs"] = list(_outputs("".join(cell["source"]), number, names))
    return done


def _outputs(source: str, number: int, names: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a cell prints, the value of its last line unless that ends with a semicolon, and its figures."""
    *statements, last = ast.parse(source).body
    value, printed = None, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(statements, []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), names)
    if printed.getvalue():
        yield {"name": "stdout", "output_type": "stream", "text": _lines(printed.getvalue())}
    if value is not None and not source.rstrip().endswith(";"):
        yield {
            "data": _shown(value),
            "execution_count": number,
            "metadata": {},
            "output_type": "execute_result",
        }
    yield from _figures()


def _shown(value: Any) -> dict[str, list[str]]:
    plain = pprint.pformat(value) if isinstance(value, tuple | dict | list) else repr(value)
    html = value._repr_html_() if hasattr(value, "_repr_html_") else None
    return ({"text/html": _lines(html)} if html else {}) | {"text/plain": _lines(plain)}


def _figures() -> Iterator[dict[str, Any]]:
    """The figures that are open, as a notebook shows them after the cell that drew them."""
    import matplotlib.pyplot as plt

    for number in plt.get_fignums():
        figure, file = plt.figure(number), io.BytesIO()
        figure.savefig(
            file, dpi=DPI, bbox_inches="tight", metadata={"Software": None}, pil_kwargs={"optimize": True}
        )
        size = f"<Figure size {figure.bbox.width:.0f}x{figure.bbox.height:.0f}>"
        plt.close(figure)
        png = base64.b64encode(file.getvalue()).decode() + "\n"
        yield {
            "data": {"image/png": png, "text/plain": [size]},
            "metadata": {},
            "output_type": "display_data",
        }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    notebook = read()
    with tempfile.TemporaryDirectory() as folder:
        make_runs(notebook, Path(folder))
        done = executed(notebook, Path(folder))
    NOTEBOOK.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{NOTEBOOK}: {NOTEBOOK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
