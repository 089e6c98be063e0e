"""The cache of encoded corpora: one folder each, complete or absent, and checked whenever it is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.corpus import byte_pairs, split
from benchmark.corpus.document import Document, Span
from benchmark.corpus.encode import ADDITIONS, PARTS, Parts, encode
from benchmark.corpus.fetch import Say
from benchmark.corpus.overlap import Overlap
from benchmark.corpus.settings import CorpusSettings
from benchmark.corpus.stream import CodedText, TokenStream
from benchmark.corpus.tokeniser import ENCODING
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError
from benchmark.storage.checksums import checksums_of, first_damaged
from benchmark.storage.files import atomic_folder, locked, write_json
from benchmark.storage.reading import Unreadable, read_json_object

META, VOCABULARY = "meta.json", "vocabulary.json"


@dataclass(frozen=True)
class Encoded:
    """The contents of a folder of the cache."""

    streams: dict[str, TokenStream]
    #: SHA-256 of the test split's text.
    test_text: str
    #: The encoding by byte pairs, as JSON; None for other tokens.
    byte_pairs: str | None
    #: What the validation and the test split share with the training split.
    overlaps: dict[str, Overlap]

    @property
    def vocabulary(self) -> Vocabulary:
        return self.streams["train"].vocabulary


def open_encoded(
    settings: CorpusSettings,
    documents: Mapping[str, Sequence[Document]],
    fingerprint: str,
    cache: Path,
    say: Say,
) -> Encoded:
    """The encoding of a corpus: from the cache, or made now. Raises UserError."""
    folder = cache / "encoded" / folder_name(settings, fingerprint)
    additions = _additions(settings)
    found = _load(folder, additions)
    if found is None:
        busy = f"another process is encoding {settings.name}; waiting for it"
        with locked(cache / "encoded" / "locks" / folder.name, busy=lambda: say(busy)):
            found = _load(folder, additions)
            if found is None:
                again = " again: its cache is damaged or of another version" if folder.exists() else ""
                say(f"encoding {settings.name}{again}")
                with atomic_folder(folder) as aside:
                    _write(settings, documents, aside, say)
                found = _load(folder, additions)
    if found is None:
        raise UserError(
            f"the encoded corpus in {folder} was damaged right after it was written: is its disk failing?"
        )
    sizes = {part: (len(stream), len(stream.lines) - 1) for part, stream in found.streams.items()}
    _check_counts(settings, found.vocabulary, sizes)
    return found


def folder_name(settings: CorpusSettings, fingerprint: str) -> str:
    """What a folder of the cache is called that holds something made from a corpus."""
    return f"{settings.name}-{fingerprint[:16]}{_tools(settings)}"


def _tools(settings: CorpusSettings) -> str:
    """The version of the package that makes the tokens: another may tokenise the same text differently."""
    from importlib.metadata import version

    made = f"-nltk{version('nltk')}" if settings.tokens == "words" or settings.source.kind == "nltk" else ""
    return made + (f"-tokenizers{byte_pairs.version()}" if settings.tokens == "bpe" else "")


def _write(
    settings: CorpusSettings, documents: Mapping[str, Sequence[Document]], folder: Path, say: Say
) -> None:
    vocabulary, splits = encode(settings, _parts(settings, documents), folder, say)
    _check_counts(
        settings, vocabulary, {part: (split.targets, split.lines) for part, split in splits.items()}
    )
    vocabulary.save(folder / VOCABULARY)
    meta = {
        "additions": _additions(settings),
        "splits": {part: asdict(split) for part, split in splits.items()},
        "checksums": checksums_of(folder, sorted(folder.iterdir())),
    }
    write_json(folder / META, meta)


def _parts(settings: CorpusSettings, documents: Mapping[str, Sequence[Document]]) -> Parts:
    """The spans of every split: the documents named for it, or its share of the documents to be split."""
    parts = {part: [Span(document) for document in documents.get(part, [])] for part in PARTS}
    if settings.text and settings.split:
        cut = split.by_position if settings.split_order == "position" else split.interleaved
        given = [part for part in PARTS if part not in documents]
        shares = cut(documents["text"], settings.split_unit, settings.split)
        parts |= dict(zip(given, shares, strict=True))
    return parts


def _check_counts(
    settings: CorpusSettings, vocabulary: Vocabulary, sizes: Mapping[str, tuple[int, int]]
) -> None:
    """Raises UserError if the numbers of targets, words or lines are not those that the settings expect."""
    found = {part: targets for part, (targets, _) in sizes.items()}
    found |= {"vocabulary": len(vocabulary), "sentences": sum(lines for _, lines in sizes.values())}
    for key, expected in asdict(settings.expect).items() if settings.expect else []:
        if expected is not None and found[key] != expected:
            kind = "targets" if key in PARTS else "words" if key == "vocabulary" else "lines"
            raise UserError(
                f"{settings.name} is not as corpus.expect has it: {key} comes to {found[key]:,} {kind}, not "
                f"{expected:,}; if you mean to read the corpus differently, set corpus.expect=null"
            )


def _additions(settings: CorpusSettings) -> list[object]:
    """What determines the arrays beside the ids, besides the text and how it is encoded."""
    return [ADDITIONS, settings.heading]


def _load(folder: Path, additions: list[object]) -> Encoded | None:
    """The contents of a folder, or None if it is missing, incomplete, damaged or has other additions."""
    try:
        meta = read_json_object(folder / META)
        if meta["additions"] != additions or first_damaged(folder, meta["checksums"]):
            return None
        vocabulary = Vocabulary.load(folder / VOCABULARY)
        streams = {part: _stream(folder, part, vocabulary, meta) for part in PARTS}
        overlaps = {part: Overlap(**meta["splits"][part]["overlap"]) for part in PARTS[1:]}
        encoding = (folder / ENCODING).read_text(encoding="utf-8") if ENCODING in meta["checksums"] else None
        return Encoded(streams, meta["splits"]["test"]["text"], encoding, overlaps)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Unreadable):
        return None


def _stream(folder: Path, part: str, vocabulary: Vocabulary, meta: Mapping[str, Any]) -> TokenStream:
    known = meta["splits"][part]
    arrays: dict[str, np.ndarray] = {
        kind: np.load(folder / f"{part}.{kind}.npy", mmap_mode="r", allow_pickle=False)
        for kind in ("ids", "lines", "tags", "copied", "documents")
        if f"{part}.{kind}.npy" in meta["checksums"]
    }
    ids, lines = arrays["ids"], arrays["lines"]
    if len(ids) != known["targets"] or len(lines) != known["lines"] + 1:
        raise ValueError(f"{folder} is damaged")
    text = CodedText(known["characters"], known["bytes"], known["spelling_bits"])
    beside = {kind: arrays.get(kind) for kind in ("tags", "copied", "documents")}
    return TokenStream(ids, lines, vocabulary, text, **beside)
