"""The wheel of the n-gram engine: it holds what `NgramModel` needs, and needs nothing but NumPy."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]

PROGRAM = """
import warnings; warnings.simplefilter("ignore")
import nextword
from baselines.ngram.standalone.smoothings import SMOOTHINGS
for name in SMOOTHINGS:
    model = nextword.NgramModel.estimate(["a b", "b a c"], 3, smoothing=name, held_out=["a c"])
    print(name, model.score("a b"))
model.save("saved")
model.to_arpa("a.arpa")
print(nextword.NgramModel("a.arpa"), model.generate("a", seed=1))
nextword.NgramModel.interpolate([model, model], weights=[0.5, 0.5]).quantised(4).evaluate(["a"])
try:
    nextword.runs
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(ROOT / "engine")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_it_runs_beside_numpy_alone(wheel: Path, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    installed = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs"):
        if (installed / name).exists():
            (beside / name).symlink_to(installed / name)
    program = f"import sys; sys.path += {[str(wheel), str(beside)]!r}\n{PROGRAM}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "kneser_ney " in done.stdout
    assert "nextword.runs needs the whole suite" in done.stdout


def test_it_holds_no_harness(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith("METADATA"))
        described = archive.read(metadata).decode()
    suite = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"Version: {suite['project']['version']}" in described
    needs = [
        line for line in described.splitlines() if line.startswith("Requires-Dist") and "extra" not in line
    ]
    assert needs == ["Requires-Dist: numpy>=1.26"]
    assert "nextword.py" in names
    rooms = {name.split("/")[1] for name in names if name.startswith("benchmark/")}
    assert not rooms & {"report", "sweep", "study", "compare", "verbs", "gpu", "peers"}
    assert not [name for name in names if name.startswith("baselines/neural/")]
