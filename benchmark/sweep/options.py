"""Options of a command line that take words from a list: `--rerun failed,missing`, `--status failed`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from benchmark.errors import UserError, did_you_mean


def words_of(option: str, known: Collection[str], arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of `--option A,B` or `--option=A,B`, none where it is not given, and the rest of a command
    line. Raises UserError for a word that is not known."""
    words: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        flag, equals, value = argument.partition("=")
        if flag == option:
            words += (value if equals else next(waiting, "")).split(",")
        else:
            rest.append(argument)
    for word in words:
        if word not in known:
            raise UserError(f"{option} {word} is not usable. {did_you_mean(word, known)}")
    return words, rest
