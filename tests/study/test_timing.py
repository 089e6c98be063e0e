"""Timing for studies: tasks take turns, and the threads of torch are put back."""

from __future__ import annotations

from benchmark.study.timing import interleaved, machine, torch_threads


def test_tasks_take_turns_and_the_first_round_is_left_out() -> None:
    calls: list[str] = []

    def task(name: str) -> float:
        calls.append(name)
        return float(len(calls))

    found = interleaved({"a": lambda: task("a"), "b": lambda: task("b")}, 2)
    assert calls == ["a", "b"] * 3
    assert found == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_threads_are_put_back_and_named() -> None:
    import torch

    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
    assert machine("cpu", 1).endswith(", 1 thread")
    assert machine("cpu", 2).endswith(", 2 threads")
