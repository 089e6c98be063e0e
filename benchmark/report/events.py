"""Rows scored on the same events, ranked; and what differs where one corpus was scored in two ways."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

from benchmark import text
from benchmark.report.rows import Row

#: The parts of a protocol as `result.json` names them, and as a reader does.
PARTS = {
    "protocol_text": "text",
    "protocol_tokens": "tokens",
    "protocol_vocabulary": "vocabulary",
    "protocol_unknown": "unknown words",
    "protocol_end_of_line": "end of line",
}


_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@dataclass(frozen=True)
class Events:
    """The rows of one corpus and one protocol, best first. `title` is for people, `file` for file names;
    `name` is the corpus alone, without the protocol that `title` adds where there are several."""

    corpus: str
    title: str
    protocol: str
    rows: tuple[Row, ...]
    file: str
    name: str

    @property
    def varied(self) -> bool:
        """Whether there is more to compare than one model at several settings."""
        return len({row.shared("model") for row in self.rows}) > 1

    def family(self, name: str) -> list[Row]:
        """The rows of a family, best first."""
        return [row for row in self.rows if row.family == name]

    def distinct(self, name: str, most: int, apart: float) -> list[Row]:
        """The family's best rows, each worse than the one before by a share of at least `apart`: the
        same model from two programs is drawn once. Rows beyond twice the best would flatten all others."""
        kept: list[Row] = []
        for row in self.family(name):
            value = row.perplexity or math.inf
            if kept and value > 2 * (kept[0].perplexity or 0):
                break
            if math.isfinite(value) and (not kept or value >= (1 + apart) * (kept[-1].perplexity or 0)):
                kept.append(row)
        return kept[:most]

    def best(self, name: str) -> Row | None:
        """The family's row with the lowest perplexity, if it has one that is finite."""
        rows = [row for row in self.family(name) if math.isfinite(row.perplexity or math.inf)]
        return rows[0] if rows else None

    @property
    def parts(self) -> dict[str, str]:
        """The protocol, part by part."""
        said = {part: self.rows[0].shared(key) for key, part in PARTS.items()}
        return {part: _DIGEST.sub(r"sha256 \1…", value) for part, value in said.items() if value}

    @property
    def figures(self) -> str:
        """How much is predicted: targets, vocabulary, out-of-vocabulary rate."""
        row = self.rows[0]
        targets, vocabulary, rate = (row.mean(k) for k in ("test_targets", "vocabulary_size", "oov_rate"))
        said = [
            f"{targets:,.0f} test targets" if targets else "",
            f"vocabulary of {vocabulary:,.0f}" if vocabulary else "",
            f"{text.percent(rate)} out of vocabulary" if rate is not None else "",
        ]
        return ", ".join(part for part in said if part)


def ranked(rows: list[Row]) -> list[Events]:
    """Finished, normalised rows by corpus and protocol, the richest first; ranks count from 1 within each."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.done and row.normalised and row.perplexity is not None:
            groups[row.corpus, row.shared("protocol_id")].append(row)
    protocols = Counter(corpus for corpus, _ in groups)
    found: list[Events] = []
    for (corpus, protocol), members in sorted(groups.items()):
        members.sort(key=_by_perplexity)
        placed = tuple(replace(row, rank=rank) for rank, row in enumerate(members, start=1))
        title = placed[0].shared("corpus_title") or corpus or "unnamed corpus"
        several = protocols[corpus] > 1
        file = _file_name(f"{corpus}_{protocol[:6]}" if several else corpus, {e.file for e in found})
        found.append(
            Events(corpus, f"{title} [{protocol[:6]}]" if several else title, protocol, placed, file, title)
        )
    return sorted(found, key=_most_telling)


def _most_telling(events: Events) -> tuple[int, int]:
    """What compares more families comes first, then what has more rows."""
    return -len({row.family for row in events.rows}), -len(events.rows)


def _by_perplexity(row: Row) -> tuple[float, float, int]:
    """Best first; of two that agree to the hundredth (one model from two programs) the quicker to train."""
    perplexity = math.inf if row.perplexity is None else round(row.perplexity, 2)
    return perplexity, row.mean("train_seconds") or math.inf, row.number


def _file_name(name: str, taken: set[str]) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())[:40] or "corpus"
    return next(n for n in (plain, *(f"{plain}_{i}" for i in range(2, len(taken) + 3))) if n not in taken)


def differences(events: list[Events]) -> list[str]:
    """One sentence for each corpus whose rows were scored on different events: what differs, and how."""
    by_corpus: dict[str, list[Events]] = defaultdict(list)
    for group in events:
        by_corpus[group.corpus].append(group)
    return [_difference(groups) for groups in by_corpus.values() if len(groups) > 1]


def _difference(groups: list[Events]) -> str:
    names = sorted({part for group in groups for part in group.parts})
    differing = [n for n in names if len({group.parts.get(n, "") for group in groups}) > 1]
    sides = [
        f"{group.protocol[:6] or 'unnamed'} ("
        + "; ".join(f"{name}: {group.parts.get(name, text.NONE)}" for name in differing)
        + ")"
        for group in groups
    ]
    what = text.listed(differing) if differing else "a part that was not recorded"
    return (
        f"Rows of {groups[0].corpus} were scored on {len(groups)} different sets of events and are ranked "
        f"apart. They differ in {what}: {text.listed(sides)}."
    )
