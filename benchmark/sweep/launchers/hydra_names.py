"""Hydra's names for launchers and their settings, taken for ours.

Hydra's own launcher plugins stop a sweep at the first run that fails, and start each run without a process
of its own; `hydra/launcher=joblib hydra.launcher.n_jobs=2` means `launcher=joblib workers=2` here.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.errors import UserError, did_you_mean
from benchmark.settings import choices

CHOICE, SETTING = "hydra/launcher", "hydra.launcher."

#: What a launcher of Hydra's or of one of its plugins is here.
LAUNCHERS = {
    "basic": ["launcher=sequential"],
    "submitit_local": ["launcher=submitit", "launcher.cluster=local"],
    "submitit_slurm": ["launcher=submitit", "launcher.cluster=slurm"],
}

#: Settings of those plugins that have another name here.
SETTINGS = {"n_jobs": "workers", "ray.init.address": "launcher.address"}


def from_hydra_launcher(arguments: Sequence[str]) -> list[str]:
    """The command line with every mention of Hydra's launcher in our words, and one launcher in it.

    Raises UserError for a launcher that there is not, and for several at once.
    """
    ours = [word for argument in arguments for word in _ours(argument)]
    names = {word.partition("=")[2] for word in ours if word.startswith("launcher=")}
    several = [name for name in names if "," in name]
    if several:
        raise UserError(
            f"launcher={several[0]}: a sweep has one launcher; what runs find is the same in each"
        )
    return ours


def _ours(argument: str) -> list[str]:
    key, equals, value = argument.partition("=")
    bare = key.lstrip("+")
    if not equals:
        return [argument]
    if bare == CHOICE:
        if value in LAUNCHERS:
            return LAUNCHERS[value]
        known = choices("launcher")
        if value not in known:
            raise UserError(f"there is no launcher {value!r}. {did_you_mean(value, [*known, *LAUNCHERS])}")
        return [f"launcher={value}"]
    if bare.startswith(SETTING):
        setting = bare.removeprefix(SETTING)
        if setting == "n_jobs" and value == "-1":
            value = "auto"
        return [f"{SETTINGS.get(setting, f'launcher.{setting}')}={value}"]
    return [argument]
