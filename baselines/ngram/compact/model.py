"""What models that make another backoff model smaller share."""

from abc import abstractmethod
from dataclasses import dataclass

from baselines.ngram.model import TableModel
from baselines.ngram.table.backoff import BackoffTable
from benchmark.contract import LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError


@dataclass(kw_only=True, eq=False)
class CompactModel(TableModel):
    """The model `of`, fitted and then made smaller. Subclasses implement `compacted`.

    `of` must have a table of n-grams with backoff weights, and be a distribution. Its context is that of
    this model.
    """

    of: LanguageModel

    def __post_init__(self) -> None:
        kind = type(self.of).__name__
        if not isinstance(self.of, TableModel):
            raise UserError(f"model.of: {kind} has no table of n-grams with backoff weights to make smaller")
        if not self.of.normalised:
            raise UserError(f"model.of: {kind} is a score, and backoff weights follow from a distribution")
        self.context = self.of.context

    @abstractmethod
    def compacted(self, table: BackoffTable, train: TokenStream, log: RunLog) -> BackoffTable:
        """A smaller table, made from that of the fitted model, which is kept nowhere else."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Fit the model as it is, then make it smaller."""
        assert isinstance(self.of, TableModel)
        self.of.fit(train, valid, log)
        self.vocabulary = train.vocabulary
        self.table = self.compacted(vars(self.of).pop("table"), train, log)
