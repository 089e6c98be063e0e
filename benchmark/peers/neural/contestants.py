"""The programs that are compared: where their code is, what they can do, and how each is started."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.peers.neural.settings import Settings
from benchmark.peers.process import Spent


class Unreadable(Exception):
    """A program ended well but did not print what it should; the message says what."""


class Contestant(ABC):
    """`missing` is the reason why it cannot run at all, or None."""

    name: str
    title: str
    missing: str | None = None

    @abstractmethod
    def command(self, task: Path) -> list[str]:
        """The command line that carries out the task of a file."""

    def unfit(self, kind: str) -> str | None:
        """Why it has no such network, or None where it has."""
        return None

    def identity(self) -> list[dict[str, str]]:
        """The files that decide what it does, by name and hash."""
        return []


class Ours(Contestant):
    """A command to which the task's path is appended."""

    name = "ours"
    title = "nextword"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def command(self, task: Path) -> list[str]:
        return [*self._command, str(task)]


@dataclass(frozen=True)
class Checkout:
    """A peer's code: the option and the variable that name its folder, its modules, where it comes from.

    `kinds` are our names of its networks and its own; `off_gpu` and `on_gpu` what its main.py is told.
    """

    name: str
    title: str
    option: str
    variable: str
    modules: tuple[str, ...]
    source: str
    kinds: dict[str, str]
    off_gpu: tuple[str, ...] = ()
    on_gpu: tuple[str, ...] = ()


WORD_LANGUAGE_MODEL = Checkout(
    "word_language_model",
    "PyTorch example",
    "--word-language-model",
    "NEXTWORD_WORD_LANGUAGE_MODEL",
    ("model.py",),
    "its source is word_language_model in github.com/pytorch/examples",
    {"lstm": "LSTM", "rnn": "RNN_TANH", "gru": "GRU"},
    on_gpu=("--accel",),
)
AWD_LSTM = Checkout(
    "awd_lstm",
    "awd-lstm-lm",
    "--awd-lstm",
    "NEXTWORD_AWD_LSTM",
    ("model.py", "splitcross.py"),
    "its source is github.com/salesforce/awd-lstm-lm",
    {"lstm": "LSTM", "gru": "GRU"},
    off_gpu=("--cuda",),  # which turns it off there
)


class Peer(Contestant):
    """A folder of code, run by the driver that is called as the checkout is.

    Raises UserError where a given folder does not hold its modules.
    """

    def __init__(self, checkout: Checkout, folder: Path | None) -> None:
        self.name, self.title, self._checkout = checkout.name, checkout.title, checkout
        variable = os.environ.get(checkout.variable)
        place = folder or (Path(variable) if variable else None)
        self.folder = place.absolute() if place else None
        if self.folder is None:
            self.missing = f"not found: {checkout.source}, {checkout.option} FOLDER says where it is"
            return
        option = checkout.option if folder else f"${checkout.variable}"
        if not self.folder.is_dir():
            raise UserError(f"{option}: there is no folder {place}")
        absent = [name for name in checkout.modules if not (self.folder / name).is_file()]
        if absent:
            raise UserError(f"{option}: there is no {absent[0]} in {place}; {checkout.source}")

    def command(self, task: Path) -> list[str]:
        driver = f"benchmark.peers.neural.drivers.{self._checkout.name}"
        return [sys.executable, "-m", driver, str(self.folder), str(task)]

    def published(self, kind: str, texts: Path, device: str) -> list[str]:
        """Its own program with the recipe it was published with, on a folder of texts."""
        switches = self._checkout.off_gpu if device == "cpu" else self._checkout.on_gpu
        arguments = ["--data", str(texts), "--model", self._checkout.kinds[kind], *switches]
        return [str((self.folder or Path()) / "main.py"), *arguments]

    def unfit(self, kind: str) -> str | None:
        return None if kind in self._checkout.kinds else f"it has no {kind}"

    def identity(self) -> list[dict[str, str]]:
        if self.folder is None:
            return []
        hashes = ((name, (self.folder / name).read_bytes()) for name in self._checkout.modules)
        return [{"file": name, "sha256": hashlib.sha256(code).hexdigest()[:16]} for name, code in hashes]


def contestants(settings: Settings) -> list[Contestant]:
    """Ours first. Raises UserError."""
    return [
        Ours(settings.ours),
        Peer(WORD_LANGUAGE_MODEL, settings.word_language_model),
        Peer(AWD_LSTM, settings.awd_lstm),
    ]


def printed(spent: Spent) -> dict[str, Any]:
    """The JSON object on the last line of a program's output. Raises Unreadable."""
    try:
        found = json.loads(spent.output.strip().splitlines()[-1])
        figures = ("score_tokens_per_second", "evaluation_loss")
        found |= {key: float(found[key]) for key in figures} | {"losses": [float(x) for x in found["losses"]]}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"its last line is not the expected JSON ({error})") from error
    result: dict[str, Any] = found
    return result
