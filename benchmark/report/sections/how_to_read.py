"""How to read the numbers: what they measure, in which unit, and when two may be compared."""

from __future__ import annotations

from benchmark.report.blocks import Block, Definitions, Fold, Section
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup

ORDER = 5

TERMS = (
    (
        "Perplexity",
        "How many equally likely next tokens the model hesitates between, on average: exp(total negative "
        "log-likelihood / number of targets). Lower is better; a model that knows nothing scores the size "
        "of the vocabulary.",
    ),
    (
        "Known words only",
        "The same, without the targets that are outside the vocabulary and count as <unk>. A large gap "
        "between the two means that predicting <unk> itself is easy.",
    ),
    (
        "Bits per character",
        "The same likelihood in bits, divided by the characters of the text, so that models over words and "
        "models over characters meet in one number. Lower is better.",
    ),
    (
        "History",
        "How much of what came before a model may use: sentence resets it at every end of line (the n-gram "
        "convention), stream carries it on across lines (the convention for recurrent networks). Both "
        "predict the same targets, so both are ranked together.",
    ),
    (
        "Counted, neural, mixture",
        "Counted models look up how often word sequences occurred in training and smooth those counts; "
        "neural models are trained by gradient descent; mixtures interpolate models.",
    ),
    (
        "Memory, parameters, n-grams",
        "What scoring needs resident, arrays only, in decimal units (1 MB = 1,000,000 bytes). Neural models "
        "are made of trained parameters, counted models of stored n-grams.",
    ),
    (
        "Training, scoring",
        "Wall-clock training time without evaluation; scoring speed is warmed up and measured in test "
        "tokens a second. More is better for speeds, less for times. Timings depend on the machine, "
        "which is why it is named.",
    ),
    (
        "Protocol",
        "The set of events a run is scored on: the text, its tokens, the vocabulary, how unknown words "
        "count, and whether the end of a line is a target. Rows are ranked only against rows with the "
        "same protocol.",
    ),
    (
        "Seeds",
        "Runs that differ only in their random seed are one row: the mean, and the sample standard "
        "deviation where there are at least two. Counted models need no seed.",
    ),
)


def build(context: Context) -> Section | None:
    blocks: list[Block] = [Definitions(TERMS)]
    for group in context.ranked_groups:
        if group.protocol_parts:
            title = f"What is predicted on {group.title} (protocol {group.protocol[:6]})"
            blocks.append(Fold(title, (Definitions(_protocol(group)),)))
    return Section(
        "reading", "How to read this", (Fold("Units, terms and rules of comparison", tuple(blocks)),)
    )


def _protocol(group: RankedGroup) -> tuple[tuple[str, str], ...]:
    parts = ((part[0].upper() + part[1:], value) for part, value in group.protocol_parts.items())
    return (*parts, ("Amount", group.targets_summary))
