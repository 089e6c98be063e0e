"""On a GPU nothing waits for the device between two looks at the loss, and no operation mixes devices.

Every model and every choice that has golden scores is trained, saved, loaded and scored on a device without
numbers (see `numberless`). On the CPU the functions that look at numbers within a step are listed by name.
"""

import copy
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_cases import cases
from golden_scores import is_network, text
from neural_cases import CLASSES, QUICK, small, stream
from numberless import numberless
from torch.utils._python_dispatch import TorchDispatchMode

from baselines.neural.output.kinds import Output
from baselines.neural.training import loop
from baselines.neural.training.step import Stepper
from benchmark.build import build_model
from benchmark.contract import RunLog

#: Skip connections and dropout are those of every recurrent network, and slow with a Mogrifier.
SHARED = re.compile(r"mogrifier_lstm model\.(?!rank|rounds).*")
NETWORKS = {name: case for name, case in cases().items() if is_network(case) and not SHARED.fullmatch(name)}
OUTPUTS = {
    "adaptive": {"kind": "adaptive", "division": 2.0, "cutoffs": [4, 8]},
    "sampled": {"kind": "sampled", "samples": 5, "power": 0.75},
    "nce": {"kind": "nce", "samples": 5, "power": 0.75, "log_normaliser": 0.0},
}
#: The plain models, output layers and optimisers are tried always, all other choices among the slow tests.
OFTEN = re.compile(r"\w+|lstm output@\S+|lstm model\.training\.optimiser=.*")
EVERY = [
    pytest.param(name, marks=[] if OFTEN.fullmatch(name) else pytest.mark.slow, id=name) for name in NETWORKS
]


@pytest.fixture
def device(monkeypatch):
    with numberless(monkeypatch) as counted:
        yield counted


def on_meta(settings):
    """A copy of a case's settings: three steps, on the meta device."""
    settings = copy.deepcopy(settings)
    for part in (settings, settings.get("of", {})):
        if "training" in part:
            part["device"] = "meta"
            part["training"] |= {"steps": 3, "epochs": None, "validate_every": 30}
    return settings


@pytest.fixture
def reads_in_steps(device, monkeypatch):
    """How often each step, with the reading of its minibatch, asked for numbers."""
    found = []
    before = device.reads
    inner, look = Stepper.step, loop.Trainer._look

    def step(stepper, *given):
        nonlocal before
        result = inner(stepper, *given)
        found.append(device.reads - before)
        before = device.reads
        return result

    def looked(trainer, *given):
        nonlocal before
        look(trainer, *given)
        before = device.reads

    monkeypatch.setattr(Stepper, "step", step)
    monkeypatch.setattr(loop.Trainer, "_look", looked)
    return found


@pytest.mark.parametrize("name", EVERY)
def test_training_and_scoring_need_no_numbers_from_the_device(name, reads_in_steps, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "INTERVAL", 2)
    model = build_model(on_meta(NETWORKS[name].settings))
    train, valid = text()["train"].head(90), text()["valid"]
    model.fit(train, valid, RunLog())
    assert len(reads_in_steps) == 3
    assert not any(reads_in_steps)
    assert model.log_probs(valid).shape == (len(valid),)
    contexts = [np.array([], np.int64), valid.ids[:7], valid.ids[:19]]
    assert model.next_log_probs(contexts).shape == (3, len(valid.vocabulary))
    model.save(tmp_path)
    assert type(model).load(tmp_path, valid.vocabulary).log_probs(valid).shape == (len(valid),)


class Looks(TorchDispatchMode):
    """Notes which of our functions looks at numbers: asks for one, selects by a mask, compares tensors."""

    NAMES = (
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "equal",
        "is_nonzero",
        "unique",
        "repeat_interleave",
    )

    def __init__(self):
        super().__init__()
        self.callers = []

    def note(self):
        frame = sys._getframe(1)
        while "/baselines/" not in frame.f_code.co_filename:
            frame = frame.f_back
        self.callers.append(f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_qualname.lstrip('_')}")

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        masks = func._schema.name == "aten::index" and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if masks or func._schema.name.removeprefix("aten::").startswith(self.NAMES):
            self.note()
        return func(*args, **(kwargs or {}))


@pytest.fixture
def looks_in_steps(monkeypatch):
    """Which functions look at numbers in the steps of a training, and in the reading of minibatches."""
    looks, inner = Looks(), loop.Trainer._look

    def noting(method):
        def noted(tensor, *given, **options):
            looks.note()
            return method(tensor, *given, **options)

        return noted

    def looked(trainer, *given):
        kept = list(looks.callers)
        inner(trainer, *given)
        looks.callers[:] = kept

    monkeypatch.setattr(loop.Trainer, "_look", looked)
    with looks:
        for name in ("tolist", "numpy", "cpu"):
            monkeypatch.setattr(torch.Tensor, name, noting(getattr(torch.Tensor, name)))
        yield looks.callers


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("name", [*CLASSES, "adaptive", "sampled", "nce"])
def test_on_the_cpu_only_named_functions_look_at_numbers_within_a_step(
    name, context, looks_in_steps, monkeypatch
):
    """All but the last run on the CPU alone. The last is the one exception, on every device."""
    known = {
        "softmax.exponentials",
        "softmax.ChunkedLoss.backward",
        "hashed.scatter_rows",
        "hashed.ChunkedLoss.backward",
        "adaptive.Adaptive._rows_by_cluster",
    }
    monkeypatch.setattr(loop, "INTERVAL", 5)
    output = OUTPUTS.get(name, {"kind": "softmax"})
    model = small(
        "lstm" if name in OUTPUTS else name,
        context=context,
        output=Output(**output),
        training=replace(QUICK, optimiser="adam", learning_rate=0.01),
    )
    steps = []
    inner = Stepper.step
    monkeypatch.setattr(Stepper, "step", lambda *given: steps.append(0) or inner(*given))
    model.fit(stream(), stream(20), RunLog())
    assert set(looks_in_steps) <= known
    exception = looks_in_steps.count("adaptive.Adaptive._rows_by_cluster")
    assert exception == (len(steps) if name == "adaptive" else 0)
