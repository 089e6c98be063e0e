"""Spans in sentences that are tagged by token: noun phrases, names."""

from __future__ import annotations

from collections.abc import Sequence


def spans(tags: Sequence[str]) -> frozenset[tuple[str, int, int]]:
    """The spans that BIO tags mark: (type, first token, token behind the last).

    Tags are `O`, `B-TYPE` or `I-TYPE`. As the shared tasks' `conlleval` has it, a span begins at a B tag, and
    at an I tag that follows `O` or another type. It ends before the next B tag, `O` or another type.
    """
    found = []
    kind, begin = "", 0
    for place, tag in enumerate([*tags, "O"]):
        sign, _, name = tag.partition("-")
        if kind and not (sign == "I" and name == kind):
            found.append((kind, begin, place))
            kind = ""
        if sign != "O" and not kind:
            kind, begin = name, place
    return frozenset(found)
