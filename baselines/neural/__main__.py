"""Measure the training and scoring speed of a recurrent network in one process, without the harness.

    python -m baselines.neural TASK.json

The task (`baselines.neural.speed.Task`) names the network, the recipe and two files of ids. The last line
of output is a JSON object. `nextword peers neural` times this command beside other programs; to train and
compare models, use `nextword run`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from baselines.neural.speed import Task, measure
from benchmark.console.options import Parser
from benchmark.contract import Diverged
from benchmark.errors import ERROR_MARK, UserError


def main(arguments: list[str] | None = None) -> int:
    """Return exit status 0, or 2 after one line that says what was wrong."""
    parser = Parser("python -m baselines.neural", (__doc__ or "").split("\n")[0])
    parser.add_argument("task", type=Path, metavar="TASK.json", help="network, recipe and training text")
    try:
        options = parser.parse(sys.argv[1:] if arguments is None else arguments)
        print(json.dumps(measure(_read(options.task))))
    except (UserError, Diverged) as error:
        print(f"{ERROR_MARK}{error}", file=sys.stderr)
        return 2
    return 0


def _read(path: Path) -> Task:
    """Read the task in a file. Raises UserError if it cannot be read or a key or value does not fit."""
    try:
        return TypeAdapter(Task).validate_json(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise UserError(f"{path.name}: {key + ': ' if key else ''}{first['msg']}") from error


if __name__ == "__main__":
    sys.exit(main())
