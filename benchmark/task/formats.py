"""Reading labelled items from the formats that corpora come in.

Each reader takes the text of a document, the document's name and the settings, and gives its items. What does
not fit raises UserError with the file and the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Protocol

from benchmark.errors import UserError
from benchmark.task.items import Input, Item
from benchmark.text import plural


class Reading(Protocol):
    """What of a corpus's settings its reader goes by (see `benchmark.task.settings`)."""

    @property
    def columns(self) -> Mapping[str, int]: ...

    @property
    def classes(self) -> Mapping[str, str]: ...


#: A leaf of a bracketed tree: its tag and its word.
_LEAF = re.compile(r"\(([^\s()]+) ([^\s()]+)\)")
#: The tag of what the Penn Treebank marks as moved or left out. It is no word of the text.
_EMPTY = "-NONE-"
#: The mark of a word's second and later pronunciations, and a remark behind one.
_VARIANT = re.compile(r"\(\d+\)$")
#: What a reader can do about a line that lacks something.
_MEND = ": mend the line, or leave it out"


def _columns(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """A token a line with its tags behind it, an empty line behind each sentence (the CoNLL shared tasks)."""
    places = settings.columns
    most = max(places, key=places.__getitem__)
    rows: list[list[str]] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        row = line.split()
        if row:
            if len(row) <= places[most]:
                raise UserError(
                    f"{name}, line {number}: has {plural(len(row), 'column')}, and corpus.columns.{most}="
                    f"{places[most]} is asked for (they count from 0): mend the line, or corpus.columns"
                )
            rows.append(row)
        elif rows:
            given = tuple(row[places["given"]] for row in rows) if "given" in places else ()
            tokens = tuple(row[places["token"]] for row in rows)
            yield Item(Input(tokens, given), tuple(row[places["target"]] for row in rows))
            rows = []


def _trees(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """Bracketed trees, of which the tags and the words are taken (Penn Treebank)."""
    depth, begin = 0, 0
    for place, sign in enumerate(text):
        if sign == "(":
            begin = place if depth == 0 else begin
            depth += 1
        elif sign == ")":
            depth -= 1
            if depth < 0:
                break
            leaves = [found for found in _LEAF.findall(text[begin : place + 1]) if found[0] != _EMPTY]
            if depth == 0 and leaves:
                yield Item(Input(tuple(word for _, word in leaves)), tuple(tag for tag, _ in leaves))
    if depth:
        line = text.count("\n", 0, begin) + 1
        raise UserError(f"{name}, line {line}: the brackets of the tree do not match")


def _class_by_file(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """A text a line; the file says which class it has."""
    label = next((label for end, label in settings.classes.items() if name.endswith(end)), None)
    if label is None:
        raise UserError(
            f"{name}: corpus.classes has no class for it. Known ends: {', '.join(settings.classes)}"
        )
    for line in text.split("\n"):
        if tokens := tuple(line.split()):
            yield Item(Input(tokens), (label,))


def _class_by_folder(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """A text a file; the folder says which class it has."""
    if tokens := tuple(text.split()):
        yield Item(Input(tokens), (PurePath(name).parent.name,))


def _class_first(text: str, name: str, settings: Reading, whole: bool = False) -> Iterator[Item]:
    """A text a line, its class in front (Li and Roth's questions): `DESC:manner How did …`, the class being
    what stands before the colon."""
    for number, line in enumerate(text.split("\n"), start=1):
        label, *tokens = line.split() or [""]
        if label and not tokens:
            raise UserError(
                f"{name}, line {number}: a class, {label!r}, without a text: mend the line, or leave it out"
            )
        if label:
            yield Item(Input(tuple(tokens)), (label if whole else label.partition(":")[0],))


def _fine_class_first(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """The same, the class being the whole of it: `DESC:manner`."""
    yield from _class_first(text, name, settings, whole=True)


def _pronunciations(text: str, name: str, settings: Reading) -> Iterator[Item]:
    """A word and its phonemes a line (CMU Pronouncing Dictionary), as letters and phonemes without stress.

    `word(2)` is another pronunciation of the word; `#` begins a remark. An item is one pronunciation, with
    all of its word's as alternatives. Two that differ in stress alone are one.
    """
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        word, *phonemes = line.partition(" #")[0].split() or [""]
        if not word or word.startswith(";;;"):
            continue
        if not phonemes:
            raise UserError(
                f"{name}, line {number}: the word {word!r} has no phonemes: mend the line, or leave it out"
            )
        plain = tuple(phoneme.rstrip("012") for phoneme in phonemes)
        known = found.setdefault(_letters(_VARIANT.sub("", word)), [])
        if plain not in known:
            known.append(plain)
    for letters, outputs in found.items():
        for output in outputs:
            yield Item(Input(letters), output, tuple(outputs))


def _letters(word: str) -> tuple[str, ...]:
    """Capitals are read as small letters."""
    return tuple(word.lower())


Reader = Callable[[str, str, Reading], Iterator[Item]]

FORMATS: dict[str, Reader] = {
    "columns": _columns,
    "trees": _trees,
    "class_by_file": _class_by_file,
    "class_by_folder": _class_by_folder,
    "class_first": _class_first,
    "fine_class_first": _fine_class_first,
    "pronunciations": _pronunciations,
}


def tokens_of(text: str, format_: str) -> tuple[str, ...]:
    """The tokens of a text of one's own, cut and spelt as those of a corpus of this format: the letters of a
    word, or what stands between spaces."""
    return _letters(text.strip()) if FORMATS.get(format_) is _pronunciations else tuple(text.split())
