"""An open corpus: three token streams over one vocabulary, and what its results can be compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.corpus.kept import Keep, KeptArrays, not_kept
from benchmark.corpus.overlap import Overlap
from benchmark.corpus.stream import TokenStream
from benchmark.corpus.tokeniser import ENCODING, Tokeniser
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.corpus.document import Document
    from benchmark.corpus.settings import CorpusSettings

Say = Callable[[str], None]


@dataclass(frozen=True)
class Corpus:
    """Three splits over one closed vocabulary.

    `fingerprint` is a hash of the content and of how it is encoded, the same on every machine.
    `protocol` describes the set of events behind a result on the test split: `text` (SHA-256 of the
    split's text), `tokens`, `vocabulary` (digest), `unknown` and `end_of_line`. `published` holds
    results from the literature: `model`, `source`, `protocol`, and `perplexity` or `bits_per_character`.
    The vocabulary's counts are those of `train`, which may be a share of the training split. `keep` returns
    what was computed from the corpus before, or computes and keeps it (see `benchmark.corpus.kept`).
    `overlaps` says how much of `valid` and of `test` is copied from the whole training split.
    """

    name: str
    title: str
    train: TokenStream
    valid: TokenStream
    test: TokenStream
    vocabulary: Vocabulary
    fingerprint: str
    protocol: dict[str, str]
    published: list[dict[str, Any]]
    tokeniser: Tokeniser
    keep: Keep = not_kept
    overlaps: Mapping[str, Overlap] = field(default_factory=dict)

    def tokenise(self, prompt: str) -> list[str]:
        """The tokens of a prompt, made in the same way as those of the corpus."""
        return self.tokeniser.tokenise(prompt)

    def detokenise(self, tokens: Sequence[str]) -> str:
        """Tokens joined to readable text."""
        return self.tokeniser.detokenise(tokens)


def open_corpus(
    options: Mapping[str, Any], *, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> Corpus:
    """Open the corpus that a `conf/corpus/*.yaml` describes.

    It is fetched and encoded the first time, and memory-mapped from then on. Files are looked for in
    `corpora_dir`, then in the cache (`cache_dir`, or the platform's cache folder); a file that is in
    neither is downloaded from its publisher into the cache. `say` is called with a line about each step
    that takes time. Raises UserError: one line that names the setting, file or count that is wrong, and
    what to do about it.
    """
    from benchmark.corpus.cache import folder_name, open_encoded
    from benchmark.corpus.settings import corpus_settings
    from benchmark.corpus.train_share import share_fingerprint, take_share

    settings = corpus_settings(options)
    documents, cache = _documents(settings, corpora_dir, cache_dir, say)
    whole = _fingerprint(settings, documents)
    encoded = open_encoded(settings, documents, whole, cache, say)
    share = float(settings.train_share or 1)
    streams = take_share(encoded.streams, share)
    vocabulary = streams["train"].vocabulary
    tokeniser = _tokeniser(settings, encoded.byte_pairs)
    with_share = share_fingerprint(whole, share)
    kept = KeptArrays(cache / "kept" / folder_name(settings, with_share))
    return Corpus(
        name=settings.name,
        title=settings.title or settings.name,
        **streams,
        vocabulary=vocabulary,
        fingerprint=with_share,
        protocol={
            "text": encoded.test_text,
            "tokens": tokeniser.describe(),
            "vocabulary": vocabulary.digest,
            "unknown": "none" if vocabulary.unknown is None else "a target, as <unk>",
            "end_of_line": "a target" if settings.end_of_line else "no target",
        },
        published=[
            {k: v for k, v in asdict(number).items() if v is not None} for number in settings.published
        ],
        tokeniser=tokeniser,
        keep=kept.get,
        overlaps=encoded.overlaps,
    )


def fingerprint(
    options: Mapping[str, Any], *, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> str:
    """The hash of a corpus's content and of how it is encoded, computed without encoding it.

    Missing files are fetched. The names and locations of files do not count. Raises UserError.
    """
    from benchmark.corpus.settings import corpus_settings
    from benchmark.corpus.train_share import share_fingerprint

    settings = corpus_settings(options)
    whole = _fingerprint(settings, _documents(settings, corpora_dir, cache_dir, say)[0])
    return share_fingerprint(whole, float(settings.train_share or 1))


def corpus_documents(
    options: Mapping[str, Any], *, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> dict[str, list[Document]]:
    """The documents of a corpus, by the setting that names them: `train`, `valid`, `test` or `text`.

    Missing files are fetched. Raises UserError.
    """
    from benchmark.corpus.settings import corpus_settings

    return _documents(corpus_settings(options), corpora_dir, cache_dir, say)[0]


def tokeniser_of(options: Mapping[str, Any], folder: Path | None = None) -> Tokeniser:
    """The tokeniser of a corpus, without opening the corpus. Raises UserError.

    That of subwords needs the folder that `Tokeniser.save` wrote to, such as the checkpoint of a run.
    """
    from benchmark.corpus.settings import corpus_settings

    settings = corpus_settings(options)
    if settings.tokens != "bpe":
        return _tokeniser(settings, None)
    file = (folder or Path()) / ENCODING
    try:
        return _tokeniser(settings, file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {file}, the encoding of {settings.name}'s subwords") from error


def _tokeniser(settings: CorpusSettings, encoding: str | None) -> Tokeniser:
    return Tokeniser(settings.tokens, settings.lowercase, settings.end_of_line, encoding, settings.marks)


def _documents(
    settings: CorpusSettings, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> tuple[dict[str, list[Document]], Path]:
    from benchmark.corpus.fetch import SearchPath, default_cache
    from benchmark.corpus.sources import find_documents

    cache = cache_dir or default_cache()
    return find_documents(settings, SearchPath(corpora_dir, cache), say), cache


def _fingerprint(settings: CorpusSettings, documents: Mapping[str, Sequence[Document]]) -> str:
    from benchmark.corpus.encode import VERSION

    keys = ["split", "split_unit", "split_order"] if settings.text else []
    keys += ["tokens", "lowercase", "end_of_line"] + (["paragraph"] if settings.tokens == "words" else [])
    keys += ["marks"] if settings.marks != "refuse" else []  # what is refused has no encoding
    # `train_share` is not among them: a share is cut from the encoding of the whole.
    content = {
        "version": VERSION,
        "documents": {part: [document.digest() for document in some] for part, some in documents.items()},
        "vocabulary": _vocabulary_choice(settings),
        **{key: getattr(settings, key) for key in keys},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _vocabulary_choice(settings: CorpusSettings) -> dict[str, Any]:
    """What of the vocabulary's settings determines it: all bytes are in one, and no subword is unknown."""
    chosen = asdict(settings.vocabulary)
    counted = {"bytes": (), "bpe": ("size", "min_count")}.get(settings.tokens, tuple(chosen))
    return {key: chosen[key] for key in counted}
