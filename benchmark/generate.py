"""Next-word tables and sampled continuations, the same for a counted and a neural model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.arguments import number_from, whole
from benchmark.contract import LanguageModel, Vocabulary


@dataclass(frozen=True)
class Sampling:
    """How a continuation is drawn.

    `temperature` T draws from p^(1/T), normalised: below 1 keeps to likely words, 0 always takes the
    likeliest. `top_k` keeps only the k likeliest words (0: all). `length` is the most tokens drawn;
    a sentence ends at `</s>`. `<unk>` is drawn only if `unknown` is set, or if it alone is possible. Raises
    UserError for a number that is none of these.
    """

    temperature: float = 1.0
    top_k: int = 0
    length: int = 30
    unknown: bool = False

    def __post_init__(self) -> None:
        number_from("temperature", self.temperature, 0, "0.8")
        whole("top_k", self.top_k, 0)
        whole("length", self.length, 0)


def random_of(seed: int | None) -> np.random.Generator:
    """The source of random numbers for drawing; without a seed, a new one each time. Raises UserError."""
    return np.random.default_rng(None if seed is None else whole("seed", seed, 0))


def next_words(
    model: LanguageModel, context: np.ndarray, vocabulary: Vocabulary, top: int
) -> list[tuple[str, float]]:
    """The `top` likeliest next tokens with their probabilities, likeliest first."""
    return likeliest(model.next_log_probs([context])[0], vocabulary, top)


def likeliest(scores: np.ndarray, vocabulary: Vocabulary, top: int) -> list[tuple[str, float]]:
    """The `top` likeliest tokens of ln p of every token, with their probabilities, likeliest first.

    Raises UserError where `top` is no whole number from 0.
    """
    order = np.lexsort((np.arange(len(scores)), -scores))[: whole("top", top, 0)]
    return [(vocabulary.tokens[i], float(np.exp(scores[i]))) for i in order.tolist()]


def sample(
    model: LanguageModel,
    context: np.ndarray,
    vocabulary: Vocabulary,
    options: Sampling,
    random: np.random.Generator,
) -> list[str]:
    """Tokens drawn one after the other behind a context, `</s>` (which ends them) not included."""
    drawn: list[int] = []
    reader = model.reader()
    for token in context.tolist():
        reader.read(token)
    while len(drawn) < options.length:
        token = draw(reader.next_log_probs().astype(np.float64), vocabulary, options, random)
        if token == vocabulary.end:
            break
        drawn.append(token)
        reader.read(token)
    return vocabulary.decode(drawn)


def draw(scores: np.ndarray, vocabulary: Vocabulary, options: Sampling, random: np.random.Generator) -> int:
    """The id of a token drawn from ln p of every token, float64 [vocabulary], which is overwritten."""
    if vocabulary.unknown is not None and not options.unknown:
        others = np.delete(scores, vocabulary.unknown)
        if np.isfinite(others).any():  # where only `<unk>` has a probability there is nothing else to draw
            scores[vocabulary.unknown] = -np.inf
    if options.temperature == 0:
        return int(np.argmax(scores))
    if options.top_k:
        scores[np.argsort(-scores, kind="stable")[options.top_k :]] = -np.inf
    scores = (scores - scores.max()) / options.temperature
    weights = np.exp(scores)
    return int(random.choice(len(weights), p=weights / weights.sum()))
