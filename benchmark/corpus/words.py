"""Sentences and words by NLTK: Punkt (Kiss and Strunk, 2006) and NLTK's Treebank-style word tokeniser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

#: Punkt learns its abbreviations from at most about this many characters of the training split, taken
#: as every k-th paragraph: ten seconds in place of forty for the State of the Union addresses.
PUNKT_CHARACTERS = 2_500_000
#: A word of only these closes a sentence together with the word before it.
CLOSING = frozenset("])}>\"'»”’")
#: Marks that always are tokens of their own at the end of a word.
MARKS = ",;:?!"

Paragraph = Literal["line", "blank_line"]


def paragraphs(text: str, kind: Paragraph) -> list[str]:
    """The paragraphs of a document that are not blank."""
    parts = text.split("\n") if kind == "line" else re.split(r"\n[^\S\n]*\n", text)
    return [part for part in parts if part.strip()]


def train_punkt(texts: Iterable[str], kind: Paragraph) -> Any:
    """A Punkt sentence tokeniser with the abbreviations, collocations and sentence starters of `texts`."""
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    every = [paragraph for text in texts for paragraph in paragraphs(text, kind)]
    step = -(-sum(map(len, every)) // PUNKT_CHARACTERS) or 1
    trainer = PunktTrainer()
    trainer.train("\n\n".join(every[::step]), finalize=True)
    return PunktSentenceTokenizer(trainer.get_params())


class WordTokeniser:
    """NLTKWordTokenizer, remembering what it makes of a word.

    What NLTK's rules make of a word depends on its neighbours in two places only: at the front of a
    sentence (an opening quote) and at its end (the final period, with closing quotes or brackets
    behind it). So a word is tokenised once in each of these places it occurs in, beside a plain `x`;
    letters with at most one mark behind them need no rules at all.
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
        """The tokens NLTKWordTokenizer gives for one sentence with single spaces between its words."""
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
        """The tokens of letters, alone or with one mark; none where it takes the rules to tell."""
        letters = word.rstrip(MARKS + period)
        marks = len(word) - len(letters)
        if (
            marks > 1
            or not letters.isalpha()
            or any(rule.search(f" {letters} ") for rule in self._contractions)
        ):
            return []
        return [letters, word[-1]] if marks else [word]


def sentence_lines(texts: Iterable[str], kind: Paragraph, punkt: Any) -> Iterator[bytes]:
    """The sentences of each text, one a line, with a space between tokens."""
    tokenise = WordTokeniser()
    for text in texts:
        lines = [
            " ".join(tokenise(sentence))
            for paragraph in paragraphs(text, kind)
            for sentence in punkt.tokenize(paragraph)
        ]
        yield "".join(line + "\n" for line in lines if line).encode()


class PromptWords:
    """Sentences and words of a prompt, and words joined to text again."""

    def __init__(self) -> None:
        from nltk.tokenize.punkt import PunktSentenceTokenizer
        from nltk.tokenize.treebank import TreebankWordDetokenizer

        self.tokenise = WordTokeniser()
        self.sentences = PunktSentenceTokenizer().tokenize
        self.join = TreebankWordDetokenizer().detokenize
