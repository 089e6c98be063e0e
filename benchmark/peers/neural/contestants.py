"""The programs that are compared: where their code is, what they can do, and how they are started."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import environment
from benchmark.environment import Variable
from benchmark.errors import UserError
from benchmark.peers.compare import Contestant
from benchmark.peers.machine import program_file
from benchmark.peers.neural.plan import NeuralPlan
from benchmark.peers.neural.record import NeuralCase
from benchmark.peers.record import OURS, ProgramFile


class NeuralContestant(Contestant, ABC):
    """A program that carries out the task in a file."""

    @abstractmethod
    def command(self, task: Path) -> list[str]:
        """The command line that carries out the task of a file."""


class Ours(NeuralContestant):
    """Our program: a command to which the path of the task is appended."""

    name = OURS
    title = "nextword"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def command(self, task: Path) -> list[str]:
        return [*self._command, str(task)]


@dataclass(frozen=True)
class Checkout:
    """A peer's code: the option and the variable that name its folder, its modules, and where to get it.

    `kinds` maps our names of networks to its own. `off_gpu` and `on_gpu` are arguments for its main.py.
    """

    name: str
    title: str
    option: str
    variable: Variable[Path | None]
    modules: tuple[str, ...]
    source: str
    kinds: dict[str, str]
    off_gpu: tuple[str, ...] = ()
    on_gpu: tuple[str, ...] = ()


WORD_LANGUAGE_MODEL = Checkout(
    "word_language_model",
    "PyTorch example",
    "--word-language-model",
    environment.WORD_LANGUAGE_MODEL,
    ("model.py",),
    "its source is word_language_model in github.com/pytorch/examples",
    {"lstm": "LSTM", "rnn": "RNN_TANH", "gru": "GRU"},
    on_gpu=("--accel",),
)
AWD_LSTM = Checkout(
    "awd_lstm",
    "awd-lstm-lm",
    "--awd-lstm",
    environment.AWD_LSTM,
    ("model.py", "splitcross.py"),
    "its source is github.com/salesforce/awd-lstm-lm",
    {"lstm": "LSTM", "gru": "GRU"},
    off_gpu=("--cuda",),  # in that program, this turns CUDA off
)


class Peer(NeuralContestant):
    """A folder of code, run by the driver of the same name. `folder` is None if it was not found.

    Raises UserError if a given folder does not hold the modules.
    """

    def __init__(self, checkout: Checkout, folder: Path | None) -> None:
        self.name, self.title, self._checkout = checkout.name, checkout.title, checkout
        place = folder or checkout.variable.value
        self.folder = place.absolute() if place else None
        if self.folder is None:
            self.missing = f"not found: {checkout.source}, {checkout.option} FOLDER says where it is"
            return
        option = checkout.option if folder else f"${checkout.variable.name}"
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

    def unfit(self, case: NeuralCase) -> str | None:
        return None if case.kind in self._checkout.kinds else f"it has no {case.kind}"

    def files(self) -> list[ProgramFile]:
        if self.folder is None:
            return []
        return [program_file(self.folder / name) for name in self._checkout.modules]


def contestants_of(plan: NeuralPlan) -> list[NeuralContestant]:
    """All programs, ours first. Raises UserError."""
    return [
        Ours(plan.ours),
        Peer(WORD_LANGUAGE_MODEL, plan.word_language_model),
        Peer(AWD_LSTM, plan.awd_lstm),
    ]
