"""Errors of a model's own code: where they come from, and whether their stack traces are shown.

`--debug` is one setting of the whole program, given once at its start.
"""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from benchmark.errors import BrokenContract
from benchmark.trust import targets_in


@dataclass
class _Program:
    """What was asked of this process."""

    shows_traces: bool = False


_program = _Program()


def show_traces(shown: bool) -> None:
    """Show the stack traces of errors, or do not."""
    _program.shows_traces = shown


def traces_are_shown() -> bool:
    """Whether `--debug` was given."""
    return _program.shows_traces


def described(error: BaseException, modules: Collection[str] = ()) -> str:
    """An error as one line or more: its type, its message, and the file and line of a model's own code.

    `modules`: the modules of the model's classes (see `own_place`).
    """
    try:
        message = str(error).strip()
    except Exception:  # whatever the error's own code does
        message = ""
    name = type(error).__name__
    said = message if isinstance(error, BrokenContract) else f"{name}: {message}" if message else name
    first, *rest = said.splitlines()
    place = own_place(error, modules)
    return "\n".join([f"{first} ({place})" if place else first, *rest])


def own_place(error: BaseException, modules: Collection[str] = ()) -> str | None:
    """Where an error left a model's own code: `mine.py:17, in log_probs`; None if it never was there.

    Own code is what belongs neither to nextword nor to an installed package, and the modules of the model's
    classes, wherever they lie. Of that, the innermost place is named; failing that, of all `baselines`.
    """
    frames = list(_frames(error))
    own = [place for place in frames if _is_own(place[0], modules)]
    shipped = [place for place in frames if _package(place[0]) == "baselines"]
    for frame, line in reversed(own or shipped):
        return f"{_short(frame.f_code.co_filename)}:{line}, in {frame.f_code.co_name}"
    return None


def ended_process(error: SystemExit) -> bool:
    """Whether a model's code has called for the end of the process, and not our own (as on a signal)."""
    frames = list(_frames(error))
    return bool(frames) and _package(frames[-1][0]) != "benchmark"


def modules_of(settings: Mapping[str, Any]) -> frozenset[str]:
    """The modules of the classes in a model's settings, its components' included."""
    return frozenset(target.rpartition(".")[0] for target in targets_in(settings))


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """The frames of an error from the outermost to the innermost, and of what it was raised from."""
    yield from traceback.walk_tb(error.__traceback__)
    if error.__cause__ is not None:
        yield from _frames(error.__cause__)


def _is_own(frame: FrameType, modules: Collection[str]) -> bool:
    if frame.f_globals.get("__name__") in modules:
        return True
    name = frame.f_code.co_filename
    foreign = _package(frame) in ("benchmark", "baselines") or name.startswith("<")
    return not foreign and not any(map(Path(name).is_relative_to, _installed()))


def _package(frame: FrameType) -> str:
    """The top-level package of the code that a frame runs."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _installed() -> list[str | Path]:
    """The folders of this package, of the standard library and of installed packages and programs."""
    places = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    return [Path(__file__).parent, *map(sysconfig.get_path, places)]


def _short(name: str) -> str:
    """A path from the working directory, where the file is below it."""
    relative = os.path.relpath(name)
    return name if relative.startswith(os.pardir) else relative
