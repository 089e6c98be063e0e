"""A network keeps the contract of LanguageModel whatever its output layer."""

import numpy as np
import pytest
import torch
from neural_cases import fitted, small, stream, vocabulary

from baselines.neural.output.kinds import SETTINGS, Output
from benchmark.build import build_model
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.errors import UserError
from benchmark.settings import choices
from benchmark.sweep.compose import collect

#: Settings beyond those of each kind's file that suit a vocabulary of some forty words.
FEW = {"sampled": ["model.output.samples=20"], "nce": ["model.output.samples=20"]}
SMALL = ["model.embedding_size=16", "model.hidden_size=16", "model.training.epochs=1"]


def config(kind, *overrides):
    (job,) = collect(["model=lstm", f"output@model.output={kind}", *FEW.get(kind, []), *overrides])
    return job.config["model"]


@pytest.mark.parametrize(
    ("kind", "tied"), [*((kind, "true") for kind in choices("output")), ("adaptive", "false")]
)
def test_every_kind_keeps_the_contract(kind, tied):
    model = config(kind, *SMALL, f"model.tied={tied}")
    findings = check_model(lambda: build_model(model))  # on text with sentence ends and without
    assert {finding.rule for finding in findings} >= {"proper", "causal", "consistent", "durable"}
    assert [finding for finding in findings if finding.problem] == []


def test_every_kind_has_its_file_with_its_settings_alone():
    assert set(choices("output")) == set(SETTINGS)
    for kind, own in SETTINGS.items():
        assert set(config(kind)["output"]) == {"kind", *own}


def test_a_misspelt_setting_is_named():
    with pytest.raises(UserError, match=r"model\.output\.sampels.*'samples'"):
        build_model(config("sampled", "+model.output.sampels=5"))


@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("kind", SETTINGS)
def test_vocabularies_of_one_and_two_words_work(kind, words, end):
    options = {"adaptive": {"division": 4.0}, "sampled": {"samples": words, "power": 0.75}}
    options["nce"] = {**options["sampled"], "log_normaliser": 0.0}
    tokens = ("</s>" if end else "a", "b")[:words]
    train = TokenStream.from_ids(
        (np.arange(30) % 3 // 2 % words).astype(np.uint16), Vocabulary(tokens, np.array([20, 10])[:words])
    )
    for output in [Output(kind=kind, **options.get(kind, {}))] + (
        [Output(kind="adaptive", division=1.0, cutoffs=[1])] if kind == "adaptive" and words == 2 else []
    ):
        model = fitted("lstm", train, output=output)
        assert np.isfinite(model.log_probs(train)).all()
        table = np.exp(model.next_log_probs([train.ids[:3], train.ids[:0]]))
        np.testing.assert_allclose(table.sum(1), 1, atol=1e-6)


def test_samples_come_from_the_seed():
    output = Output(kind="sampled", samples=4, power=0.75)
    first, again = (fitted("lstm", output=output).log_probs(stream(50)) for _ in range(2))
    other = fitted("lstm", output=output, seed=4).log_probs(stream(50))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", SETTINGS)
def test_losses_bear_bfloat16(kind):
    options = {"adaptive": {"division": 1.0, "cutoffs": [4]}, "sampled": {"samples": 11, "power": 0.0}}
    options["nce"] = {**options["sampled"], "log_normaliser": 0.0}
    torch.manual_seed(1)
    layer = Output(kind=kind, **options.get(kind, {})).build(vocabulary(), 6, None)
    for parameter in layer.parameters():
        torch.nn.init.uniform_(parameter, -0.5, 0.5)
    x, target = torch.randn(40, 6), torch.arange(40) % 11
    torch.manual_seed(2)
    exact = layer.loss(x, target)
    torch.manual_seed(2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = layer.loss(x.bfloat16(), target)
    assert rounded.item() == pytest.approx(exact.item(), rel=0.02)
    rounded.backward()
    assert all(parameter.grad.isfinite().all() for parameter in layer.parameters())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", SETTINGS)
def test_a_cuda_device_scores_like_the_cpu(kind):
    options = {"adaptive": {"division": 2.0}, "sampled": {"samples": 5, "power": 0.75}}
    options["nce"] = {**options["sampled"], "log_normaliser": 0.0}
    model = small("lstm", device="cuda", output=Output(kind=kind, **options.get(kind, {})))
    model.fit(stream(), stream(20), RunLog())
    test = stream(100, seed=2)
    scores = model.log_probs(test)
    model._network.cpu()
    np.testing.assert_allclose(model.log_probs(test), scores, atol=1e-4)
