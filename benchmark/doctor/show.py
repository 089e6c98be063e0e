"""A report as plain text of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from benchmark.doctor.corpora import FOUND
from benchmark.doctor.machine import PROGRAMS
from benchmark.doctor.part import Part

WIDTH, MARGIN = 80, 16


def shown(parts: Mapping[str, Part]) -> str:
    """The text, which ends with the problems."""
    lines: list[str] = []
    for name, facts in _sections({name: part.facts for name, part in parts.items()}):
        lines += ["", name] if lines else [name]
        margin = max(MARGIN, *(len(key) + 4 for key in facts))
        lines += [line for key, value in facts.items() for line in _entry(key, value, margin)]
    problems = [problem for part in parts.values() for problem in part.problems]
    lines += ["", f"{len(problems)} problem{'s' * (len(problems) != 1)}" if problems else "no problems found"]
    for problem in problems:
        lines += textwrap.wrap(problem, WIDTH, initial_indent="- ", subsequent_indent="  ", **_WHOLE)
    return "\n".join(lines)


#: Paths are copied from reports, so they are not broken.
_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def _entry(key: str, value: str, margin: int) -> list[str]:
    first = f"  {key:{margin - 3}} "
    return textwrap.wrap(value or "–", WIDTH, initial_indent=first, subsequent_indent=" " * margin, **_WHOLE)


def _sections(facts: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, str]]]:
    own, machine, torch = facts["nextword"], facts["machine"], facts["torch"]
    changed = ", with changes" if own["commit_dirty"] else ""
    yield (
        "nextword",
        {
            "version": own["version"],
            "commit": f"{own['commit']}{changed}" if own["commit"] else "no checkout",
            "folder": own["folder"],
            "Python": f"{own['python']}, {own['executable']}",
        },
    )
    yield (
        "machine",
        {
            "system": machine["system"],
            "processor": machine["processor"],
            "cores": f"{machine['usable_cores']} usable of {machine['cores']}",
            "memory": f"{_gigabytes(machine['available_memory_bytes'])} free of "
            f"{_gigabytes(machine['memory_bytes'])}",
            "results": _place(facts["results"]),
            "cache": _place(facts["cache"]),
        },
    )
    if torch.get("torch"):
        gpus = [f"{gpu['name']}, {_gigabytes(gpu['bytes'])}" for gpu in torch["devices"]]
        cuda = f", CUDA {torch['cuda']}" if torch["cuda"] else ", without CUDA"
        yield (
            "torch",
            {"version": torch["torch"] + cuda, "GPUs": "; ".join(gpus) or "none usable"},
        )
    yield "packages", _packages(facts["packages"])
    yield "programs", {name: _program(name, found) for name, found in facts["programs"].items()}
    yield "settings", {"environment": " ".join(f"{k}={v}" for k, v in facts["settings"].items()) or "none"}
    yield "corpora", _corpora(facts["corpora"])


def _packages(facts: Mapping[str, Any]) -> dict[str, str]:
    optional = facts["optional"].items()
    here = [f"{name} {found['version']}" for name, found in optional if found["version"]]
    absent = [f"{name} (nextword[{found['extra']}])" for name, found in optional if not found["version"]]
    required = [f"{name} {version or 'MISSING'}" for name, version in facts["required"].items()]
    return {"required": ", ".join(required), "optional": ", ".join(here), "not installed": ", ".join(absent)}


def _program(name: str, found: Mapping[str, str | None] | None) -> str:
    return f"not found (for {PROGRAMS[name]})" if found is None else str(found["version"] or found["path"])


def _corpora(facts: Mapping[str, Mapping[str, str | None]]) -> dict[str, str]:
    """Those that are here with their places; the others by their state."""
    found = {name: str(each["place"]) for name, each in facts.items() if each["state"] == FOUND}
    others: dict[str, list[str]] = {}
    for name, each in facts.items():
        if each["state"] != FOUND:
            others.setdefault(str(each["state"]), []).append(name)
    return found | {"others": "; ".join(f"{state}: {', '.join(names)}" for state, names in others.items())}


def _place(facts: Mapping[str, Any]) -> str:
    new = "" if facts["exists"] else " (not there yet)"
    return f"{_gigabytes(facts['free_bytes'])} free in {facts['folder']}{new}"


def _gigabytes(number: int | None) -> str:
    return "?" if number is None else f"{number / 1e9:.1f} GB"
