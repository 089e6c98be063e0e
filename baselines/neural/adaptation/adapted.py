"""What models that adapt one trained network share."""

from collections.abc import Mapping
from typing import Any, Self

from baselines.mixture.components import Composite
from baselines.mixture.finished import Finished
from baselines.neural.model import NeuralModel
from baselines.neural.network import Network
from benchmark.contract import LanguageModel
from benchmark.errors import UserError


class Adapted(Composite):
    """A model `of` a neural model, which is fitted here or taken from a finished run.

    It remembers earlier lines even if the network does not, so its context is the stream.
    """

    def __init__(self, of: LanguageModel) -> None:
        kind = of.kind if isinstance(of, Finished) else type(of)
        if not issubclass(kind, NeuralModel):
            raise UserError(
                f"model.of: {kind.__name__} has no network to adapt; give one, as in model@model.of=lstm"
            )
        super().__init__({"of": of})
        self.context = "stream"

    @classmethod
    def assembled(cls, components: Mapping[str, LanguageModel], settings: Mapping[str, Any]) -> Self:
        return cls(components["of"], **settings)

    @property
    def of(self) -> NeuralModel:
        """The neural model underneath."""
        model = self.components["of"]
        if isinstance(model, Finished):
            model = model.model
        assert isinstance(model, NeuralModel)
        return model

    @property
    def network(self) -> Network:
        """Its trained network."""
        return self.of.network
