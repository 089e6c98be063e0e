"""Models on disk: a folder of arrays that are mapped into memory, or an ARPA file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from baselines.ngram.standalone.estimate import Estimated
from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.compiled import can_compile
from baselines.ngram.table.hashed import HashedTable
from baselines.ngram.table.unpacked import pack
from benchmark.corpus.marks import END, START, UNKNOWN
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError
from benchmark.storage.checksums import CHECKSUMS, checksums_of, damage
from benchmark.storage.files import atomic_folder, bytes_below, files_below, write_json
from benchmark.storage.reading import Unreadable, read_json_object

_ABOUT, _WORDS = "ngram_model.json", "vocabulary.json"
_FORMAT = 1
#: Up to so many bytes, all files of a model are read and checked as it is loaded: some tenths of a second.
#: Those of larger models are mapped into memory, and read where they are needed only.
CHECKED = 1 << 28


def write_model(model: Estimated, folder: Path) -> None:
    """Write a model in place of what is there: nothing, an empty folder, or another model.

    Raises UserError for anything else, and if it cannot be written; nothing is then changed.
    """
    if problem := _in_the_way(folder):
        raise UserError(f"{folder} {problem}: name another folder")
    about: Mapping[str, Any] = {
        "format": _FORMAT,
        "normalised": model.normalised,
        "learned": model.learned,
        "notes": list(model.notes),
        "indexed": model.index is not None,
    }
    with atomic_folder(folder) as new:
        model.table.save(new)
        if model.index:
            model.index.save(new)
        model.vocabulary.save(new / _WORDS)
        write_json(new / _ABOUT, about)
        write_json(new / CHECKSUMS, checksums_of(new, files_below(new)))


def _in_the_way(folder: Path) -> str | None:
    """Why a model cannot take the place of what is there, if it cannot."""
    if not os.path.exists(folder):
        return None
    try:
        names = os.listdir(folder)
    except OSError:
        names = [folder.name]
    if names and _ABOUT not in names:
        return "is there already and holds no model"
    if os.path.samefile(folder, os.curdir):
        return "is the working directory"
    others = [name for name in names if not name.endswith((".npy", ".json"))]
    return f"holds {others[0]!r} beside a model" if others else None


def read_model(path: Path, check: bool | None = None) -> Estimated:
    """A model from what `write_model` wrote, or from an ARPA file.

    `check`: whether the files of a folder are held to its checksums (default: up to `CHECKED` bytes). Raises
    UserError if there is no model, and for a damaged one.
    """
    if not os.path.exists(path):
        raise UserError(f"cannot read {path}: there is no such file; give an ARPA file, or a saved model")
    if not path.is_dir():
        return _read_arpa(path)
    try:
        about = read_json_object(path / _ABOUT)
    except FileNotFoundError:
        raise UserError(f"{path} holds no model: there is no {_ABOUT} in it") from None
    check = bytes_below(path) <= CHECKED if check is None else check
    if check and (problem := damage(path, "")):
        raise Unreadable(f"{problem}: take another copy of the model, or estimate it again")
    learned, notes = about.get("learned"), about.get("notes")
    if about.get("format") != _FORMAT or not isinstance(learned, dict) or not isinstance(notes, list):
        raise Unreadable(f"cannot read {path / _ABOUT}: it does not describe a model of this version")
    vocabulary = Vocabulary.load(path / _WORDS)
    if vocabulary.unknown is None or vocabulary.end is None:
        raise Unreadable(f"cannot read {path / _WORDS}: it lacks {UNKNOWN} or {END}")
    table = BackoffTable.load(path, len(vocabulary))
    index = HashedTable.load(path, table) if about.get("indexed") is True and can_compile() else None
    normalised = about.get("normalised") is True
    return Estimated(table, vocabulary, normalised, learned, tuple(map(str, notes)), index)


def _read_arpa(path: Path) -> Estimated:
    """The model of a file over its own words, `</s>` and `<unk>`, likeliest first, for short searches."""
    from baselines.ngram.arpa.match_vocabulary import match_vocabulary  # takes milliseconds
    from baselines.ngram.arpa.read import read_arpa

    file = read_arpa(path)
    unigrams = file.sections[0]
    order = np.argsort(-unigrams.log10_probs, kind="stable")
    words = [file.words[place] for place in unigrams.words[order, 0].tolist()]
    marks = {mark.upper(): mark for mark in (UNKNOWN, START, END) if mark not in words}
    words = [marks.get(word, word) for word in words]
    words = [word for word in dict.fromkeys([*words, END, UNKNOWN]) if word != START]
    vocabulary = Vocabulary(tuple(words), np.zeros(len(words), dtype=np.int64))
    matched = match_vocabulary(file, vocabulary)
    return Estimated(pack(matched.orders), vocabulary, matched.normalised, {}, tuple(matched.remarks))
