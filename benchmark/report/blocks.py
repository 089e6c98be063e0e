"""What a section is made of. The page, the Markdown report and the exported files are all written from these.

A section's author writes no HTML: blocks hold plain text and numbers, and each output escapes them in its
own way. A block about one corpus names it (`corpus`, its key), so that the page can show one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from benchmark.report.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Strong:
    """Emphasised text inside a paragraph."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text, some of it strong. `tone`: an answer is set large, a note small."""

    parts: tuple[str | Strong, ...]
    tone: Literal["answer", "plain", "note"] = "plain"
    corpus: str = ""
    kind: str = field(default="paragraph", init=False)


@dataclass(frozen=True)
class Figure:
    """A figure: how to draw it, its caption, its description for readers who cannot see it, and its data.

    The title stands beside the drawing, not in it. `listed` is a heading and lines that a reader unfolds, of
    what had no room in the drawing.
    """

    name: str
    title: str
    caption: str
    alt: str
    draw: Callable[[], Drawing]
    data: Table
    corpus: str = ""
    listed: tuple[str, tuple[str, ...]] = ("", ())
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, str], ...]
    corpus: str = ""
    kind: str = field(default="definitions", init=False)


@dataclass(frozen=True)
class Quotes:
    """Generated text: for each quote the model, the prompt and the continuation."""

    items: tuple[tuple[str, str, str], ...]
    rows: tuple[int, ...] = ()
    corpus: str = ""
    kind: str = field(default="quotes", init=False)


@dataclass(frozen=True)
class Fold:
    """Blocks under a title that a reader opens."""

    title: str
    blocks: tuple[Block, ...]
    corpus: str = ""
    kind: str = field(default="fold", init=False)


Block = Paragraph | Table | Figure | Definitions | Quotes | Fold


@dataclass(frozen=True)
class Section:
    """A titled part of the report. `name` is its anchor on the page, where a reader may have to unfold it.

    Sections stand in the order of their `place`; those of one place, in the order in which they were built.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    folded: bool = False
    place: int = 0


def about(corpus: str, blocks: Iterable[Block]) -> list[Block]:
    """The blocks as ones that are about this corpus."""
    return [replace(block, corpus=corpus) for block in blocks]


def all_blocks(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block, including those inside folds."""
    for block in blocks:
        yield block
        if isinstance(block, Fold):
            yield from all_blocks(block.blocks)
