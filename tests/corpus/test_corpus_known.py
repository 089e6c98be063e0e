"""The corpora that come with the suite have the counts that their settings state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from corpus_cases import MIRROR, corpus_options, needs_mirror, opened, silent

from benchmark.corpus import Corpus, fingerprint
from benchmark.corpus.parts_of_speech import CLASSES

#: Nobody knows what to spell there.
UNKNOWN_IN_THE_TEXT = {"ptb", "wikitext2"}
#: The words of each class that NLTK counts with `brown.tagged_words(tagset="universal")`.
BROWN = {
    "nouns": 275_558,
    "verbs": 182_750,
    "adjectives": 83_721,
    "adverbs": 56_239,
    "numbers": 14_874,
    "pronouns": 49_334,
    "determiners": 137_019,
    "prepositions": 144_766,
    "conjunctions": 38_151,
    "particles": 29_829,
    "punctuation": 147_565,
    "other": 1_386,
}


def expected(name: str) -> dict[str, int]:
    counts = corpus_options(name)["expect"]
    assert isinstance(counts, dict)
    return counts


def of_mirror(name: str, folder: Path) -> Corpus:
    """Opened without its expectations, so that the test is what compares."""
    return opened(corpus_options(name, expect=None), folder, corpora_dir=Path(str(MIRROR)))


@needs_mirror
@pytest.mark.parametrize("name", ["ptb", "wikitext2", "tinyshakespeare", "names", "brown"])
def test_counts(name: str, tmp_path: Path) -> None:
    corpus, counts = of_mirror(name, tmp_path), expected(name)
    splits = (corpus.train, corpus.valid, corpus.test)
    assert [len(split) for split in splits] == [counts[part] for part in ("train", "valid", "test")]
    assert len(corpus.vocabulary) == counts["vocabulary"]
    assert sum(len(split.lines) - 1 for split in splits) == counts.get("sentences", 3)
    assert np.array_equal(
        np.bincount(corpus.train.ids, minlength=len(corpus.vocabulary)), corpus.vocabulary.counts
    )
    assert corpus.test.text is not None
    assert (corpus.test.text.spelling_bits is None) == (name in UNKNOWN_IN_THE_TEXT)
    tags = [np.bincount(split.tags, minlength=len(CLASSES)) for split in splits if split.tags is not None]
    found = dict(zip(CLASSES, sum(tags).tolist(), strict=True)) if tags else {}
    assert found == (BROWN if name == "brown" else {})


@needs_mirror
@pytest.mark.slow
def test_reuters(tmp_path: Path) -> None:
    shares = {}
    for name in ("reuters", "reuters_by_date"):
        corpus, counts = of_mirror(name, tmp_path), expected(name)
        for part, split in (("train", corpus.train), ("valid", corpus.valid), ("test", corpus.test)):
            assert len(split) == counts[part]
        shares[name] = {part: round(each.copied_targets, 4) for part, each in corpus.overlaps.items()}
    # these by a program of its own that puts the lines of 11 words and more into a set
    assert shares["reuters"] == {"valid": 0.0777, "test": 0.0028}
    assert shares["reuters_by_date"]["valid"] < 0.0028


@pytest.mark.slow
def test_state_of_the_union(tmp_path: Path) -> None:
    corpus, counts = opened(corpus_options("sotu", expect=None), tmp_path), expected("sotu")
    assert [len(split) for split in (corpus.train, corpus.valid, corpus.test)] == list(counts.values())[:3]
    assert len(corpus.vocabulary) == 5_000


def test_small_state_of_the_union(tmp_path: Path) -> None:
    corpus = opened(corpus_options("sotu_small"), tmp_path)
    assert len(corpus.vocabulary) == 5_000
    first = corpus.detokenise(corpus.vocabulary.decode(corpus.train.ids[:20]))
    assert first.startswith("the president.\nmr. speaker")
    assert fingerprint(corpus_options("sotu_small"), corpora_dir=None, cache_dir=tmp_path, say=silent)


def test_the_users_own_text(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("One sentence. Another one!\n" * 20)
    options = corpus_options("files", title="mine", text="one.txt")
    corpus = opened(options, tmp_path, corpora_dir=tmp_path)
    assert corpus.vocabulary.decode(corpus.train.ids[:8]) == [
        "one",
        "sentence",
        ".",
        "</s>",
        "another",
        "one",
        "!",
        "</s>",
    ]
    assert len(corpus.test.lines) - 1 == 4
