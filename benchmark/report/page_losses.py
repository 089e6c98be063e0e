"""The losses by block that the page holds, so that a reader can compare rows on it (`templates/picks.js`).

They are attributes of the comparison's rows and groups. `data-targets` of a group says how many targets each
block has. `data-losses` of a row has the sums of its losses in nats, as `SEEDS UNIT BASE64`: each is a whole
number of units in three bytes, the first one the highest, seed by seed. The unit is a 2^24th of the row's
greatest sum, so that a mean loss is off by less than a millionth of itself.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Attributes, even_shares, first_of_families
from benchmark.report.uncertainty import Uncertainty

#: The page holds the losses of so many rows, and so many sums (of four bytes each), if it holds any.
MOST_ROWS, MOST_SUMS = 30, 20_000
#: The greatest number of units.
_GREATEST = 2**24 - 1
#: A run's id is cut to so many characters, by which `nextword compare` finds it.
_ID = 8


@dataclass(frozen=True)
class PageLosses:
    """The attributes of rows, by their number, and of groups, by their protocol."""

    rows: dict[int, Attributes] = field(default_factory=dict)
    groups: dict[tuple[str, str], Attributes] = field(default_factory=dict)


def page_losses(groups: Sequence[RankedGroup]) -> PageLosses:
    """What the page holds of these groups: as many rows as there is room for, the first of each family.

    A group with one such row has nothing to compare and gets none.
    """
    kept = [(group, known, _candidates(group, known)) for group in groups if (known := group.uncertainty)]
    kept = [one for one in kept if len(one[2]) > 1]
    found = PageLosses()
    room = even_shares([len(rows) for _, _, rows in kept], MOST_ROWS)
    for (group, known, rows), most in zip(kept, room, strict=True):
        chosen = _that_fit(first_of_families(rows, most), known, MOST_SUMS // len(kept))
        if len(chosen) > 1:
            targets = " ".join(map(str, known.targets.tolist()))
            found.groups[group.corpus, group.protocol] = (("targets", targets), ("blocks", known.blocks))
            for row in chosen:
                run = row.runs[0].folder.name[:_ID]
                found.rows[row.number] = (("run", run), ("losses", encoded(known.sums[row.number])))
    return found


def _candidates(group: RankedGroup, known: Uncertainty) -> list[Row]:
    return [row for row in group.rows if row.number in known.sums]


def _that_fit(rows: Sequence[Row], known: Uncertainty, most: int) -> list[Row]:
    """The first of the rows, as many as have no more than `most` sums together."""
    sizes = np.cumsum([known.sums[row.number].size for row in rows])
    return [row for row, size in zip(rows, sizes.tolist(), strict=True) if size <= most]


def encoded(sums: np.ndarray) -> str:
    """Sums of losses, float64 [seeds, blocks], as `data-losses` has them."""
    sums = np.maximum(sums, 0.0)
    unit = float(f"{max(float(sums.max()), 1e-9) / _GREATEST:.9e}")
    whole = np.minimum(np.rint(sums / unit), _GREATEST).astype(">u4")
    three = whole.view(np.uint8).reshape(-1, 4)[:, 1:]
    return f"{len(sums)} {unit:.9e} {base64.b64encode(three.tobytes()).decode()}"
