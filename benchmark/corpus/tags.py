"""From the tags of a document's words to the tags of a split's tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.corpus.document import Span, whole_spans
from benchmark.corpus.parts_of_speech import LINE_END
from benchmark.corpus.word_numbering import SEPARATORS


def tags_of_tokens(
    spans: Sequence[Span], lowercase: bool, spelt: Sequence[bytes], numbers: np.ndarray, end_first: bool
) -> np.ndarray | None:
    """The class of each token of a split (uint8 [tokens], see `benchmark.corpus.parts_of_speech`).

    `spelt` are the bytes of each type and `numbers` (int [tokens]) the type of each token; with `end_first`,
    type 0 is the `</s>` that ends lines. A token has the class of the word that its first byte stands in, so
    all parts of a word share it; white space goes with the word after it. None if a document has no tags, or
    if the tokens do not spell its words.
    """
    read = _words_of(spans)
    if read is None:
        return None
    text, classes = read
    if lowercase:
        text = text.decode().lower().encode()
    letters = [_letters(data) for data in spelt]
    if _letters(text) != b"".join([letters[number] for number in numbers.tolist()]):
        return None
    of_letters = classes[~SEPARATORS[np.frombuffer(text, dtype=np.uint8)]]
    lengths = np.array([len(data) for data in letters])[numbers]
    begins = np.cumsum(lengths) - lengths
    tags = of_letters[np.minimum(begins, len(of_letters) - 1)]
    if end_first:
        tags[numbers == 0] = LINE_END
    return tags


def _letters(text: bytes) -> bytes:
    """The text without white space and the direction of quotation marks, which NLTK's tokeniser may turn."""
    return b"".join(text.split()).replace(b"`", b"'")


def _words_of(spans: Sequence[Span]) -> tuple[bytes, np.ndarray] | None:
    """The text of a split, and the class of each byte's word (uint8); None if there are documents without."""
    texts, classes = [], []
    for span in spans:
        of_document = span.document.tags()
        if of_document is None:
            return None
        classes.append(of_document[span.start : span.stop])
        (text,) = whole_spans([span])
        texts.append(text)
        if len(text) != len(classes[-1]):  # it was read otherwise: without a byte order mark, say
            return None
    return b"".join(texts), np.concatenate(classes)
