"""The names of the shipped models, by what they are for. No class is imported to tell."""

from __future__ import annotations

from typing import Any

from omegaconf import OmegaConf

from benchmark.settings import choices, conf_files


def _target(name: str) -> str:
    options: Any = OmegaConf.load(conf_files("model")[name])
    return str(options.get("_target_", ""))


TASK_MODELS = [name for name in choices("model") if _target(name).startswith("baselines.tasks.")]
LANGUAGE_MODELS = [name for name in choices("model") if name not in TASK_MODELS]
