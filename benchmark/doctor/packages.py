"""The packages that nextword needs or can use, by what its own installation says of them."""

from __future__ import annotations

import shlex
from importlib import metadata

from packaging.requirements import Requirement

from benchmark.doctor.part import Part
from benchmark.environment import installed_version

DISTRIBUTION = "nextword"


def packages() -> Part:
    """Versions of what is required and of each optional package (null: not installed), with its extras."""
    part = Part({"required": {}, "optional": {}})
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        part.problems.append("nextword is not installed: pip install --editable . in its checkout")
        return part
    for requirement in map(Requirement, lines):
        extra = _extra(requirement)
        if requirement.name == DISTRIBUTION or extra in ("test", "dev"):
            continue
        version = installed_version(requirement.name)
        if extra:
            part.facts["optional"][requirement.name] = {"version": version, "extra": extra}
        else:
            part.facts["required"][requirement.name] = version
        if problem := _problem(requirement, version, needed=not extra):
            part.problems.append(problem)
    return part


def _extra(requirement: Requirement) -> str | None:
    """The optional part of nextword that a requirement belongs to; None if it is always needed."""
    marker = str(requirement.marker or "")
    return marker.partition("extra ==")[2].strip(" '\"") or None


def _problem(requirement: Requirement, version: str | None, *, needed: bool) -> str | None:
    wanted = f"{requirement.name}{requirement.specifier}"
    if version is None:
        return f"{requirement.name} is not installed: pip install {shlex.quote(wanted)}" if needed else None
    if requirement.specifier.contains(version, prereleases=True):
        return None
    way = f"pip install {shlex.quote(wanted)}"
    return f"{requirement.name} {version} does not fit, nextword takes {requirement.specifier}: {way}"
