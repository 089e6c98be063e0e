"""The marks `<s>`, `</s>` and `<unk>` in a text: refused, read as what they mark, or taken as text.

Where tokens stand between spaces, a mark is a word of its own, and `<unk>` is the unknown word (the Penn
Treebank and WikiText write it so). Other tokenisers cut a mark into signs such as `<`, `unk` and `>`, which
are easy to predict. For them it is a mark wherever it stands. The rule is applied before the text is cut into
tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from benchmark.errors import UserError

START = "<s>"
END = "</s>"
UNKNOWN = "<unk>"
#: How text is cut into tokens.
Tokens = Literal["words", "whitespace", "characters", "bytes", "bpe"]
Marks = Literal["refuse", "read", "text"]

_SPACE = r"[\t\n\v\f\r ]"
_LAST, _CLOSING, _LOWER = ord("s"), ord(">"), ord("s") ^ ord("S")  # the end of a mark; the bit of lower case


class MarkFound(Exception):
    """A mark that the text must not contain: in which line (the first one is 0), and what to do about it."""

    def __init__(self, mark: str, line: int, problem: str) -> None:
        super().__init__(problem)
        self.mark, self.line, self.problem = mark, line, problem

    def error(self, where: str) -> UserError:
        """The error that names the place."""
        return UserError(f"{self.mark!r} in {where}, {self.problem}")


@dataclass(frozen=True)
class MarkRule:
    """What becomes of the marks in a text.

    - `refuse`: they are errors, but for `<unk>` between spaces.
    - `read`: `<s>` at the beginning of a line and `</s>` at its end are dropped, since every line is marked
      anyway, and `<unk>` is the unknown word. Elsewhere in a line, `<s>` and `</s>` are errors.
    - `text`: they are text like any other.

    In a text that is folded to lower case, `<UNK>` is `<unk>`. `setting` is the user's name for `marks`;
    it is empty where the rule is that of a finished model and cannot be chosen.
    """

    tokens: Tokens
    lowercase: bool = False
    marks: Marks = "refuse"
    setting: str = "corpus.marks"

    @property
    def reads_lines(self) -> bool:
        """Whether the text is read by whole lines, for the marks at their ends or for NLTK."""
        return self.marks == "read" or self.tokens == "words"

    def applied(self, text: bytes) -> bytes:
        """The text as it is to be cut into tokens, with as many lines.

        It begins and ends where a word does; for `read`, where a line does. Raises MarkFound.
        """
        if self.marks == "text" or not self._suspected(text):
            return text
        if self.marks == "read":
            text = self._line_ends.sub(b"", text)
        found = self._refused.search(text)
        if found:
            mark = found[0].decode()
            raise MarkFound(mark, text.count(b"\n", 0, found.start()), self._problem(mark.lower()))
        return text

    def applied_to_prompt(self, prompt: str, name: str) -> str:
        """The same for what a user typed, which `name` says. Raises UserError, also for a lone surrogate,
        which Python's strings can hold and no text can."""
        try:
            return self.applied(prompt.encode()).decode()
        except UnicodeEncodeError as error:
            code = f"U+{ord(prompt[error.start]):04X}"
            raise UserError(f"{name} has half a character, {code}, at place {error.start + 1}") from None
        except MarkFound as found:
            raise found.error(name) from None

    def with_unknown(self, tokens: str) -> str:
        """NLTK's tokens of a text, separated by spaces, with the three that it makes of `<unk>` as one."""
        return self._cut_unknown.sub(UNKNOWN, tokens) if self.marks == "read" else tokens

    def _suspected(self, text: bytes) -> bool:
        """Whether the text may hold a mark, which is found out much faster than where it is."""
        if b">" not in text:  # one character is found many times faster than two
            return False
        data = np.frombuffer(text, dtype=np.uint8)
        before = data.take(np.flatnonzero(data[1:] == _CLOSING))
        if self.lowercase:
            text, before = text.lower(), before | np.uint8(_LOWER)
        return bool((before == _LAST).any()) or (self._unknown_is_refused and UNKNOWN.encode() in text)

    @cached_property
    def _unknown_is_refused(self) -> bool:
        return self.tokens != "whitespace" and (self.tokens, self.marks) != ("words", "read")

    @cached_property
    def _line_ends(self) -> re.Pattern[bytes]:
        start, end = self._alone(START), self._alone(END)
        return self._compiled(rf"^[ \t]*{start}[ \t]?|[ \t]?{end}[ \t]*$")

    @cached_property
    def _refused(self) -> re.Pattern[bytes]:
        marks = (START, END, UNKNOWN) if self._unknown_is_refused else (START, END)
        return self._compiled("|".join(map(self._alone, marks)))

    @cached_property
    def _cut_unknown(self) -> re.Pattern[str]:
        return re.compile(r"(?<!\S)< unk >(?!\S)", re.IGNORECASE if self.lowercase else 0)

    def _alone(self, mark: str) -> str:
        """The pattern of a mark: between spaces, a word of its own."""
        return rf"(?<!(?!{_SPACE})[\s\S]){mark}(?={_SPACE}|\Z)" if self.tokens == "whitespace" else mark

    def _compiled(self, pattern: str) -> re.Pattern[bytes]:
        return re.compile(pattern.encode(), re.MULTILINE | (re.IGNORECASE if self.lowercase else 0))

    def _problem(self, mark: str) -> str:
        unknown, text = mark == UNKNOWN, self.tokens != "whitespace"
        meaning = "unknown words" if unknown else "where lines begin and end"
        said = f"is reserved (it marks {meaning})"
        if self.marks == "read" and not unknown:
            place = "beginning" if mark == START else "end"
            takes = f"{self.setting}=read takes it" if self.setting else "it may stand"
            return f"{said}: {takes} at the {place} of a line only"
        if not self.setting:
            return f"{said}: leave it out"
        ways = ["rename it in the text, or leave it out"]
        if self.marks == "refuse" and (not unknown or self.tokens == "words"):
            ways.append(f"{self.setting}=read reads it as a mark")
        if text:
            ways.append(f"{self.setting}=text takes it as text")
        return f"{said}: {'; '.join(ways)}"
