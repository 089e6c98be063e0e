"""A model that another program computes, asked over its standard input and output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from baselines.command.process import Process
from baselines.command.protocol import Dialogue, Facts, Patience
from baselines.command.words import Words, pieces
from baselines.saving import saved_settings, unfitted
from benchmark.contract import (
    Context,
    Family,
    InputFile,
    LanguageModel,
    ModelSize,
    Program,
    Reader,
    RunLog,
    ScoresOnly,
    TokenStream,
    Vocabulary,
    after_last_end,
)
from benchmark.corpus.stream import line_blocks
from benchmark.errors import NeedsSetting, UserError
from benchmark.storage.reading import read_json_object
from benchmark.storage.temporary import TemporaryFolder
from benchmark.trust import check_command, command_words

_SETTINGS, _MODEL, _VOCABULARY = "command.json", "model", "vocabulary.txt"
_REASON = "its command gives the scores of targets alone"
#: Words of one line, at most, where a text goes on from line to line.
_LONGEST_LINE = 1_000

Seconds = Annotated[float, Field(gt=0)]


@dataclass(kw_only=True, eq=False)
class Command(LanguageModel):
    """The model in another program, written in any language. docs/commands.md has the protocol.

    `command` is a program and its arguments: a list, or one line as a shell takes it, without the shell. It
    is started in the folder in which nextword was. `files` are files and folders that it reads besides those
    among its arguments: all of them count in the run's identity by what they hold.

    `kind`, `context`, `distribution`, `normalised` and `pretrained` declare what it is. `batch`: the words of
    a request, at most, but for a single line that has more. `timeout` and `fit_timeout`: the longest silence
    in an answer and in a training, in seconds. `seed` is passed on.

    Raises NeedsSetting if there is no command or no kind; CommandFailed, which is a broken contract, for a
    program that ends, is silent for too long, or answers something else than it was asked.
    """

    version: ClassVar[int] = 1
    outside = True

    command: Program | tuple[Program, ...] | None = None
    files: tuple[InputFile, ...] = ()
    kind: Family | None = None
    context: Context = "sentence"
    distribution: bool = True
    normalised: bool = True
    pretrained: bool = False
    seed: int | None = None
    batch: Annotated[int, Field(ge=1)] = 10_000
    timeout: Seconds = 300.0
    fit_timeout: Seconds | None = None

    def __post_init__(self) -> None:
        if not self.command:
            raise NeedsSetting("model.command is missing: needs a program and its arguments, as in [./model]")
        if self.kind is None:
            raise NeedsSetting("model.kind is missing: needs count (n-grams), neural or mixture")
        self.family = self.kind
        self.trained_here = not self.pretrained
        self.scores_only = None if self.distribution else ScoresOnly(_REASON, computes=True)

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        """It scores any text."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Start the program, and have it learn from files of both texts."""
        for path in self.files:
            if not Path(path).exists():
                raise UserError(f"model.files: there is no {path}")
        own = self._started(train.vocabulary)
        given: dict[str, Path | int] = {_MODEL: own / _MODEL}
        (own / _MODEL).mkdir()
        for name, stream in (("train", train), ("valid", valid)):
            given[name] = own / f"{name}.txt"
            self._words.write_text(own / f"{name}.txt", stream)
        if self.seed is not None:
            given["seed"] = self.seed
        self._prepare("fit", own, given, log, len(train))
        if self.trained_here:
            log.progress(len(train), len(train))

    def _started(self, vocabulary: Vocabulary) -> Path:
        """Start the program; the folder that is its own."""
        assert self.command is not None
        self.vocabulary, self._words = vocabulary, Words(vocabulary)
        self._own = TemporaryFolder.elsewhere("command")
        process = Process(command_words(self.command), held=self._own.lock)
        patience = Patience(self.fit_timeout, self.timeout)
        self._dialogue = Dialogue(process, self._words, patience, normalised=self.normalised)
        self._words.write_vocabulary(self._own.path / _VOCABULARY)
        return self._own.path

    def _prepare(
        self, verb: str, own: Path, given: dict[str, Path | int], log: RunLog, tokens: int = 0
    ) -> None:
        given = {"vocabulary": own / _VOCABULARY, **given}
        self._model = Path(str(given[_MODEL]))
        self._describe(self._dialogue.prepare(verb, given, log, tokens))

    def _describe(self, facts: Facts) -> None:
        self._facts = facts
        elsewhere = "It was trained elsewhere: what that took is unknown." if self.pretrained else ""
        own = "Another program computes it; the times are those of asking it, its memory what it says."
        self.notes = tuple(note for note in (*facts.notes, own, elsewhere) if note)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln p of each id, asked for many lines at a time, or for a stream in lines that carry on."""
        if not len(stream):
            return np.empty(0, dtype=np.float32)
        ids = np.asarray(stream.ids)
        if self.context == "stream":
            texts = [ids[part] for part in pieces(0, len(ids), _LONGEST_LINE)]
            answers = [self._dialogue.scores(texts[:1], on=False)]
            each = max(1, self.batch // _LONGEST_LINE)
            answers += [self._dialogue.scores(texts[at], on=True) for at in pieces(1, len(texts), each)]
        else:
            lines = stream.lines if self.vocabulary.end is not None else np.array([0, len(ids)])
            answers = [
                self._dialogue.scores(np.split(ids, lines[first : stop + 1])[1:-1], on=False)
                for first, stop in line_blocks(lines, self.batch)
            ]
        return np.concatenate(answers).astype(np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln p of every word after each context, asked at once. Raises UserError without distributions."""
        self._check_distribution()
        return self._dialogue.rows([self._history(ids) for ids in contexts], on=False).astype(np.float32)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """The same at places of a stream. One that goes on is read once, from place to place."""
        if self.context == "sentence":
            yield from super().distributions(stream, places, rows)
            return
        self._check_distribution()
        ids, reader, read = np.asarray(stream.ids), _StreamReader(self), 0
        for part in pieces(0, len(places), rows):
            block = []
            for place in places[part].tolist():
                for token in ids[read:place].tolist():
                    reader.read(token)
                read = place
                block.append(reader.next_log_probs())
            yield np.array(block)

    def reader(self) -> Reader:
        return _StreamReader(self) if self.context == "stream" else super().reader()

    def _check_distribution(self) -> None:
        if self.scores_only is not None:
            raise UserError(f"this model has no distribution: {_REASON}")

    def _history(self, ids: np.ndarray) -> np.ndarray:
        return after_last_end(ids, self.vocabulary) if self.context == "sentence" else np.asarray(ids)

    def size(self) -> ModelSize:
        """What the program says of it."""
        facts = self._facts
        return ModelSize(facts.bytes_in_memory, facts.parameters, facts.entries)

    def save(self, folder: Path) -> None:
        """Copy what the program has written into its folder; settings and facts as JSON."""
        shutil.copytree(self._model, folder / _MODEL)
        saved: dict[str, Any] = {"settings": saved_settings(self), "facts": asdict(self._facts)}
        (folder / _SETTINGS).write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """Start the program again with what `save` wrote.

        Raises UserError for a command that the user has not allowed (see `benchmark.trust`).
        """
        saved = read_json_object(folder / _SETTINGS)
        model = unfitted(cls, saved["settings"])
        assert model.command is not None
        check_command(model.command, "model.command")
        own = model._started(vocabulary)
        model._prepare("load", own, {_MODEL: (folder / _MODEL).resolve()}, RunLog())
        model._describe(Facts(**{**saved["facts"], "notes": tuple(saved["facts"]["notes"])}))
        return model


class _StreamReader(Reader):
    """Reads on where it was, unless the program was asked something else in between."""

    def __init__(self, model: Command) -> None:
        super().__init__(model)
        self._command, self._told = model, 0

    def next_log_probs(self) -> np.ndarray:
        self._command._check_distribution()
        dialogue = self._command._dialogue
        on = dialogue.reader is self
        new = self._ids[self._told if on else 0 : self._length]
        self._told = self._length
        row: np.ndarray = dialogue.rows([new], on=on, reader=self)[0]
        return row.astype(np.float32)
