"""Hydra's errors in one line a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmark.errors import did_you_mean
from benchmark.settings import choices, conf_dir


def explained(error: BaseException, arguments: Sequence[str]) -> str:
    """What went wrong in composing a command line, naming the key or value and the nearest known one."""
    text = "\n".join(str(e) for e in _chain(error))
    if found := re.search(r"Could not find '(?:(\w+)/)?([^']+)'", text):
        group, name = found.groups()
        if group and "/" in name:
            return f"there is no {group}/{name}"
        if group:
            return f"there is no {group} {name!r}. {did_you_mean(name, choices(group))}"
    if found := re.search(r"full_key: ([\w.]+)", text):
        key = found[1]
        return f"there is no setting {key!r}. {did_you_mean(key, _siblings(key, arguments))}"
    if "Could not override" in text and (found := re.search(r"Could not override '([^'@]+)", text)):
        key = found[1]
        return f"there is no setting {key!r}. {did_you_mean(key, _siblings(key, arguments))}"
    if "Error parsing override" in text:
        return _first_line(text) + ": give KEY=VALUE (nextword run --help)"
    if "Ambiguous value" in text:
        return _first_line(text).rstrip(".") + "; give -m to sweep over its values"
    return _first_line(text)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _first_line(text: str) -> str:
    return next(
        (line.strip() for line in text.splitlines() if line.strip()), "the command line is not usable"
    )


def _siblings(key: str, arguments: Sequence[str]) -> list[str]:
    """The settings that stand where `key` was looked for, each with its full name."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import DictConfig, OmegaConf

    parent = key.rpartition(".")[0]
    sound = [
        a.partition(",")[0]
        for a in arguments
        if a.partition("=")[0] in ("model", "corpus", "launcher") and "=" in a
    ]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("config", overrides=sound)
    node = OmegaConf.select(config, parent) if parent else config
    if not isinstance(node, DictConfig):
        return [str(name) for name in config]
    return [f"{parent}.{name!s}" if parent else str(name) for name in node]
