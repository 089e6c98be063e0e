"""Peak memory belongs to the run, not to the process that started it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from benchmark.measure.memory import peak_memory_bytes


def test_it_counts_what_was_held_and_not_what_the_parent_holds() -> None:
    block = np.ones(40_000_000)  # 320 MB here
    assert peak_memory_bytes() > block.nbytes
    code = "from benchmark.measure.memory import peak_memory_bytes; print(peak_memory_bytes())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 5_000_000 < int(child.stdout) < block.nbytes / 2
