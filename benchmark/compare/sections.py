"""A comparison in words and tables: what the terminal prints and the page shows."""

from __future__ import annotations

from collections.abc import Callable

from benchmark import text
from benchmark.compare.comparison import Comparison, Pair
from benchmark.compare.named_rows import one_seed_note
from benchmark.compare.tables import groups_table, models_table, pairs_table, targets_table
from benchmark.compare.targets import most_different
from benchmark.corpus import Corpus
from benchmark.measure.blocks import Blocks
from benchmark.record.result import Result
from benchmark.report.blocks import Block, Definitions, Paragraph, Section
from benchmark.report.tables import Table
from benchmark.statistics import LEVEL, NO_P, ROUNDING, shown_to_differ
from benchmark.statistics.bootstrap import RESAMPLES, Estimate


def sections_of(comparison: Comparison, most: int) -> list[Section]:
    """The answer, where the models differ, at most `most` targets of each side, and how to read it."""
    answer: list[Block] = [Paragraph((sentence(pair),), "answer") for pair in comparison.against_first()]
    answer += [Paragraph((line,), "note") for line in _events(comparison)]
    answer.append(models_table(comparison.measured))
    answer.append(pairs_table(comparison.pairs))
    several = len(comparison.groups) > 1
    groups: list[Block] = []
    targets: list[Block] = []
    for number, (pair, differences) in enumerate(
        zip(comparison.against_first(), comparison.groups, strict=True), start=1
    ):
        name = f"_{number}" if several else ""
        groups.append(groups_table(f"groups{name}", pair, differences))
        found = most_different(pair.first, pair.second, comparison.corpus, most)
        if found:
            targets.append(targets_table(f"targets{name}", pair, found))
    sections = [
        Section("answer", "The answer", tuple(answer)),
        Section("groups", "Where they differ", tuple(groups)),
    ]
    if targets:
        sections.append(Section("targets", "The targets that differ most", tuple(targets)))
    return [*sections, Section("rules", "How to read this", (Definitions(tuple(_rules(comparison))),))]


def sentence(pair: Pair) -> str:
    """What is known of a pair, in a sentence."""
    first, second, nats = pair.first, pair.second, pair.nats
    known = (
        f"{in_nats(nats, pair.p_adjusted)}; test perplexities of "
        f"{text.perplexity(second.perplexity)} and {text.perplexity(first.perplexity)}."
    )
    if not shown_to_differ(nats.value, pair.p_adjusted):
        return f"{second.label} and {first.label} are not shown to differ: {known}"
    return f"{second.label} is {'better' if nats.value < 0 else 'worse'} than {first.label}: {known}"


def in_nats(nats: Estimate, p: float | None, show: Callable[[float | None], str] = text.signed) -> str:
    """A difference with its interval and its p, if there is one to tell."""
    said = "" if p is None else f", {text.p_said(p)}"
    return (
        f"{show(nats.value)} nats a token ({LEVEL:.0%} interval {show(nats.low)} to {show(nats.high)}{said})"
    )


def events_line(corpus: Corpus, blocks: Blocks, scored: Result) -> str:
    """What was scored: the corpus, its targets, blocks and protocol."""
    return (
        f"{corpus.title}: {len(corpus.test):,} test targets in {blocks} "
        f"(protocol {str(scored.protocol_id)[:6]})."
    )


def _events(comparison: Comparison) -> list[str]:
    rows = [entry.row for entry in comparison.entries]
    return [events_line(comparison.corpus, comparison.blocks, rows[0].first), *one_seed_note(rows)]


def _rules(comparison: Comparison) -> list[tuple[str, str]]:
    """Terms and rules of these tables."""
    seeds = any(entry.seeds > 1 for entry in comparison.entries)
    unit = comparison.blocks.unit
    rules = [
        (
            "Loss",
            "−ln p for each target, in nats, the mean over targets and seeds. Perplexity is exp of it, the "
            "mean over seeds. A difference below zero, or a ratio below one, means that the model is better.",
        ),
        (
            f"{LEVEL:.0%} interval",
            f"A bootstrap: the {unit} of the test text"
            + (", and the seeds of each model," if seeds else "")
            + f" are drawn anew {RESAMPLES:,} times, the same text for all models. It says what another text "
            "of this kind"
            + (" and other seeds" if seeds else "")
            + " would give, with the same training text and settings.",
        ),
        ("p", f"{_rule_of_p(comparison)} {NO_P}"),
    ]
    if len(comparison.pairs) > 1:
        rules.append(
            (
                "p (Holm)",
                f"p adjusted for {len(comparison.pairs)} pairs (Holm 1979). Two models are said to differ if "
                f"it is below {1 - LEVEL:.2f} and their losses are more than {ROUNDING:g} apart. A rank is a "
                "range where a model does not differ from others.",
            )
        )
    return rules


def _rule_of_p(comparison: Comparison) -> str:
    swapped = (
        "how often models that are alike would differ by so much: the share of random assignments in which "
        f"each of the {comparison.blocks.unit} may swap the two models' losses"
    )
    counted = (
        "by Student's t over blocks and seeds, with Welch's and Satterthwaite's degrees of freedom, so that "
        "it counts how much seeds differ"
    )
    kinds = {pair.by_seeds for pair in comparison.pairs}
    if kinds == {True}:
        return f"How often models that are alike would differ by so much, {counted}."
    if kinds == {False}:
        return f"{text.capitalised(swapped)}."
    return f"Of models with one seed, {swapped}. Of several seeds, {counted}."


def tables_of(sections: list[Section]) -> list[Table]:
    """Every table of the sections."""
    return [block for section in sections for block in section.blocks if isinstance(block, Table)]
