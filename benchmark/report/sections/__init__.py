"""The sections of the report, one per module.

A module holds `ORDER`, a number by which the sections are sorted, and `build(context) -> Section | None`,
which returns None if there is nothing to show. A new file is a new section; nothing else changes. A module
with `EARLY = True` has figures and needs no ranks: they are drawn while the ranks are computed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import replace

from benchmark.report.blocks import Section
from benchmark.report.context import Context

#: What a reader sees first; the other sections are folded. Where tasks are all there is, theirs is open.
OPEN = ("answer", "comparison")


def build_all(context: Context) -> Iterator[Section]:
    """Every section that has something to show, as it is built: those that need no ranks first."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    for module in sorted(modules, key=lambda module: (not getattr(module, "EARLY", False), module.ORDER)):
        section = module.build(context)
        if section is not None:
            opened = (*OPEN, "tasks") if context.tasks_alone else OPEN
            yield replace(section, place=module.ORDER, folded=section.name not in opened)
