"""Any ARPA file as a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from baselines.ngram.arpa.events import over_vocabulary
from baselines.ngram.arpa.read import read_arpa
from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.model import BackoffModel
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.linked import fold
from benchmark.contract import Context, InputFile, RunLog, Skip, TokenStream


class Arpa(BackoffModel):
    """The model that an ARPA file holds, made by whatever tool: SRILM, KenLM, IRSTLM, this suite.

    Nothing is trained; the file's words are matched to the corpus's by their spelling, and what
    becomes of those without a match is `over_vocabulary`'s to say. `normalised` is whether the file's
    probabilities sum to one.

    After `fit`, `order` is the file's.
    """

    version: ClassVar[int] = 1
    learned: ClassVar[tuple[str, ...]] = ("order", "normalised")

    def __init__(self, *, path: InputFile | None = None, context: Context = "sentence") -> None:
        super().__init__(order=1, context=context)
        self.path = path

    def settings(self) -> dict[str, Any]:
        return {"path": self.path, "context": self.context}

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Read the file. Raises Skip where none is named, UserError for one that cannot be read."""
        if self.path is None:
            raise Skip("needs an ARPA file: give model.path=FILE.arpa, or FILE.arpa.gz")
        file = read_arpa(Path(self.path))
        fitted = over_vocabulary(file, train.vocabulary)
        for remark in fitted.remarks:
            log.info(remark)
        if not fitted.normalised:
            log.info("the file's probabilities do not sum to one: this is a score, not a distribution")
        self.order = len(fitted.orders)
        self.normalised = fitted.normalised  # type: ignore[misc]  # of the class for all models but these
        self._set(fold(fitted.orders), train.vocabulary)
        log.progress(len(train), len(train))

    def estimate(self, counts: list[OrderCounts], log: RunLog) -> BackoffTable:
        raise NotImplementedError("an ARPA file holds its estimates")
