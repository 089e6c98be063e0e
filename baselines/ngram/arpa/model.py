"""Any ARPA file as a baseline."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from baselines.ngram.arpa.match_vocabulary import match_vocabulary
from baselines.ngram.arpa.read import read_arpa
from baselines.ngram.model import TableModel
from baselines.ngram.table.unpacked import pack
from benchmark.contract import Context, InputFile, RunLog, TokenStream
from benchmark.errors import NeedsSetting


@dataclass(kw_only=True, eq=False)
class Arpa(TableModel):
    """The model in an ARPA file, whichever tool wrote it: SRILM, KenLM, IRSTLM, or this suite.

    Nothing is trained. The words of the file are matched to those of the corpus by their spelling;
    `match_vocabulary` says what happens to the others. After `fit`, `normalised` tells whether the
    probabilities of the file sum to one.
    """

    version: ClassVar[int] = 2

    path: InputFile | None = None
    context: Context = "sentence"

    normalised: bool = field(init=False, default=True)

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Read the file. Raises NeedsSetting if none is named, UserError if it cannot be read."""
        if not self.path:
            raise NeedsSetting(
                "model.path is missing: needs an ARPA file: give model.path=FILE.arpa (or .gz, .bz2, .xz)"
            )
        file = read_arpa(Path(self.path))
        matched = match_vocabulary(file, train.vocabulary)
        for remark in matched.remarks:
            log.info(remark)
        if not matched.normalised:
            log.info("the file's probabilities do not sum to one: this is a score, not a distribution")
        self.normalised = matched.normalised
        self.table, self.vocabulary = pack(matched.orders), train.vocabulary
        log.progress(len(train), len(train))
