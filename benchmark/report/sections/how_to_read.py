"""How to read the numbers: what each measures, in which unit, and when two may be compared."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.report.blocks import Block, Definitions, Fold, Section
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup

ORDER = 5

TERMS = (
    (
        "History",
        "How much of the preceding text a model may use. With “sentence”, it starts afresh on every line, as "
        "n-gram models usually do; with “stream”, it carries on across lines, as recurrent networks "
        "usually do. Both predict the same targets, so they are ranked together.",
    ),
    (
        "n-gram, neural, mixture",
        "N-gram models count how often sequences of words occur in the training text and smooth the counts; "
        "neural models are trained by gradient descent; mixtures interpolate models. The size, training time "
        "and energy of a mixture are those of its components and its own together.",
    ),
    (
        "Protocol",
        "The set of targets a run is scored on: the text, its tokens, the vocabulary, how unknown words "
        "count, and whether the end of a line is a target. Rows are ranked only against rows with the "
        "same protocol.",
    ),
    (
        "Seeds",
        "Runs that differ only in their random seed are one row: the mean, and the sample standard "
        "deviation where there are at least two. Most n-gram models draw no random numbers and need no seed.",
    ),
)


def build(context: Context) -> Section | None:
    if not context.rows:
        return None  # tasks alone say what their numbers are
    measures = Definitions(tuple((measure.title, explanation(measure)) for measure in context.measures))
    blocks: list[Block] = [Definitions(TERMS), Fold("What each column measures", (measures,))]
    for group in context.ranked_groups:
        if group.protocol_parts:
            title = f"What is predicted on {group.title} (protocol {group.protocol[:6]})"
            blocks.append(Fold(title, (Definitions(_protocol(group)),), group.corpus))
    return Section(
        "reading", "How to read this", (Fold("Units, terms and rules of comparison", tuple(blocks)),)
    )


def explanation(measure: Measure) -> str:
    """A measure's definition, then its unit, its better direction and its column in the CSV files."""
    facts = [
        f"in {measure.unit}" if measure.unit else "",
        measure.direction,
        "depends on the machine" if measure.timed else "",
        f"“{measure.key}” in CSV files",
    ]
    listed = "; ".join(fact for fact in facts if fact)
    return f"{measure.definition} ({text.capitalised(listed)}.)"


def _protocol(group: RankedGroup) -> tuple[tuple[str, str], ...]:
    parts = ((text.capitalised(part), value) for part, value in group.protocol_parts.items())
    facts = (
        ("Amount", group.targets_summary),
        ("Length", group.text_summary),
        ("Copied from training", group.overlap_summary),
    )
    return (*parts, *(fact for fact in facts if fact[1]))
