"""What all tests share: the checkout, small corpora as plain text files, the command line."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import warm_processes
from hypothesis import HealthCheck, settings

from benchmark.own_folder import use_own_folder

ROOT = Path(__file__).parents[1]

Command = Callable[..., "subprocess.CompletedProcess[str]"]

# How many examples hypothesis tries of each property: `quick` unless --hypothesis-profile says otherwise.
# There is no deadline: how long an example takes depends on what else the machine does.
for profile, examples in {"quick": 25, "thorough": 150}.items():
    settings.register_profile(
        profile, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    """Start the server of warm processes, once for all workers of pytest-xdist.

    Runs measure no load time: that takes a process which imports everything anew. Its own tests ask for it.
    """
    os.environ.setdefault("NEXTWORD_FOOTPRINT", "false")
    heed_signals()
    if not hasattr(config, "workerinput"):
        running = ExitStack()
        running.enter_context(warm_processes.server())
        config.add_cleanup(running.close)


def heed_signals() -> None:
    """Background jobs of a shell and programs under nohup ignore signals; so would the tests' processes."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    for number, handler in usual.items():
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked `gpu` where there is no CUDA device."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked:
        import torch

        if not torch.cuda.is_available():
            for item in marked:
                item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose caches lie in the test's own folder."""
    return {**os.environ, "NEXTWORD_CACHE": str(tmp_path / "cache"), "COLUMNS": "100"}


@pytest.fixture
def nextword(tmp_path: Path, environment: dict[str, str]) -> Command:
    """Run the command line in the test's own folder; results go to `results/` there."""

    def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return warm_processes.run(
            ["-m", "benchmark", *arguments], cwd=tmp_path, env={**environment, **settings}
        )

    return command


@pytest.fixture
def warm_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that this process starts are warm processes."""
    from benchmark.sweep import subprocess_run

    monkeypatch.setattr(subprocess_run, "subprocess", warm_processes.WARM_SUBPROCESS)


@pytest.fixture
def text_corpus(tmp_path: Path) -> list[str]:
    """Command-line settings of a small text corpus of the user's own."""
    words = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog", "the log lay on the mat"]
    for split, lines in {"train": words * 60, "valid": words * 3, "test": words[::-1] * 3}.items():
        (tmp_path / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    files = [f"corpus.{split}={tmp_path / f'{split}.txt'}" for split in ("train", "valid", "test")]
    return ["corpus=files", *files]


@pytest.fixture(autouse=True)
def _no_own_folder() -> Iterator[None]:
    """A test that names a folder of its own (`--config-dir`) leaves it to no other test of its process."""
    yield
    use_own_folder(None)
