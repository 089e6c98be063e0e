"""Errors about the text of a corpus, which say where in the text the problem is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmark.corpus.document import Span
from benchmark.errors import UserError

#: Document, line number, tokens.
Line = tuple[str, int, list[str]]


def empty_part(part: str, spans: Sequence[Span]) -> UserError:
    """The error for a split that holds no token."""
    name = spans[0].document.name if spans else f"corpus.{part}"
    more = f" and {len(spans) - 1} more" if len(spans) > 1 else ""
    return UserError(f"the {part} split is empty: there is no token in {name}{more}")


def unseen_token(tokens: set[str], part: str, lines: Iterable[Line]) -> UserError:
    """The error for tokens that a vocabulary without `<unk>` does not have; it names the first of them."""
    token, where = _first(tokens, part, lines)
    return UserError(
        f"{token!r} in {where} is not in the training split: "
        "with corpus.vocabulary.unknown=map it counts as <unk>"
    )


def _first(tokens: set[str], part: str, lines: Iterable[Line]) -> tuple[str, str]:
    """The first of these tokens to occur in a split, and where it does."""
    for document, number, line in lines:
        for token in line:
            if token in tokens:
                return token, f"{document}, line {number},"
    return min(tokens), f"the {part} split"
