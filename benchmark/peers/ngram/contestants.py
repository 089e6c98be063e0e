"""The programs that are compared: how each gets from a text to a test perplexity, and what it prints."""

from __future__ import annotations

import json
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.peers.compare import Contestant, ProgramFailed
from benchmark.peers.machine import program_file
from benchmark.peers.ngram.programs import FoundPrograms
from benchmark.peers.ngram.record import NgramCase
from benchmark.peers.process import ProcessUsage
from benchmark.peers.record import OURS, ProgramFile

#: Memory that lmplz sorts in if no budget is given. Its own default is 80% of the machine's memory.
SORTING = "1G"


@dataclass(frozen=True)
class NgramTask:
    """A case with what the programs are given, all by file name inside the folder they run in.

    `scored` is a longer test text for the scoring rate. `memory` is the budget for every program that
    takes one. `files` are the paths of all these texts. `bytecode` is a folder that outlasts a run.
    """

    case: NgramCase
    train: str
    test: str
    scored: str
    memory: str | None
    threads: int
    files: tuple[Path, ...]
    bytecode: Path


@dataclass(frozen=True)
class Stage:
    """One program of a run. `source` is the file on its standard input, `environment` its variables (None:
    those of this process).

    Only `counted` ones are part of the way from text to test perplexity; the rest find the scoring rate.
    """

    command: tuple[str, ...]
    source: str | None = None
    counted: bool = True
    environment: Mapping[str, str] | None = None

    @property
    def program(self) -> str:
        """The program's name."""
        return Path(self.command[0]).name


@dataclass(frozen=True)
class Reading:
    """What was printed. The perplexities count unknown words as `<unk>`, or leave them out as targets."""

    perplexity: float | None
    perplexity_known: float | None
    oov: int | None
    scored_per_second: float | None
    printed: dict[str, Any] | None = None


class NgramContestant(Contestant, ABC):
    """A toolkit. `programs` are the paths of its binaries."""

    programs: tuple[str, ...] = ()

    @abstractmethod
    def stages(self, task: NgramTask) -> list[Stage]:
        """Its programs, in the order they run in."""

    @abstractmethod
    def read(self, used: Sequence[ProcessUsage]) -> Reading:
        """What the stages printed. Raises ProgramFailed if it cannot be read."""

    def files(self) -> list[ProgramFile]:
        return [program_file(Path(shutil.which(path) or path).resolve()) for path in self.programs]


class Ours(NgramContestant):
    """A command that prints one JSON object on its last line: `perplexity`, `perplexity_known`, `oov`,
    `tokens`, `test_tokens` and `seconds`, whose `score` is the time of scoring alone, model loaded."""

    name = OURS
    title = "nextword"

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)

    def stages(self, task: NgramTask) -> list[Stage]:
        command = [*self.command, "--order", str(task.case.order), "--train", task.train, "--test", task.test]
        command += ["--threads", str(task.threads)]
        command += ["--memory", task.memory] if task.memory else []
        return [Stage(tuple(command), environment=_keeping_bytecode(task.bytecode))]

    def read(self, used: Sequence[ProcessUsage]) -> Reading:
        lines = used[0].output.strip().splitlines()
        try:
            printed = json.loads(lines[-1])
            seconds = float(printed["seconds"]["score"])
            rate = float(printed["test_tokens"]) / seconds if seconds else None
            perplexity, known = float(printed["perplexity"]), printed["perplexity_known"]
            known = None if known is None else float(known)  # where no target is a known word
            return Reading(perplexity, known, int(printed["oov"]), rate, printed)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise ProgramFailed(f"its last line is not the expected JSON ({error})") from error


class KenLM(NgramContestant):
    """`lmplz`, `build_binary` (probing tables, its default) and `query`.

    Its rate: `query` on a text of a million tokens or more, less the time it takes on an empty one.
    """

    name = "kenlm"
    title = "KenLM"

    def __init__(self, found: FoundPrograms) -> None:
        self.paths = found.paths
        self.programs, self.missing = tuple(found.paths.values()), found.missing

    def stages(self, task: NgramTask) -> list[Stage]:
        lmplz, build, query = (self.paths[name] for name in ("lmplz", "build_binary", "query"))
        memory = task.memory or SORTING
        estimate = (lmplz, "-o", str(task.case.order), "-S", memory, "-T", "./", "--discount_fallback")
        score = (query, "-v", "summary", "model.bin")
        return [
            Stage((*estimate, "--text", task.train, "--arpa", "model.arpa")),
            Stage((build, "model.arpa", "model.bin")),
            Stage(score, task.test),
            Stage(score, task.scored, counted=False),
            Stage(score, None, counted=False),
        ]

    def read(self, used: Sequence[ProcessUsage]) -> Reading:
        _, _, scored, long, empty = used
        seconds = long.seconds - empty.seconds
        return Reading(
            _number(r"Perplexity including OOVs:\s+(\S+)", scored.output),
            _number(r"Perplexity excluding OOVs:\s+(\S+)", scored.output),
            int(_number(r"OOVs:\s+(\d+)\s", scored.output)),
            _number(r"Tokens:\s+(\d+)", long.output) / seconds if seconds > 0 else None,
        )


class MITLM(NgramContestant):
    """`estimate-ngram` (modified Kneser-Ney, its default), which prints the test perplexity itself.

    It leaves unknown words out of the perplexity, and prints no count of them.
    """

    name = "mitlm"
    title = "MITLM"

    def __init__(self, found: FoundPrograms) -> None:
        self.paths = found.paths
        self.programs, self.missing = tuple(found.paths.values()), found.missing

    def stages(self, task: NgramTask) -> list[Stage]:
        order = ("-order", str(task.case.order))
        return [Stage((self.paths["estimate-ngram"], *order, "-text", task.train, "-eval-perp", task.test))]

    def read(self, used: Sequence[ProcessUsage]) -> Reading:
        printed = used[0].output + used[0].errors
        known = _number(r"Perplexity Evaluations:(?s:.*)\t(\S+)\s*\Z", printed.rstrip() + "\n")
        return Reading(None, known, None, None)


def _keeping_bytecode(folder: Path) -> dict[str, str]:
    """The variables of this process, for a Python that keeps bytecode in a folder, as it does once installed.

    Without, each run might compile the sources anew, which takes longer than a short text.
    """
    variables = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder)}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    try:
        return float(found[1]) if found else float("")
    except ValueError:
        raise ProgramFailed("it printed no perplexity that could be read") from None
