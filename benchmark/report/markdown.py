"""The report as Markdown, for a README or a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable

from benchmark.report.blocks import Block, Definitions, Figure, Fold, Paragraph, Quotes, Section, Strong
from benchmark.report.tables import Table

_SPECIAL = re.compile(r"([\\`*_\[\]|~$#])")
#: What GitHub turns into a link, what ends a line, and what starts a list at the start of a paragraph.
_LINK = re.compile(r"(?i)\b(www)\.|:(?=//)")
_LINE_END = re.compile(r"[\r\n\t\v\f\x1c-\x1e\x85\u2028\u2029]")
_LIST = re.compile(r"\A(\d*)(?=[-+=]|(?<=\d)[.)])")


def _bold(text: str) -> str:
    """Bold text; asterisks beside a space would stand as they are (CommonMark, sec. 6.2)."""
    bare = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}**{escape(bare)}**{after}" if bare else text


def escape(text: str) -> str:
    """Text on one line that Markdown shows as written: nothing in it becomes markup or a link."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _SPECIAL.sub(r"\\\1", _LINE_END.sub(" ", safe))
    return _LINK.sub(lambda match: f"{match[1]}&#46;" if match[1] else "&#58;", safe)


def markdown_report(title: str, sections: Iterable[Section]) -> str:
    """The whole report, with its figures linked from `figures/`."""
    parts = [f"# {escape(title)}"]
    for section in sections:
        parts.append(f"## {escape(section.title)}")
        parts += [_block(block, 3) for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def markdown_table(table: Table) -> str:
    """The key columns, one table per group under its heading in bold."""
    shown = table.visible("key")
    columns = [table.columns[i] for i in shown]
    titled = any(group.title for group in table.groups)
    parts = []
    for group in table.drawn():
        lines = [
            "| " + " | ".join(escape(column.title) for column in columns) + " |",
            "|" + "|".join("---:" if column.align == "right" else ":---" for column in columns) + "|",
        ]
        lines += ["| " + " | ".join(escape(row.cells[i].shown) for i in shown) + " |" for row in group.rows]
        heading = f"**{escape(group.title)}**" + (f" ({escape(group.note)})" if group.note else "")
        parts.append("\n\n".join([heading, "\n".join(lines)] if titled else ["\n".join(lines)]))
    return "\n\n".join(parts)


def _block(block: Block, depth: int) -> str:
    match block:
        case Paragraph():
            line = "".join(
                _bold(part.text) if isinstance(part, Strong) else escape(part) for part in block.parts
            )
            return _LIST.sub(r"\1\\", line.strip())
        case Table():
            all_rows = f"{block.omission} All: tables/{block.name}.csv" if block.omission else ""
            caption = " ".join(part for part in (block.caption, all_rows) if part)
            return markdown_table(block) + (f"\n\n*{escape(caption)}*" if caption else "")
        case Figure():
            return f"![{escape(block.alt)}](figures/{block.name}.svg)\n\n*{escape(block.caption)}*"
        case Definitions():
            return "\n".join(f"- **{escape(term)}**: {escape(meaning)}" for term, meaning in block.items)
        case Quotes():
            quotes = (
                f"> **{escape(who)}**: {escape(f'{start} … {rest}')}" for who, start, rest in block.items
            )
            return "\n>\n".join(quotes)
        case Fold():
            inner = [_block(inside, depth + 1) for inside in block.blocks]
            return "\n\n".join([f"{'#' * depth} {escape(block.title)}", *inner])
