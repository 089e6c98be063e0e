"""Finished rows, ranked among those that were scored on the same events."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from benchmark import text
from benchmark.corpus.overlap import LONG
from benchmark.measure.bits import why_no_code
from benchmark.measure.measures import TRAIN_SECONDS, VALID_PERPLEXITY
from benchmark.report.rows import Row
from benchmark.report.uncertainty import Uncertainty, uncertainty_of, with_uncertainty
from benchmark.statistics.bootstrap import Estimate

#: The parts of a protocol: the field of a run's record, and its name for readers.
PROTOCOL_PARTS = {
    "protocol_text": "text",
    "protocol_tokens": "tokens",
    "protocol_vocabulary": "vocabulary",
    "protocol_unknown": "unknown words",
    "protocol_end_of_line": "end of line",
}


_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@dataclass(frozen=True, eq=False)
class RankedGroup:
    """The rows of one corpus and one protocol, best first: they predict exactly the same targets.

    `uncertainty` says how sure their order is; None where no run keeps what that takes.

    `title` is the corpus's name for readers, with the protocol where the corpus has several; `corpus_title`
    is without it. `file` is the part of file names that stands for this group.
    """

    corpus: str
    corpus_title: str
    title: str
    protocol: str
    rows: tuple[Row, ...]
    file: str
    uncertainty: Uncertainty | None = None

    @property
    def has_several_models(self) -> bool:
        """Whether there is more to compare than one model at several settings."""
        return len({row.model for row in self.rows}) > 1

    def family(self, family: str) -> list[Row]:
        """The rows of a family, best first."""
        return [row for row in self.rows if row.family == family]

    def distinct(self, family: str, most: int, margin: float) -> list[Row]:
        """At most `most` of the family's best rows, each worse than the one before by a share of `margin`.

        The same model from two programs is thus drawn once. Rows with more than twice the best perplexity
        are left out: they would flatten all others in a figure.
        """
        kept: list[Row] = []
        for row in self.family(family):
            value = row.perplexity or math.inf
            if kept and value > 2 * (kept[0].perplexity or 0):
                break
            if math.isfinite(value) and (not kept or value >= (1 + margin) * (kept[-1].perplexity or 0)):
                kept.append(row)
        return kept[:most]

    def best(self, family: str, history: str | None = None) -> Row | None:
        """The family's row with the lowest validation perplexity, of those whose test perplexity is finite
        and, where a history is named, that have this history.

        The test text does not choose: the lowest of many test perplexities is lower than it should be. Of
        rows that agree to two decimals, the first in rank is taken.
        """
        rows = [row for row in self.family(family) if math.isfinite(row.perplexity or math.inf)]
        rows = [row for row in rows if history in (None, row.history)]
        return min(rows, key=lambda row: round(row.mean(VALID_PERPLEXITY) or math.inf, 2), default=None)

    def ratio(self, above: Row, below: Row) -> Estimate | None:
        """The perplexity of one row divided by that of another, with its interval; None if it has none."""
        return self.uncertainty.ratio(above, below) if self.uncertainty else None

    @property
    def protocol_parts(self) -> dict[str, str]:
        """The protocol, part by part: its name for readers and what was recorded."""
        recorded = {
            part: text.clean(getattr(self.rows[0].first, key) or "") for key, part in PROTOCOL_PARTS.items()
        }
        return {part: _DIGEST.sub(r"sha256 \1…", value) for part, value in recorded.items() if value}

    @property
    def targets_summary(self) -> str:
        """How much is predicted: number of targets, vocabulary size, out-of-vocabulary rate."""
        scored = self.rows[0].first
        targets, vocabulary, rate = scored.test_targets, scored.vocabulary_size, scored.oov_rate
        parts = [
            f"{targets:,} test targets" if targets else "",
            f"vocabulary of {vocabulary:,}" if vocabulary else "",
            f"{text.percent(rate)} out of vocabulary" if rate is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def blocks_summary(self) -> str:
        """What its intervals are over: `intervals over 12 documents`; nothing if no row has one."""
        return f"intervals over {self.uncertainty.blocks}" if self.uncertainty else ""

    @property
    def overlap_summary(self) -> str:
        """How much is copied from the training text; nothing if no record says."""
        known = [row.first for row in self.rows if row.first.test_copied is not None]
        if not known:
            return ""
        lines = _shares("targets", known[0].valid_copied, known[0].test_copied)
        documents = _shares("documents", known[0].valid_documents_copied, known[0].test_documents_copied)
        said = f"{lines} stand in lines of {LONG} words and more that the training text has, too"
        return said + (f"; {documents} are in it as a whole" if documents else "")

    @property
    def text_summary(self) -> str:
        """How long the predicted text is, and what spelling its unknown words costs; or why that is open."""
        records = [row.first for row in self.rows]
        scored = next((record for record in records if record.test_bytes is not None), records[0])
        missing = why_no_code(scored)
        if missing:
            return f"no bits per character: {missing}"
        parts = [
            f"{scored.test_characters:,} characters" if scored.test_characters else "",
            f"{scored.test_bytes:,} bytes" if scored.test_bytes else "",
            f"{scored.spelling_bits:,.0f} bits to spell the unknown words" if scored.spelling_bits else "",
        ]
        return ", ".join(part for part in parts if part)


def _shares(of: str, valid: float | None, test: float | None) -> str:
    """`8.0% of the validation targets and 0.4% of the test targets`, as far as they are known."""
    shares = {"validation": valid, "test": test}
    known = [
        f"{text.percent(share)} of the {part} {of}" for part, share in shares.items() if share is not None
    ]
    return text.listed(known)


def ranked_groups(
    rows: list[Row], uncertainty: Callable[[Sequence[Row]], Uncertainty | None] = uncertainty_of
) -> list[RankedGroup]:
    """Finished, normalised rows by corpus and protocol, those that compare most first.

    Ranks count from 1 within each group. `uncertainty` is asked for that of each group's rows.
    """
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.done and row.normalised and row.perplexity is not None:
            groups[row.corpus, row.protocol_id].append(row)
    protocols = Counter(corpus for corpus, _ in groups)
    found: list[RankedGroup] = []
    for (corpus, protocol), members in sorted(groups.items()):
        members.sort(key=_by_perplexity)
        known = uncertainty(members)
        ranked = [replace(row, rank=rank) for rank, row in enumerate(members, start=1)]
        placed = with_uncertainty(ranked, known)
        title = placed[0].corpus_title
        several = protocols[corpus] > 1
        file = file_name(f"{corpus}_{protocol[:6]}" if several else corpus, {e.file for e in found})
        found.append(
            RankedGroup(
                corpus=corpus,
                corpus_title=title,
                title=f"{title} [{protocol[:6]}]" if several else title,
                protocol=protocol,
                rows=placed,
                file=file,
                uncertainty=known,
            )
        )
    return sorted(found, key=_most_to_compare)


def _most_to_compare(group: RankedGroup) -> tuple[int, int]:
    """Groups with more families come first, then those with more rows."""
    return -len({row.family for row in group.rows}), -len(group.rows)


def _by_perplexity(row: Row) -> tuple[float, float, int]:
    """Best first; of two that agree to two decimals (one model from two programs), the faster to train."""
    perplexity = math.inf if row.perplexity is None else round(row.perplexity, 2)
    return perplexity, row.mean(TRAIN_SECONDS) or math.inf, row.number


def file_name(name: str, taken: Collection[str]) -> str:
    """A name for files of what is called so: ASCII, and none of those that are taken."""
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())[:40] or "corpus"
    return next(n for n in (plain, *(f"{plain}_{i}" for i in range(2, len(taken) + 3))) if n not in taken)
