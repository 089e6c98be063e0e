"""The steps of the plan, the most valuable first."""

from __future__ import annotations

from benchmark.errors import UserError, did_you_mean
from benchmark.gpu.counting import Counting
from benchmark.gpu.device_tests import DeviceTests
from benchmark.gpu.plan import Step
from benchmark.gpu.recipes import Recipe
from benchmark.gpu.setup import Setup
from benchmark.gpu.speed import Speed


def steps_of(setup: Setup, names: str | None = None) -> list[Step]:
    """All steps, or those that are named, separated by commas, in the order of the plan.

    Raises UserError for a name that there is not.
    """
    steps: list[Step] = [
        DeviceTests(setup),
        Speed(setup),
        Recipe(
            setup,
            "ptb_60s",
            "perplexity on the Penn Treebank after a minute of training",
            sweep="ptb_60s",
            training=60,
        ),
        Recipe(
            setup,
            "ptb_3min",
            "perplexity on the Penn Treebank after three minutes of training",
            sweep="ptb_3min",
            training=180,
        ),
        Counting(setup),
        Recipe(
            setup,
            "wikitext2",
            "perplexity on WikiText-2 after the time that is left, ten minutes at most",
            sweep="wikitext2_10min",
            training=600,
            least_training=35,
        ),
        Recipe(
            setup,
            "ptb_10min",
            "perplexity on the Penn Treebank after ten minutes of training",
            sweep="ptb_10min",
            training=600,
        ),
    ]
    if names is None:
        return steps
    wanted = [name.strip() for name in names.split(",")]
    known = [step.name for step in steps]
    if wrong := [name for name in wanted if name not in known]:
        raise UserError(f"--steps={names}: there is no step {wrong[0]!r}. {did_you_mean(wrong[0], known)}")
    return [step for step in steps if step.name in wanted]
