"""From sentences to a smoothed table: modified Kneser-Ney with every option of KenLM's `lmplz`, or another
smoothing method of the suite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.estimation.adjust import adjusted_counts
from baselines.ngram.estimation.discounts import FALLBACK, Discounts, discounts_of
from baselines.ngram.estimation.interpolate import interpolate
from baselines.ngram.estimation.kenlm_conventions import KenLMConventions, kenlm_closed_form
from baselines.ngram.estimation.kept import Cut
from baselines.ngram.standalone.checks import numbers, word_list
from baselines.ngram.standalone.sentences import (
    LineMarks,
    Source,
    Text,
    mark_rule,
    scoring_stream,
    training_text,
)
from baselines.ngram.standalone.smoothings import smoothing_of, unfitted_model
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.hashed import HashedTable
from benchmark.arguments import whole
from benchmark.contract import RunLog
from benchmark.corpus.marks import END, UNKNOWN
from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: Called with the tokens done and their number.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LmplzOptions:
    """What `lmplz` calls these options; the defaults are its own, but for the fallback, which it wants said.

    - `prune` (`--prune`): n-grams of order n that occur `prune[n − 1]` times or less are dropped; the last
      number holds for all higher orders.
    - `limit_vocabulary` (`--limit_vocab_file`): n-grams with other words are dropped.
    - `interpolate_unigrams` (`--interpolate_unigrams`): False gives all the mass that unigrams leave to
      `<unk>`.
    - `discount_fallback` (`--discount_fallback`): the discounts of an order whose counts give none; True
      takes 0.5, 1 and 1.5, False raises.
    - `vocabulary_size` (`--vocab_pad`): the words that the uniform distribution counts, if that is more than
      there are.
    """

    prune: tuple[int, ...] = ()
    limit_vocabulary: frozenset[str] | None = None
    interpolate_unigrams: bool = True
    discount_fallback: bool | tuple[float, ...] = True
    vocabulary_size: int = 0

    def __post_init__(self) -> None:
        if any(np.diff([0, *self.prune]) < 0) or self.prune[:1] > (0,):
            raise UserError(
                f"prune={list(self.prune)} is not usable: it begins with 0 (every word stays) and never falls"
            )
        fallback = self.fallback or FALLBACK
        if not all(0 <= discount <= count for count, discount in enumerate(fallback, 1)):
            raise UserError(
                f"discount_fallback={self.discount_fallback} is not usable: give up to three discounts, of "
                "at most 1, 2 and 3"
            )
        if self.vocabulary_size and not self.interpolate_unigrams:
            raise UserError("vocabulary_size needs interpolate_unigrams=True")

    @classmethod
    def of(
        cls,
        prune: Any,
        limit_vocabulary: Any,
        interpolate_unigrams: bool,
        discount_fallback: Any,
        vocabulary_size: Any,
    ) -> LmplzOptions:
        """From what a program gives, which may be anything. Raises UserError."""
        if not isinstance(discount_fallback, bool):
            discount_fallback = tuple(numbers("discount_fallback", discount_fallback, "(0.5, 1, 1.5)"))
        return cls(
            tuple(whole("prune", cutoff, 0) for cutoff in numbers("prune", prune, "(0, 0, 1)")),
            None if limit_vocabulary is None else frozenset(word_list("limit_vocabulary", limit_vocabulary)),
            interpolate_unigrams,
            discount_fallback,
            whole("vocabulary_size", vocabulary_size, 0),
        )

    @property
    def fallback(self) -> Discounts | None:
        """D₁, D₂ and D₃₊ to fall back on."""
        if isinstance(self.discount_fallback, bool):
            return FALLBACK if self.discount_fallback else None
        given = self.discount_fallback
        if not 1 <= len(given) <= 3:
            raise UserError(f"discount_fallback={given}: give one, two or three discounts")
        d1, d2, d3 = (given[min(place, len(given) - 1)] for place in range(3))
        return d1, d2, d3

    @property
    def cut(self) -> bool:
        """Whether n-grams are dropped."""
        return any(self.prune) or self.limit_vocabulary is not None

    def cutoffs(self, order: int) -> list[int]:
        """The cutoff of each order."""
        if len(self.prune) > order:
            raise UserError(f"prune has {len(self.prune)} numbers, and the model only order {order}")
        return [*self.prune, *[self.prune[-1] if self.prune else 0] * order][:order]


@dataclass(frozen=True)
class Recipe:
    """How to smooth: a method by name, the order of the model, and settings of the method.

    Raises UserError for what does not fit: `options` are those of modified Kneser-Ney as `lmplz` has it.
    """

    smoothing: str
    order: int
    options: LmplzOptions
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        smoothing_of(self.smoothing)
        if self.options != LmplzOptions() and not self.as_lmplz:
            raise UserError(
                "prune, limit_vocabulary, interpolate_unigrams, discount_fallback and vocabulary_size are "
                "options of lmplz: they need smoothing='kneser_ney' with conventions='kenlm'"
            )
        self.options.cutoffs(self.order)

    @property
    def as_lmplz(self) -> bool:
        """Whether it is the model of `lmplz`."""
        return self.smoothing == "kneser_ney" and self.settings in ({}, {"conventions": "kenlm"})


@dataclass(frozen=True)
class Estimated:
    """A table, its words, and what there is to say about them.

    `normalised`: whether the probabilities after every history sum to one. `index`: the table once more, for
    texts to be scored fast.
    """

    table: BackoffTable
    vocabulary: Vocabulary
    normalised: bool
    learned: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    index: HashedTable | None = None


class _Notes(RunLog):
    """Keeps what is said, and passes progress on."""

    def __init__(self, progress: Progress | None) -> None:
        self.said: list[str] = []
        self._progress = progress

    def info(self, message: str) -> None:
        self.said.append(message)

    def progress(self, done: int, total: int, **figures: float) -> None:
        if self._progress:
            self._progress(done, total)


def estimate(
    sentences: Source,
    recipe: Recipe,
    vocabulary: Iterable[str] | None = None,
    marks: LineMarks = "refuse",
    held_out: Source | None = None,
    progress: Progress | None = None,
) -> Estimated:
    """The model of some sentences (see `NgramModel.estimate`). Raises UserError."""
    given = None if vocabulary is None else word_list("vocabulary", vocabulary)
    rule = mark_rule(marks)
    text, log = training_text(sentences, rule), _Notes(progress)
    words = text.vocabulary(given)
    if recipe.as_lmplz:
        return _as_lmplz(text, words, recipe.order, recipe.options, log)
    other = None if held_out is None else scoring_stream(held_out, rule, words)
    return _by(recipe, text.stream(words), other, log)


def _as_lmplz(
    text: Text, vocabulary: Vocabulary, order: int, options: LmplzOptions, log: _Notes
) -> Estimated:
    """Modified Kneser-Ney (Chen & Goodman 1998) as KenLM's estimator has it (Heafield et al. 2013).

    Raises UserError if an order has no discounts and there is nothing to fall back on.
    """
    words, tokens = len(vocabulary), text.numbers.length
    sequence = text.sequence(vocabulary)
    conventions = KenLMConventions(vocabulary, sequence)
    counts = count_ngrams(sequence, words, order, lambda done: log.progress(min(done, tokens), tokens))
    del sequence
    adjusted = adjusted_counts(counts)
    seen = conventions.counts_of_counts(counts, adjusted)
    discounts, fell_back = discounts_of(seen, log, kenlm_closed_form, options.fallback or FALLBACK)
    if fell_back and options.fallback is None:
        raise UserError(f"{log.said[0].partition(';')[0]}: give more text, or discount_fallback=True")
    cut = Cut(options.cutoffs(order), _kept_words(vocabulary, options))
    left = np.flatnonzero(cut.words[:-1])
    below = _below_unigrams(vocabulary, len(left) + conventions.beyond, options)
    with np.errstate(divide="ignore"):  # `<s>` may get a probability of 0
        table = interpolate(counts, adjusted, discounts, below, cut=cut if options.cut else None)
    if len(left) < words:
        vocabulary = Vocabulary(tuple(vocabulary.decode(left)), vocabulary.counts[left])
    learned = {"discounts": [list(each) for each in discounts], "fallback_orders": fell_back}
    all_listed = not conventions.beyond and options.vocabulary_size <= len(vocabulary)
    normalised = all_listed or not options.interpolate_unigrams
    return Estimated(table, vocabulary, normalised, learned, tuple(log.said))


def _below_unigrams(vocabulary: Vocabulary, size: int, options: LmplzOptions) -> np.ndarray:
    """What unigrams are interpolated with: float64 [words + 1], the last one for `<s>`. `size`: the number of
    words of the uniform distribution."""
    if options.interpolate_unigrams:
        return np.full(len(vocabulary) + 1, 1 / max(size, options.vocabulary_size))
    return (np.arange(len(vocabulary) + 1) == vocabulary.unknown).astype(np.float64)


def _kept_words(vocabulary: Vocabulary, options: LmplzOptions) -> np.ndarray:
    """The words that the options leave, and `<s>`: bool [words + 1]."""
    if options.limit_vocabulary is None:
        return np.ones(len(vocabulary) + 1, dtype=bool)
    allowed = {*options.limit_vocabulary, END, UNKNOWN}
    return np.array([*(word in allowed for word in vocabulary.tokens), True])


def _by(recipe: Recipe, train: TokenStream, held_out: TokenStream | None, log: _Notes) -> Estimated:
    """The model of another smoothing method. Raises UserError if it needs a held-out text that is missing."""
    model = unfitted_model(recipe.smoothing, recipe.order, recipe.settings)
    if held_out is None and (smoothing_of(recipe.smoothing).held_out or recipe.settings.get("k") == "tune"):
        raise UserError(f"smoothing={recipe.smoothing} learns its weights from another text: give held_out=…")
    if held_out is not None and not len(held_out):
        raise UserError("held_out: there are no sentences to learn weights from")
    model.fit(train, train if held_out is None else held_out, log)
    return Estimated(model.table, train.vocabulary, model.normalised, {}, tuple(log.said))
