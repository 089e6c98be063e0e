"""Places of a text with the words before them, and what models say there of the next word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmark.contract import LanguageModel
from benchmark.errors import UserError

#: Contexts that are asked for at a time.
_AT_A_TIME = 50


def drawn_places(tokens: int, length: int, most_places: int) -> tuple[np.ndarray, np.ndarray]:
    """Places with a context of `length` tokens before each, and for each another such place, whose context
    stands in for its own. They are at least half a context apart; the draw is the same each time. Raises
    UserError for a text that has fewer than two such places.
    """
    random = np.random.default_rng(1)
    every = np.arange(length, tokens, max(1, length // 2))
    if min(most_places, len(every)) < 2:
        raise UserError(
            f"a text of {tokens:,} tokens has no two places with {length:,} tokens before them: take a "
            "longer text, a shorter `length`, or 2 `places` and more"
        )
    places = np.sort(random.choice(every, size=min(most_places, len(every)), replace=False))
    return places, np.roll(places, len(places) // 2)


def distributions(model: LanguageModel, contexts: Sequence[np.ndarray]) -> np.ndarray:
    """ln p of every token after each context, float64 [contexts, vocabulary]."""

    def parts() -> Iterator[np.ndarray]:
        for start in range(0, len(contexts), _AT_A_TIME):
            yield model.next_log_probs(contexts[start : start + _AT_A_TIME]).astype(np.float64)

    return np.concatenate(list(parts()))


def losses_by_kept(
    model: LanguageModel, ids: np.ndarray, places: np.ndarray, kept: Sequence[int]
) -> list[list[float]]:
    """For each number of words kept: −ln p, in nats, of each place's token after that many words alone."""
    targets = ids[places]
    return [
        (-found[np.arange(len(places)), targets]).tolist()
        for found in (distributions(model, [ids[at - words : at] for at in places]) for words in kept)
    ]
