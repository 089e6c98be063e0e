"""The network of the recurrent tagger: words, their letters and given tags, read from one side or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from baselines.neural.layers.cells import ElmanLayer, GruLayer, LstmLayer, RecurrentLayer
from baselines.neural.layers.dropout import Dropout
from baselines.neural.layers.skip import SkipKind, skip_connection
from baselines.tasks.symbols import PADDING
from baselines.tasks.tagging.chain import LinearChain

Cell = Literal["elman", "gru", "lstm"]
_CELLS: dict[Cell, Callable[[int, int], RecurrentLayer]] = {
    "elman": lambda inputs, units: ElmanLayer(inputs, units, "tanh"),
    "gru": GruLayer,
    "lstm": LstmLayer,
}


@dataclass(frozen=True)
class Batch:
    """Sentences side by side, padded behind their ends.

    `words`, `given` (numbers of given tags) and `spelt` (rows of `letters`) are int [time, rows]; `letters`
    int [distinct words, letters] spells the words; `lengths` int [rows].
    """

    words: Tensor
    given: Tensor
    spelt: Tensor
    letters: Tensor
    lengths: Tensor


class Spelling(nn.Module):
    """Words from their letters: a convolution over them, and its largest values (dos Santos and Zadrozny
    2014).

    From letters int [words, letters] to [words, filters].
    """

    def __init__(self, letters: int, size: int, filters: int, width: int):
        super().__init__()
        self.embedding = nn.Embedding(letters, size, padding_idx=PADDING)
        self.weight = nn.Linear(width * size, filters)
        self.width = width

    def forward(self, letters: Tensor) -> Tensor:
        around = self.width // 2
        padded = nn.functional.pad(self.embedding(letters), (0, 0, around, self.width - 1 - around))
        windows = torch.cat([padded[:, i : i + letters.shape[1]] for i in range(self.width)], dim=2)
        values = torch.relu(self.weight(windows)) * (letters != PADDING)[:, :, None]
        return values.amax(dim=1)


class BothWays(nn.Module):
    """A recurrent layer, or one in each direction: [time, rows, inputs] to [time, rows, units], half of them
    each.

    The backward one starts at the end of each sentence, so that nothing depends on the padding behind it.
    """

    def __init__(self, cell: Cell, inputs: int, units: int, bidirectional: bool):
        super().__init__()
        parts = 2 if bidirectional else 1
        self.directions = nn.ModuleList(_CELLS[cell](inputs, units // parts) for _ in range(parts))

    def forward(self, x: Tensor, backwards: Tensor) -> Tensor:
        """`backwards` int [time, rows] are the places of each sentence from its end to its begin."""
        outputs = []
        for number, layer in enumerate(self.directions):
            assert isinstance(layer, RecurrentLayer)
            read = x if number == 0 else _reordered(x, backwards)
            found, _ = layer(read, layer.initial_state(x.shape[1]))
            outputs.append(found if number == 0 else _reordered(found, backwards))
        return torch.cat(outputs, dim=2) if len(outputs) > 1 else outputs[0]


def _reordered(x: Tensor, places: Tensor) -> Tensor:
    return x.gather(0, places[:, :, None].expand(-1, -1, x.shape[2]))


def backward_places(time: int, lengths: Tensor) -> Tensor:
    """Places from the last of each sentence to its first, then those behind it: int [time, rows]."""
    places = torch.arange(time, device=lengths.device)[:, None]
    return torch.where(places < lengths, lengths - 1 - places, places)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large the parts of a network are. `letters` and `given` are 0 where there is nothing to read."""

    words: int
    letters: int
    given: int
    tags: int
    embedding: int
    letter_embedding: int
    filters: int
    filter_width: int
    given_embedding: int
    hidden: int
    layers: int


class TaggingNetwork(nn.Module):
    """Scores of every tag for every token: [time, rows, tags]."""

    def __init__(
        self, sizes: Sizes, *, cell: Cell, bidirectional: bool, skip: SkipKind, dropout: float, crf: bool
    ):
        super().__init__()
        self.words = nn.Embedding(sizes.words, sizes.embedding, padding_idx=PADDING)
        width = sizes.embedding
        self.given = self.spelling = self.chain = None
        if sizes.given:
            self.given = nn.Embedding(sizes.given, sizes.given_embedding, padding_idx=PADDING)
            width += sizes.given_embedding
        if sizes.letters:
            self.spelling = Spelling(sizes.letters, sizes.letter_embedding, sizes.filters, sizes.filter_width)
            width += sizes.filters
        self.dropout = Dropout(dropout)
        self.layers, self.skips = nn.ModuleList(), nn.ModuleList()
        for _ in range(sizes.layers):
            around = skip_connection(skip, width, sizes.hidden)
            self.layers.append(BothWays(cell, width, sizes.hidden, bidirectional))
            self.skips.append(around)
            width = around.width
        self.output = nn.Linear(width, sizes.tags)
        if crf:
            self.chain = LinearChain(sizes.tags)
        self._draw()

    def _draw(self) -> None:
        """First weights: embeddings of variance 1/100, recurrent ones orthogonal, others as Glorot and
        Bengio 2010.

        The forget gate starts open, with a bias of 1 (Jozefowicz, Zaremba and Sutskever 2015).
        """
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)
                nn.init.zeros_(module.weight.data[PADDING])
            elif isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, RecurrentLayer):
                for block in module.weight_ih.data.split(module.units):
                    nn.init.xavier_uniform_(block)
                for block in module.weight_hh.data.split(module.units):
                    nn.init.orthogonal_(block)
                if isinstance(module, LstmLayer):
                    nn.init.ones_(module.bias_ih.data[module.units : 2 * module.units])

    def forward(self, batch: Batch) -> Tensor:
        parts = [self.words(batch.words)]
        if self.given is not None:
            parts.append(self.given(batch.given))
        if self.spelling is not None:
            parts.append(self.spelling(batch.letters)[batch.spelt])
        x = self.dropout(torch.cat(parts, dim=2))
        backwards = backward_places(len(x), batch.lengths)
        for layer, skip in zip(self.layers, self.skips, strict=True):
            x = skip(x, self.dropout(layer(x, backwards)))
        return self.output(x)
