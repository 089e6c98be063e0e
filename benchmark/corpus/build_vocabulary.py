"""Choosing the types that make up the vocabulary, and giving every type its id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.corpus.marks import END, UNKNOWN
from benchmark.corpus.settings import VocabularySettings
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

#: The id of a type that is not in the vocabulary.
NO_ID = -1


def build_vocabulary(
    types: Sequence[str], counts: np.ndarray, settings: VocabularySettings
) -> tuple[Vocabulary, np.ndarray]:
    """Build the vocabulary from training counts; also return the id of every type (int64; NO_ID for none).

    `counts` (int64) holds how often each type occurs in the training split. Types that occur at least
    `min_count` times are kept, the most frequent first, until there are `size` of them (`<unk>` and
    `</s>` included). `</s>` is always kept if it is a type. With `unknown: map`, every other type becomes
    `<unk>`, which is in the vocabulary even if nothing is mapped to it. Ids are in order of decreasing
    count; types with equal counts are in code point order.

    Raises UserError if no word is left.
    """
    mapped = settings.unknown == "map"
    known = list(types)
    if mapped and UNKNOWN not in known:
        known.append(UNKNOWN)
    total = np.zeros(len(known), dtype=np.int64)
    total[: len(counts)] = counts
    special = [known.index(token) for token in (END, UNKNOWN) if token in known and (mapped or token == END)]
    rank = np.empty(len(known), dtype=np.int64)  # in code point order
    rank[sorted(range(len(known)), key=known.__getitem__)] = np.arange(len(known))

    is_word = total >= settings.min_count
    is_word[special] = False
    words = _by_falling_count(np.flatnonzero(is_word), total, rank)
    if settings.size is not None:
        words = words[: max(0, settings.size - len(special))]
    if not len(words):
        raise UserError(
            "no word is left for the vocabulary: "
            "raise corpus.vocabulary.size or lower corpus.vocabulary.min_count"
        )
    kept = np.concatenate([words, np.array(special, dtype=np.int64)])
    if mapped:
        total[known.index(UNKNOWN)] += total.sum() - total[kept].sum()
    kept = _by_falling_count(kept, total, rank)
    ids = np.full(len(known), NO_ID, dtype=np.int64)
    ids[kept] = np.arange(len(kept))
    if mapped:
        ids[ids == NO_ID] = ids[known.index(UNKNOWN)]
    return Vocabulary(tuple(known[index] for index in kept.tolist()), total[kept]), ids[: len(types)]


def _by_falling_count(indices: np.ndarray, counts: np.ndarray, rank: np.ndarray) -> np.ndarray:
    return indices[np.lexsort((rank[indices], -counts[indices]))]
