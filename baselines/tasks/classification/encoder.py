"""A network that reads a text: word vectors and recurrent layers, in one direction or in both."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.tasks.classification.pooling import Pooling, PoolingKind, is_token
from baselines.tasks.symbols import PADDING, UNKNOWN

Cell = Literal["elman", "gru", "lstm"]

_CELLS = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Encoder(nn.Module):
    """The states of the tokens: float32 [texts, places, units] of tokens int64 [texts, places].

    Each direction has recurrent layers of its own (Schuster & Paliwal 1997, but directions meet only at the
    top), so that either is a language model: its state at a token has seen nothing behind that token. A
    text's states do not depend on the padding behind it.
    """

    def __init__(
        self,
        symbols: int,
        cell: Cell,
        embedding_size: int,
        hidden_size: int,
        layers: int,
        bidirectional: bool,
        dropout: float,
        word_dropout: float,
    ):
        super().__init__()
        self.units = hidden_size * (1 + bidirectional)
        self.embedding = nn.Embedding(symbols, embedding_size, padding_idx=PADDING)
        between = dropout if layers > 1 else 0.0
        self.directions = nn.ModuleList(
            _CELLS[cell](embedding_size, hidden_size, layers, batch_first=True, dropout=between)
            for _ in range(1 + bidirectional)
        )
        self.dropout, self._word_dropout = nn.Dropout(dropout), word_dropout
        nn.init.uniform_(self.embedding.weight, -0.25, 0.25)  # as Kim 2014
        with torch.no_grad():
            self.embedding.weight[PADDING] = 0

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """`lengths` [texts] says how many places of each text hold tokens, at least one."""
        vectors = self.dropout(self.embedding(self._with_dropped_words(tokens)))
        states = [self.directions[0](vectors)[0]]
        if len(self.directions) > 1:
            turned = turned_places(lengths, tokens.shape[1])
            backwards = self.directions[1](_taken(vectors, turned))[0]
            states.append(_taken(backwards, turned))
        return torch.cat(states, dim=2)

    def _with_dropped_words(self, tokens: Tensor) -> Tensor:
        """In training, a share of the tokens are taken for unknown ones."""
        if not self.training or not self._word_dropout:
            return tokens
        dropped = torch.rand(tokens.shape, device=tokens.device) < self._word_dropout
        return tokens.masked_fill(dropped & (tokens != PADDING), UNKNOWN)


class TextClassifier(nn.Module):
    """Scores of the classes: float32 [texts, classes], a linear function of the pooled states."""

    def __init__(self, encoder: Encoder, pooling: PoolingKind, classes: int, dropout: float):
        super().__init__()
        self.encoder = encoder
        self.pooling = Pooling(pooling, encoder.units, len(encoder.directions))
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(encoder.units, classes)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """`tokens` int64 [texts, places], `lengths` int64 [texts]."""
        scores: Tensor = self.output(self.dropout(self.pooling(self.encoder(tokens, lengths), lengths)))
        return scores


class TextPredictor(nn.Module):
    """Makes an encoder a language model: each direction predicts the token that it reads next.

    The output matrix is that of the embedding (Press & Wolf 2017), behind a linear layer from the states.
    """

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.encoder = encoder
        symbols, size = encoder.embedding.weight.shape
        units = encoder.units // len(encoder.directions)
        self.projections = nn.ModuleList(nn.Linear(units, size) for _ in encoder.directions)
        self.bias = nn.Parameter(torch.zeros(symbols))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The mean of −ln p of the tokens that are predicted, all but the first that a direction reads."""
        states = self.encoder(tokens, lengths).chunk(len(self.encoder.directions), dim=2)
        followed = is_token(lengths - 1, tokens.shape[1] - 1)
        losses = [self._loss(self.projections[0], states[0][:, :-1][followed], tokens[:, 1:][followed])]
        if len(states) > 1:
            losses.append(
                self._loss(self.projections[1], states[1][:, 1:][followed], tokens[:, :-1][followed])
            )
        return torch.stack(losses).mean()

    def _loss(self, projection: nn.Module, states: Tensor, targets: Tensor) -> Tensor:
        logits = F.linear(self.encoder.dropout(projection(states)), self.encoder.embedding.weight, self.bias)
        return F.cross_entropy(logits, targets)


def turned_places(lengths: Tensor, longest: int) -> Tensor:
    """Places in reading order from behind: each text's tokens turned round, its padding where it was.

    int64 [texts, longest]. Done twice, it gives the order from before.
    """
    places = torch.arange(longest, device=lengths.device).expand(len(lengths), longest)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)


def _taken(vectors: Tensor, places: Tensor) -> Tensor:
    """vectors [texts, places, units] in the order of `places` [texts, places]."""
    return vectors.gather(1, places[:, :, None].expand(-1, -1, vectors.shape[2]))
