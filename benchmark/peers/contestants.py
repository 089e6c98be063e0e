"""The programs that are compared: what each runs from a text to a test perplexity, and what it prints."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from benchmark.peers.process import Spent
from benchmark.peers.programs import Found

#: What lmplz sorts in where no budget is given: its own default is 80% of the machine's memory.
SORTING = "1G"


class Unreadable(Exception):
    """A program ended well but did not print what it should; the message says what."""


@dataclass(frozen=True)
class Case:
    """One task: file names inside the folder where it runs. `scored` is the text scored for the rate.

    `memory` is the budget that every program which knows one is given.
    """

    order: int
    train: str
    test: str
    scored: str
    memory: str | None
    threads: int


@dataclass(frozen=True)
class Stage:
    """One program of the way. `source` is the file on its standard input.

    Only `counted` ones are part of text to test perplexity; the rest find the scoring rate.
    """

    command: tuple[str, ...]
    source: str | None = None
    counted: bool = True


@dataclass(frozen=True)
class Reading:
    """What was printed: perplexity with `<unk>` for unknown words as targets, and without those."""

    perplexity: float | None
    perplexity_known: float | None
    oov: int | None
    scored_per_second: float | None
    details: dict[str, Any] | None = None


class Contestant(ABC):
    """`programs` are the paths of its binaries; `missing` is the reason why it cannot run, or None."""

    name: ClassVar[str]
    title: ClassVar[str]
    programs: tuple[str, ...] = ()
    missing: str | None = None

    @abstractmethod
    def stages(self, case: Case) -> list[Stage]:
        """Its programs, in the order they run."""

    @abstractmethod
    def read(self, spent: Sequence[Spent]) -> Reading:
        """What the stages printed. Raises Unreadable."""


class Ours(Contestant):
    """A command that prints one JSON object on its last line: `perplexity`, `perplexity_known`, `oov`,
    `tokens`, `test_tokens` and `seconds`, whose `score` is the time of scoring alone, model loaded."""

    name = "ours"
    title = "nextword"

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)

    def stages(self, case: Case) -> list[Stage]:
        command = [*self.command, "--order", str(case.order), "--train", case.train, "--test", case.test]
        command += ["--threads", str(case.threads)]
        return [Stage((*command, "--memory", case.memory) if case.memory else tuple(command))]

    def read(self, spent: Sequence[Spent]) -> Reading:
        lines = spent[0].output.strip().splitlines()
        try:
            printed = json.loads(lines[-1])
            seconds = float(printed["seconds"]["score"])
            rate = float(printed["test_tokens"]) / seconds if seconds else None
            perplexity, known = float(printed["perplexity"]), printed["perplexity_known"]
            known = None if known is None else float(known)  # where no target is a known word
            return Reading(perplexity, known, int(printed["oov"]), rate, printed)
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"its last line is not the expected JSON ({error})") from error


class KenLM(Contestant):
    """`lmplz`, `build_binary` (probing tables, its default) and `query`.

    Its rate: `query` on a text of a million tokens or more, less the time it takes on an empty one.
    """

    name = "kenlm"
    title = "KenLM"

    def __init__(self, found: Found) -> None:
        self.paths = found.paths
        self.programs, self.missing = tuple(found.paths.values()), found.missing

    def stages(self, case: Case) -> list[Stage]:
        lmplz, build, query = (self.paths[name] for name in ("lmplz", "build_binary", "query"))
        memory = case.memory or SORTING
        estimate = (lmplz, "-o", str(case.order), "-S", memory, "-T", "./", "--discount_fallback")
        score = (query, "-v", "summary", "model.bin")
        return [
            Stage((*estimate, "--text", case.train, "--arpa", "model.arpa")),
            Stage((build, "model.arpa", "model.bin")),
            Stage(score, case.test),
            Stage(score, case.scored, counted=False),
            Stage(score, None, counted=False),
        ]

    def read(self, spent: Sequence[Spent]) -> Reading:
        _, _, scored, long, empty = spent
        seconds = long.seconds - empty.seconds
        return Reading(
            _number(r"Perplexity including OOVs:\s+(\S+)", scored.output),
            _number(r"Perplexity excluding OOVs:\s+(\S+)", scored.output),
            int(_number(r"OOVs:\s+(\d+)\s", scored.output)),
            _number(r"Tokens:\s+(\d+)", long.output) / seconds if seconds > 0 else None,
        )


class MITLM(Contestant):
    """`estimate-ngram` (modified Kneser-Ney, its default), which prints the test perplexity itself.

    It leaves unknown words out of the perplexity, and prints no count of them.
    """

    name = "mitlm"
    title = "MITLM"

    def __init__(self, found: Found) -> None:
        self.paths = found.paths
        self.programs, self.missing = tuple(found.paths.values()), found.missing

    def stages(self, case: Case) -> list[Stage]:
        order = ("-order", str(case.order))
        return [Stage((self.paths["estimate-ngram"], *order, "-text", case.train, "-eval-perp", case.test))]

    def read(self, spent: Sequence[Spent]) -> Reading:
        printed = spent[0].output + spent[0].errors
        known = _number(r"Perplexity Evaluations:(?s:.*)\t(\S+)\s*\Z", printed.rstrip() + "\n")
        return Reading(None, known, None, None)


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    try:
        return float(found[1]) if found else float("")
    except ValueError:
        raise Unreadable("it printed no perplexity that could be read") from None
