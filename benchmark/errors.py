"""Errors a user can act on: one line that names what is wrong and the way out."""

from __future__ import annotations

from collections.abc import Iterable

#: How the one line of a UserError begins on standard error.
ERROR_MARK = "nextword: "

#: Names listed where none is close.
MOST_NAMES = 16


class UserError(Exception):
    """Something the user can mend. The message is one line and says how; no stack trace is shown."""


class UnknownSetting(UserError):
    """A setting or class that there is not, or one that is missing: mistyped, never an impossible
    combination of settings."""


class Skip(Exception):
    """Raised by a baseline that cannot run here (a missing package, an impossible combination).

    The run is recorded with status `skipped` and this message as its reason; the sweep goes on.
    """


class NeedsSetting(Skip):
    """Raised by a baseline that can do nothing until a setting names something, such as a file.

    A run of its own then ends as with a UserError, and nothing is recorded.
    """


class Diverged(Exception):
    """Raised by a baseline whose training left the finite numbers. Recorded with status `diverged`."""


class BrokenContract(Exception):
    """A model gave what the contract does not allow. The run is recorded as failed with this message.

    `method` is the method of the model that did; the message begins with it.
    """

    def __init__(self, method: str, problem: str) -> None:
        super().__init__(f"{method} {problem}")
        self.method = method


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that suggests close names, or lists the known ones if none is close."""
    names = sorted(set(known))
    import difflib

    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(c) for c in close)}?"
    if not names:
        return "None is known."
    return f"Known: {', '.join(names[:MOST_NAMES])}{', …' if len(names) > MOST_NAMES else ''}."
