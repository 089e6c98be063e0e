"""The base classes of n-gram models: one that scores a stored table, one that estimates it from counts."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np

from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import recent, scoring_sequence, training_sequence
from baselines.ngram.sorting.storage import text_in_memory
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.write_arpa import write_arpa
from baselines.saving import learned_by, restore_learned, saved_settings, unfitted
from benchmark.contract import (
    Bounds,
    Computation,
    Context,
    LanguageModel,
    ModelSize,
    OrderSize,
    RunLog,
    TokenStream,
    Vocabulary,
)

MOST_ORDER = 10
#: n of an n-gram model: it predicts a word from the n − 1 words before it.
Order = Annotated[int, Bounds(ge=1, le=MOST_ORDER)]

_SETTINGS = "model.json"


class TableModel(LanguageModel):
    """A model whose probabilities are stored in a `BackoffTable`, wherever they come from.

    A subclass is a dataclass (see `baselines.saving`: fields are settings, fields with `init=False` are
    learned). Its `fit` sets `table` and `vocabulary`; this class scores, measures, saves, loads and exports.
    """

    family = "count"
    short_memory = True
    trained_on = scored_on = Computation(dtype="float64")
    table: BackoffTable
    vocabulary: Vocabulary

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        return self.table.score(sequence)[is_target]

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        longest = self.table.order - 1
        return self.table.rows([recent(ids, self.vocabulary, self.context, longest) for ids in contexts])

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. The text becomes one sequence, in which all contexts are searched for."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        yield from self.table.distributions(sequence, np.flatnonzero(is_target)[places], rows)

    def size(self) -> ModelSize:
        sizes = zip(self.table.ngrams, self.table.nbytes_by_order, strict=True)
        return ModelSize.of_orders(OrderSize(ngrams, nbytes) for ngrams, nbytes in sizes)

    def write_arpa(self, path: Path) -> None:
        """Write the table as an ARPA file, compressed by gzip if the path ends in `.gz`."""
        write_arpa(self.table, self.vocabulary.tokens, path)

    def save(self, folder: Path) -> None:
        """Write the table as `.npy` arrays, settings and learned fields as JSON."""
        self.table.save(folder)
        text = json.dumps({"settings": saved_settings(self), "learned": learned_by(self)}, indent=2)
        (folder / _SETTINGS).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        saved = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        model = unfitted(cls, saved["settings"])
        restore_learned(model, saved["learned"])
        model.table, model.vocabulary = BackoffTable.load(folder, len(vocabulary)), vocabulary
        return model


@dataclass(kw_only=True, eq=False)
class BackoffModel(TableModel):
    """A model that is estimated from the counts of the training n-grams.

    A new smoothing method is a dataclass with its settings as fields, and one method, `estimate`. This class
    counts, scores, measures, saves and exports. For example, Dirichlet smoothing (MacKay & Peto 1995),
    p(w | h) = (c(h w) + a p(w | h')) / (c(h) + a), h' the context h without its first word:

        @dataclass(kw_only=True, eq=False)
        class DirichletNgram(BackoffModel):
            a: float = 50.0

            def estimate(self, counts, log):
                def split(c):
                    return DiscountedCounts(c.counts, np.full(c.context_count, self.a))

                return combine_orders(counts, [split] * len(counts), "interpolated")

    Given: `counts[n − 1]`, the distinct n-grams of order n as arrays. `counts[n − 1].counts` is c(h w) of
    each n-gram, `contexts` the id of its h, and `sums_by_context(values)` adds up over w:
    `sums_by_context(c.counts)` is c(h), `sums_by_context(c.counts > 0)` the number of distinct words after h.

    To be returned: a `BackoffTable`, made in one of two ways.

    - `combine_orders(counts, discounted, form)`, for a method that keeps a part of each count and leaves the
      rest to the lower order, interpolated or as backoff. Probabilities then sum to one. A function, as
      above, is called with parts of an order, so that a long text keeps to the memory that there is; the
      `DiscountedCounts` of whole orders may be given, too.
    - `BackoffTable.of(counts, log_probs, log_backoffs)`, for any other: ln p(w | h) of each n-gram, and below
      the highest order ln b(h), the weight that p(w | h') has for the words w not seen after h.

    What `estimate` learns and a reader may want to see goes into fields with `init=False`, which are saved.
    """

    order: Order = 5
    context: Context = "sentence"

    @abstractmethod
    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        """The smoothed model, from the counts of the orders 1 to `order`."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Count the n-grams of all orders, then estimate. `valid` is not read."""
        targets = len(train)

        def progress(done: int) -> None:
            log.progress(min(done, targets) * self.order // (self.order + 1), targets)  # estimating is a step

        sequence = training_sequence(train.ids, train.vocabulary, self.context, text_in_memory())
        self.table = self.count_and_estimate(sequence, len(train.vocabulary), progress, log)
        self.vocabulary = train.vocabulary
        log.progress(targets, targets)

    def count_and_estimate(
        self, sequence: np.ndarray, words: int, progress: Callable[[int], None], log: RunLog
    ) -> BackoffTable:
        """The smoothed model of `sequence`, a result of `training_sequence`; see `count_ngrams`."""
        return self.estimate(count_ngrams(sequence, words, self.order, progress), log)
