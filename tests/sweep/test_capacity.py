"""Who gets a core, who gets which GPU, and how many run at once: without a GPU to try it on."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.settings import visible_gpus, workers
from benchmark.sweep.capacity import ANY_GPU, Allocation, Allocator, Capacity, capacity_of, requested_gpu
from benchmark.sweep.compose import collect
from benchmark.sweep.outcome import PlannedRun
from benchmark.sweep.subprocess_run import THREAD_COUNTS, worker_environment

WANTED = st.sampled_from([None, ANY_GPU, "0", "1", "7"])


@given(
    max_concurrent=st.integers(1, 6),
    gpus=st.integers(0, 3),
    per_gpu=st.integers(1, 3),
    steps=st.lists(st.tuples(st.booleans(), WANTED), max_size=40),
)
def test_capacity_is_never_exceeded_and_never_left_unused(
    max_concurrent: int, gpus: int, per_gpu: int, steps: list[tuple[bool, str | None]]
) -> None:
    names = tuple(f"GPU-{number}" for number in range(gpus))
    allocator = Allocator(Capacity(max_concurrent, names, per_gpu))
    taken: list[Allocation] = []
    for leave, wanted in steps:
        if leave and taken:
            allocator.release(taken.pop(0))
            continue
        on = [each.gpu for each in taken]
        asked = names if wanted == ANY_GPU else () if wanted is None else names[int(wanted) : int(wanted) + 1]
        free = [name for name in asked if on.count(name) < per_gpu]
        allocation = allocator.acquire(wanted)
        if len(taken) == max_concurrent or (asked and not free):
            assert allocation is None
        else:
            assert allocation is not None
            assert (allocation.gpu in free) if asked else (allocation.gpu is None)
            taken.append(allocation)


def test_a_gpu_job_sees_its_own_device_only_and_others_see_what_there_is() -> None:
    allocator = Allocator(Capacity(4, ("2", "5")))
    first, counted, second = allocator.acquire(ANY_GPU), allocator.acquire(None), allocator.acquire(ANY_GPU)
    assert first is not None
    assert counted is not None
    assert second is not None
    assert first.environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert second.environment == {"CUDA_VISIBLE_DEVICES": "5"}
    assert counted.environment == {}
    assert allocator.acquire(ANY_GPU) is None  # a core is free, no GPU is
    allocator.release(first)
    chosen = allocator.acquire("0")  # device=cuda:0: the first that is visible; the job selects it
    assert chosen == Allocation("2")
    assert chosen is not None
    assert chosen.environment == {}


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["model=kneser_ney", "device=cuda"], None),
        (["model=lstm"], ANY_GPU),
        (["model=lstm", "device=cuda"], ANY_GPU),
        (["model=lstm", "device=cuda:1"], "1"),
        (["model=lstm", "device=cpu"], None),
        (["model=mixture", "+model@model.components.lstm=lstm"], ANY_GPU),
    ],
)
def test_networks_ask_for_a_gpu_and_counted_models_do_not(arguments: list[str], wanted: str | None) -> None:
    (job,) = collect([*arguments, "corpus=sotu_small"])
    assert requested_gpu(job.config["model"]) == wanted


@pytest.mark.parametrize(
    ("named", "gpus"),
    [("2,3", ("2", "3")), ("", ()), ("-1", ()), ("0,-1,1", ("0",)), ("GPU-8f, MIG-1", ("GPU-8f", "MIG-1"))],
)
def test_devices_that_the_environment_names_are_heeded(
    monkeypatch: pytest.MonkeyPatch, named: str, gpus: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert visible_gpus() == gpus


def test_devices_are_counted_where_the_environment_names_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_gpus(tmp_path, tmp_path / "none") == ()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_gpus(tmp_path, tmp_path / "none") == ("0", "1")


def test_auto_puts_one_job_on_each_gpu_and_a_number_shares_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    config = {"workers": "auto", "threads": 10_000, "launcher": {"name": "processes"}}
    network, counted = {"device": "auto"}, {"order": 3}
    assert workers(config) == 2
    assert capacity_of(config).concurrent_runs([network] * 5) == 2
    many = capacity_of({**config, "workers": 4})
    assert (many.max_concurrent, many.per_gpu) == (4, 2)
    assert many.concurrent_runs([network] * 9) == 4
    assert Capacity(8, ("0", "1")).concurrent_runs([network] * 5 + [counted] * 3) == 2 + 3
    assert Capacity(8, ("0", "1")).concurrent_runs([network] * 5 + [counted] * 30) == 8


def test_thread_counts_are_set_before_anything_is_imported() -> None:
    (job,) = collect(["model=unigram", "corpus=sotu_small", "threads=3"])
    request = PlannedRun(job, "0" * 12, Path("runs")).request(CUDA_VISIBLE_DEVICES="1", HOME=None)
    environment = worker_environment(request)
    assert {environment[name] for name in THREAD_COUNTS} == {"3"}
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"
    assert "HOME" not in environment
