"""Every model scores a small text as it did: what may be cleaned without making any run anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from golden_cases import cases
from golden_file import REMAKE, moved, read
from golden_harness import HARNESS
from golden_scores import is_network, scores

from benchmark.errors import Skip

GOLDEN = read()
#: In nats. Scores are float32 of some 10 nats, and the file rounds to 1e-6: on other instruction sets
#: (SSE to AVX-512) and one or two threads, none differed by more than 1e-6.
TOLERANCE = 1e-5
#: The components of Goodman's combination can nearly replace one another, so rounding decides which of
#: many equally good weights the fit ends at: 4e-3 between those instruction sets.
LOOSE = {"goodman": 2e-2}


def pinned_torch() -> str:
    """The version of torch that the scores were made with."""
    constraints = (Path(__file__).parents[2] / "constraints.txt").read_text(encoding="utf-8")
    return re.search(r"^torch==(\S+)", constraints, flags=re.MULTILINE)[1]


def test_every_model_and_every_choice_has_golden_scores() -> None:
    missing = sorted({*cases(), *HARNESS} - set(GOLDEN))
    assert not missing, f"no golden scores of {', '.join(missing)}; make them: {REMAKE}"
    left_over = sorted(set(GOLDEN) - {*cases(), *HARNESS})
    assert not left_over, f"golden scores of what is there no more: {', '.join(left_over)}; {REMAKE}"


@pytest.mark.parametrize("name", [name for name in GOLDEN if name not in HARNESS])
def test_a_model_scores_as_it_did(name: str, tmp_path: Path) -> None:
    case = cases().get(name)
    if case is None:
        pytest.skip("is there no more")
    if is_network(case):
        import torch

        if torch.__version__.partition("+")[0] != pinned_torch():
            pytest.skip(f"made with torch {pinned_torch()}; another draws other weights")
    try:
        now = scores(case, tmp_path)
    except Skip as reason:
        pytest.skip(str(reason))
    difference = moved(GOLDEN[name]["scores"], now)
    assert difference <= LOOSE.get(name, TOLERANCE), f"scores of model={name} moved by {difference:.0e} nats"


@pytest.mark.parametrize("name", HARNESS)
def test_the_harness_computes_what_it_did(name: str) -> None:
    difference = moved(GOLDEN[name]["scores"], HARNESS[name]())
    assert difference <= TOLERANCE, f"what {name} computes moved by {difference:.0e}"
