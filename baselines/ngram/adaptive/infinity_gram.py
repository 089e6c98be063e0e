"""The ∞-gram: the longest suffix of the history that the training text holds, of any length."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Self

import numpy as np

from baselines.mixture.components import Composite
from baselines.ngram.adaptive.chain import Estimate, chain_weights, interpolated
from baselines.ngram.adaptive.suffix_array import Matches, SuffixIndex
from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from benchmark.contract import Bounds, Context, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary

#: Histories share a weight if they agree in the matched length and in the power of 2 of their count, each up
#: to these bounds, and in whether only one word ever followed.
_LENGTHS, _COUNTS = 24, 12
_ROWS = 128  # histories whose dense rows are formed at a time
_BUCKETS = 1 + 2 * _LENGTHS * _COUNTS


@dataclass(kw_only=True, eq=False)
class InfinityGram(Composite):
    """p(w | h) = λ(s) · c(s w) / c(s) + (1 − λ(s)) · p₀(w | h), s the longest suffix of h with c(s) > 0.

    Liu et al. 2024 ("Infini-gram", sec. 2 and 4.2): the ∞-gram backs off from infinitely many words to
    the longest suffix that a word followed in training, through a suffix array, and is interpolated with a
    model p₀ that gives every word a probability. Here p₀ is any model (`smoothed`). λ depends on the length
    of s, on the power of 2 that c(s) reaches, and on whether only one word followed s; EM sets it on the
    validation text. s is at most `longest` tokens long, which bounds the time for text copied from training.

    `context` says whether s may reach back across `</s>` (`suffix_context` keeps it). The model as a whole
    has the context `stream` if s or `smoothed` has.

    After `fit`, `effective_n` holds how many validation targets were predicted from suffixes of 0, 1, 2, …
    tokens; the n of the ∞-gram is one more.
    """

    version: ClassVar[int] = 1

    smoothed: LanguageModel
    longest: Annotated[int, Bounds(ge=1)] = 200
    context: Context = "sentence"

    weights: list[float] = field(init=False, default_factory=list)
    effective_n: list[int] = field(init=False, default_factory=list)
    suffix_context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.suffix_context = self.context
        super().__post_init__()
        if self.suffix_context == "stream":
            self.context = "stream"

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Index the training text, fit the smoothed model, then set the weights on the validation text."""
        self.index = SuffixIndex.of(training_sequence(train.ids, train.vocabulary, self.suffix_context))
        super().fit(train, valid, log)

    def learn(self, valid: TokenStream, log: RunLog) -> None:
        matches, words = self._matches(valid)
        self.effective_n = np.bincount(matches.length).tolist()
        mean = matches.length.mean() + 1 if len(matches.length) else 0.0
        log.info(f"effective n on validation: mean {mean:.2f}, longest {matches.length.max(initial=0) + 1}")
        floor = np.exp(self.smoothed.log_probs(valid).astype(np.float64))
        (weights,) = chain_weights([self._level(matches, words)], _BUCKETS, floor)
        self.weights = weights.tolist()

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        matches, words = self._matches(stream)
        floor = np.exp(self.smoothed.log_probs(stream).astype(np.float64))
        chain = interpolated([self._level(matches, words)], [np.array(self.weights)], floor)
        return np.log(chain[-1]).astype(np.float32)

    def _matches(self, stream: TokenStream) -> tuple[Matches, np.ndarray]:
        """The longest suffix before each target of a stream, and the targets."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.suffix_context)
        places = np.arange(len(sequence))
        begins = np.maximum.accumulate(np.where(sequence == len(self.vocabulary), places, 0))
        available = np.where(is_target, places - begins, 0)
        found = self.index.longest_suffixes(sequence, available, self.longest)
        matches = Matches(found.length[is_target], found.first[is_target], found.last[is_target])
        return matches, sequence[is_target]

    def _level(self, matches: Matches, words: np.ndarray) -> Estimate:
        return Estimate(self.index.followed_by(matches, words) / matches.counts, self._bucket(matches))

    def _bucket(self, matches: Matches) -> np.ndarray:
        """0 if nothing of the history was found, else by length, count, and number of followers."""
        length = np.minimum(matches.length, _LENGTHS)
        count = np.minimum(np.frexp(matches.counts)[1], _COUNTS)
        bucket = 1 + ((length - 1) * _COUNTS + count - 1) * 2 + self._alone(matches)
        return np.where(length > 0, bucket, 0)

    def _alone(self, matches: Matches) -> np.ndarray:
        """Whether only one word ever followed: the rows of a match are sorted by what follows it."""
        first = self.index.follower(matches.first, matches.length)
        return first == self.index.follower(matches.last - 1, matches.length)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = self.smoothed.next_log_probs(contexts)
        for start in range(0, len(contexts), _ROWS):
            part = slice(start, start + _ROWS)
            matches = self._matches_of(contexts[part])
            level = Estimate(self._frequencies(matches), self._bucket(matches)[:, None])
            floor = np.exp(rows[part].astype(np.float64))
            rows[part] = np.log(interpolated([level], [np.array(self.weights)], floor)[-1])
        return rows

    def _matches_of(self, contexts: Sequence[np.ndarray]) -> Matches:
        """The longest matching suffix of each history; all are searched as one sequence."""
        histories = [recent(ids, self.vocabulary, self.suffix_context, self.longest) for ids in contexts]
        sequence = np.concatenate([part for history in histories for part in (history, [0])])
        lengths = np.array([len(history) for history in histories])
        ends = np.cumsum(lengths + 1) - 1
        available = np.zeros(len(sequence), dtype=np.int64)
        available[ends] = lengths
        found = self.index.longest_suffixes(sequence.astype(np.int64), available, self.longest)
        return Matches(found.length[ends], found.first[ends], found.last[ends])

    def _frequencies(self, matches: Matches) -> np.ndarray:
        """c(s w) / c(s) of every word w: float64 [matches, words]; 0 for the empty match."""
        words = len(self.vocabulary)
        counts = np.where(matches.length > 0, matches.counts, 0)
        owner = np.repeat(np.arange(len(counts)), counts)
        rows = matches.first[owner] + np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
        keys = owner * words + self.index.follower(rows, matches.length[owner])
        found = np.bincount(keys, minlength=len(counts) * words).reshape(len(counts), words)
        return found / np.maximum(counts, 1)[:, None]

    def evidence(self, stream: TokenStream) -> np.ndarray:
        """ln of the suffix's length and count, and whether only one word followed it, it is longer than 4
        tokens, and longer than 8: float64 [targets, 5]."""
        matches, _ = self._matches(stream)
        length = matches.length
        with np.errstate(divide="ignore"):
            found = np.maximum(np.log(length), -1.0)
        columns = (found, np.log(matches.counts), self._alone(matches), length > 4, length > 8)
        return np.stack([column.astype(np.float64) for column in columns], axis=1)

    def size(self) -> ModelSize:
        """The smoothed model plus the index, in which each place of the text is an entry."""
        own = super().size()
        if own.bytes_in_memory is None:  # unknown, and so is the sum
            return own
        return ModelSize(
            bytes_in_memory=own.bytes_in_memory + self.index.nbytes,
            parameters=own.parameters,
            entries=(own.entries or 0) + len(self.index.rows),
        )

    def save(self, folder: Path) -> None:
        super().save(folder)
        np.save(folder / "text.npy", self.index.text, allow_pickle=False)
        np.save(folder / "rows.npy", self.index.rows, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        model = super().load(folder, vocabulary)
        text, rows = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("text", "rows"))
        model.index = SuffixIndex(text, rows)
        return model
