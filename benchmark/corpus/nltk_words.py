"""Sentences and words by NLTK: Punkt (Kiss and Strunk, 2006) and NLTK's Treebank-style word tokeniser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from benchmark.errors import UserError

#: Punkt learns its abbreviations from about this many characters of the training split at most, taken as
#: every k-th paragraph. For the State of the Union addresses this takes ten seconds instead of forty.
PUNKT_CHARACTERS = 2_500_000
#: A word made up of these characters alone ends a sentence together with the word before it.
CLOSING = frozenset("])}>\"'»”’")
#: Marks that are always separate tokens at the end of a word.
MARKS = ",;:?!"

Paragraph = Literal["line", "blank_line"]


def paragraphs(text: str, kind: Paragraph) -> list[str]:
    """The paragraphs of a document that are not blank."""
    parts = text.split("\n") if kind == "line" else re.split(r"\n[^\S\n]*\n", text)
    return [part for part in parts if part.strip()]


def train_punkt(texts: Iterable[str], kind: Paragraph) -> Any:
    """A Punkt sentence tokeniser with the abbreviations, collocations and sentence starters of `texts`.

    Raises UserError for a paragraph that is too long for NLTK.
    """
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    every = [paragraph for text in texts for paragraph in paragraphs(text, kind)]
    step = -(-sum(map(len, every)) // PUNKT_CHARACTERS) or 1
    trainer = PunktTrainer()
    with _in_time():
        trainer.train("\n\n".join(every[::step]), finalize=True)
    return PunktSentenceTokenizer(trainer.get_params())


@contextmanager
def _in_time() -> Iterator[None]:
    """Names the cause where NLTK stops a search that takes it seconds. Raises UserError."""
    try:
        yield
    except TimeoutError as error:
        raise UserError(
            "NLTK cannot cut a paragraph as long as one of this text into words: break it into lines, or "
            "take corpus.tokens=whitespace"
        ) from error


class WordTokeniser:
    """NLTKWordTokenizer with a memory of how it tokenised each word.

    How NLTK's rules tokenise a word depends on its neighbours in two places only: at the front of a
    sentence (an opening quote) and at its end (the final period, with closing quotes or brackets after
    it). So a word is tokenised once for each of these places in which it occurs, next to a plain `x`.
    Letters followed by at most one mark need no rules at all.
    """

    def __init__(self) -> None:
        from nltk.tokenize import NLTKWordTokenizer

        nltk = NLTKWordTokenizer()
        self._tokenize = nltk.tokenize
        self._contractions = [*nltk.CONTRACTIONS2, *nltk.CONTRACTIONS3]
        self._first: dict[str, list[str]] = {}
        self._middle: dict[str, list[str]] = {}
        self._last: dict[str, list[str]] = {}

    def __call__(self, sentence: str) -> list[str]:
        """The tokens that NLTKWordTokenizer gives for a sentence with single spaces between its words."""
        words = sentence.split()
        end = len(words) - 1
        while end > 0 and CLOSING.issuperset(words[end]):
            end -= 1
        if end <= 0:
            return self._tokenize(" ".join(words))
        tokens = list(self._first.get(words[0]) or self._learn_first(words[0]))
        for word in words[1:end]:
            tokens += self._middle.get(word) or self._learn_middle(word)
        ending = " ".join(words[end:])
        tokens += self._last.get(ending) or self._learn_last(ending)
        return tokens

    def _learn_first(self, word: str) -> list[str]:
        self._first[word] = self._plain(word, "") or self._tokenize(f"{word} x")[:-1]
        return self._first[word]

    def _learn_middle(self, word: str) -> list[str]:
        self._middle[word] = self._plain(word, "") or self._tokenize(f"x {word} x")[1:-1]
        return self._middle[word]

    def _learn_last(self, words: str) -> list[str]:
        self._last[words] = self._plain(words, ".") or self._tokenize(f"x {words}")[1:]
        return self._last[words]

    def _plain(self, word: str, period: str) -> list[str]:
        """The tokens of letters, alone or with one mark after them; none if the word needs NLTK's rules."""
        letters = word.rstrip(MARKS + period)
        marks = len(word) - len(letters)
        if (
            marks > 1
            or not letters.isalpha()
            or any(rule.search(f" {letters} ") for rule in self._contractions)
        ):
            return []
        return [letters, word[-1]] if marks else [word]


def sentence_lines(
    texts: Iterable[str], kind: Paragraph, punkt: Any, joined: Callable[[str], str] = str
) -> Iterator[bytes]:
    """The sentences of each text, one per line, spaces between tokens, of which `joined` may join some."""
    tokenise = WordTokeniser()
    for text in texts:
        with _in_time():
            lines = [
                " ".join(tokenise(sentence))
                for paragraph in paragraphs(text, kind)
                for sentence in punkt.tokenize(paragraph)
            ]
        yield joined("".join(line + "\n" for line in lines if line)).encode()


class PromptWords:
    """Splits a prompt into sentences and words, and joins words to text again."""

    def __init__(self) -> None:
        from nltk.tokenize.punkt import PunktSentenceTokenizer
        from nltk.tokenize.treebank import TreebankWordDetokenizer

        self.tokenise = WordTokeniser()
        self.sentences = PunktSentenceTokenizer().tokenize
        self.join = TreebankWordDetokenizer().detokenize
