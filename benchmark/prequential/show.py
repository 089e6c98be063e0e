"""A prequential code as plain text, for a terminal."""

from __future__ import annotations

from benchmark import text
from benchmark.console.terminal import Column, table
from benchmark.prequential.record import PrequentialCode


def plain(code: PrequentialCode) -> str:
    """The blocks, and what all of them come to."""
    columns = [
        Column("Trained on", right=True),
        Column("Tokens coded", right=True),
        Column("Bits", right=True),
        Column("Bits a token", right=True),
    ]
    rows = [
        [
            f"{block.after:,}" if block.after else "nothing: uniform",
            f"{block.tokens:,}",
            text.decimals(block.bits, 0),
            text.three_decimals(block.bits_per_token),
        ]
        for block in code.blocks
    ]
    total = text.decimals(code.bits, 0)
    rows.append(["all", f"{code.targets:,}", total, text.three_decimals(code.bits_per_token)])
    uniform = code.uniform_bits / code.targets
    beside = (
        f"The uniform code of {code.vocabulary:,} tokens takes {text.decimals(code.uniform_bits, 0)} bits, "
        f"{text.three_decimals(uniform)} a token; this one takes {text.percent(code.share_of_uniform)} of it."
    )
    return f"{table(columns, rows)}\n{beside}"
