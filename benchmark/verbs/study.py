"""`nextword study`: try out what lectures claim of language models, and judge each claim by its rules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.console.output import say
from benchmark.console.terminal import wrapped_names
from benchmark.errors import UserError, did_you_mean
from benchmark.settings import choices
from benchmark.sweep.named_sweeps import key_of
from benchmark.sweep.torchrun import check_one_run

if TYPE_CHECKING:
    from benchmark.study.conduct import Finding

HELP = """\
nextword study NAME [NAME ...] [scale=quick|full] [KEY=VALUE ...]
nextword study all [scale=quick|full]

Each study tries out one claim that lectures make. It makes the runs that conf/study/NAME.yaml names,
measures, and judges the claim by the rules in that file: it holds, holds in part, does not hold here, or is
undecided.

studies:  {studies}

scale=quick       on two cores, seconds to a few minutes a study (the default)
scale=full        larger corpora and networks, for hours or a GPU
KEY=VALUE         settings that all runs share, as in nextword run: corpus=ptb, workers=1, force=true

Runs, numbers and the page are in RESULTS_DIR/studies/SCALE. Finished runs are not repeated, and an
interrupted study continues. A study whose corpus or package is not there is skipped with the reason; one
whose runs your settings make impossible has failed.

Exit status: 0 every study has a verdict or was skipped, 1 a study or a run failed, 2 the command line or the
disk needs attention.
"""

ALL = "all"
#: Studies have many small runs, so what each takes besides training counts: no process to load its model, and
#: none that imports torch anew.
QUICKER = ("footprint=false", *(["launcher=forked"] if sys.platform == "linux" else []))


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP.format(studies=wrapped_names(choices("study"))), end="")
        return 0
    check_one_run(2)
    wanted, own, overrides = _divided(arguments)
    results_dir = Path(own["results_dir"]) / "studies" / own["scale"]

    from benchmark.search.prepare import reproducible
    from benchmark.study.claim import read_claim
    from benchmark.study.conduct import conduct

    claims = [read_claim(name) for name in wanted]
    told = reproducible([override for override in overrides if override not in QUICKER])
    findings = conduct(claims, own["scale"], overrides, results_dir, say, told)
    page = _written(findings, results_dir)
    for finding in findings:
        print(f"{finding.claim.name}: {': '.join(filter(None, (finding.word, finding.reason)))}")
    print(f"\nthe page: {page}")
    return 1 if any(finding.state == "failed" for finding in findings) else 0


def _divided(arguments: Sequence[str]) -> tuple[list[str], dict[str, str], list[str]]:
    """The names of studies, our own settings, and those of the runs. Raises UserError for what is neither."""
    names: list[str] = []
    own = {"scale": "quick", "results_dir": "results"}
    overrides = []
    for argument in arguments:
        key = key_of(argument)
        if key in ("-m", "--multirun", "sweep", "search", "model"):
            raise UserError(f"the runs of a study are in its file: leave {argument} out")
        if key in own:
            own[key] = argument.partition("=")[2]
            if not own[key]:
                raise UserError(f"{key}= is empty: give one, or leave it out")
        elif "=" in argument or argument.startswith(("-", "~")):
            overrides.append(argument)
        else:
            names.append(argument)
    known = choices("study")
    for name in names:
        if name not in known and name != ALL:
            raise UserError(f"there is no study {name!r}. {did_you_mean(name, [*known, ALL])}")
    if not names:
        raise UserError(f"name a study, or {ALL}: {', '.join(known)}")
    given = {key_of(override) for override in overrides}
    overrides += [setting for setting in QUICKER if key_of(setting) not in given]
    return list(known) if ALL in names else list(dict.fromkeys(names)), own, overrides


def _written(findings: Sequence[Finding], results_dir: Path) -> Path:
    from benchmark.report.write import Titles, write_sections
    from benchmark.study.page import HEADING, TITLE, sections_of

    out = results_dir / "report"
    write_sections(sections_of(findings), out, say, Titles(TITLE, HEADING, "study"))
    return out / "index.html"
