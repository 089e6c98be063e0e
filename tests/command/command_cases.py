"""Programs to ask, and texts to ask them about."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np

from baselines.command.words import Words
from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("bigram_program.py")
#: A bigram model, without Python's site packages: it starts in a twentieth of a second.
BIGRAM = [sys.executable, "-S", "-E", str(PROGRAM)]

#: An obedient beginning in a shell: the greeting, the request to fit, and a request of one line.
FITTED = 'read x; echo "nextword 1"; while read x && [ -n "$x" ]; do :; done; echo ready; '
ASKED = FITTED + "read header; read line; "


def settings(**changed: Any) -> dict[str, Any]:
    """The settings of a model that asks the bigram program."""
    target = "baselines.command.model.Command"
    return {"_target_": target, "command": BIGRAM, "kind": "count", **changed}


def shell(script: str, **changed: Any) -> dict[str, Any]:
    """The settings of a model that asks a shell script."""
    return settings(command=["sh", "-c", script], timeout=5.0, **changed)


def fitted(model: dict[str, Any], text: TokenStream, log: RunLog | None = None) -> Any:
    """The model, fitted to a text."""
    built = build_model(model)
    built.fit(text, text, log or RunLog())
    return built


def stream(text: str, *, more: tuple[str, ...] = ()) -> TokenStream:
    """A text of words, of which `</s>` ends a line, with `more` tokens in its vocabulary."""
    words = text.split(" ")
    tokens = tuple(dict.fromkeys([*words, *more]))
    vocabulary = Vocabulary(tokens, np.array([words.count(token) for token in tokens]))
    return TokenStream.from_ids(vocabulary.encode(words), vocabulary)


def expected(train: TokenStream, text: TokenStream, *, by_line: bool, folder: Path) -> np.ndarray:
    """What the program's model gives a text, computed here: float32 [targets]."""
    words = Words(train.vocabulary)
    words.write_vocabulary(folder / "vocabulary.txt")
    words.write_text(folder / "train.txt", train)
    model = runpy.run_path(str(PROGRAM))["Bigram"]()
    given = {"vocabulary": folder / "vocabulary.txt", "train": folder / "train.txt", "model": folder}
    list(model.prepare("fit", given))
    lines = text.each_line() if by_line else [text]
    texts = [words.line(line.ids).split(" ") for line in lines]
    return np.array([number for scores in model.scores(texts, False) for number in scores], dtype=np.float32)


class Notes(RunLog):
    def __init__(self) -> None:
        self.said: list[str] = []
        self.done: list[int] = []

    def info(self, message: str) -> None:
        self.said.append(message)

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.done.append(done)


def is_alive(model: LanguageModel) -> bool:
    return Path(f"/proc/{pid(model)}").exists()


def pid(model: Any) -> int:
    return int(model._dialogue._process._child.pid)
