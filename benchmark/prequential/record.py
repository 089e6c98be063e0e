"""What `prequential.json` in a run's folder holds: the bits of each block of the training text."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field

from benchmark.prequential import VERSION
from benchmark.record.folder import RunRecord
from benchmark.storage.files import write_json
from benchmark.storage.reading import Unreadable, checked, read_json_object

FILE = "prequential.json"


@dataclass(frozen=True, kw_only=True)
class CodedBlock:
    """`tokens` of the text that were coded in so many `bits`, by a model of the tokens that they stand
    `after`; with none before them, uniformly. The bits are infinite where a token has probability 0."""

    after: int
    tokens: int
    bits: float

    @property
    def bits_per_token(self) -> float:
        return self.bits / self.tokens


@dataclass(frozen=True, kw_only=True)
class PrequentialCode:
    """The code of the training text of the run that `started` then, as far as it is found."""

    started: str | None
    #: `benchmark.prequential.VERSION` when it was found.
    version: int = VERSION
    #: nextword's version, and the checkout's commit where there is one.
    nextword: str | None = None
    commit: str | None = None
    #: Tokens in the vocabulary.
    vocabulary: int
    #: Tokens in the text.
    targets: int
    blocks: list[CodedBlock] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether all blocks are coded."""
        return sum(block.tokens for block in self.blocks) == self.targets

    @property
    def bits(self) -> float:
        """The length of the code."""
        return math.fsum(block.bits for block in self.blocks)

    @property
    def bits_per_token(self) -> float:
        return self.bits / self.targets

    @property
    def uniform_bits(self) -> float:
        """The length of the uniform code of the text: log₂ V bits a token."""
        return self.targets * math.log2(self.vocabulary)

    @property
    def share_of_uniform(self) -> float | None:
        """How long the code is, as a share of the uniform one; None for a vocabulary of one token."""
        return self.bits / self.uniform_bits if self.uniform_bits else None


def read_code(run: RunRecord) -> PrequentialCode | None:
    """The code of a run's training text, perhaps of a part of it. None if there is none, if the run was
    repeated since, or if an earlier version found it.

    Raises UserError naming the file where it is damaged.
    """
    path = run.folder / FILE
    try:
        read: PrequentialCode = checked(PrequentialCode, read_json_object(path), path)
    except FileNotFoundError:
        return None
    except Unreadable as error:
        raise Unreadable(f"{error}; --again codes the text anew") from error
    return read if (read.started, read.version) == (run.result.started, VERSION) else None


def write_code(run: RunRecord, code: PrequentialCode) -> None:
    """Write it into the run's folder, completely or not at all. Raises UserError."""
    write_json(run.folder / FILE, asdict(code))
