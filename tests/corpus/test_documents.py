"""Where the documents of a corpus begin among its targets: against documents encoded one by one."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import corpus_options, opened, texts

from benchmark.corpus import Corpus
from benchmark.corpus.document import FileDocument, Span
from benchmark.corpus.document_offsets import document_offsets
from benchmark.errors import UserError
from benchmark.measure.blocks import blocks_of

#: With a blank first and last document, without a newline at the end, with blank lines and \r\n.
TEXTS = ["", "one two. Three four.\n", "a b\n\nc", "\n", "d e f\r\ng h\n\n\n", "i", " \n"]
ALL_TOKENS: list[dict[str, Any]] = [
    *({"tokens": kind} for kind in ("words", "whitespace", "characters", "bytes")),
    {"tokens": "bpe", "vocabulary": {"size": 262}},
]


def several(folder: Path, contents: list[str], **changes: Any) -> Corpus:
    """A corpus with these texts as its test documents."""
    folder.mkdir(exist_ok=True)
    options = texts(folder, "one two three four a b c d e f g h i\n" * 3)
    for place, content in enumerate(contents):
        (folder / f"doc{place:02}.txt").write_bytes(content.encode())
    return opened({**options, "test": str(folder / "doc*.txt"), **changes}, folder)


def tokens_alone(folder: Path, content: str, **changes: Any) -> list[str]:
    """The tokens of a document that is the whole test split; documents end with a newline."""
    whole = content + "\n" if content and not content.endswith("\n") else content
    try:
        corpus = several(folder, [whole], **changes)
    except UserError:  # the test split is empty
        return []
    assert corpus.test.documents is None  # one document is no sample
    return corpus.vocabulary.decode(corpus.test.ids)


@pytest.mark.parametrize("end_of_line", [True, False])
@pytest.mark.parametrize("changes", ALL_TOKENS, ids=lambda changes: changes["tokens"])
def test_each_document_has_the_tokens_that_it_has_alone(
    tmp_path: Path, changes: dict[str, Any], end_of_line: bool
) -> None:
    if changes["tokens"] == "bpe":
        pytest.importorskip("tokenizers")
    changes = {**changes, "end_of_line": end_of_line}
    test = several(tmp_path, TEXTS, **changes).test
    assert test.documents is not None
    assert (test.documents[0], test.documents[-1]) == (0, len(test))
    found = [test.vocabulary.decode(test.ids[a:b]) for a, b in pairwise(test.documents.tolist())]
    alone = [tokens_alone(tmp_path / str(place), one, **changes) for place, one in enumerate(TEXTS)]
    assert found == [tokens for tokens in alone if tokens]


def test_parts_of_one_document_are_one(tmp_path: Path) -> None:
    """Lines 5 and 6 of every six go to the test split: two pieces of each document of twelve lines."""
    for place in range(3):
        (tmp_path / f"doc{place}.txt").write_text(f"{place} x\n" * 12)
    options = {
        "name": "small",
        "text": str(tmp_path / "doc*.txt"),
        "split": [0.5, 0.25, 0.25],
        "split_unit": "lines",
        "split_order": "interleaved",
        "tokens": "whitespace",
    }
    corpus = opened(options, tmp_path)
    assert corpus.test.documents is not None
    assert corpus.test.documents.tolist() == [0, 9, 18, 27]
    shared = opened({**options, "train_share": 0.5}, tmp_path)
    assert shared.train.documents is None
    assert shared.test.documents is not None


def test_lines_that_are_not_those_of_the_text_say_nothing() -> None:
    """As where a subword holds two newlines."""
    spans = [Span(FileDocument(Path(name))) for name in "ab"]
    assert document_offsets(spans, [2, 3], np.array([1, 2, 5, 6, 9, 9])) is not None
    assert document_offsets(spans, [2, 3], np.array([1, 2, 5, 6, 9])) is None


@pytest.mark.parametrize(
    ("documents", "end_of_line", "unit", "blocks"),
    [
        (10, True, "documents", 10),
        (9, True, "blocks of 50 lines", 8),
        (10, False, "documents", 10),
        (9, False, "blocks of 1,000 tokens", 2),
    ],
)
def test_documents_are_the_blocks_where_there_are_ten(
    tmp_path: Path, documents: int, end_of_line: bool, unit: str, blocks: int
) -> None:
    contents = ["a b c\n" * 40] * documents
    test = several(tmp_path, contents, tokens="whitespace", end_of_line=end_of_line).test
    found = blocks_of(test)
    assert (found.unit, len(found)) == (unit, blocks)
    assert found.targets.sum() == len(test)
    if end_of_line:
        assert str(blocks_of(test, 20)) == f"{2 * documents} blocks of 20 lines"


@pytest.mark.slow
def test_addresses_are_documents(tmp_path: Path) -> None:
    """The small State of the Union: three addresses are tested, too few to be drawn from."""
    corpus = opened(corpus_options("sotu_small"), tmp_path)
    assert corpus.test.documents is not None
    text = corpus.vocabulary.decode(corpus.test.ids)
    begins = [" ".join(text[start : start + 40]) for start in corpus.test.documents[:-1].tolist()]
    assert all("speaker" in begin or "congress" in begin for begin in begins), begins
    assert blocks_of(corpus.test).unit == "blocks of 50 lines"


#: Two headings; and what is none: text above it, text below it, a section, a blank line.
NO_HEADINGS = " = Not this = \n\n = = Section = = \n\n\n = Nor that = \nd e\n"
ARTICLES = f"\n = One = \n\na b c\n{NO_HEADINGS}\n = Two = \n\nf g"
HEADING = " = [^=].* = "


@pytest.mark.parametrize("changes", ALL_TOKENS[1:4], ids=lambda changes: changes["tokens"])
def test_a_heading_between_blank_lines_begins_a_document(tmp_path: Path, changes: dict[str, Any]) -> None:
    marks = "one two three a b c d e f g = Two One Not this Section Nor that\n"
    options = texts(tmp_path, marks * 3)
    (tmp_path / "articles.txt").write_text(ARTICLES)
    of = {**options, "test": str(tmp_path / "articles.txt"), "heading": HEADING, **changes}
    test = opened(of, tmp_path).test
    assert test.documents is not None
    begin, second, end = test.documents.tolist()
    assert (begin, end) == (0, len(test))
    # it has the tokens of the text from the blank lines above it on, if these are all there is
    (tmp_path / "articles.txt").write_text(ARTICLES[ARTICLES.index("\n = Two") :])
    alone = opened({**of, "heading": None}, tmp_path).test
    assert test.ids[second:].tolist() == alone.ids.tolist()


def test_headings_in_several_files_and_none_at_all(tmp_path: Path) -> None:
    contents = [" = A = \n\nx\n\n = B = \n\ny\n\n", "\n = C = \n", "z\n"]
    options = {"tokens": "whitespace", "heading": HEADING, "vocabulary": {"min_count": 1}}
    test = several(tmp_path, contents, **options).test
    assert test.documents is not None
    assert test.documents.tolist() == [0, 7, 16, 21, 23]
    plain = several(tmp_path / "plain", ["x\n", "y\n"], **options).test
    assert plain.documents is not None
    assert plain.documents.tolist() == [0, 2, 4]


def test_another_heading_has_the_cache_made_anew_with_the_same_ids(tmp_path: Path) -> None:
    options = {"tokens": "whitespace", "vocabulary": {"min_count": 1}}
    content = [" = A = \n\nx\n\n = B = \n\ny\n"]
    without = several(tmp_path, content, **options)
    with_heading = several(tmp_path, content, **options, heading=HEADING)
    assert without.test.documents is None
    assert with_heading.test.documents is not None
    assert with_heading.fingerprint == without.fingerprint
    assert with_heading.test.ids.tolist() == without.test.ids.tolist()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": "whitespace", "heading": "(a"}, "corpus.heading='(a' is not a regular expression"),
        ({"tokens": "words", "heading": "a"}, "corpus.heading finds no lines with corpus.tokens=words"),
    ],
)
def test_a_heading_that_cannot_be_used_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as raised:
        several(tmp_path, ["x\n"], **changes)
    assert message in str(raised.value)
