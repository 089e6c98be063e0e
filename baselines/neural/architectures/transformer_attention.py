"""Attention to the last `span` positions, over keys and values carried from segment to segment."""

import math
from typing import Literal, assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.neural.constants import constant

Positions = Literal["rotary", "learned"]

#: Queries that attend at once. With more, most of the computed scores would be masked.
QUERIES = 256


@constant
def distances(queries: int, keys: int, device: torch.device) -> Tensor:
    """Distances from each of the last `queries` positions back to each of `keys`: int64 [queries, keys]."""
    places = torch.arange(keys, device=device)
    return places[keys - queries :, None] - places


@constant
def band(queries: int, keys: int, span: int, device: torch.device) -> Tensor:
    """0 where a query may attend, at distances 0 to `span` − 1, and −∞ elsewhere: [queries, keys]."""
    distance = distances(queries, keys, device)
    masked = (distance < 0) | (distance >= span)
    return torch.zeros(distance.shape, device=device).masked_fill(masked, -math.inf)


@constant
def angles(length: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary angles p · 10000^(−2i / width), each [length, 1, 1, width / 2]."""
    frequencies = 10000 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    rotations = torch.arange(length, dtype=torch.float64)[:, None, None, None] * frequencies
    return rotations.cos().float().to(device), rotations.sin().float().to(device)


def rotate(x: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotate the pairs (i, i + width / 2) of x [length, rows, heads, width] by each position's angles."""
    left, right = x.chunk(2, -1)
    return torch.cat([left * cosines - right * sines, right * cosines + left * sines], -1)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """softmax(q kᵀ / √d + mask) v over [rows, heads, positions, d].

    On a CPU it is written out, since the backward pass of torch's kernel takes twice as long on segments
    this short.
    """
    if query.device.type != "cpu":
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = torch.matmul(query * query.shape[-1] ** -0.5, key.transpose(2, 3)) + mask
    return torch.matmul(scores.softmax(-1), value)


def choose_heads(width: int) -> int:
    """The number of heads whose width is even, if possible, and nearest to 64."""
    divisors = [heads for heads in range(1, width + 1) if width % heads == 0]
    even = [heads for heads in divisors if width // heads % 2 == 0]
    return min(even or divisors, key=lambda heads: abs(width // heads - 64))


class SpanAttention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) of each position to itself and the span − 1 before it.

    Positions matter by their distance alone: `rotary` rotates queries and keys (Su et al. 2021, eq. 14 to
    16), `learned` adds a bias for each head and distance to the scores (as Raffel et al. 2020 do for
    buckets of distances). So a segment can count positions from its oldest carried key, and keys are carried
    before rotation: positions stay small however long the stream.
    """

    def __init__(self, width: int, heads: int, span: int, positions: Positions):
        super().__init__()
        self.heads, self.span = heads, span
        match positions:
            case "rotary":
                self.rotary = True
            case "learned":
                self.rotary = False
            case unknown:
                assert_never(unknown)
        self.inward = nn.Linear(width, 3 * width, bias=False)
        self.outward = nn.Linear(width, width, bias=False)
        if not self.rotary:
            self.bias = nn.Parameter(torch.empty(heads, span))

    def forward(self, x: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
        """What x [time, rows, width] finds, and the keys and values to carry [≤ span − 1, rows, 2 width]."""
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
        """What each query reads: [rows, heads, time, d]. The last query and the last key share a position."""
        time, before = query.shape[2], key.shape[2] - query.shape[2]
        parts = []
        for first in range(0, time, QUERIES):
            last = min(time, first + QUERIES)
            seen = slice(max(0, before + first - self.span + 1), before + last)
            mask = self.mask(last - first, seen.stop - seen.start, query)
            parts.append(attend(query[:, :, first:last], key[:, :, seen], value[:, :, seen], mask))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 2)

    def mask(self, queries: int, keys: int, like: Tensor) -> Tensor:
        """What is added to the scores: [queries, keys], or [heads, queries, keys] with learned positions."""
        allowed = band(queries, keys, self.span, like.device).to(like.dtype)
        if self.rotary:
            return allowed
        return allowed + self.bias[:, distances(queries, keys, like.device).clamp(0, self.span - 1)]
