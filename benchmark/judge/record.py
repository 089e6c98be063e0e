"""What `judgements.json` in a run's folder holds: counts; shares and intervals are computed from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import reduce

from benchmark.record.folder import RunRecord
from benchmark.record.links import refuse_links
from benchmark.storage.files import write_json
from benchmark.storage.reading import Unreadable, checked, read_json_object

JUDGEMENTS = "judgements.json"


@dataclass(frozen=True, kw_only=True)
class PairCounts:
    """How a model judged some minimal pairs.

    `right`: pairs whose acceptable sentence is the more probable; `ties`: pairs of equally probable
    sentences, which count half. `unknown`: pairs with a word that the vocabulary lacks in one sentence or
    both; `identical`: those whose sentences are the same once these words are `<unk>`, so that they tie. The
    fields of the `known` pairs, which have no such word, are counted apart.
    """

    pairs: int = 0
    right: int = 0
    ties: int = 0
    unknown: int = 0
    identical: int = 0
    known_right: int = 0
    known_ties: int = 0

    @property
    def accuracy(self) -> float:
        """(right + ties / 2) / pairs."""
        return (self.right + self.ties / 2) / self.pairs

    @property
    def known(self) -> int:
        return self.pairs - self.unknown

    @property
    def known_accuracy(self) -> float | None:
        """The same of the pairs without unknown words; None if there are none."""
        return (self.known_right + self.known_ties / 2) / self.known if self.known else None

    @classmethod
    def total(cls, several: Iterable[PairCounts]) -> PairCounts:
        """Their sums."""
        return reduce(_added, several, PairCounts())


def _added(one: PairCounts, other: PairCounts) -> PairCounts:
    names = PairCounts.__dataclass_fields__
    return PairCounts(**{name: getattr(one, name) + getattr(other, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class SetJudgement(PairCounts):
    """The counts of one set of BLiMP."""

    name: str
    phenomenon: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the judgements of either task rest on."""

    #: `benchmark.judge.VERSION` when it was judged.
    version: int
    #: SHA-256 of the data file.
    data: str
    #: ISO 8601, UTC.
    judged: str
    #: How text became the tokens of the vocabulary, a phrase each.
    reading: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BlimpJudgement(Task):
    """BLiMP (Warstadt et al. 2020): the counts of each set."""

    sets: list[SetJudgement]

    @property
    def overall(self) -> PairCounts:
        return PairCounts.total(self.sets)

    @property
    def phenomena(self) -> dict[str, PairCounts]:
        """The counts by phenomenon, in order of name."""
        names = sorted({one.phenomenon for one in self.sets})
        return {name: PairCounts.total(s for s in self.sets if s.phenomenon == name) for name in names}


@dataclass(frozen=True, kw_only=True)
class LambadaJudgement(Task):
    """LAMBADA (Paperno et al. 2016): how well a model predicts the last word of a passage.

    `known`: passages whose last word is in the vocabulary. The others count as wrong, and the fields below
    are of the known ones. `right`: how often it is the most probable token of the vocabulary, 1/k where it
    shares that place with k − 1 others. `nll`: −Σ ln p, in nats. Ranks count from 1, the most probable
    token's, and tokens of equal probability share the mean of their places.
    """

    passages: int
    known: int
    right: float
    nll: float
    median_rank: float | None
    mean_rank: float | None
    #: `stream`: the history is the passage; `sentence`: its last sentence.
    history: str

    @property
    def accuracy(self) -> float:
        return self.right / self.passages

    @property
    def known_accuracy(self) -> float | None:
        return self.right / self.known if self.known else None


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """The judgements of one trained model: that of the run which `started` then."""

    started: str | None
    #: nextword's version, and the checkout's commit where there is one.
    nextword: str | None = None
    commit: str | None = None
    #: The tasks that the model cannot be judged by, each with the reason.
    left_out: dict[str, str] = field(default_factory=dict)
    blimp: BlimpJudgement | None = None
    lambada: LambadaJudgement | None = None


def read_judgements(run: RunRecord) -> Judgements | None:
    """The judgements of a run's present model; None if there are none, or if the run was repeated since.

    Raises UserError naming the file where it is damaged.
    """
    path = run.folder / JUDGEMENTS
    try:
        read: Judgements = checked(Judgements, read_json_object(path), path)
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Unreadable(f"{error}; --again judges the run anew") from error
    return read if read.started == run.result.started else None


def write_judgements(run: RunRecord, judgements: Judgements) -> None:
    """Write them into the run's folder, completely or not at all. Raises UserError."""
    refuse_links(run.folder)
    write_json(run.folder / JUDGEMENTS, asdict(judgements))
