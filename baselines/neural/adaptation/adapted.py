"""What models that adapt one trained network share."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from baselines.mixture.components import Composite
from baselines.mixture.finished import Finished
from baselines.neural.model import NeuralModel
from baselines.neural.network import Network
from benchmark.contract import LanguageModel
from benchmark.errors import UserError


def in_blocks(parts: Iterable[np.ndarray], rows: int) -> Iterator[np.ndarray]:
    """The rows of consecutive parts, in blocks of `rows`; the last block may be shorter."""
    waiting: list[np.ndarray] = []
    for part in parts:
        waiting.append(part)
        while sum(map(len, waiting)) >= rows:
            joined = np.concatenate(waiting)
            yield joined[:rows]
            waiting = [joined[rows:]]
    if sum(map(len, waiting)):
        yield np.concatenate(waiting)


@dataclass(kw_only=True, eq=False)
class Adapted(Composite):
    """A model `of` a neural model, which is fitted here or taken from a finished run.

    It remembers earlier lines even if the network does not, so its context is the stream.
    """

    of: LanguageModel

    def __post_init__(self) -> None:
        kind = self.of.kind if isinstance(self.of, Finished) else type(self.of)
        if not issubclass(kind, NeuralModel):
            raise UserError(
                f"model.of: {kind.__name__} has no network to adapt; give one, as in model@model.of=lstm"
            )
        super().__post_init__()
        self.context = "stream"

    @property
    def network(self) -> Network:
        """The trained network underneath."""
        model = self.of.model if isinstance(self.of, Finished) else self.of
        assert isinstance(model, NeuralModel)
        return model.network
