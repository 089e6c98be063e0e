"""The trained model of a task: what it answers to texts of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark import arguments
from benchmark.errors import UserError
from benchmark.record.result import Result
from benchmark.task.contract import Classifier, Input, Tagger, TaskModel, Transducer
from benchmark.task.formats import tokens_of
from benchmark.task.tasks import reached
from benchmark.text import listed, plural

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Answering:
    """A trained tagger, classifier or transducer, with its settings, the record of its run and its folder."""

    model: TaskModel = field(repr=False)
    settings: dict[str, Any] = field(repr=False)
    result: Result = field(repr=False)
    folder: Path

    def answer(
        self, texts: Sequence[str | Sequence[str]], given: Sequence[Sequence[str]] | None = None
    ) -> DataFrame:
        """One row for each text, in order.

        A text is cut as its corpus was: at white space, or into letters, of which capitals are read as small
        ones. A list of tokens is taken as it is. `given` are the tags that come with the tokens, where the
        corpus has them. Taggers and transducers have a column `answer`, a tuple; classifiers `answer` and a
        column with the probability of each class. Raises UserError for what is no list of texts, and where a
        text has no tokens, a letter that training never had, or another number of given tags.
        """
        from pandas import DataFrame

        inputs = self._inputs(texts, given)
        for number, each in enumerate(inputs):
            if not each.tokens:
                raise UserError(f"text {number} has no tokens")
            if each.given and len(each.given) != len(each.tokens):
                raise UserError(
                    f"text {number} has {plural(len(each.tokens), 'token')} and "
                    f"{plural(len(each.given), 'given tag')}: give one for each token"
                )
            self._check_letters(number, each)
        columns: dict[str, Any] = {"text": [" ".join(each.tokens) for each in inputs]}
        if isinstance(self.model, Classifier):
            probabilities = np.exp(self.model.log_probs(inputs))
            best = probabilities.argmax(axis=1) if inputs else []
            columns["answer"] = [self.model.classes[number] for number in best]
            columns |= dict(zip(self.model.classes, probabilities.T, strict=True))
        elif isinstance(self.model, Tagger):
            columns["answer"] = self.model.tag(inputs)
        else:
            assert isinstance(self.model, Transducer)
            columns["answer"] = self.model.transduce(inputs)
        return DataFrame(columns)

    def _inputs(
        self, texts: Sequence[str | Sequence[str]], given: Sequence[Sequence[str]] | None
    ) -> list[Input]:
        """The texts and their given tags as the model takes them. Raises UserError for what are none."""
        if isinstance(texts, str):
            raise UserError("answer takes a list of texts: put this one into brackets, answer([text])")
        found, tags = _list("texts", texts), None if given is None else _list("given", given)
        if tags is not None and len(tags) != len(found):
            raise UserError(
                f"given has tags of {plural(len(tags), 'text')}, but there are {len(found):,}: give a list "
                "of tags for each"
            )
        return [
            Input(
                self._tokens(f"text {number}", text),
                () if tags is None else tuple(_list(f"given[{number}]", tags[number])),
            )
            for number, text in enumerate(found)
        ]

    def _check_letters(self, number: int, asked: Input) -> None:
        """Raises UserError for a letter that a transducer has never seen, and would have to pass over."""
        known = self.model.input_symbols if isinstance(self.model, Transducer) else None
        new = [token for token in dict.fromkeys(asked.tokens) if known is not None and token not in known]
        if new:
            named = listed([repr(token) for token in new])
            raise UserError(
                f"text {number}, {''.join(asked.tokens)!r}, has {named}, which training never had: write the "
                "word without"
            )

    def _tokens(self, name: str, text: str | Sequence[str]) -> tuple[str, ...]:
        if not isinstance(text, str):
            return tuple(arguments.tokens(name, text))
        return tokens_of(text, str(self.settings["corpus"].get("format")))

    def _repr_html_(self) -> str:
        said = reached(self.result.task, self.result.test_measures)
        title = f"{self.result.label} on {self.result.corpus_title or self.result.corpus}"
        return f"<p><strong>{escape(title)}</strong><br>{escape(said)}</p>"


def _list(name: str, value: Any) -> list[Any]:
    """What is given as a list, of texts or of tags. Raises UserError for what is none."""
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise UserError(f"{name}={value!r:.40} is not usable: give a list")
    return list(value)
