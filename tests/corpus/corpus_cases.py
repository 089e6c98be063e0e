"""What the corpus tests share: the suite's own corpora, and small corpora of files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.corpus import Corpus, open_corpus

CONF = Path(__file__).parents[2] / "conf" / "corpus"
MIRROR = os.environ.get("NEXTWORD_CORPORA")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="NEXTWORD_CORPORA names no folder of corpora")


def silent(line: str) -> None:
    """Takes what would be said."""


def corpus_options(name: str, **changes: Any) -> dict[str, Any]:
    """The settings of a corpus that comes with the suite."""
    options = yaml.safe_load((CONF / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(options, dict)
    return {**options, **changes}


def texts(
    folder: Path, train: str | bytes, valid: str | bytes = b"a\n", test: str | bytes = b"a\n"
) -> dict[str, Any]:
    """Settings of a corpus of three files."""
    options: dict[str, Any] = {"name": "small"}
    for part, text in (("train", train), ("valid", valid), ("test", test)):
        path = folder / f"{part}.txt"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        options[part] = str(path)
    return options


def opened(options: dict[str, Any], folder: Path, corpora_dir: Path | None = None) -> Corpus:
    """The corpus, with its cache in a folder."""
    return open_corpus(options, corpora_dir=corpora_dir, cache_dir=folder / "cache", say=silent)
