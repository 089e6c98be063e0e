"""What is said to a program and what it answers, by the protocol of docs/commands.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, cast

import numpy as np

from baselines.command.process import SHOWN, Process, quoted
from baselines.command.words import Words
from benchmark.contract import RunLog
from benchmark.errors import Skip
from benchmark.storage.plain_data import WHOLE

#: The first line that either side says.
GREETING = "nextword 1"

#: By how much rounding may raise ln p above 0.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Facts:
    """What a program says of its model, once it is ready."""

    bytes_in_memory: int | None = None
    parameters: int | None = None
    entries: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of a request, which messages show."""

    header: str
    line: str

    def __str__(self) -> str:
        return f"{self.header!r}, line {quoted(self.line)}"


@dataclass(frozen=True)
class Patience:
    """The longest silence, in seconds, while a model is fitted and while anything else is answered; None:
    no limit."""

    fit: float | None
    answer: float | None


class Dialogue:
    """The requests of the protocol, to a program that has just been started.

    `normalised`: whether its scores are ln p, which are never above 0. All methods raise CommandFailed.
    """

    def __init__(self, process: Process, words: Words, patience: Patience, *, normalised: bool) -> None:
        self._process, self._words, self._patience = process, words, patience
        self._most = _ROUNDING if normalised else math.inf
        #: Whoever made the last request, if it is to be carried on; see `Dialogue.rows`.
        self.reader: object = None
        with self._answering(GREETING):
            process.send(f"{GREETING}\n".encode(), repr(GREETING))
            answer = process.line(patience.answer, repr(GREETING))
            if answer.rstrip(b"\r") != GREETING.encode():
                raise process.failure(f"answered {GREETING!r} by {quoted(answer)} instead of the same line")

    def prepare(self, verb: str, given: dict[str, Path | int], log: RunLog, tokens: int) -> Facts:
        """Have it `fit` or `load` a model; `given` are the lines of the request. `tokens`: those of the
        training text. Raises Skip where the program says that it cannot run here.
        """
        lines = [verb, *(f"{key} {value}" for key, value in given.items())]
        request = "".join(f"{line}\n" for line in [*lines, ""]).encode()
        seconds = self._patience.fit if verb == "fit" else self._patience.answer
        facts = Facts()
        with self._answering(verb):
            self._process.send(request, repr(verb))
            while True:
                line = self._process.line(seconds, repr(verb))
                key, _, value = line.decode(errors="replace").rstrip("\r").partition(" ")
                if key == "ready":
                    return facts
                facts = self._heard(facts, key, value, line, log, verb, tokens)

    def _heard(
        self, facts: Facts, key: str, value: str, line: bytes, log: RunLog, verb: str, tokens: int
    ) -> Facts:
        """The facts after one more line of an answer to `fit` or `load`."""
        match key:
            case "log":
                log.info(value)
            case "progress" if value.isdecimal():
                log.progress(int(value), max(int(value), tokens))
            case "bytes" | "parameters" | "entries" if value.isdecimal():
                number = int(value)
                if number not in WHOLE:
                    self._refuse(line, verb, f"{quoted(line)}, a number that 64 bits do not hold")
                name = "bytes_in_memory" if key == "bytes" else key
                return replace(facts, **cast("Any", {name: number}))
            case "note":
                return replace(facts, notes=(*facts.notes, value))
            case "skip":
                self._process.close()
                raise Skip(value or f"{self._process.shown} cannot run here")
            case _:
                known = "log, progress, bytes, parameters, entries, note, skip, error or ready"
                self._refuse(line, verb, f"{quoted(line)}, which is none of {known}")
        return facts

    def scores(self, texts: Sequence[np.ndarray], *, on: bool) -> np.ndarray:
        """ln p of each word of some texts of ids, one behind the other: float64 [words].

        `on`: each text carries on from the one before it, and the first from what was read last.
        """
        return self._asked("score", texts, [len(ids) for ids in texts], on)

    def rows(self, texts: Sequence[np.ndarray], *, on: bool, reader: object = None) -> np.ndarray:
        """ln p of every word of the vocabulary after each text: float64 [texts, vocabulary].

        `reader` may carry on from the last of the texts for as long as it is `self.reader`.
        """
        size = len(self._words)
        numbers = self._asked("next", texts, [size] * len(texts), on)
        self.reader = reader
        return numbers.reshape(len(texts), size)

    def _asked(self, verb: str, texts: Sequence[np.ndarray], counts: list[int], on: bool) -> np.ndarray:
        """The numbers that answer a request, of which each text has its count: float64 [numbers]."""
        self.reader = None
        header = f"{verb} {len(texts)}{' on' if on else ''}"
        lines = [self._words.line(ids) for ids in texts]
        request = "".join(f"{line}\n" for line in [header, *lines]).encode()
        answers: list[bytes] = []
        numbers: list[float] = []
        with self._answering(header):
            self._process.send(request, repr(header))
            for line, count in zip(lines, counts, strict=True):
                asked = Asked(header, line)
                answers.append(self._process.line(self._patience.answer, asked, count))
                numbers += self._numbers(answers[-1], asked, count)
            return self._possible(np.array(numbers, dtype=np.float64), counts, header, lines, answers)

    def _numbers(self, answer: bytes, asked: Asked, count: int) -> list[float]:
        try:
            numbers = list(map(float, answer.split()))
        except ValueError:
            self._refuse(answer, asked, f"{quoted(answer)}, which is not all numbers")
        if len(numbers) != count:
            what = "word" if asked.header.startswith("score") else "word of the vocabulary"
            wrong = f"{len(numbers):,} numbers, not {count:,}, one for each {what}: {quoted(answer)}"
            self._refuse(answer, asked, wrong)
        return numbers

    def _possible(
        self, numbers: np.ndarray, counts: list[int], header: str, lines: list[str], answers: list[bytes]
    ) -> np.ndarray:
        """The numbers, none of which is NaN or above what a score can be."""
        wrong = ~(numbers <= self._most)
        if wrong.any():
            place = int(wrong.argmax())
            ends = np.cumsum(counts)
            line = int(np.searchsorted(ends, place, side="right"))
            within, number = place - int(ends[line]) + counts[line] + 1, numbers[place]
            problem = "is no number" if np.isnan(number) else "is above 0, which ln p never is"
            asked = Asked(header, lines[line])
            shown = f"{quoted(answers[line])}, whose number {within:,}, {number:g}, {problem}"
            self._refuse(answers[line], asked, shown)
        return numbers

    def _refuse(self, answer: bytes, asked: str | Asked, problem: str) -> NoReturn:
        """Raise CommandFailed for an answer; one that begins with `error` says itself what is wrong."""
        said = answer.decode(errors="replace").strip()
        if said.partition(" ")[0] == "error":
            raise self._process.failure(f"refused {asked}: {said[6:][: 4 * SHOWN] or 'it does not say why'}")
        raise self._process.failure(f"answered {asked} by {problem}")

    @contextmanager
    def _answering(self, asked: str) -> Iterator[None]:
        """A program whose answer was not read to its end, as after Ctrl-C, is not asked again."""
        try:
            yield
        except KeyboardInterrupt:
            self._process.failure(f"was interrupted while it answered {asked!r}")
            raise
