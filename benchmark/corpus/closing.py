"""Which types are in the vocabulary, and the id of every type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.corpus.settings import VocabularySettings
from benchmark.corpus.vocabulary import END, UNKNOWN, Vocabulary
from benchmark.errors import UserError

#: The id of a type that the vocabulary has no place for.
NO_ID = -1


def close_vocabulary(
    types: Sequence[str], counts: np.ndarray, settings: VocabularySettings
) -> tuple[Vocabulary, np.ndarray]:
    """The vocabulary by training counts, and the id in it of every type (int64; NO_ID: none).

    `counts` (int64) are a type's occurrences in the training split. Kept are the types that occur at
    least `min_count` times, of these the most frequent up to `size` (in which `<unk>` and `</s>`
    count); `</s>`, if it is a type, is kept always. With `unknown: map` all others are `<unk>`,
    which is a word even where nothing is mapped to it. Ids go by falling count, equal counts by
    code points.

    Raises UserError where no word is left.
    """
    special = {END} & set(types) | ({UNKNOWN} if settings.unknown == "map" else set())
    by_name = np.array(sorted(range(len(types)), key=types.__getitem__), dtype=np.int64)
    order = by_name[np.argsort(-counts[by_name], kind="stable")]
    frequent = order[counts[order] >= settings.min_count].tolist()
    words = [index for index in frequent if types[index] not in special]
    if settings.size is not None:
        words = words[: max(0, settings.size - len(special))]
    if not words:
        raise UserError(
            "no word is left for the vocabulary: "
            "raise corpus.vocabulary.size or lower corpus.vocabulary.min_count"
        )
    entries = {types[index]: int(counts[index]) for index in words}
    if END in special:
        entries[END] = int(counts[types.index(END)])
    if UNKNOWN in special:
        entries[UNKNOWN] = int(counts.sum()) - sum(entries.values())
    tokens = sorted(entries, key=lambda token: (-entries[token], token))
    vocabulary = Vocabulary(tuple(tokens), np.array([entries[token] for token in tokens], dtype=np.int64))
    fallback = vocabulary.ids[UNKNOWN] if UNKNOWN in special else NO_ID
    ids = vocabulary.ids
    return vocabulary, np.array([ids.get(token, fallback) for token in types], dtype=np.int64)
