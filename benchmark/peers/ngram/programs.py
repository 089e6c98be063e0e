"""Where the toolkits' programs are: in a named folder, in that of the environment, or on the PATH."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmark.environment import KENLM, MITLM, Variable
from benchmark.errors import UserError


@dataclass(frozen=True)
class Toolkit:
    """A toolkit's programs, the option and the variable that name their folder, and where to get them."""

    title: str
    names: tuple[str, ...]
    option: str
    variable: Variable[Path | None]
    source: str


KENLM_TOOLKIT = Toolkit(
    "KenLM",
    ("lmplz", "build_binary", "query"),
    "--kenlm",
    KENLM,
    "its source is github.com/kpu/kenlm",
)
MITLM_TOOLKIT = Toolkit(
    "MITLM", ("estimate-ngram",), "--mitlm", MITLM, "its source is github.com/mitlm/mitlm"
)


@dataclass(frozen=True)
class FoundPrograms:
    """Paths of a toolkit's programs by name; `missing` says which were not found and how to get them."""

    paths: dict[str, str]
    missing: str | None


def find_programs(
    toolkit: Toolkit, folder: Path | None, known: dict[str, Path] | None = None
) -> FoundPrograms:
    """The programs of a toolkit. The others are looked for beside those whose paths are `known`.

    Raises UserError if a given folder or file does not hold the program that it was given for.
    """
    known = known or {}
    places = [folder or toolkit.variable.value, *(path.parent for path in known.values())]
    paths = {}
    for name in toolkit.names:
        given = known.get(name)
        if given is not None and not shutil.which(given):
            raise UserError(f"there is no program {given}; give the path of {name}")
        candidates = [given] if given else [place / name for place in places if place]
        path = next((found for one in candidates if (found := shutil.which(one))), None)
        if path is None and folder:
            raise UserError(f"{toolkit.option}: there is no program {name} in {folder}")
        path = path or shutil.which(name)
        if path:
            paths[name] = str(Path(path).resolve())
    absent = [name for name in toolkit.names if name not in paths]
    if not absent:
        return FoundPrograms(paths, None)
    return FoundPrograms(
        paths,
        f"not found: {', '.join(absent)}; {toolkit.source}, "
        f"{toolkit.option} FOLDER or ${toolkit.variable.name} says where its programs are",
    )
