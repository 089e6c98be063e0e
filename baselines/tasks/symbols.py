"""Numbers for tokens, letters and labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from benchmark.storage.reading import Unreadable

#: Numbers of what fills up a batch, and of a symbol that is not among those counted.
PADDING, UNKNOWN = 0, 1


@dataclass(frozen=True)
class Symbols:
    """Symbols by number. The first two numbers are `PADDING` and `UNKNOWN`."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, symbols: Iterable[str], min_count: int = 1) -> Self:
        """Every symbol that occurs `min_count` times or more, the most frequent first."""
        counts = sorted(Counter(symbols).items(), key=lambda pair: (-pair[1], pair[0]))
        return cls(("", "", *(name for name, count in counts if count >= min_count)))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def counted(self) -> tuple[str, ...]:
        """The symbols alone, without those two numbers."""
        return self.names[UNKNOWN + 1 :]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names) if number > UNKNOWN}

    def number(self, name: str) -> int:
        """The number of a symbol, `UNKNOWN` for one that was not counted."""
        return self._numbers.get(name, UNKNOWN)

    def numbers(self, names: Sequence[str]) -> list[int]:
        """The number of each symbol."""
        return [self._numbers.get(name, UNKNOWN) for name in names]

    def save(self, file: Path) -> None:
        """Write the symbols as JSON."""
        file.write_text(json.dumps(self.names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Self:
        """The symbols that `save` wrote. Raises Unreadable."""
        try:
            return cls(tuple(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            raise Unreadable(f"cannot read {file}: {error}") from None
