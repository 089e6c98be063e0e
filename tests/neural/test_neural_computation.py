"""What a model says about its arithmetic is what really ran: device, number format, rows side by side."""

from dataclasses import replace

import pytest
import torch
from neural_cases import QUICK, fitted, small, stream

from baselines.mixture.linear import LinearMixture
from baselines.neural import arithmetic, scoring
from baselines.neural.adaptation.dynamic_evaluation import DynamicEvaluation
from baselines.neural.adaptation.neural_cache import NeuralCache
from baselines.neural.training.precision import Precision, training_dtype
from baselines.neural.training.step import Stepper
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import Computation, RunLog
from benchmark.errors import UserError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def seen(monkeypatch):
    """The type of the operands of products, and the rows, in every training step."""
    steps = []
    inner = Stepper._backward

    def noted(stepper, segment, state):
        with stepper._precision.forward():
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        steps.append((str(product.dtype).removeprefix("torch."), segment.inputs.shape[1]))
        return inner(stepper, segment, state)

    monkeypatch.setattr(Stepper, "_backward", noted)
    return steps


@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
@pytest.mark.parametrize("context", ["stream", "sentence"])
def test_training_is_reported_as_it_ran(precision, context, seen):
    model = fitted("rnn", context=context, training=replace(QUICK, precision=precision))
    dtypes, rows = zip(*seen, strict=True)
    assert model.trained_on == Computation("cpu", dtypes[0], max(rows))
    assert set(dtypes) == {"bfloat16" if precision == "bfloat16" else "float32"}
    assert model.trained_on.batch == QUICK.batch


@pytest.mark.parametrize("context", ["stream", "sentence"])
def test_a_text_that_is_too_short_has_fewer_rows_than_asked_for(context, seen):
    model = fitted("rnn", stream(30), context=context, training=replace(QUICK, batch=500))
    assert model.trained_on.batch == max(rows for _, rows in seen) < 500


@pytest.mark.parametrize(("context", "batch"), [("stream", 1), ("sentence", None)])
def test_scoring_is_in_float32_whatever_training_was(context, batch, monkeypatch):
    model = fitted("rnn", context=context, training=replace(QUICK, precision="bfloat16"))
    rows = []
    inner = type(model.network).forward

    def noted(network, tokens, state):
        features, after = inner(network, tokens, state)
        rows.append((features.dtype, tokens.shape[1]))
        return features, after

    monkeypatch.setattr(type(model.network), "forward", noted)
    model.log_probs(stream(150, seed=2))
    assert {dtype for dtype, _ in rows} == {torch.float32}
    assert ({count for _, count in rows} == {1}) == (batch == 1)
    assert model.scored_on == Computation("cpu", "float32", batch)


def test_a_loaded_model_was_trained_where_it_was_and_scores_here(tmp_path):
    model = fitted("rnn", training=replace(QUICK, precision="bfloat16"))
    model.trained_on = Computation("cuda:0", "tf32", 3)  # as if, without a GPU
    model.save(tmp_path)
    again = type(model).load(tmp_path, stream().vocabulary)
    assert again.trained_on == Computation("cuda:0", "tf32", 3)
    assert again.scored_on == Computation("cpu", "float32", 1)


def test_a_model_trained_in_tf32_loads_on_a_cpu(tmp_path):
    """Precision refuses tf32 on a CPU, but only for training."""
    model = fitted("rnn")
    model.training = replace(QUICK, precision="tf32")
    model.save(tmp_path)
    assert type(model).load(tmp_path, stream().vocabulary).scored_on.device == "cpu"


@pytest.mark.parametrize(("context", "batch"), [("stream", 1), ("sentence", None)])
def test_a_neural_cache_reports_what_its_network_does(context, batch):
    model = NeuralCache(of=small("rnn", context=context, training=replace(QUICK, precision="bfloat16")))
    model.fit(stream(), stream(60, seed=1), RunLog())
    assert model.trained_on == Computation("cpu", "bfloat16", QUICK.batch)
    assert model.scored_on == Computation("cpu", "float32", batch)


@pytest.mark.parametrize("context", ["stream", "sentence"])
def test_dynamic_evaluation_reads_one_row(context, tmp_path):
    model = DynamicEvaluation(of=small("rnn", context=context), learning_rate=0.1, decay=0.0)
    model.fit(stream(), stream(60, seed=1), RunLog())
    model.save(tmp_path)
    for found in (model, DynamicEvaluation.load(tmp_path, stream().vocabulary)):
        assert found.trained_on == Computation("cpu", "float32", QUICK.batch)
        assert found.scored_on == Computation("cpu", "float32", 1)


def test_a_mixture_names_the_formats_of_all_its_components():
    model = LinearMixture(components={"kn": KneserNey(order=2), "rnn": small("rnn")})
    model.fit(stream(), stream(60, seed=1), RunLog())
    assert model.trained_on == Computation("cpu", "float64 + float32", QUICK.batch)
    assert model.scored_on == Computation("cpu", "float64 + float32", 1)


@pytest.mark.parametrize(
    ("named", "device", "dtype"),
    [
        ("auto", CPU, "float32"),
        ("auto", CUDA, "tf32"),
        ("float32", CUDA, "float32"),
        ("tf32", CUDA, "tf32"),
        ("bfloat16", CPU, "bfloat16"),
        ("bfloat16", CUDA, "bfloat16"),
        ("float16", CUDA, "bfloat16 + float16"),
    ],
)
def test_precision_by_device(named, device, dtype, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    training = replace(QUICK, precision=named)
    assert training_dtype(training, device) == dtype
    with Precision(training, device).during_training():
        allowed = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    if device is CUDA:
        assert allowed == ((dtype != "float32"),) * 2


def test_precision_that_the_device_lacks_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    for named in ("bfloat16", "float16"):
        with pytest.raises(UserError, match=rf"precision={named}: this CUDA device has no bfloat16"):
            training_dtype(replace(QUICK, precision=named), CUDA)
    for named in ("tf32", "float16"):
        with pytest.raises(UserError, match=rf"precision={named} is arithmetic of CUDA devices, not of cpu"):
            training_dtype(replace(QUICK, precision=named), CPU)


def test_validation_scores_without_tf32_although_training_allows_it(monkeypatch):
    monkeypatch.setattr(scoring, "tf32", lambda allowed, device: arithmetic.tf32(allowed, CUDA))
    model, flags = fitted("rnn"), []
    inner = type(model.network).forward

    def noted(network, tokens, state):
        flags.append((torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32))
        return inner(network, tokens, state)

    monkeypatch.setattr(type(model.network), "forward", noted)
    with arithmetic.tf32(True, CUDA):
        model.log_probs(stream(50))
        model.next_log_probs([stream(5).ids])
        assert torch.backends.cuda.matmul.allow_tf32
    assert set(flags) == {(False, False)}
