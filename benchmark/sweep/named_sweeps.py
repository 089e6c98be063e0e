"""Named sweeps: `conf/sweep/NAME.yaml`, with the command line's settings applied."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import UserError, did_you_mean
from benchmark.settings import conf_files
from benchmark.storage.reading import read_yaml


def key_of(argument: str) -> str:
    """The key of an override, without the `+` or `~` before it."""
    return argument.partition("=")[0].lstrip("+~")


def expand_named_sweep(arguments: Sequence[str]) -> list[list[str]]:
    """A command line with `+sweep=NAME` as multiruns, one for each of its grids; any other unchanged.

    Settings on the command line replace those of the grids. Raises UserError for an unknown name or a file
    that is not a sweep.
    """
    names = [_value(a) for a in arguments if key_of(a) == "sweep"]
    rest = [a for a in arguments if key_of(a) != "sweep"]
    if any(key_of(a) == "search" for a in rest):
        raise UserError(
            "+search=NAME goes with nextword run; the state of a search is in RESULTS_DIR/searches"
        )
    if len(names) > 1:
        raise UserError("give one +sweep=NAME at a time")
    if not names:
        return [rest]
    given = [a for a in rest if a not in ("-m", "--multirun") and key_of(a) != "model"]
    models = [_value(a) for a in rest if key_of(a) == "model"]
    return multiruns(_of_models(_grids(names[0]), models), given)


def multiruns(grids: Sequence[Sequence[str]], given: Sequence[str]) -> list[list[str]]:
    """Grids as command lines, in which what is `given` replaces a grid's own overrides."""
    keys = {key_of(argument) for argument in given}
    return [
        ["--multirun", *(override for override in grid if key_of(override) not in keys), *given]
        for grid in grids
    ]


def _of_models(grids: list[list[str]], models: list[str]) -> list[list[str]]:
    """The grids narrowed to the models that the command line names (`model=a,b`), or all if it names none.

    A model that is in no grid runs with the first grid's settings that do not concern models.
    """
    if not models:
        return grids
    wanted = models[-1].split(",")
    narrowed, found = [], set()
    for grid in grids:
        own = [_value(a).split(",") for a in grid if key_of(a) == "model"]
        here = [name for name in wanted if own and name in own[-1]]
        if here:
            found.update(here)
            narrowed.append([f"model={','.join(here)}", *(a for a in grid if key_of(a) != "model")])
    others = [name for name in wanted if name not in found]
    rest = [a for a in grids[0] if key_of(a).split(".")[0].split("@")[-1] != "model"]
    return narrowed + ([[f"model={','.join(others)}", *rest]] if others else [])


def _grids(sweep: str) -> list[list[str]]:
    """The grids of a sweep: each a list of overrides, of which `-m` runs every combination."""
    known = conf_files("sweep")
    if sweep not in known:
        raise UserError(f"there is no sweep {sweep!r}. {did_you_mean(sweep, known)}")
    path = known[sweep]
    content = read_yaml(path)
    grids = content.get("grids") if isinstance(content, dict) else None
    if not isinstance(grids, list) or not grids or not all(isinstance(grid, str) for grid in grids):
        raise UserError(
            f"{path}: a sweep needs `grids`, a list of override lines such as `model=lstm seed=1,2`"
        )
    return override_lines(grids, path, "grids")


def override_lines(texts: Sequence[str], path: Path, key: str) -> list[list[str]]:
    """Lines of overrides, each cut into words. Raises UserError that names the file and the key they are
    from."""
    try:
        lines = [shlex.split(text) for text in texts]
    except ValueError as error:  # a quotation mark without its other
        raise UserError(f"{path}: a line of `{key}` is not usable: {error}") from None
    for word in (word for line in lines for word in line):
        if not key_of(word) or ("=" not in word and not word.startswith("~")):
            raise UserError(
                f"{path}: {word!r} in a line of `{key}` is no override such as model=lstm; a line with "
                "several values, as in seed=1,2, stands behind a - or in quotation marks, not in [brackets]"
            )
    return lines


def _value(argument: str) -> str:
    return argument.partition("=")[2]
