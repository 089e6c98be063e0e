"""Standard output and standard error that no print can fail on.

A print can fail for reasons that have nothing to do with the work: the reader has gone (`| head`), the disk
behind the output is full, the terminal has no `∞`, or the stream was closed from the start (`>&-`). A
training of hours must not end for that. So what cannot be written is left out, and what the encoding lacks is
spelt in ASCII.

A terminal obeys control characters, and a label, a reason or a folder's name may hold any. So all of them are
shown as `\\x1b` and the like, but for those that we write ourselves (`own`).
"""

from __future__ import annotations

import codecs
import os
import re
import secrets
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from benchmark.text import one_line

#: The name of our error handler among Python's codecs.
SPELT = "nextword.spelt"

#: Signs that have an established spelling in ASCII; a letter with an accent is written without it.
SPELLINGS = str.maketrans(
    {
        "∞": "inf",
        "×": "x",
        "·": "*",
        "±": "+-",
        "−": "-",
        "–": "-",
        "—": "-",
        "‑": "-",
        "…": "...",
        "→": "->",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "─": "-",
        "━": "-",
    }
)


#: Characters that a terminal obeys, or that turn the direction of what follows; a tab and a line end stay.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
#: Stands around what we write ourselves. Nobody else knows it.
_OWN = f"\x1b{secrets.token_hex(16)}\x1b"


def say(line: str) -> None:
    """A line on standard error."""
    print(one_line(line), file=sys.stderr, flush=True)


def visible(text: str) -> str:
    """The text with every control character, except tabs and line ends, spelt out: `\\x1b`, `\\u202e`."""
    return text if text.isprintable() else CONTROLS.sub(lambda found: _escape(found[0]), text)


def own(text: str) -> str:
    """Text of ours whose control characters the terminal is to obey, for standard output or error."""
    return f"{_OWN}{text}{_OWN}" if isinstance(sys.stdout, SteadyStream) else text


def own_styles(text: str) -> str:
    """Text of ours with the escape sequences that set colours and type; other controls in it are shown."""
    return re.sub("(?:\x1b\\[[0-9;]*m)+", lambda found: own(found[0]), text)


class OwnStream:
    """Standard output for a program that draws with control characters, and is given none of others."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    def write(self, text: str) -> int:
        return self._stream.write(own(text) if isinstance(self._stream, SteadyStream) else text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _shown(text: str) -> str:
    """What is written of a text: ours as it is, and the rest visible."""
    if text.isprintable():
        return text
    return "".join(part if n % 2 else visible(part) for n, part in enumerate(text.split(_OWN)))


class SteadyStream:
    """A text stream that swallows what it cannot write; everything else is the stream's own.

    `lost` is the first error in writing. From then on the file descriptor is the null device.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: Exception | None = None

    def write(self, text: str) -> int:
        self._attempt(lambda: self._stream.write(_shown(text)))
        return len(text)

    def writelines(self, lines: Any) -> None:
        self.write("".join(lines))

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            self.lost = self.lost or error
            self._discard()

    def _discard(self) -> None:
        """Have the null device take what is left, also in the stream's buffer, and whatever follows."""
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, self._stream.fileno())
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        finally:
            os.close(null)


@contextmanager
def steady_output(encoding: str | None = None) -> Iterator[SteadyStream]:
    """Standard output and standard error are steady within the block; gives standard output.

    `encoding`: for both, by default what they have.
    """
    if isinstance(sys.stdout, SteadyStream):  # it is called within such a block
        yield sys.stdout
        return
    _open_standard_descriptors()
    before = sys.stdout, sys.stderr
    steady = [SteadyStream(stream or _null(fd)) for fd, stream in zip((1, 2), before, strict=True)]
    errors = [getattr(stream, "errors", None) for stream in before]
    for stream in steady:
        _reconfigure(stream, encoding=encoding, errors=SPELT)
    sys.stdout, sys.stderr = (cast(TextIO, stream) for stream in steady)
    try:
        yield steady[0]
    finally:
        for stream, its_errors in zip(steady, errors, strict=True):
            stream.flush()
            _reconfigure(stream, errors=its_errors)
        sys.stdout, sys.stderr = before


def problem_of(stream: SteadyStream) -> str | None:
    """Why output was lost; None if nothing was, or only because its reader has gone, as that of `head`."""
    if stream.lost is None or isinstance(stream.lost, BrokenPipeError):
        return None
    return getattr(stream.lost, "strerror", None) or str(stream.lost)


def showable(text: str) -> str:
    """The text as standard output will show it, so that columns can be measured."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return visible(text).encode(encoding, SPELT).decode(encoding)


def _spelt(error: UnicodeError) -> tuple[str, int]:
    """Replaces characters that an encoding lacks."""
    assert isinstance(error, UnicodeEncodeError)
    missing = error.object[error.start : error.end]
    return "".join(map(_ascii, missing)), error.end


def _ascii(character: str) -> str:
    decomposed = unicodedata.normalize("NFKD", character.translate(SPELLINGS))
    return decomposed.encode("ascii", "ignore").decode() or ("" if unicodedata.combining(character) else "?")


codecs.register_error(SPELT, _spelt)


def _reconfigure(stream: SteadyStream, **options: str | None) -> None:
    """Change encoding or error handler of a stream that has one (a StringIO has none)."""
    with suppress(AttributeError, OSError, ValueError):
        stream.reconfigure(**options)


def _open_standard_descriptors() -> None:
    """Give closed standard descriptors the null device: a file opened later would take their numbers, and
    what a library prints would be written into it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _null(number: int) -> TextIO:
    """The stream of a descriptor that was closed when Python started."""
    return open(number, "w", encoding="utf-8", closefd=False)
