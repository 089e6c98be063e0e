"""The sweeps over training-set sizes and over seeds: what they hold, and what they share with others."""

from __future__ import annotations

from collections import Counter
from typing import Any

from benchmark.job import Job
from benchmark.sweep.compose import collect

MARK = "0" * 64


def settings(job: Job, *names: str) -> tuple[Any, ...]:
    return tuple(job.config["model"].get(name) for name in names)


def test_every_model_of_the_learning_curve_has_every_size() -> None:
    jobs = collect(["+sweep=learning_curve", "corpus=ptb"])
    assert {job.corpus for job in jobs} == {"ptb"}
    sizes = Counter(job.train_share for job in jobs)
    assert len(set(sizes.values())) == 1
    assert max(sizes) == 1
    lines = Counter((job.model, *settings(job, "order", "layers", "hidden_size")) for job in jobs)
    assert set(lines.values()) == {len(sizes)}
    assert {"kneser_ney", "lstm"} <= {model for model, *_ in lines}


def test_a_smaller_text_is_read_more_often_and_with_more_dropout() -> None:
    networks = [job for job in collect(["+sweep=learning_curve", "model=lstm"]) if job.model == "lstm"]
    networks.sort(key=lambda job: job.train_share)
    epochs = [job.config["model"]["training"]["epochs"] for job in networks]
    dropout = [job.config["model"]["dropout"] for job in networks]
    assert epochs == sorted(epochs, reverse=True)
    assert dropout == sorted(dropout, reverse=True)
    read = [count * job.train_share for count, job in zip(epochs, networks, strict=True)]
    assert read == sorted(read)


def test_the_first_seed_of_the_headline_networks_is_the_run_of_the_neural_sweep() -> None:
    known = {job.run_id(MARK) for job in collect(["+sweep=neural"])}
    seeds = Counter[str]()
    for job in collect(["+sweep=seeds"]):
        seed = job.config["model"].get("seed")
        seeds[job.title.rpartition(", seed")[0] or job.title] += 1
        assert (job.run_id(MARK) in known) == (seed == 1)
    assert set(seeds.values()) == {1, 3}
    assert seeds["Modified Kneser-Ney 5-gram on ptb"] == 1
