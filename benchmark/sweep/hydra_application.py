"""Hydra's own application, for requests to Hydra itself: `--cfg`, `--hydra-help`, `hydra.*` settings."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmark.settings import conf_dir

#: A job's resolved configuration and its overrides.
Composed = tuple[dict[str, Any], Sequence[str]]


def compose_with_hydra(arguments: list[str]) -> list[Composed]:
    """The jobs of a command line as Hydra's application composes them.

    None if Hydra answers a question instead (`--cfg`, `--info`, `--hydra-help`). Raises Hydra's errors.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    found: list[Composed] = []

    def task(cfg: DictConfig) -> None:
        config: Any = OmegaConf.to_container(cfg, resolve=True)
        overrides: Any = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
        found.append((config, overrides))

    with tempfile.TemporaryDirectory(prefix="nextword-") as unused:
        # Hydra makes its folder of outputs whether or not anything is written to it
        folders = [f"hydra.{kind}.dir='{unused}'" for kind in ("run", "sweep")]
        with _hydra_command_line([*arguments, *folders]):
            hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(task)()
    return found


@contextmanager
def _hydra_command_line(arguments: list[str]) -> Iterator[None]:
    """Give Hydra its command line through `sys.argv`, and have it raise errors instead of printing them."""
    from hydra.core.global_hydra import GlobalHydra

    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["nextword", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        sys.argv = argv
        del os.environ["HYDRA_FULL_ERROR"]
        if full_error is not None:
            os.environ["HYDRA_FULL_ERROR"] = full_error
