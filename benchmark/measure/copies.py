"""What the validation and the test text share with the training text, and the perplexity without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmark.contract import TokenStream
from benchmark.corpus.overlap import Overlap
from benchmark.measure.perplexity import perplexity


def copied_shares(overlaps: Mapping[str, Overlap]) -> dict[str, Any]:
    """For `valid` and `test`, the shares of targets and of documents that are copied: fields of a record."""
    shares: dict[str, Any] = {}
    for part, overlap in overlaps.items():
        shares[f"{part}_copied"] = overlap.copied_targets
        shares[f"{part}_documents_copied"] = overlap.documents_share
    return shares


def without_copies(log_probs: np.ndarray, stream: TokenStream) -> dict[str, Any]:
    """Test perplexity without the targets in lines that are copied from the training text.

    None where these are not known, and where nothing else is left.
    """
    new = None if stream.copied is None else ~np.asarray(stream.copied)
    left = new is not None and new.any()
    return {"test_perplexity_new": perplexity(log_probs[new]) if left else None}
