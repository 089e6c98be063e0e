"""Who wins on rare words: the loss by how often the target word was seen in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.corpus.stream import TokenStream

#: Lower bounds of the buckets, in training occurrences of the target.
EDGES = (0, 1, 10, 100, 1_000, 10_000, 100_000)


def by_frequency(log_probs: np.ndarray, stream: TokenStream) -> dict[str, Any]:
    """Targets and total negative log-likelihood (nats) by training count of the target.

    `bucket_edges[i]` is the least count of bucket i; the buckets' losses add up to the total.
    """
    bucket = bucket_of(stream)
    losses = -log_probs.astype(np.float64)
    return {
        "bucket_edges": list(EDGES),
        "bucket_targets": np.bincount(bucket, minlength=len(EDGES)).tolist(),
        "bucket_nll": np.bincount(bucket, weights=losses, minlength=len(EDGES)).tolist(),
    }


def bucket_of(stream: TokenStream) -> np.ndarray:
    """The index of each target's bucket, int64 [targets]."""
    counts = stream.vocabulary.counts[np.asarray(stream.ids)]
    return np.searchsorted(EDGES, counts, side="right").astype(np.int64) - 1
