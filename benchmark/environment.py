"""Settings from the environment: every variable once, with its meaning, its form and its default.

`check_environment` reads all of them when a command starts, so that a mistyped one is said before anything is
computed. Whoever needs one asks it for its `value`.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmark.errors import UserError

Value = TypeVar("Value")

PREFIX = "NEXTWORD_"

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Variable(Generic[Value]):
    """An environment variable. `read` makes a value of its text and raises ValueError, whose message says
    what to give. One that is unset, or empty, is `unset`; `default` says what that means."""

    name: str
    meaning: str
    read: Callable[[str], Value]
    unset: Value
    default: str

    @property
    def value(self) -> Value:
        """Its value now. Raises UserError."""
        said = os.environ.get(self.name)
        if not said:
            return self.unset
        try:
            return self.read(said)
        except ValueError as error:
            raise UserError(f"{self.name}={said} is not usable: {error}, or leave it unset") from error


def user_path(said: str) -> Path:
    """A path as a person writes it: `~/a` is below the home folder. `~a` is a name if there is no user a."""
    try:
        return Path(said).expanduser()
    except RuntimeError:
        return Path(said)


def byte_count(said: str) -> int:
    """A number of bytes, with K, M, G or T for powers of 1024. Raises ValueError."""
    found = re.fullmatch(r"(\d+)([KMGT]?)", said.upper(), re.ASCII)
    if found is None or not int(found[1]):
        raise ValueError("give bytes as a whole number with K, M, G or T, as in 4G")
    return int(found[1]) * _UNITS[found[2]]


def _seconds(said: str) -> float:
    try:
        seconds = float(said)
    except ValueError:
        seconds = math.nan
    if not seconds >= 0:
        raise ValueError("give seconds as a number from 0, as in 60")
    return seconds


def _switch(said: str) -> bool:
    words = {"1": True, "true": True, "0": False, "false": False}
    if said.lower() not in words:
        raise ValueError("give true or false")
    return words[said.lower()]


def _counting(said: str) -> str:
    kind, _, detail = said.partition(":")
    if kind == "ray" or (kind == "processes" and detail.isdecimal() and int(detail)):
        return said
    raise ValueError("give processes:N with a whole number N from 1, ray, ray:auto or ray:ADDRESS")


def _compiled(said: str) -> str:
    if said not in ("auto", "now", "off"):
        raise ValueError("give auto, now or off")
    return said


def _folder(said: str) -> Path:
    if not user_path(said).is_dir():
        raise ValueError("there is no such folder; give one that is there")
    return user_path(said)


def _new_folder(said: str) -> Path:
    if user_path(said).is_file():
        raise ValueError("it is a file; give a folder")
    return user_path(said)


def _program(said: str) -> Path:
    import shutil

    if not shutil.which(said):
        raise ValueError("there is no such program; give the path of lmplz")
    return Path(said)


def _number(said: str) -> int:
    if not said.isdecimal():
        raise ValueError("torchrun gives a whole number")
    return int(said)


def machine_memory() -> int:
    """The machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


CORPORA = Variable[Path | None](
    "NEXTWORD_CORPORA", "folder with corpora that you have (`corpora_dir`)", _folder, None, "none"
)
CACHE = Variable[Path | None](
    "NEXTWORD_CACHE",
    "folder for downloads and encoded corpora (`cache_dir`)",
    _new_folder,
    None,
    "the platform's cache folder",
)
CONFIG_DIR = Variable[Path | None](
    "NEXTWORD_CONFIG_DIR",
    "folder of models, corpora, sweeps and searches of yours (`--config-dir`)",
    _folder,
    None,
    "none",
)
FOOTPRINT = Variable[bool](
    "NEXTWORD_FOOTPRINT",
    "`true` or `false`: measure load time and resident memory when a run ends (`footprint`)",
    _switch,
    True,
    "`true`",
)
CHECKPOINT_SECONDS = Variable[float](
    "NEXTWORD_CHECKPOINT_SECONDS",
    "seconds between two checkpoints of a network's training",
    _seconds,
    60.0,
    "60",
)
CUDA_GRAPHS = Variable[bool](
    "NEXTWORD_CUDA_GRAPHS", "`0` or `1`: replay training steps as CUDA graphs", _switch, True, "`1`"
)
MEMORY = Variable[int | None](
    "NEXTWORD_MEMORY",
    "bytes that counting and estimating may take, such as `4G` or `500M`",
    byte_count,
    None,
    "half of the machine's memory",
)
COUNTING = Variable[str](
    "NEXTWORD_COUNTING",
    "who counts: `processes:N`, `ray`, `ray:auto` or `ray:ADDRESS`",
    _counting,
    "",
    "the run's own process",
)
COMPILED = Variable[str](
    "NEXTWORD_COMPILED",
    "loops in machine code: `auto` (compiled for long texts, once), `now` (compiled for any text) or `off`",
    _compiled,
    "auto",
    "`auto`",
)
LMPLZ = Variable[Path | None](
    "NEXTWORD_LMPLZ", "KenLM's program `lmplz`, for `nextword peers`", _program, None, "that of the `PATH`"
)
KENLM = Variable[Path | None](
    "NEXTWORD_KENLM", "folder of KenLM's programs, for `nextword peers`", _folder, None, "the `PATH`"
)
MITLM = Variable[Path | None](
    "NEXTWORD_MITLM", "folder of MITLM's programs, for `nextword peers`", _folder, None, "the `PATH`"
)
WORD_LANGUAGE_MODEL = Variable[Path | None](
    "NEXTWORD_WORD_LANGUAGE_MODEL",
    "folder `word_language_model` of pytorch/examples, for `nextword peers neural`",
    _folder,
    None,
    "none",
)
AWD_LSTM = Variable[Path | None](
    "NEXTWORD_AWD_LSTM",
    "checkout of salesforce/awd-lstm-lm, for `nextword peers neural`",
    _folder,
    None,
    "none",
)

#: Those that a user sets, in the order of the table in docs/sweeps.md.
VARIABLES: tuple[Variable, ...] = (
    CORPORA,
    CACHE,
    CONFIG_DIR,
    FOOTPRINT,
    CHECKPOINT_SECONDS,
    CUDA_GRAPHS,
    MEMORY,
    COUNTING,
    COMPILED,
    LMPLZ,
    KENLM,
    MITLM,
    WORD_LANGUAGE_MODEL,
    AWD_LSTM,
)

# What torchrun tells each of its processes.
RANK = Variable[int]("RANK", "number of this process", _number, 0, "0")
LOCAL_RANK = Variable[int]("LOCAL_RANK", "number of this process on its machine", _number, 0, "0")
WORLD_SIZE = Variable[int]("WORLD_SIZE", "number of processes", _number, 1, "1")
TORCHRUN: tuple[Variable, ...] = (RANK, LOCAL_RANK, WORLD_SIZE)


def check_environment() -> None:
    """Raises UserError for the first variable with an unusable value, or for a misspelt name of one.

    Empty variables count as unset, and are: `conf/config.yaml` reads the environment, too.
    """
    for problem in environment_problems():
        raise UserError(problem)
    for variable in (*VARIABLES, *TORCHRUN):
        if os.environ.get(variable.name) == "":
            del os.environ[variable.name]


def environment_problems() -> Iterator[str]:
    """What is wrong with each variable that has an unusable value, or a name that is nearly one of ours."""
    import difflib

    known = {variable.name.removeprefix(PREFIX) for variable in VARIABLES}
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        own = name.removeprefix(PREFIX)
        if own not in known and (close := difflib.get_close_matches(own, known, n=1, cutoff=0.75)):
            yield f"{name}: there is no such variable. Did you mean {PREFIX}{close[0]}?"
    for variable in (*VARIABLES, *TORCHRUN):
        try:
            variable.value  # noqa: B018
        except UserError as error:
            yield str(error)


def installed_version(package: str) -> str | None:
    """The version of an installed package, or None."""
    from importlib import metadata  # takes a while, and few commands ask

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def child_python() -> dict[str, str]:
    """Variables with which a Python that we start imports what we can, and nothing from the current folder:
    that may be a results folder which somebody else has made."""
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
