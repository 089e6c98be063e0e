"""The settings that all recurrent language models share."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from baselines.neural.layers.cells import RecurrentLayer
from baselines.neural.layers.skip import SkipKind
from baselines.neural.model import NeuralModel
from benchmark.errors import UserError

Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(kw_only=True, eq=False)
class RecurrentSettings(NeuralModel):
    """`layers` of `hidden_size` units over embeddings of `embedding_size`.

    With `tied`, the output matrix is the embedding matrix, so that `embedding_size` features must reach
    it. Where the sizes differ, the last of several layers has `embedding_size` units (as in Merity et
    al. 2018); a single layer, or layers with skip connections, are brought to that width by a matrix
    (Melis et al. 2018).

    `skip` leads around every layer. `residual`: x + y (He et al. 2016); `highway`: a gate between x and y
    (Srivastava et al. 2015); both only where a layer's inputs and outputs are of one width. `dense`:
    each layer, and the output, read the embeddings and all lower layers' outputs (Huang et al. 2017).
    `layer_norm` normalises each layer's outputs over its units (Ba et al. 2016).

    Dropout, in training only:
    - `dropout`: of the embeddings, of outputs between layers and of the last layer's, never of
      recurrent connections (Zaremba et al. 2014); `input_dropout`, `between_dropout` and
      `output_dropout` replace it at the one place (null: as `dropout`);
    - `variational`: these three keep their mask over a segment's time steps (Gal & Ghahramani 2016);
    - `weight_drop`: of single connections in the recurrent matrices, one mask a segment (DropConnect,
      Merity et al. 2018);
    - `embedding_dropout`: of whole words, one mask a segment (Gal & Ghahramani 2016).

    Penalties, added to the training loss in nats a token (Merity et al. 2018, section 4.6, after Merity
    et al. 2017): `activation_regularisation` α and `temporal_activation_regularisation` β give
    α mean(d²) + β mean((hₜ₊₁ − hₜ)²), where h is the last layer's output and d the same behind dropout.
    """

    layers: Annotated[int, Field(ge=1, le=8)] = 2
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    tied: bool = True
    skip: SkipKind = "none"
    layer_norm: bool = False
    dropout: Share = 0.0
    input_dropout: Share | None = None
    between_dropout: Share | None = None
    output_dropout: Share | None = None
    variational: bool = False
    weight_drop: Share = 0.0
    embedding_dropout: Share = 0.0
    activation_regularisation: Annotated[float, Field(ge=0)] = 0.0
    temporal_activation_regularisation: Annotated[float, Field(ge=0)] = 0.0

    def __post_init__(self) -> None:
        single = self.layers == 1 and self.embedding_size != self.hidden_size
        if single and self.skip in ("residual", "highway"):
            raise UserError(
                f"model.skip={self.skip} needs a layer whose inputs are as wide as its outputs: the only one "
                f"reads model.embedding_size ({self.embedding_size}) and has model.hidden_size "
                f"({self.hidden_size}) units. Make them equal, add layers or set model.skip=none"
            )

    @abstractmethod
    def layer(self, inputs: int, units: int) -> RecurrentLayer:
        """One layer of the kind that the model is made of."""

    @property
    def widths(self) -> list[int]:
        """The units of each layer."""
        narrowed = self.tied and self.layers > 1 and self.skip == "none"
        last = self.embedding_size if narrowed else self.hidden_size
        return [self.hidden_size] * (self.layers - 1) + [last]
