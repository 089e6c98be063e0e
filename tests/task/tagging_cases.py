"""Small tagged items that the tests of taggers share."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from benchmark.task.items import Input, Item

#: Sentences of the words a to d with tags X, Y and Z, any word with any tag.
WORDS, TAGS = ("a", "b", "Ca", "d1"), ("X", "Y", "Z")


def sentences(least: int = 1) -> st.SearchStrategy[list[Item]]:
    """A few short sentences, each token with a given tag, from `least` tokens on."""
    token = st.tuples(st.sampled_from(WORDS), st.sampled_from(("g", "h")), st.sampled_from(TAGS))
    return st.lists(st.lists(token, min_size=least, max_size=5).map(item), min_size=2, max_size=8).filter(
        lambda items: any(each.target for each in items)
    )


def item(tokens: Sequence[tuple[str, str, str]]) -> Item:
    """An item of triples: a word, its given tag, its tag."""
    words, given, tags = zip(*tokens, strict=True) if tokens else ((), (), ())
    return Item(Input(tuple(words), tuple(given)), tuple(tags))


def grammar(count: int, seed: int) -> list[Item]:
    """Sentences tagged B-NP, I-NP and O by rules: a noun phrase is a determiner and what follows it."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        tokens: list[tuple[str, str, str]] = []
        for _ in range(draw.randint(1, 3)):
            tokens.append((draw.choice(["the", "a", "every"]), "D", "B-NP"))
            tokens += [(draw.choice(["old", "red"]), "A", "I-NP") for _ in range(draw.randint(0, 1))]
            tokens.append((draw.choice(["cat", "dog", "sees"]), "N", "I-NP"))
            tokens.append((draw.choice(["sees", "hears", "of"]), "V", "O"))
        made.append(item(tokens))
    return made


def right(answers: Sequence[tuple[str, ...]], items: Sequence[Item]) -> float:
    """The share of right tags."""
    found = [tag for tags in answers for tag in tags]
    targets = [tag for each in items for tag in each.target]
    return sum(map(str.__eq__, found, targets)) / len(targets)
