"""Stupid backoff: relative frequencies, and a fixed factor for each word of context that is dropped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.counting.history import recent, scoring_sequence
from baselines.ngram.estimation.by_context import parts
from baselines.ngram.estimation.memory import room_beside
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.unpacked import pack, unpack
from baselines.ngram.table.write_arpa import write_arpa
from benchmark.contract import Bounds, LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError


@dataclass(kw_only=True, eq=False)
class StupidBackoff(BackoffModel):
    """S(w | h) = c(h w) / Σ_v c(h v) if c(h w) > 0, α S(w | h') if not; S(w) = c(w) / Σ_v c(v).

    Brants et al. 2007, sec. 4, with their α = 0.4. A score, not a distribution. A context that was never
    seen costs a factor of α too, so that S shows how much shorter the longest match is. A history is the
    last n − 1 tokens, or fewer at the beginning of a sentence, where it begins with one `<s>`. A word never
    seen scores 0; without training text every word scores 1 / V.

    A backoff table skips contexts that it does not store, without a weight. So it stores
    c(h w) / (α^|h| c(h)) and no weights, and scoring multiplies by α to the length of the whole history:
    α^(|history| − |h|) remains.
    """

    version: ClassVar[int] = 1
    normalised = False

    alpha: Annotated[float, Bounds(gt=0, le=1)] = 0.4

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        room = room_beside(counts, None)
        log_probs = [room.zeros(len(ngrams), np.float32) for ngrams in counts]
        for n, (ngrams, found) in enumerate(zip(counts, log_probs, strict=True)):
            for some, _, part in parts(ngrams, found):
                followed = part.sums_by_context(part.counts)
                with np.errstate(divide="ignore"):  # words never seen
                    log_frequency = np.log(part.counts) - np.log(np.maximum(followed, 1))[part.contexts]
                found[some] = log_frequency - n * np.log(self.alpha)
        if not counts[0].counts.any():
            log_probs[0][:] = -np.log(counts[0].words)
        no_weights = [room.zeros(len(ngrams), np.float32) for ngrams in counts[:-1]]
        return BackoffTable.of(counts, log_probs, no_weights, room)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """ln S of each id of `stream` given those before it: float32 [targets]."""
        sequence, is_target = scoring_sequence(stream.ids, self.vocabulary, self.context)
        places = np.arange(len(sequence))
        start = len(self.vocabulary)  # the id of `<s>`
        beginnings = np.maximum.accumulate(np.where(sequence == start, places, 0))
        penalties = self._penalties(places - beginnings)
        return (self.table.score(sequence) + penalties)[is_target].astype(np.float32)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """ln S of every word after each context: float32 [contexts, vocabulary]."""
        histories = [recent(ids, self.vocabulary, self.context, self.order - 1) for ids in contexts]
        penalties = self._penalties(np.array([len(history) for history in histories], dtype=np.int64))
        return (self.table.rows(histories) + penalties[:, None]).astype(np.float32)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """See `LanguageModel`. The penalties are not in the table."""
        return LanguageModel.distributions(self, stream, places, rows)

    def write_arpa(self, path: Path) -> None:
        """Write S(w | h) = c(h w) / Σ_v c(h v) and the weight α of every context, up to order 2.

        In an ARPA file, a context that was never seen costs nothing, but here it costs a factor of α. Every
        single word is a context that the file lists. Raises UserError for higher orders, which have others.
        """
        if self.order > 2:
            raise UserError(
                f"an ARPA file cannot hold stupid backoff of order {self.order}: a context never seen costs "
                f"a factor of {self.alpha:g}, for which the format has no place; export order 1 or 2"
            )
        log_alpha = np.log(self.alpha)
        orders = [
            replace(
                order, log_probs=order.log_probs + n * log_alpha, log_backoffs=order.log_backoffs + log_alpha
            )
            for n, order in enumerate(unpack(self.table))
        ]
        write_arpa(pack(orders), self.vocabulary.tokens, path)

    def _penalties(self, tokens: np.ndarray) -> np.ndarray:
        """ln α for each token of the history that an n-gram of this order can hold."""
        return np.minimum(tokens, self.order - 1) * np.log(self.alpha)
