"""The trained model of a run: what it expects, what it makes of a text, and what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark import arguments
from benchmark import text as numbers
from benchmark.checkpoint import load_task_model, load_trained
from benchmark.console.output import say
from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.corpus import END, tokeniser_of
from benchmark.corpus.tokeniser import Tokeniser
from benchmark.errors import UserError
from benchmark.generate import Sampling, next_words, random_of, sample
from benchmark.measure.measures import BY_KEY
from benchmark.notebook.answering import Answering
from benchmark.record.find import find_run
from benchmark.record.folder import CHECKPOINT
from benchmark.record.result import Result
from benchmark.trust import allow as allow_packages

if TYPE_CHECKING:
    from pandas import DataFrame

#: What the box that a notebook shows tells of a model.
_SHOWN = ("test_perplexity", "bytes_in_memory", "parameters", "entries", "train_seconds")

#: Text, which is cut as the corpus was, or its tokens.
Tokens = str | Sequence[str]


def load(
    run: str | Path, *, results_dir: str | Path = "results", allow: str | Sequence[str] = ()
) -> Trained | Answering:
    """The trained model of a run: a folder, an id or its beginning, a model, CORPUS/MODEL, or
    CORPUS/MODEL/ID.

    That of a task beside language modelling is an `Answering`, any other a `Trained`.

    `allow` names packages that you trust, whose classes a record may name beside those of `baselines`; it
    holds until the program ends. Raises UserError if there is no such run, if it keeps no model, or if its
    class is in another package.
    """
    allow_packages(arguments.names("allow", allow, '["my_package"]'))
    found = find_run(Path(results_dir), str(run), say)
    if found.result.task is not None:
        answering, config = load_task_model(found)
        return Answering(answering, config, found.result, found.folder)
    model, vocabulary, config = load_trained(found)
    tokeniser = tokeniser_of(config["corpus"], found.folder / CHECKPOINT)
    return Trained(model, vocabulary, tokeniser, config, found.result, found.folder)


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model with the vocabulary and the tokeniser that its text was read with.

    `settings` are those of its run, `result` is the run's record, `folder` its folder. `model` has the whole
    contract (`benchmark/contract.py`).
    """

    model: LanguageModel = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    tokeniser: Tokeniser = field(repr=False)
    settings: dict[str, Any] = field(repr=False)
    result: Result = field(repr=False)
    folder: Path

    def score(self, text: Tokens) -> DataFrame:
        """A text's tokens with `log_prob`, ln p of each given those before it, and whether each is `known`.

        A text is cut as the corpus was, line by line, with `</s>` after each line where the corpus has it;
        tokens are taken as they are. Unknown ones are scored as `<unk>`. Raises UserError for a token outside
        a vocabulary that has no `<unk>`.
        """
        from pandas import DataFrame

        if isinstance(text, str) and self.vocabulary.end is not None:
            lines = text.removesuffix("\n").split("\n") if text else []  # as the corpus: U+2028 ends no line
            tokens = [token for line in lines for token in [*self._tokens("the text", line), END]]
        else:
            tokens = self._tokens("the text", text)
        ids = self._encode(tokens)
        log_probs = self.model.log_probs(TokenStream.from_ids(ids, self.vocabulary))
        known = [token in self.vocabulary.ids for token in tokens]
        frame = DataFrame({"token": tokens, "log_prob": np.asarray(log_probs, dtype=float), "known": known})
        frame.attrs["units"] = {"log_prob": "nats"}
        return frame

    def perplexity(self, text: Tokens) -> float:
        """exp(−mean ln p) over the tokens of a text. Raises UserError if it has none."""
        scored = self.score(text)
        if scored.empty:
            raise UserError("an empty text has no perplexity")
        return float(np.exp(-scored["log_prob"].mean()))

    def next_words(self, context: Tokens = "", top: int = 10) -> DataFrame:
        """The `top` likeliest next tokens after a context, with their `probability`."""
        from pandas import DataFrame

        found = next_words(
            self.model, self._encode(self._tokens("the context", context)), self.vocabulary, top
        )
        return DataFrame(
            [(self.tokeniser.shown(token), probability) for token, probability in found],
            columns=["token", "probability"],
        )

    def generate(
        self,
        prompt: Tokens = "",
        *,
        length: int = 30,
        temperature: float = 1.0,
        top_k: int = 0,
        unknown: bool = False,
        seed: int | None = None,
    ) -> str:
        """The prompt and a continuation, drawn token by token until `</s>` or `length` tokens.

        A temperature below 1 keeps to likely words; 0 always takes the likeliest. `top_k` keeps the k
        likeliest only. `<unk>` is drawn only if `unknown` is set. The same seed draws the same text.
        """
        tokens = self._tokens("the prompt", prompt)
        options, random = Sampling(temperature, top_k, length, unknown), random_of(seed)
        drawn = sample(self.model, self._encode(tokens), self.vocabulary, options, random)
        return self.tokeniser.detokenise([*tokens, *drawn])

    def _tokens(self, name: str, text: Tokens) -> list[str]:
        if isinstance(text, str):
            return self.tokeniser.tokenise(text, name)
        return arguments.tokens(name, text)

    def _encode(self, tokens: Sequence[str]) -> np.ndarray:
        try:
            return self.vocabulary.encode(tokens)
        except KeyError as unseen:
            raise UserError(f"{unseen} is not in the vocabulary of {self.result.corpus}") from unseen

    def __str__(self) -> str:
        return f"{self.result.label} on {self.result.corpus_title or self.result.corpus}"

    def _repr_html_(self) -> str:
        """What a notebook shows: the name of the model and its main measures."""
        measures = [(BY_KEY[key], BY_KEY[key].read(self.result)) for key in _SHOWN]
        cells = "".join(
            f"<tr><td>{escape(measure.title)}</td><td>{escape(measure.show(value))}</td></tr>"
            for measure, value in measures
            if value is not None
        )
        return f"<table><caption>{escape(numbers.clean(str(self)))}</caption>{cells}</table>"
