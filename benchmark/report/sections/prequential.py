"""Prequential code lengths, as `nextword prequential` left them in the runs: a table, and bits by block."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.prequential.record import CodedBlock, PrequentialCode, read_code
from benchmark.record.folder import RunRecord
from benchmark.report.blocks import Block, Figure, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow, data_table
from benchmark.storage.reading import or_warn

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Line

ORDER = 48
#: More lines than this cannot be told apart; the table and the figure's data have all models.
LINES = 6

EXPLAINED = (
    "The prequential code length is how many bits code the training text if the model learns while the text "
    "is decoded (Dawid 1984; Rissanen 1984; in blocks as in Blier & Ollivier 2018). The text is cut at 1/64, "
    "1/32, … 1/2. The first block is coded uniformly, each later one by a model trained, from its beginning, "
    "on all blocks before it. A model is thus charged for whatever it needs to learn: the shortest code is "
    "that of the model which learns the most from the least. Vocabulary and validation text are known in "
    "advance; unknown words are coded as <unk> and not spelt."
)


@dataclass(frozen=True)
class _Coded:
    """A row with the codes of those of its runs whose training text is coded."""

    row: Row
    runs: tuple[tuple[RunRecord, PrequentialCode], ...]

    def mean(self, of: Callable[[PrequentialCode], float | None]) -> float | None:
        """The mean over seeds."""
        values = [value for _, code in self.runs if (value := of(code)) is not None]
        return math.fsum(values) / len(values) if values else None

    @property
    def bits(self) -> float:
        return self.mean(lambda code: code.bits) or 0.0

    @property
    def seeds(self) -> tuple[tuple[tuple[float, float], ...], ...]:
        """For each seed the blocks that a model coded: (tokens before it, bits a token)."""
        return tuple(
            tuple((float(block.after), block.bits_per_token) for block in code.blocks if block.after)
            for _, code in self.runs
        )


@dataclass(frozen=True)
class _Text:
    """Rows that code the same training text, the shortest code first."""

    title: str
    corpus: str
    file: str
    rows: tuple[_Coded, ...]


@dataclass(frozen=True)
class _SeedBlock:
    """A block of the code of one run."""

    row: Row
    seed: int | None
    block: CodedBlock


def _whole(bits: float | None) -> str:
    """All digits of a number of bits, since codes of one text differ little; ∞ if a token is impossible."""
    return text.decimals(bits, 0)


FIELDS: tuple[Field[_Coded], ...] = (
    text_field("corpus", "Corpus", lambda coded: coded.row.corpus, "data"),
    text_field("label", "Model", lambda coded: coded.row.label),
    text_field("family", "Family", lambda coded: FAMILY_NAMES.get(coded.row.family, coded.row.family)),
    number_field("bits", "Code length, bits", lambda coded: coded.bits, _whole),
    number_field(
        "bits_per_token",
        "Bits a token",
        lambda coded: coded.mean(lambda code: code.bits_per_token),
        text.three_decimals,
    ),
    number_field(
        "share_of_uniform",
        "Of the uniform code",
        lambda coded: coded.mean(lambda code: code.share_of_uniform),
        text.percent,
    ),
    number_field(
        "last_bits_per_token",
        "Bits a token, last half",
        lambda coded: coded.mean(lambda code: code.blocks[-1].bits_per_token),
        text.three_decimals,
    ),
    number_field("targets", "Tokens", lambda coded: coded.runs[0][1].targets, text.amount, "more"),
    number_field("seeds", "Seeds", lambda coded: len(coded.runs), text.amount, "more"),
)
BLOCKS: tuple[Field[_SeedBlock], ...] = (
    text_field("label", "Model", lambda one: one.row.label),
    text_field("seed", "Seed", lambda one: one.seed),
    number_field("after", "Tokens before it", lambda one: one.block.after, text.amount),
    number_field("tokens", "Tokens", lambda one: one.block.tokens, text.amount),
    number_field("bits", "Bits", lambda one: one.block.bits, _whole),
    number_field("bits_per_token", "Bits a token", lambda one: one.block.bits_per_token, text.three_decimals),
)


def build(context: Context) -> Section | None:
    texts = _texts(context)
    if not texts:
        return None
    caption = "Prequential code length of the training text; lower is better. For several seeds, the mean."
    groups = tuple(Group(tuple(map(_table_row, one.rows)), one.title, corpus=one.corpus) for one in texts)
    blocks: list[Block] = [Paragraph((EXPLAINED,))]
    blocks.append(Table("prequential", caption, columns_of(FIELDS), groups, head=1, sortable=True))
    blocks += [figure for one in texts if (figure := _figure(one))]
    return Section("prequential", "Prequential code length", tuple(blocks))


def _table_row(coded: _Coded) -> TableRow:
    return TableRow(cells_of(FIELDS, coded), coded.row.number, coded.row.family)


def _texts(context: Context) -> list[_Text]:
    """The coded rows by the text that they code: by corpus, as these are ranked, the whole before shares."""
    titles = {(group.corpus, group.protocol): (group.title, group.file) for group in context.ranked_groups}
    ranks = {key: rank for rank, key in enumerate(titles)}
    found: dict[tuple[str, str, int, float], list[_Coded]] = defaultdict(list)
    for row in context.rows:
        runs = tuple((run, code) for run in row.runs if (code := _code(run))) if row.done else ()
        if runs:
            found[row.corpus, row.protocol_id, runs[0][1].targets, row.train_share].append(_Coded(row, runs))

    def place(item: tuple[tuple[str, str, int, float], list[_Coded]]) -> tuple[int, str, str, float]:
        corpus, protocol, _, share = item[0]
        return ranks.get((corpus, protocol), len(ranks)), corpus, protocol, -share

    texts = []
    for key, rows in sorted(found.items(), key=place):
        corpus, protocol, targets, share = key
        title, file = titles.get((corpus, protocol), (rows[0].row.corpus_title, f"{corpus}_{protocol[:6]}"))
        rows.sort(key=lambda coded: (coded.bits, coded.row.number))
        texts.append(
            _Text(
                text.with_share(title, share),
                corpus,
                file if share == 1 else f"{file}_{targets}",
                tuple(rows),
            )
        )
    return texts


def _code(run: RunRecord) -> PrequentialCode | None:
    """The code of a run's whole training text."""
    code = or_warn(lambda: read_code(run), None)
    return code if code is not None and code.whole else None


def _figure(one: _Text) -> Figure | None:
    from benchmark.report.figures.lines import Line

    drawn = [coded for coded in one.rows if math.isfinite(coded.bits) and len(coded.seeds[0]) > 1][:LINES]
    if not drawn:
        return None
    best = drawn[0]
    said = f"The shortest code is that of {best.row.label}, {_whole(best.bits)} bits."
    caption = (
        f"Bits a token of each block of the training text of {one.title}, by the number of tokens before the "
        f"block, on which the model was trained; lower is better. {said}"
    )
    if any(len(coded.runs) > 1 for coded in drawn):
        caption += " A line is the mean over seeds, its band one standard deviation."
    alt = f"Line chart of bits a token by training tokens for {text.plural(len(drawn), 'model')}. {said}"
    name = f"prequential_{one.file}"
    rows = [
        TableRow(
            cells_of(BLOCKS, _SeedBlock(coded.row, run.result.seed, block)),
            coded.row.number,
            coded.row.family,
        )
        for coded in one.rows
        for run, code in coded.runs
        for block in code.blocks
    ]
    data = data_table(name, columns_of(BLOCKS), rows)
    lines = [Line(coded.row.number, coded.row.label, coded.row.family, coded.seeds) for coded in drawn]
    title = f"{one.title}: bits a token, block by block"
    return Figure(name, title, caption, alt, partial(_draw, lines), data)


def _draw(lines: list[Line]) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    drawing, _ = line_chart(
        lines,
        xlabel="training tokens before the block",
        ylabel="bits a token (lower is better)",
        log_x=True,
        marked=True,
    )
    return drawing
