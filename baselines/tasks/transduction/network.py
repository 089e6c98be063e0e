"""The network of an encoder-decoder: one LSTM reads the letters, another writes the phonemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from baselines.tasks.transduction.attention import Attention, AttentionKind

#: The number that ends an input, and that begins and ends an output.
BOUNDARY = 0
#: In targets: no target here.
_NONE = -1


@dataclass(frozen=True)
class Encoded:
    """What the encoder gives of some words.

    `states` [words, letters, H]; `mask` bool [words, letters], true at a word's letters; `memory`, the
    decoder's first state (h, c), each [layers, words, H].
    """

    states: Tensor
    mask: Tensor
    memory: tuple[Tensor, Tensor]

    def repeated(self, times: int) -> Encoded:
        """Every word so many times, its copies side by side."""
        hidden, cell = (part.repeat_interleave(times, dim=1) for part in self.memory)
        return Encoded(
            self.states.repeat_interleave(times, dim=0),
            self.mask.repeat_interleave(times, dim=0),
            (hidden, cell),
        )


class EncoderDecoderNetwork(nn.Module):
    """p(y | x) = Π_t p(y_t | y_<t, x), the end of y included.

    Sutskever et al. 2014: the encoder's last state is the decoder's first, and all that it knows of x. With
    `bidirectional`, one half of the encoder's units reads x backwards (Schuster & Paliwal 1997). With
    attention, the decoder's output at each step is tanh(W [context; h]) (Luong et al. 2015, eq. 5),
    otherwise h.

    Inputs are numbers of letters below `letters`, outputs are numbers below `phonemes`; `BOUNDARY` ends both.
    """

    def __init__(
        self,
        letters: int,
        phonemes: int,
        *,
        layers: int,
        embedding_size: int,
        hidden_size: int,
        bidirectional: bool,
        attention: AttentionKind,
        dropout: float,
    ):
        super().__init__()
        between = dropout if layers > 1 else 0.0
        one_way = hidden_size // 2 if bidirectional else hidden_size
        self.letters = nn.Embedding(letters, embedding_size)
        self.phonemes = nn.Embedding(phonemes, embedding_size)
        self.encoder = nn.LSTM(
            embedding_size, one_way, layers, bidirectional=bidirectional, dropout=between, batch_first=True
        )
        self.decoder = nn.LSTM(embedding_size, hidden_size, layers, dropout=between, batch_first=True)
        self.attention = None if attention == "none" else Attention(attention, hidden_size, hidden_size)
        if self.attention is not None:
            self.mix = nn.Linear(2 * hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, phonemes)

    def encode(self, words: Tensor, lengths: Tensor) -> Encoded:
        """Read `words` int64 [words, letters], of which `lengths` [words] letters count; on the CPU, both."""
        device = self.output.weight.device
        embedded = self.dropout(self.letters(words.to(device)))
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        read, (hidden, cell) = self.encoder(packed)
        states, _ = pad_packed_sequence(read, batch_first=True)
        mask = torch.arange(states.shape[1])[None] < lengths[:, None]
        return Encoded(self.dropout(states), mask.to(device), (self._joined(hidden), self._joined(cell)))

    def _joined(self, state: Tensor) -> Tensor:
        """[layers × directions, words, units] as [layers, words, H]: the directions side by side."""
        layers = self.decoder.num_layers
        directions = state.shape[0] // layers
        parts = state.view(layers, directions, *state.shape[1:]).unbind(dim=1)
        return torch.cat(parts, dim=-1).contiguous()

    def write(
        self, before: Tensor, encoded: Encoded, memory: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits [words, steps, phonemes] after each of `before` [words, steps], and the next memory."""
        queries, memory = self.decoder(self.dropout(self.phonemes(before)), memory)
        if self.attention is not None:
            context = self.attention(queries, encoded.states, encoded.mask)
            queries = torch.tanh(self.mix(torch.cat([context, queries], dim=-1)))
        return self.output(self.dropout(queries)), memory

    def log_probs(self, words: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]]) -> Tensor:
        """ln p of each output given its word, the end of the output included: [words]."""
        device = self.output.weight.device
        encoded = self.encode(*padded(words))
        targets, _ = padded(outputs, _NONE)
        targets = targets.to(device)
        before = torch.cat([torch.full_like(targets[:, :1], BOUNDARY), targets[:, :-1].clamp(min=0)], dim=1)
        logits, _ = self.write(before, encoded, encoded.memory)
        losses = nn.functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=_NONE, reduction="none"
        )
        return -losses.view(targets.shape).sum(dim=1)

    def attention_weights(self, word: Sequence[int], output: Sequence[int]) -> Tensor:
        """What each step of an output looks at: [steps, letters], the ends of both included."""
        assert self.attention is not None
        encoded = self.encode(*padded([word]))
        before = torch.tensor([[BOUNDARY, *output]], device=encoded.states.device)
        queries, _ = self.decoder(self.phonemes(before), encoded.memory)
        return self.attention.weights(queries, encoded.states, encoded.mask)[0]


def padded(sequences: Sequence[Sequence[int]], filling: int = BOUNDARY) -> tuple[Tensor, Tensor]:
    """Sequences with their ends, filled up to one length: int64 [sequences, longest + 1]; their lengths."""
    lengths = np.array([len(each) + 1 for each in sequences])
    rows = np.full((len(sequences), lengths.max()), filling, dtype=np.int64)
    for row, each in zip(rows, sequences, strict=True):
        row[: len(each)] = each
        row[len(each)] = BOUNDARY
    return torch.from_numpy(rows), torch.from_numpy(lengths)
