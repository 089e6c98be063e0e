"""Attention to the last `span` positions, over keys and values that segments carry on."""

import math
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Positions = Literal["rotary", "learned"]

#: Queries that attend in one go: more would mostly compute scores that the band then masks.
QUERIES = 256


@lru_cache(maxsize=16)
def distances(queries: int, keys: int, device: torch.device) -> Tensor:
    """How far each key stands behind each of the last `queries` of the `keys`: int64 [queries, keys]."""
    places = torch.arange(keys, device=device)
    return places[keys - queries :, None] - places


@lru_cache(maxsize=16)
def band(queries: int, keys: int, span: int, device: torch.device) -> Tensor:
    """0 where a query may look, at distances 0 to `span` − 1, and −∞ elsewhere: [queries, keys]."""
    distance = distances(queries, keys, device)
    barred = (distance < 0) | (distance >= span)
    return torch.zeros(distance.shape, device=device).masked_fill(barred, -math.inf)


@lru_cache(maxsize=16)
def angles(length: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary angles p · 10000^(−2i / width), each [length, 1, 1, width / 2]."""
    frequencies = 10000 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    turned = torch.arange(length, dtype=torch.float64)[:, None, None, None] * frequencies
    return turned.cos().float().to(device), turned.sin().float().to(device)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Turn the pairs (i, i + width / 2) of x [length, rows, heads, width] by the angles of each position."""
    left, right = x.chunk(2, -1)
    return torch.cat([left * cosines - right * sines, right * cosines + left * sines], -1)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """softmax(q kᵀ / √d + mask) v over [rows, heads, places, d].

    On a CPU written out: for segments as short as these torch's kernel takes twice as long to go back.
    """
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(2, 3)) + mask
    return torch.matmul(scores.softmax(-1), value)


def choose_heads(width: int) -> int:
    """The number of heads that brings them nearest to 64 wide, of those that make their width even."""
    divisors = [heads for heads in range(1, width + 1) if width % heads == 0]
    even = [heads for heads in divisors if width // heads % 2 == 0]
    return min(even or divisors, key=lambda heads: abs(width // heads - 64))


class SpanAttention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) of each position to itself and the span − 1 before it.

    Positions enter by distance alone: `rotary` turns queries and keys (Su et al. 2021, eq. 14 to 16),
    `learned` adds a number for each head and distance to the scores (as Raffel et al. 2020 do by
    buckets of distances). So a segment may count its positions from its oldest carried key, and what is
    carried is keys before turning: positions never grow, however long the stream.
    """

    def __init__(self, width: int, heads: int, span: int, positions: Positions):
        super().__init__()
        self.heads, self.span, self.rotary = heads, span, positions == "rotary"
        self.inward = nn.Linear(width, 3 * width, bias=False)
        self.outward = nn.Linear(width, width, bias=False)
        if not self.rotary:
            self.bias = nn.Parameter(torch.empty(heads, span))

    def forward(self, x: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
        """x [time, rows, width] behind keys and values [≤ span − 1, rows, 2 width]; those to carry on."""
        time, rows, width = x.shape
        query, fresh = self.inward(x).split([width, 2 * width], 2)
        memory = torch.cat([carried, fresh])
        key, value = memory.unflatten(2, (2 * self.heads, -1)).chunk(2, 2)
        query = query.unflatten(2, (self.heads, -1))
        if self.rotary:
            cosines, sines = angles(len(key), key.shape[-1], x.device)
            key = rotate(key, cosines, sines)
            query = rotate(query, cosines[-time:], sines[-time:])
        mixed = self.look(*(part.permute(1, 2, 0, 3) for part in (query, key, value)))
        joined = mixed.permute(2, 0, 1, 3).reshape(time, rows, width)
        return self.outward(joined), memory[max(0, len(memory) - self.span + 1) :]

    def look(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """query [rows, heads, time, d], its last place that of key and value too, to the same shape."""
        time, before = query.shape[2], key.shape[2] - query.shape[2]
        parts = []
        for first in range(0, time, QUERIES):
            last = min(time, first + QUERIES)
            seen = slice(max(0, before + first - self.span + 1), before + last)
            mask = self.mask(last - first, seen.stop - seen.start, query)
            parts.append(attend(query[:, :, first:last], key[:, :, seen], value[:, :, seen], mask))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def mask(self, queries: int, keys: int, like: Tensor) -> Tensor:
        """What is added to the scores: [queries, keys], with learned positions [heads, queries, keys]."""
        allowed = band(queries, keys, self.span, like.device).to(like.dtype)
        if self.rotary:
            return allowed
        return allowed + self.bias[:, distances(queries, keys, like.device).clamp(0, self.span - 1)]
