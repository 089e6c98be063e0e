"""What tests of n-gram models share."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from ngram_texts import SENTENCES

from baselines.ngram.loops.load import loops_for
from nextword import NgramModel


@pytest.fixture(scope="session")
def model() -> NgramModel:
    """A trigram model of a few sentences."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NgramModel.estimate(SENTENCES, order=3)


@pytest.fixture(scope="session")
def compiled_loops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the loops are kept, if there are any for this machine."""
    pytest.importorskip("numba")
    folder = tmp_path_factory.mktemp("loops")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTWORD_CACHE", str(folder))
        patch.setenv("NEXTWORD_COMPILED", "now")
        loops_for(None)
    return folder


@pytest.fixture
def with_loops(compiled_loops: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, which programs use that are started meanwhile, too."""
    monkeypatch.setenv("NEXTWORD_CACHE", str(compiled_loops))
    monkeypatch.setenv("NEXTWORD_COMPILED", "auto")
    return compiled_loops
