"""From a prompt to tokens and from tokens to text, in the same way as a corpus does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from benchmark.corpus.vocabulary import END

Tokens = Literal["words", "whitespace", "characters"]


@dataclass(frozen=True)
class Tokeniser:
    """How a corpus tokenises text. If lines (or sentences) are marked, `</s>` stands between them."""

    tokens: Tokens
    lowercase: bool
    end_of_line: bool

    def describe(self) -> str:
        """The tokenisation in a few words, for the protocol."""
        kind = "words (NLTK Punkt and NLTKWordTokenizer)" if self.tokens == "words" else self.tokens
        return f"{kind}, {'lower case' if self.lowercase else 'case kept'}"

    def tokenise(self, prompt: str) -> list[str]:
        """The tokens of a prompt. Its last line stays open: no `</s>` follows it."""
        text = prompt.replace("\r\n", "\n")
        if self.lowercase:
            text = text.lower()
        if self.tokens == "characters" and not self.end_of_line:
            return list(text)
        lines = [self._line(line) for line in self._lines(text)]
        if not self.end_of_line:
            return [token for line in lines for token in line]
        marked = [token for line in lines for token in [*line, END]]
        return marked[:-1]

    def detokenise(self, tokens: Sequence[str]) -> str:
        """Readable text: `</s>` becomes a line break, and NLTK's detokeniser joins words."""
        lines: list[list[str]] = [[]]
        for token in tokens:
            if token == END and self.tokens != "characters":
                lines.append([])
            else:
                lines[-1].append("\n" if token == END else token)
        return "\n".join(self._joined(line) for line in lines)

    def _lines(self, text: str) -> list[str]:
        if self.tokens != "words":
            return text.split("\n")
        # An untrained Punkt knows no abbreviations, which is good enough for the few words of a prompt.
        return self._nltk.sentences(text) or [""]

    def _line(self, line: str) -> list[str]:
        if self.tokens == "characters":
            return list(line)
        if self.tokens == "words":
            return list(self._nltk.tokenise(line))
        return [token.decode() for token in line.encode().split()]

    def _joined(self, tokens: list[str]) -> str:
        if self.tokens == "characters":
            return "".join(tokens)
        return self._nltk.join(tokens) if self.tokens == "words" else " ".join(tokens)

    @cached_property
    def _nltk(self) -> Any:
        from benchmark.corpus.nltk_words import PromptWords

        return PromptWords()
