"""From a prompt to tokens and from tokens to text, in the same way as a corpus does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.corpus.byte_symbols import to_bytes, to_symbols
from benchmark.corpus.marks import END, MarkRule, Marks, Tokens

#: The file with the encoding of subwords.
ENCODING = "tokenizer.json"
#: What each is called, where that is more than its name.
NAMES = {"words": "words (NLTK Punkt and NLTKWordTokenizer)", "bpe": "subwords (byte-level BPE)"}


@dataclass(frozen=True)
class Tokeniser:
    """How a corpus tokenises text. If lines (or sentences) are marked, `</s>` stands between them.

    `encoding`, of subwords alone, is the encoding by byte pairs as JSON (see `benchmark.corpus.byte_pairs`).
    """

    tokens: Tokens
    lowercase: bool
    end_of_line: bool
    encoding: str | None = field(default=None, repr=False)
    marks: Marks = "refuse"

    def describe(self) -> str:
        """The tokenisation in a few words, for the protocol."""
        return f"{NAMES.get(self.tokens, self.tokens)}, {'lower case' if self.lowercase else 'case kept'}"

    def tokenise(self, prompt: str, name: str = "the prompt") -> list[str]:
        """The tokens of a prompt. Its last line stays open: no `</s>` follows it.

        Raises UserError, in which it is called by its name, for a mark that the corpus refuses.
        """
        text = self._rule.applied_to_prompt(prompt.replace("\r\n", "\n"), name)
        if self.lowercase:
            text = text.lower()
        if self.tokens not in ("words", "whitespace") and not self.end_of_line:
            return self._line(text)
        lines = [self._line(line) for line in self._lines(text)]
        if not self.end_of_line:
            return [token for line in lines for token in line]
        marked = [token for line in lines for token in [*line, END]]
        return marked[:-1]

    def detokenise(self, tokens: Sequence[str]) -> str:
        """Readable text: `</s>` becomes a line break, NLTK's detokeniser joins words, and bytes that are no
        UTF-8 become U+FFFD."""
        lines: list[list[str]] = [[]]
        for token in tokens:
            if token == END and self.tokens != "characters":
                lines.append([])
            else:
                lines[-1].append("\n" if token == END else token)
        return "\n".join(self._joined(line) for line in lines)

    def shown(self, token: str) -> str:
        """A token in a table: as it is, but bytes as the text they are; part of a character as `\\xe2`."""
        if token == END or self.tokens not in ("bytes", "bpe"):
            return token
        return to_bytes([token]).decode(errors="backslashreplace")

    def save(self, folder: Path) -> None:
        """Write what the settings of a corpus do not tell: the encoding of subwords."""
        if self.encoding is not None:
            (folder / ENCODING).write_text(self.encoding, encoding="utf-8")

    def _lines(self, text: str) -> list[str]:
        if self.tokens != "words":
            return text.split("\n")
        # An untrained Punkt knows no abbreviations, which is good enough for the few words of a prompt.
        return self._nltk.sentences(text) or [""]

    def _line(self, line: str) -> list[str]:
        if self.tokens == "characters":
            return list(line)
        if self.tokens == "bytes":
            return list(to_symbols(line))
        if self.tokens == "bpe":
            return list(self._byte_pairs.encode(line, add_special_tokens=False).tokens)
        if self.tokens == "words":
            return self._rule.with_unknown(" ".join(self._nltk.tokenise(line))).split()
        return [token.decode() for token in line.encode().split()]

    def _joined(self, tokens: list[str]) -> str:
        if self.tokens == "characters":
            return "".join(tokens)
        if self.tokens in ("bytes", "bpe"):
            return to_bytes(tokens).decode(errors="replace")
        return self._nltk.join(tokens) if self.tokens == "words" else " ".join(tokens)

    @cached_property
    def _rule(self) -> MarkRule:
        return MarkRule(self.tokens, self.lowercase, self.marks, setting="")

    @cached_property
    def _byte_pairs(self) -> Any:
        from benchmark.corpus import byte_pairs

        if self.encoding is None:
            raise ValueError("subwords need an encoding")
        return byte_pairs.load(self.encoding)

    @cached_property
    def _nltk(self) -> Any:
        from benchmark.corpus.nltk_words import PromptWords

        return PromptWords()
