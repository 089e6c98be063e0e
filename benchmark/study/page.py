"""The page of studies: every verdict in one table, then each study by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from benchmark import text
from benchmark.report.blocks import Block, Paragraph, Section, Strong
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, text_cell
from benchmark.study.claim import TOPICS
from benchmark.study.conduct import Finding
from benchmark.study.quantities import COUNTED, UNMEASURED, Quantity
from benchmark.study.rules import Judged

TITLE = "nextword: what lectures say of language models, tried out"
HEADING = "What lectures say of language models, tried out"

#: The heading of claims without a topic.
OTHER = "Further claims"

#: How verdicts are said of several claims.
SEVERAL = {"holds": "hold", "holds in part": "hold in part", "does not hold here": "do not hold here"}

#: Below this, a number is shown by its power of ten.
TINY = 1e-4

ABOUT = (
    "Each claim is judged by the rules of its study's file. A rule holds if the whole 95% interval of "
    "its number keeps to the bound, and fails if the whole interval breaks it. If the interval crosses the "
    "bound, the rule is undecided. A claim holds in part if some of its rules hold and others do not."
)


def sections_of(findings: Sequence[Finding]) -> list[Section]:
    """The sections of the page, by topic."""
    ordered = sorted(findings, key=_place)
    own = [_study(finding) for finding in ordered]
    return own if len(own) == 1 else [_overview(ordered), *own]


def _place(finding: Finding) -> tuple[int, str]:
    """Where the topic of a finding stands: the known ones in their order, others by name, none at the end."""
    topic = finding.claim.topic
    if topic in TOPICS:
        return TOPICS.index(topic), ""
    return len(TOPICS) + (not topic), topic


def _overview(findings: Sequence[Finding]) -> Section:
    columns = (
        Column("study", "Study"),
        Column("verdict", "Verdict"),
        Column("rules", "Rules that hold"),
        Column("claim", "Claim"),
    )
    by_topic = groupby(findings, key=lambda finding: finding.claim.topic)
    groups = tuple(Group(tuple(map(_row, of)), text.clean(topic or OTHER)) for topic, of in by_topic)
    verdicts = [finding.word for finding in findings]
    counts = [_counted(verdicts.count(each), each) for each in dict.fromkeys(verdicts)]
    summary = f"Of {text.plural(len(findings), 'claim')}: {text.listed(counts)}."
    caption = "Every claim with the verdict that its rules gave."
    blocks: tuple[Block, ...] = (
        Paragraph((summary,), "answer"),
        Table("verdicts", caption, columns, groups),
        Paragraph((ABOUT,), "note"),
    )
    return Section("verdicts", "The verdicts", blocks)


def _row(finding: Finding) -> TableRow:
    claim = finding.claim
    holding = sum(each.outcome == "holds" for each in finding.judged)
    rules = f"{holding} of {len(finding.judged)}" if finding.judged else None
    title = replace(text_cell(claim.title), leads_to=claim.name)
    return TableRow((title, text_cell(finding.word), text_cell(rules), text_cell(claim.claim)))


def _counted(claims: int, verdict: str) -> str:
    """`1 holds`, `8 hold`, `2 do not hold here`, `3 undecided`."""
    return f"{claims} {verdict if claims == 1 else SEVERAL.get(verdict, verdict)}"


def _study(finding: Finding) -> Section:
    claim = finding.claim
    blocks: list[Block] = [
        Paragraph((Strong("The claim. "), text.clean(f"{claim.claim} ({claim.source})"))),
        Paragraph(_verdict(finding), "answer"),
        Paragraph((Strong("How it is tried. "), text.clean(claim.design))),
    ]
    if finding.verdict:
        blocks += [_rules(finding), *finding.blocks]
    blocks += [
        Paragraph((Strong("What would change the verdict. "), text.clean(claim.change))),
        Paragraph((f"Repeat it: {text.clean(finding.command)}",), "note"),
    ]
    return Section(claim.name, text.clean(claim.title), tuple(blocks))


def _verdict(finding: Finding) -> tuple[str | Strong, ...]:
    if finding.verdict:
        return ("Verdict: ", Strong(finding.verdict), ".")
    return (Strong(f"{finding.state.capitalize()}: "), text.clean(finding.reason))


def _rules(finding: Finding) -> Table:
    columns = (
        Column("rule", "Rule"),
        Column("outcome", "Outcome"),  # second: the rest may be beyond the edge of a narrow screen
        Column("value", "Measured", "right"),
        Column("bounds", "Must be"),
        Column("interval", "95% interval", "right"),
        Column("basis", "Over"),
    )
    rows = tuple(TableRow(_cells(each)) for each in finding.judged)
    caption = f"The rules of the study's file, and what was measured at scale {finding.scale}."
    return Table(f"{finding.claim.name}_rules", caption, columns, (Group(rows),))


def _cells(judged: Judged) -> tuple[Cell, ...]:
    quantity = judged.quantity
    return (
        text_cell(judged.rule.said),
        text_cell(judged.outcome),
        _value(quantity),
        text_cell(judged.rule.bounds),
        Cell(interval(quantity)),
        text_cell(quantity.basis),
    )


def _value(quantity: Quantity) -> Cell:
    if quantity.basis.startswith(UNMEASURED):
        return Cell(text.NONE)
    return Cell(number(quantity.value), quantity.value)


def number(value: float) -> str:
    """A quantity's number to four digits, a tiny one as `3.3e−16`."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    shown = f"{value:.1e}" if 0 < abs(value) < TINY else text.significant(value, 4)
    return shown.replace("-", "−")


def interval(quantity: Quantity) -> str:
    """`0.91 to 1.07`; a dash for a number that does not vary, or that was not measured."""
    if quantity.basis == COUNTED or quantity.basis.startswith(UNMEASURED):
        return text.NONE
    return f"{number(quantity.low)} to {number(quantity.high)}"
