"""How a value must be written so that Hydra reads it as text, and the shell leaves it as it is."""

from __future__ import annotations

import re
import shlex


def hydra_text(value: str, quote: str = "'") -> str:
    """A value between quotes, as Hydra reads it back: quotes inside are escaped, and so is what would begin
    an interpolation (`${`)."""
    escaped = re.sub(rf"(\\*)({quote}|$)", lambda m: m[1] * 2 + (f"\\{quote}" if m[2] else ""), value)
    return quote + escaped.replace("${", "\\${") + quote


def quoted_argument(key: str, value: str) -> str:
    """`KEY=VALUE` for the shell, in which Hydra takes the value as it is."""
    return for_shell(f"{key}={hydra_text(value, chr(34))}")


def for_shell(argument: str) -> str:
    """An argument as it is typed in a shell."""
    if "'" in argument and "!" not in argument:  # shorter than what shlex makes of it
        return '"' + re.sub(r'([\\"$`])', r"\\\1", argument) + '"'
    return shlex.quote(argument)


def text_wanted(key: str, value: object) -> str:
    """The end of a message about a value that Hydra has read as a number; nothing for any other value."""
    if not isinstance(value, int | float):
        return ""
    return f"; if it is a name, quote it: {quoted_argument(key, str(value).lower())}"
