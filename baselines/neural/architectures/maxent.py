"""An Elman network trained jointly with a maximum-entropy model of n-grams (Mikolov et al. 2011)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from baselines.neural.architectures.recurrent import RecurrentNetwork, Rnn
from baselines.neural.network import InnerLayer, Network, State
from baselines.neural.output.hashed import MOST_SLOTS, STEP, HashedSoftmax, slots
from baselines.neural.output.kinds import Output
from baselines.neural.output.layer import OutputLayer
from benchmark.contract import Vocabulary
from benchmark.errors import UserError

#: The multipliers of splitmix64's finaliser (Steele, Lea & Flood 2014) and its increment, as signed integers.
MIX = (0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64)
SPREAD = 0x9E3779B97F4A7C15 - 2**64


@dataclass(frozen=True, kw_only=True)
class HashedOutput(Output):
    """The softmax with a table of `hash_size` entries for the weights of n-gram features."""

    hash_size: int

    def build(self, vocabulary: Vocabulary, features: int, tied: nn.Embedding | None) -> OutputLayer:
        if slots(self.hash_size, len(vocabulary)) < 1:
            raise UserError(
                f"model.hash_size={self.hash_size} is too small: a history needs a weight for each of "
                f"the {len(vocabulary):,} words, rounded up to a multiple of {STEP}. Make it much larger"
            )
        return HashedSoftmax(len(vocabulary), features, self.hash_size, tied)


class MaxentNetwork(RecurrentNetwork):
    """The network of `RnnMaxent`. Its features end with a slot of the table for each length of history.

    Its state begins with the tokens before the segment, int64 [order − 2, rows].
    """

    output: HashedSoftmax

    def __init__(self, vocabulary: Vocabulary, options: "RnnMaxent"):
        super().__init__(vocabulary, replace(options, output=HashedOutput(hash_size=options.hash_size)))
        self._lengths = options.order - 1

    def initial_state(self, rows: int) -> State:
        device = self.embedding.weight.device
        before = torch.full((self._lengths - 1, rows), self.start, dtype=torch.int64, device=device)
        return before, *super().initial_state(rows)

    def forward(self, tokens: Tensor, state: State) -> tuple[Tensor, State]:
        features, inner = super().forward(tokens, state[1:])
        return self._with_slots(features, inner, tokens, state[0])

    def inner_layers(self) -> Sequence[InnerLayer]:
        return ()  # tokens are a part of its state

    def hidden_part(self, features: Tensor) -> Tensor:
        return features[:, : self.output.features]  # slots are indices, not quantities

    def forward_with_penalty(self, tokens: Tensor, state: State) -> tuple[Tensor, State, Tensor | None]:
        features, inner, penalty = super().forward_with_penalty(tokens, state[1:])
        return *self._with_slots(features, inner, tokens, state[0]), penalty

    def _with_slots(self, x: Tensor, inner: State, tokens: Tensor, before: Tensor) -> tuple[Tensor, State]:
        seen = torch.cat([before, tokens])
        hashes = history_hashes(seen, self._lengths) % self.output.slots
        wide = torch.promote_types(x.dtype, torch.float32)  # bfloat16 would round the slots
        return torch.cat([x.to(wide), hashes.to(wide)], 2), (seen[len(tokens) :], *inner)


def history_hashes(seen: Tensor, lengths: int) -> Tensor:
    """Hashes of the last 1, 2, … `lengths` tokens at each position: int64 ≥ 0 [time, rows, lengths].

    `seen` int64 [lengths − 1 + time, rows] begins lengths − 1 tokens before the first position. The hash of
    a longer history continues that of the shorter one. Products of int64 wrap around alike on every device.
    """
    time = len(seen) - lengths + 1
    state = torch.zeros_like(seen[:time])
    hashes = []
    for back in range(lengths):
        first = lengths - 1 - back
        state = _mix((state + seen[first : first + time] + 1) * SPREAD)
        hashes.append(state & (2**62 - 1))
    return torch.stack(hashes, 2)


def _mix(x: Tensor) -> Tensor:
    """splitmix64's finaliser, bit for bit. The masks turn arithmetic shifts into logical ones."""
    x = (x ^ ((x >> 30) & (2**34 - 1))) * MIX[0]
    x = (x ^ ((x >> 27) & (2**37 - 1))) * MIX[1]
    return x ^ ((x >> 31) & (2**33 - 1))


@dataclass(kw_only=True, eq=False)
class RnnMaxent(Rnn):
    """p = softmax(U h + b + Σ over n = 2 … `order` of the weights of the last n − 1 words with each word).

    h is that of `Rnn`. The weights are those of n-gram features, as in a maximum-entropy model, and both are
    trained together. The features share a table of `hash_size` weights: the hash of a history says where its
    stretch of one weight per word begins (Mikolov et al. 2011, section 3). Unigram features are the biases
    b. The history of the first words of a stream (or sentence, in `sentence` context) is filled up with
    `</s>`. Loss and scores are those of the exact softmax.
    """

    version: ClassVar[int] = 1

    order: Annotated[int, Field(ge=2, le=10)] = 3
    hash_size: Annotated[int, Field(ge=1, le=MOST_SLOTS * STEP)] = 2**20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output.kind != "softmax":
            raise UserError(
                f"model.output.kind={self.output.kind} does not fit n-gram features, which reach "
                "every word of the vocabulary: choose output@model.output=softmax"
            )

    def build(self, vocabulary: Vocabulary) -> Network:
        return MaxentNetwork(vocabulary, self)
