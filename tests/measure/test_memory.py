"""Peak memory belongs to the run, not to the process that started it, and to the device that was used."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.measure.memory import peak_device_bytes, peak_memory_bytes, reset_peak_device_bytes
from benchmark.run import execute
from benchmark.sweep.compose import collect


def test_it_counts_what_was_held_and_not_what_the_parent_holds() -> None:
    block = np.ones(40_000_000)  # 320 MB here
    assert peak_memory_bytes() > block.nbytes
    code = "from benchmark.measure.memory import peak_memory_bytes; print(peak_memory_bytes())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 5_000_000 < int(child.stdout) < block.nbytes / 2


class Allocator:
    """A stand-in of torch with two CUDA devices, on which tensors have held some bytes."""

    def __init__(self, initialised: bool) -> None:
        self.peaks = {"cuda:0": 100, "cuda:1": 7_000}
        self.cuda = SimpleNamespace(
            is_initialized=lambda: initialised,
            device_count=lambda: len(self.peaks),
            max_memory_allocated=lambda device: self.peaks[device],
            reset_peak_memory_stats=lambda number: self.peaks.update({f"cuda:{number}": 0}),
        )
        self.device = str


def test_a_peak_is_that_of_the_device_that_was_used(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", Allocator(initialised=True))
    assert peak_device_bytes("cuda:1") == 7_000
    assert peak_device_bytes("cpu") is None
    reset_peak_device_bytes()
    assert (peak_device_bytes("cuda:0"), peak_device_bytes("cuda:1")) == (0, 0)


def test_a_process_that_uses_no_gpu_is_kept_from_starting_one(monkeypatch) -> None:
    torch = Allocator(initialised=False)
    monkeypatch.setitem(sys.modules, "torch", torch)
    reset_peak_device_bytes()
    assert torch.peaks == {"cuda:0": 100, "cuda:1": 7_000}


@pytest.mark.gpu
def test_training_and_scoring_on_a_gpu_have_peaks_of_their_own(tmp_path, text_corpus) -> None:
    network = ["model=lstm", "model.hidden_size=64", "model.embedding_size=64", "model.training.epochs=1"]
    places = [f"results_dir={tmp_path}", f"cache_dir={tmp_path}", "device=cuda"]
    (job,) = collect([*network, *text_corpus, *places])
    result = execute(job)
    assert result.status == "ok", result.reason
    assert result.train_device == result.score_device == "cuda:0"
    weights = result.bytes_in_memory or 0
    assert 0 < weights <= (result.score_peak_device_bytes or 0)
    # Beside the weights, training holds their gradients.
    assert (result.peak_device_bytes or 0) >= 2 * weights
