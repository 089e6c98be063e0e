"""Reading the words and n-grams of an ARPA file, checked against its header."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.ngram.arpa.fields import SEPARATORS, Fields, parse
from baselines.ngram.arpa.lines import ArpaLines
from baselines.ngram.arpa.precision import Precision
from benchmark.corpus.word_numbering import MULTIPLIERS, HashCollision, WordNumberer
from benchmark.errors import UserError

_COUNT = re.compile(rb"\s*ngram\s+(\d{1,9})\s*=\s*(\d{1,18})\s*")
_SECTION = re.compile(rb"\\(\d{1,9})-grams:\s*")


@dataclass(frozen=True)
class ArpaFile:
    """The content of a file. `sections[n − 1]` holds its n-grams, with words as indices into `words`."""

    path: Path
    words: list[str]
    sections: list[Fields]

    @property
    def precision(self) -> Precision:
        """How precisely its numbers are written."""
        return Precision.highest(section.precision for section in self.sections)


def read_arpa(path: Path) -> ArpaFile:
    """Read an ARPA file, plain or packed by gzip, bzip2 or xz, in UTF-8, or in UTF-16 or UTF-32 with a mark.

    Raises UserError with the file and the line if it is not an ARPA file, is cut short, has other counts than
    its header or no word, a field too many or too few, something that is not a number, a log-probability
    above 0, an n-gram with a word that has no 1-gram, a word listed twice, or text that is not UTF-8.
    """
    for multiplier in MULTIPLIERS:
        with suppress(HashCollision):
            return _Reader(ArpaLines(path), WordNumberer(multiplier, SEPARATORS)).read()
    raise HashCollision


class _Reader:
    def __init__(self, lines: ArpaLines, numberer: WordNumberer) -> None:
        self.lines = lines
        self.numberer = numberer
        self.counts: list[int] = []
        self.count_lines: list[int] = []
        self.sections: list[Fields] = []
        self.words: list[str] = []
        self.parts: list[Fields] = []
        self.state = "before"  # "before" the header, in the "header", in a "section"

    def read(self) -> ArpaFile:
        line = 1
        for line, text in self.lines:
            if text.startswith(b"\\"):
                if self._command(line, text.strip()):
                    return ArpaFile(self.lines.path, self.words, self.sections)
            elif self.state == "header":
                self._header(line, text)
            elif self.state == "section":
                self._section(line, text)
            line += text.count(b"\n")
        if self.state == "before":
            raise UserError(f"{self.lines.path} is not an ARPA file: it has no line \\data\\")
        raise self.lines.fail(line, "the file ends here without its \\end\\: it was cut short")

    def _command(self, line: int, command: bytes) -> bool:
        """Act on a line that begins with a backslash; True at the end of the file."""
        if self.state == "before":
            self.state = "header" if command == b"\\data\\" else "before"
            return False
        if self.state == "section":
            self._finish(line)
        if command == b"\\end\\":
            if len(self.sections) < len(self.counts) or not self.counts:
                raise self.lines.fail(line, f"\\end\\ stands where \\{len(self.sections) + 1}-grams: should")
            return True
        section = _SECTION.fullmatch(command)
        if not section or int(section[1]) != len(self.sections) + 1 or int(section[1]) > len(self.counts):
            found = command.decode(errors="replace")
            orders = f"1 to {len(self.counts)}" if self.counts else "none"
            raise self.lines.fail(line, f"{found} does not belong here; the header counts orders {orders}")
        self.state = "section"
        return False

    def _header(self, line: int, text: bytes) -> None:
        for at, row in enumerate(text.splitlines(), line):
            if not row.strip():
                continue
            count = _COUNT.fullmatch(row)
            if not count or int(count[1]) != len(self.counts) + 1:
                expected = f"ngram {len(self.counts) + 1}=COUNT"
                raise self.lines.fail(at, f"{row.decode(errors='replace')!r} where the header has {expected}")
            self.counts.append(int(count[2]))
            self.count_lines.append(at)

    def _section(self, line: int, text: bytes) -> None:
        order = len(self.sections) + 1
        try:
            text.decode()
        except UnicodeDecodeError as error:
            at = line + text.count(b"\n", 0, error.start)
            raise self.lines.fail(at, "not UTF-8; convert the file with iconv -t UTF-8") from None
        part = parse(text, line, order, self.numberer, self.lines.fail)
        if order > 1:
            unlisted = (part.words >= len(self.words)).any(axis=1)
            if unlisted.any():
                at = int(unlisted.argmax())
                word = self.numberer.types()[part.words[at].max()].decode()
                raise self.lines.fail(int(part.lines[at]), f"the word {word!r} is not among the 1-grams")
        self.parts.append(part)

    def _finish(self, line: int) -> None:
        """Close the section that ends before `line`."""
        order = len(self.sections) + 1
        section = Fields.joined(self.parts, order)
        expected, found = self.counts[order - 1], len(section.lines)
        if found != expected:
            raise self.lines.fail(
                self.count_lines[order - 1],
                f"the header counts {expected} {order}-grams, but there are {found} up to line {line}",
            )
        if not section.lines.size and order == 1:
            raise self.lines.fail(self.count_lines[0], "the header counts no 1-grams: the file has no word")
        if order == 1:
            self.words = [word.decode() for word in self.numberer.types()]
            twice = np.flatnonzero(np.bincount(section.words[:, 0]) > 1)
            if len(twice):
                at = int(np.flatnonzero(section.words[:, 0] == twice[0])[1])
                raise self.lines.fail(
                    int(section.lines[at]), f"the 1-gram {self.words[twice[0]]!r} comes twice"
                )
        if order == len(self.counts):
            weighted = np.flatnonzero(section.log10_backoffs)
            if len(weighted):
                raise self.lines.fail(
                    int(section.lines[weighted[0]]), "a backoff weight at the highest order"
                )
        self.sections.append(section)
        self.parts = []
