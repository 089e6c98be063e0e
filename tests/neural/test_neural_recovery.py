"""A loss that explodes sends training back with half the rate; a hopeless one is recorded."""

from dataclasses import replace

import numpy as np
import pytest
from neural_cases import QUICK, small, stream

from baselines.neural.training import loop
from benchmark.contract import Diverged, RunLog


class Notes(RunLog):
    def __init__(self):
        self.lines, self.rows = [], []

    def info(self, message):
        self.lines.append(message)

    def curve(self, **row):
        self.rows.append(row)


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(loop, "INTERVAL", 2)
    monkeypatch.setattr(loop, "SNAPSHOT", 4)


def fit(**recipe):
    """Without clipping, at a rate of 60: the loss explodes within a few steps."""
    settings = {"epochs": 4, "learning_rate": 60.0, "clip": None, "schedule": "constant"}
    model, log = small("rnn", training=replace(QUICK, **{**settings, **recipe})), Notes()
    try:
        model.fit(stream(200), stream(60, seed=1), log)
    except Diverged as reason:
        return str(reason), log
    return model, log


def test_an_explosion_is_recovered_from_at_a_lower_rate():
    model, log = fit(recoveries=20)
    assert isinstance(model.log_probs(stream(50)), np.ndarray)
    lines = [line for line in log.lines if "recovery" in line]
    assert lines, "the case no longer explodes"
    for number, line in enumerate(lines, start=1):
        assert f"with {0.5**number:g} of the learning rate (recovery {number} of 20)" in line
        assert "gradient norm" in line or "validation loss" in line
    rates = [row["learning_rate"] for row in log.rows]
    assert rates[-1] == 60.0 * 0.5 ** len(lines)
    assert log.rows[-1]["tokens"] == 800
    assert np.isfinite(model.log_probs(stream(50))).all()


def test_a_hopeless_training_is_given_up_with_all_that_was_seen():
    reason, log = fit(learning_rate=1e20, recoveries=3)
    assert sum("recovery" in line for line in log.lines) == 3
    assert reason.count("gradient norm") == 4
    assert "at 0.125 of the learning rate" in reason
    assert " at step " in reason
    assert "A lower model.training.learning_rate" in reason


def test_no_recovery_is_possible_too():
    reason, log = fit(learning_rate=1e20, recoveries=0)
    assert not any("recovery" in line for line in log.lines)
    assert reason.count("gradient norm") == 1


def test_what_never_was_good_is_given_up():
    reason, _ = fit(init_range=1e38)
    assert " at step 1" in reason


def test_a_validation_without_a_perplexity_is_an_explosion():
    reason, _ = fit(learning_rate=1e20, recoveries=1, tokens=1)
    assert "validation loss" in reason
