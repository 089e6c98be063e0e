"""A claim as `conf/study/NAME.yaml` states it: who makes it, how it is tried, and the rules that judge it."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol, cast

from benchmark.errors import UserError, did_you_mean
from benchmark.report.blocks import Block
from benchmark.settings import choices, conf_files
from benchmark.storage.reading import Unreadable, checked, read_yaml_object
from benchmark.study.evidence import Evidence
from benchmark.study.quantities import Quantity
from benchmark.study.record import Data
from benchmark.study.rules import Rule


class StudyModule(Protocol):
    """What a study's module has.

    `measure` takes numbers from the finished runs, and may take minutes: its result is kept. `quantities` are
    those that the rules name, and `show` makes tables and figures; both are made from the kept numbers alone,
    at once. `VERSION` is raised when `measure` gives other numbers for the same runs.
    """

    VERSION: int

    @staticmethod
    def measure(evidence: Evidence) -> Data: ...

    @staticmethod
    def quantities(data: Data) -> Mapping[str, Quantity]: ...

    @staticmethod
    def show(data: Data) -> list[Block]: ...


#: Topics in the order in which a page has them. Others follow, and claims without one come last.
TOPICS = (
    "N-gram models",
    "Both families",
    "Networks and their gradients",
    "Training",
    "Beside language modelling",
)


@dataclass(frozen=True)
class Scale:
    """How large a study is: its runs, as override lines like those of a sweep, and settings of its module."""

    runs: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The claim, in one sentence, and its `source`; the `design`, in a few; `change`: what would change the
    verdict. `module` is the dotted name of the study's module. `topic`: the heading under which a page of
    several studies has it."""

    title: str
    claim: str
    source: str
    design: str
    change: str
    module: str
    rules: list[Rule]
    scales: dict[str, Scale]
    topic: str = ""
    #: The name of the file.
    name: str = ""

    def scale(self, name: str) -> Scale:
        """One of its scales. Raises UserError for another name."""
        if name not in self.scales:
            raise UserError(f"{self.name} has no scale {name!r}. {did_you_mean(name, list(self.scales))}")
        return self.scales[name]

    def load(self) -> StudyModule:
        """The study's module. Raises UserError if there is none, or it lacks a function."""
        try:
            module = importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            raise UserError(f"study {self.name}: there is no module {error.name!r}") from error
        for part in ("VERSION", "measure", "quantities", "show"):
            if not hasattr(module, part):
                raise UserError(f"study {self.name}: {self.module} has no {part}")
        return cast("StudyModule", module)


#: A rule in an error of pydantic, which counts them from 0, and what of it is meant.
_RULE = re.compile(r"\brules\.(\d+)(\.?)")


def _numbered(found: re.Match[str]) -> str:
    return f"rule {int(found[1]) + 1}{', ' if found[2] else ''}"


def _check_keys_of_rules(path: Path, rules: object) -> None:
    """Raises UserError for a key that a rule does not have, such as a bound that is misspelt."""
    known = [each.name for each in fields(Rule)]
    for number, rule in enumerate(rules if isinstance(rules, list) else (), start=1):
        for key in rule if isinstance(rule, Mapping) else ():
            if key not in known:
                raise UserError(f"{path}: rule {number} has no {key!r}. {did_you_mean(str(key), known)}")


def read_claim(name: str) -> Claim:
    """The claim of a study. Raises UserError for an unknown name, and for a file that states none."""
    known = conf_files("study")
    if name not in known:
        raise UserError(f"there is no study {name!r}. {did_you_mean(name, choices('study'))}")
    path = known[name]
    try:
        content = read_yaml_object(path)
        _check_keys_of_rules(path, content.get("rules"))
        claim = cast("Claim", checked(Claim, {**content, "name": name}, path))
    except Unreadable as error:
        raise UserError(_RULE.sub(_numbered, str(error))) from error
    if not claim.rules:
        raise UserError(f"{path}: a study needs `rules` by which it is judged")
    return claim
