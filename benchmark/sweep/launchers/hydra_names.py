"""Translates Hydra's names for launchers and their settings into ours.

Hydra's own launcher plugins stop a sweep at the first failed run and give runs no process of their own, so
`hydra/launcher=joblib hydra.launcher.n_jobs=2` is read as `launcher=joblib workers=2`.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.errors import UserError, did_you_mean
from benchmark.settings import choices

CHOICE, SETTING = "hydra/launcher", "hydra.launcher."

#: Our counterparts of the launchers of Hydra and its plugins.
LAUNCHERS = {
    "basic": ["launcher=sequential"],
    "submitit_local": ["launcher=submitit", "launcher.cluster=local"],
    "submitit_slurm": ["launcher=submitit", "launcher.cluster=slurm"],
}

#: Settings of those plugins that we call by another name.
SETTINGS = {"n_jobs": "workers", "ray.init.address": "launcher.address"}


def translate_hydra_launcher(arguments: Sequence[str]) -> list[str]:
    """The command line with Hydra's launcher settings replaced by ours.

    Raises UserError for an unknown launcher, and for several launchers at once.
    """
    ours = [word for argument in arguments for word in _translated(argument)]
    names = {word.partition("=")[2] for word in ours if word.startswith("launcher=")}
    several = [name for name in names if "," in name]
    if several:
        raise UserError(
            f"launcher={several[0]}: a sweep has one launcher; results are the same with each of them"
        )
    return ours


def _translated(argument: str) -> list[str]:
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
