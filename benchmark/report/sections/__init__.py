"""The sections of the report. Each module here is one, in the order of its `ORDER`.

A module holds `ORDER`, a number, and `build(context) -> Section | None`: None where its data is not
there. A new file is a new section; nothing else changes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from benchmark.report.blocks import Section
from benchmark.report.context import Context


def build_all(context: Context) -> Iterator[Section]:
    """Every section that has something to show."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    for module in sorted(modules, key=lambda module: module.ORDER):
        section = module.build(context)
        if section is not None:
            yield section
