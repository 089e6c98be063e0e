"""What a model says of a setting in its annotation; read from the source by `record.input_files`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

#: Annotates a setting that names a file or a folder: a run's identity rests on what that holds.
InputFile = Annotated[str, "a file or a folder"]
#: Annotates a setting that names a program to run. A record may name no other than the one that the setting
#: is called by.
Program = Annotated[str, "a program"]
#: Marks a setting that runs from before it was added lack: `Annotated[float, Field(ge=0), AddedLater] = 0.0`.
#: Its default is off (null, false or 0). While it is off, it is no part of a run's identity.
AddedLater = "a setting that earlier runs lack"


@dataclass(frozen=True)
class Bounds:
    """What a number may be, or how few items a tuple may have: `Annotated[int, Bounds(ge=1, le=10)]`.

    The same as pydantic's `Field`, which is imported where settings are checked: a model that uses this one
    can be imported without it. It is metadata as annotated-types groups it.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    min_length: int | None = None

    __is_annotated_types_grouped_metadata__ = True

    def __iter__(self) -> Iterator[Any]:
        import annotated_types as marks

        kinds = {"ge": marks.Ge, "gt": marks.Gt, "le": marks.Le, "lt": marks.Lt, "min_length": marks.MinLen}
        for name, kind in kinds.items():
            if (bound := getattr(self, name)) is not None:
                yield kind(bound)

    def holds(self, value: Any) -> bool:
        """Whether a number, or the length of a tuple, is within the bounds."""
        if self.min_length is not None:
            return len(value) >= self.min_length
        return (
            (self.ge is None or value >= self.ge)
            and (self.gt is None or value > self.gt)
            and (self.le is None or value <= self.le)
            and (self.lt is None or value < self.lt)
        )

    def said(self) -> str:
        """The bounds in words."""
        words = {"ge": "from", "gt": "above", "le": "up to", "lt": "below", "min_length": "of at least"}
        bounds = [(word, getattr(self, name)) for name, word in words.items()]
        return " and ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
