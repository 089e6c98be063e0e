"""What runs add to a mixture, in words, in a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from benchmark import text
from benchmark.compare.additions import Addition, Together
from benchmark.compare.sections import events_line, in_nats
from benchmark.compare.show import resampled
from benchmark.corpus import Corpus
from benchmark.report.blocks import Block, Definitions, Paragraph, Section
from benchmark.report.fields import Field, cells_of, columns_of, interval_fields, number_field, text_field
from benchmark.report.tables import Group, Table, TableRow
from benchmark.statistics import LEVEL, NO_P, p_of, shown_to_differ
from benchmark.statistics.bootstrap import RESAMPLES

#: Runs without scores that a note names; of more, it gives the number.
MOST_NAMED = 6


def _two_decimals(value: float | None) -> str:
    return text.decimals(value, 2)


def _signed(value: float | None) -> str:
    """Four decimals, as one member of many adds little."""
    return text.signed(value, 4)


FIELDS: tuple[Field[Addition], ...] = (
    text_field("label", "Model", lambda one: one.member.label),
    text_field("run", "Run", lambda one: one.member.run.folder.name, mono=True),
    number_field("weight", "Weight", lambda one: one.weight, text.three_decimals),
    number_field("alone", "Alone", lambda one: one.member.run.result.test_perplexity, _two_decimals),
    number_field("without", "The others", lambda one: one.without.test_perplexity, _two_decimals),
    number_field("nats", "It adds, nats", lambda one: one.nats.value, _signed),
    *interval_fields("nats", lambda one: (one.nats.low, one.nats.high), _signed),
    number_field("p", "p", lambda one: p_of(one.nats.value, one.p), text.p_value, "data"),
    number_field("p_holm", "p (Holm)", lambda one: p_of(one.nats.value, one.p_adjusted), text.p_value),
)


def addition_sections(found: Together, corpus: Corpus) -> list[Section]:
    """The answer, a table of the additions, and how to read it."""
    ordered = sorted(found.additions, key=lambda one: one.nats.value)
    several = len(found.additions) > 1
    lines = ordered[:1] if several else ordered
    blocks: list[Block] = [Paragraph((_mixture_sentence(found),), "answer")]
    blocks += [Paragraph((sentence(one, most=several),), "answer") for one in lines]
    blocks += [Paragraph((line,), "note") for line in _notes(found, corpus)]
    rows = tuple(
        TableRow(cells_of(FIELDS, one), family=one.member.run.result.family or "") for one in ordered
    )
    caption = (
        "Each model's weight in the mixture of all, its test perplexity alone, that of the best mixture of "
        "the others, and what it adds to them, in nats for each token: below zero, it helps."
    )
    blocks.append(Table("additions", caption, columns_of(FIELDS), (Group(rows),)))
    return [
        Section("additions", "What each adds", tuple(blocks)),
        Section("rules", "How to read this", (Definitions(tuple(_RULES)),)),
    ]


def _mixture_sentence(found: Together) -> str:
    mixture = found.mixture
    return (
        f"The mixture of all {len(found.members)} has a test perplexity of "
        f"{_two_decimals(mixture.test_perplexity)} (validation {_two_decimals(mixture.valid_perplexity)})."
    )


def sentence(one: Addition, *, most: bool = False) -> str:
    """What is known of what a run adds, in a sentence; `most`: it is the one that adds most."""
    known = (
        f"{in_nats(one.nats, p_of(one.nats.value, one.p_adjusted), _signed)}; without it, the others reach "
        f"{_two_decimals(one.without.test_perplexity)}."
    )
    if not shown_to_differ(one.nats.value, one.p_adjusted):
        return f"{one.member.label} is not shown to add anything to the others: {known}"
    if one.nats.value > 0:
        return f"{one.member.label} makes the mixture worse: {known}"
    return f"{one.member.label} adds {'most' if most else 'to the others'}: {known}"


def _notes(found: Together, corpus: Corpus) -> list[str]:
    notes = [events_line(corpus, found.blocks, found.members[0].run.result)]
    if found.left_out:
        number = len(found.left_out)
        names = text.listed([f"{text.clean(run.result.label)} ({run.folder.name})" for run in found.left_out])
        which = f": {names}" if number <= MOST_NAMED else ""
        notes.append(
            f"Left out: {text.plural(number, 'run')} without a score for every target of both texts{which}. "
            "Older runs keep none of the validation text; force=true repeats a run."
        )
    return notes


_RULES = (
    (
        "Mixture",
        "p = Σ λᵢ pᵢ for each target, with constant weights. EM finds those that make the validation text "
        "likeliest, for all models and anew for all but one; the test text bears on no weight.",
    ),
    ("It adds", "The mean loss of the mixture of all, minus that of the mixture of all others."),
    (
        f"{LEVEL:.0%} interval",
        f"A paired bootstrap: the blocks of the test text are drawn anew {RESAMPLES:,} times, the same for "
        "both mixtures, with the weights as they are.",
    ),
    (
        "p (Holm)",
        "How often mixtures that are alike would differ by so much, if each block's losses may be swapped; "
        f"adjusted for the number of rows (Holm 1979). {NO_P}",
    ),
)


def additions_json(found: Together) -> dict[str, Any]:
    """All of it as JSON values."""
    return {
        **resampled(found.members[0].run.result, found.blocks),
        "mixture": {
            "valid_perplexity": found.mixture.valid_perplexity,
            "test_perplexity": found.mixture.test_perplexity,
            "weights": {
                member.run.folder.name: float(weight)
                for member, weight in zip(found.members, found.mixture.weights, strict=True)
            },
        },
        "additions": [
            {
                "run": one.member.run.folder.name,
                "label": one.member.label,
                "weight": one.weight,
                "valid_perplexity_without": one.without.valid_perplexity,
                "test_perplexity_without": one.without.test_perplexity,
                "nats": asdict(one.nats),
                "p": p_of(one.nats.value, one.p),
                "p_holm": p_of(one.nats.value, one.p_adjusted),
            }
            for one in found.additions
        ],
        "left_out": [run.folder.name for run in found.left_out],
    }
