"""Hydra's composition with a cache: in a whole sweep, each file is read once and each choice of files
composed once.

Hydra composes each job of a multirun twice and from scratch, in a quarter of a second. Here Hydra's own
parts (its override grammar, its defaults lists, its merging) work on what was read and composed before.
Hydra's configuration of itself is left out: a command line that needs it raises `NeedsHydra` and has to go
through `hydra.main`.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, ConfigRepository
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.defaults_list import create_defaults_list
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.default_element import GroupDefault, InputDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import setup_globals
from hydra.errors import ConfigCompositionException
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from benchmark.errors import UserError
from benchmark.settings import conf_dir

#: Begins an interpolation that only Hydra's running application can resolve.
OF_HYDRA = "${hydra:"
CONFIG = "config"

#: A command line that names more runs than this is mistyped.
MOST_RUNS = 100_000


class NeedsHydra(Exception):
    """An override or a file refers to Hydra's configuration of itself."""


class CachedComposer:
    """Composes `conf/config.yaml` with overrides, many times; `config_dir` holds further files.

    Raises Hydra's errors for a wrong name, key or value, and NeedsHydra.
    """

    def __init__(self, config_dir: Path | None = None) -> None:
        version.setbase("1.3")
        setup_globals()
        path = create_config_search_path(str(conf_dir()))
        if config_dir is not None:
            before_last = SearchPathQuery(provider="schema", path=None)
            path.prepend("command-line", f"file://{config_dir.absolute()}", anchor=before_last)
        self._loader = _Loader(path)
        self._files = _Files(self._loader.repository)
        self._parser = OverridesParser.create(config_loader=self._loader)
        self._parsed: dict[str, Override] = {}
        self._bases: dict[tuple[str, ...], bytes] = {}

    def expanded(self, overrides: Sequence[str]) -> list[list[str]]:
        """The overrides of each job of a multirun, in Hydra's order."""
        parsed = self._parse(overrides, RunMode.MULTIRUN)
        check_values(parsed)
        (jobs,) = BasicSweeper.split_arguments(parsed, None)
        return jobs

    def composed(self, overrides: Sequence[str]) -> dict[str, Any]:
        """The configuration of one job, resolved."""
        parsed = self._parse(overrides, RunMode.RUN)
        files = tuple(
            line for line, override in zip(overrides, parsed, strict=True) if self._chooses(override)
        )
        values = [override for override in parsed if not self._chooses(override)]
        try:
            config = pickle.loads(self._base(files))
            ConfigLoaderImpl._apply_overrides_to_config(values, config)
        except OmegaConfBaseException as error:
            raise ConfigCompositionException from error
        resolved: Any = OmegaConf.to_container(config, resolve=True)
        return resolved

    def _parse(self, overrides: Sequence[str], mode: RunMode) -> list[Override]:
        for line in overrides:
            if line not in self._parsed:
                (override,) = self._parser.parse_overrides([line])
                if override.is_hydra_override() or OF_HYDRA in line:
                    raise NeedsHydra(line)
                self._parsed[line] = override
        parsed = [self._parsed[line] for line in overrides]
        ConfigLoaderImpl.validate_sweep_overrides_legal(parsed, mode, from_shell=True)
        return parsed

    def _chooses(self, override: Override) -> bool:
        """Whether it chooses a file of a group, rather than setting a value."""
        return self._files.group_exists(override.key_or_group) and not isinstance(override.value(), dict)

    def _base(self, files: tuple[str, ...]) -> bytes:
        """The configuration with overrides that choose files, before any value is set.

        Each job changes a copy of its own; pickle copies in memory six times as fast as `deepcopy` does.
        """
        if files not in self._bases:
            self._bases[files] = pickle.dumps(self._merged(self._parse(files, RunMode.RUN)))
        return self._bases[files]

    def _merged(self, choices: list[Override]) -> DictConfig:
        chosen = create_defaults_list(
            self._files, CONFIG, choices, prepend_hydra=False, skip_missing=False
        ).defaults
        config = self._loader._compose_config_from_defaults_list(chosen, self._files)
        if "hydra" in config:
            raise NeedsHydra(" ".join(str(choice.input_line) for choice in choices))
        OmegaConf.set_struct(config, True)
        return config


def check_values(overrides: Sequence[Override]) -> None:
    """Raises UserError for a sweep over no values, and for more runs than anyone means."""
    runs = 1
    for override in overrides:
        if not override.is_sweep_override() or not override.is_discrete_sweep():
            continue
        line = override.input_line
        try:
            values = sum(1 for _ in islice(override.sweep_iterator(), MOST_RUNS + 1))
        except ValueError as error:  # a range with step 0
            raise UserError(f"{line} is not usable: {error}") from error
        if not values:
            raise UserError(f"{line} names no value: there is nothing to run")
        runs *= values
        if runs > MOST_RUNS:
            raise UserError(f"{line} makes more than {MOST_RUNS:,} runs: give fewer values")


class _Loader(ConfigLoaderImpl):
    """Merges cached files; a file without a package is copied, since Hydra would merge its nodes in place."""

    @staticmethod
    def _embed_result_config(ret: ConfigResult, package_override: str | None) -> ConfigResult:
        embedded = ConfigLoaderImpl._embed_result_config(ret, package_override)
        if embedded is ret:
            embedded = copy.copy(ret)
            embedded.config = copy.deepcopy(ret.config)
        return embedded


class _Files(CachingConfigRepository):
    """Caches files, as Hydra does within one composition, and which groups exist.

    The settings for Hydra in `conf/config.yaml` are left out.
    """

    def __init__(self, repository: ConfigRepository) -> None:
        super().__init__(repository)
        self._groups: dict[str, bool] = {}
        self._checked: set[str] = set()
        main = super().load_config(CONFIG)
        assert main is not None
        main.defaults_list = [default for default in main.defaults_list or [] if not _of_hydra(default)]
        if isinstance(main.config, DictConfig):
            main.config.pop("hydra", None)

    def load_config(self, config_path: str) -> ConfigResult | None:
        if config_path not in self._checked:
            self._checked.add(config_path)
            found = super().load_config(config_path)
            if found is not None and _asks_hydra(found):
                raise NeedsHydra(config_path)
        return super().load_config(config_path)

    def group_exists(self, config_path: str) -> bool:
        if config_path not in self._groups:
            self._groups[config_path] = super().group_exists(config_path)
        return self._groups[config_path]


def _asks_hydra(found: ConfigResult) -> bool:
    return any(map(_of_hydra, found.defaults_list or [])) or OF_HYDRA in OmegaConf.to_yaml(found.config)


def _of_hydra(default: InputDefault) -> bool:
    return isinstance(default, GroupDefault) and (default.group or "").lstrip("/").startswith("hydra/")
