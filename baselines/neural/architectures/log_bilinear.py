"""The log-bilinear model: the next word's vector is linear in those before it (Mnih & Hinton 2007)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, assert_never

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.neural.architectures.window import WindowNetwork
from baselines.neural.model import NeuralModel, check_tied
from baselines.neural.network import Network
from benchmark.contract import Vocabulary
from benchmark.errors import UserError


class LogBilinearNetwork(WindowNetwork):
    """The network of `LogBilinear`."""

    def __init__(self, vocabulary: Vocabulary, options: "LogBilinear"):
        super().__init__(
            vocabulary,
            options.embedding_size,
            options.hidden_size,
            memory=options.window,
            tied=options.tied,
            output=options.output,
        )
        self._kind = options.matrices
        match options.matrices:
            case "full":  # [C₁ … C_window] side by side
                shape = options.hidden_size, options.window * options.embedding_size
            case "diagonal":  # a row per place of the window
                shape = options.window, options.embedding_size
            case unknown:
                assert_never(unknown)
        self.matrices = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.empty(options.hidden_size))
        self.dropout = nn.Dropout(options.dropout)

    def read(self, seen: Tensor) -> Tensor:
        words = self.dropout(self.embed(seen.unfold(0, self.memory, 1)))  # [time, rows, window, embedding]
        match self._kind:
            case "full":
                predicted = nn.functional.linear(words.flatten(2), self.matrices, self.bias)
            case "diagonal":
                predicted = (words * self.matrices).sum(2) + self.bias
            case unknown:
                assert_never(unknown)
        return self.dropout(predicted)


@dataclass(kw_only=True, eq=False)
class LogBilinear(NeuralModel):
    """The log-bilinear model of Mnih & Hinton (2007, section 4) over the last `window` words.

    The vector predicted for the next word is q = Σᵢ Cᵢ r(wᵢ) + c, with one matrix Cᵢ for each place of
    the window (oldest first), and p(w) = softmax(qᵀ r'(w) + b(w)). With `tied`, as in the paper, r' = r: a
    word has one vector for both roles. `matrices: diagonal` keeps only the diagonal of every Cᵢ (Mnih & Teh
    2012); the two sizes must then be equal. Nothing but the softmax is nonlinear. `dropout` is applied to
    the embeddings and to q. The window of the first words of a stream is filled up with `</s>`.
    """

    version: ClassVar[int] = 1

    window: Annotated[int, Field(ge=1, le=1000)] = 5
    embedding_size: Annotated[int, Field(ge=1)] = 200
    hidden_size: Annotated[int, Field(ge=1)] = 200
    matrices: Literal["full", "diagonal"] = "full"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    tied: bool = True

    def __post_init__(self) -> None:
        check_tied(self.tied, self.embedding_size, self.hidden_size)
        if self.matrices == "diagonal" and self.embedding_size != self.hidden_size:
            raise UserError(
                f"model.matrices=diagonal needs model.embedding_size ({self.embedding_size}) to equal "
                f"model.hidden_size ({self.hidden_size}). Make them equal or set model.matrices=full"
            )

    def build(self, vocabulary: Vocabulary) -> Network:
        return LogBilinearNetwork(vocabulary, self)
