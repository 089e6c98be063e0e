"""The chunked output layer against torch's own cross-entropy."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import vocabulary
from torch import nn
from torch.nn import functional as F

from baselines.neural.architectures.recurrent import Lstm
from baselines.neural.architectures.window import FixedWindow
from baselines.neural.output import softmax
from baselines.neural.output.softmax import Softmax, softmax_loss


def case(n, features, words, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()

    target = torch.randint(words, (n,), generator=generator)
    return draw(n, features), draw(words, features), draw(words), target


def gradients(loss, inputs):
    return [loss, *torch.autograd.grad(loss, inputs)]


#: The two ways to normalise a chunk: that of the CPU, and that of devices that must not be waited for.
FORMS = {"cpu": softmax._exponentials, "device": softmax._normalised}


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    """Each form in turn, run on the CPU."""
    monkeypatch.setattr(softmax, "_exponentials", FORMS[request.param])
    return request.param


@given(
    n=st.integers(1, 40),
    words=st.integers(1, 30),
    features=st.integers(1, 8),
    rows=st.integers(1, 17),
    form=st.sampled_from(list(FORMS)),
)
def test_loss_and_gradients_equal_cross_entropy(n, words, features, rows, form):
    x, weight, bias, target = case(n, features, words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(softmax, "ROWS", rows)
        patch.setattr(softmax, "_exponentials", FORMS[form])
        ours = gradients(3.7 * softmax_loss(x, weight, bias, target), (x, weight, bias))
    theirs = gradients(3.7 * F.cross_entropy(F.linear(x, weight, bias), target), (x, weight, bias))
    for mine, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-10, atol=1e-12)


def test_gradients_equal_finite_differences(monkeypatch, form):
    monkeypatch.setattr(softmax, "LOGITS", 1)
    monkeypatch.setattr(softmax, "FEWEST", 3)
    chunks = softmax._chunks(7, 5, torch.device("cpu"))
    assert [(rows.start, rows.stop) for rows in chunks] == [(0, 3), (3, 6), (6, 9)]
    x, weight, bias, target = case(7, 3, 5)
    assert torch.autograd.gradcheck(lambda *inputs: softmax_loss(*inputs, target), (x, weight, bias))


def test_huge_logits_give_a_finite_loss_and_gradient(form):
    x = torch.tensor([[1.0]], requires_grad=True)
    weight = torch.tensor([[3000.0], [-3000.0]], requires_grad=True)
    loss = softmax_loss(x, weight, torch.zeros(2), torch.tensor([1]))
    loss.backward()
    assert loss.item() == pytest.approx(6000.0)
    torch.testing.assert_close(weight.grad, torch.tensor([[1.0], [-1.0]]))


@pytest.mark.parametrize("shift", [-1e4, 1e4, 40.0, 0.0])
def test_logits_of_any_size_give_the_loss_of_cross_entropy(shift, form):
    x, weight, bias, target = case(9, 4, 12)
    bias = (bias.detach() + shift).requires_grad_()
    x = (x.detach() * torch.logspace(-3, 3, 9)[:, None]).requires_grad_()  # some rows need no shift, some do
    inputs = (x, weight, bias)
    ours = gradients(softmax_loss(*inputs, target), inputs)
    theirs = gradients(F.cross_entropy(F.linear(*inputs), target), inputs)
    for mine, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, plain, rtol=1e-8, atol=1e-9)


def test_a_vocabulary_of_one_costs_nothing(form):
    x, weight, bias, target = case(5, 3, 1)
    for part in gradients(softmax_loss(x, weight, bias, target), (x, weight, bias)):
        torch.testing.assert_close(part, torch.zeros_like(part))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_shows_in_the_loss(bad, form):
    x, weight, bias, target = case(5, 3, 4)
    with torch.no_grad():
        weight[2, 1] = bad
    assert not softmax_loss(x, weight, bias, target).isfinite()


def test_a_word_with_a_bias_of_minus_infinity_is_never_predicted(form):
    x, weight, bias, target = case(6, 3, 5)
    with torch.no_grad():
        bias[4] = -torch.inf
    target = target % 4
    ours = gradients(softmax_loss(x, weight, bias, target), (x, weight, bias))
    theirs = gradients(F.cross_entropy(F.linear(x, weight, bias), target), (x, weight, bias))
    for mine, plain in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, plain)


@pytest.mark.parametrize("rows", [400, 64])
def test_bfloat16_errs_as_little_as_it_says(monkeypatch, rows, form):
    monkeypatch.setattr(softmax, "ROWS", rows)
    x, weight, bias, target = case(300, 64, 900, dtype=torch.float32)
    weight = (0.2 * weight.detach()).requires_grad_()
    exact = gradients(softmax_loss(x, weight, bias, target), (x, weight, bias))
    with torch.autocast("cpu", torch.bfloat16):
        loss = softmax_loss(x, weight, bias, target)
    rounded = gradients(loss, (x, weight, bias))
    assert rounded[0].item() == pytest.approx(exact[0].item(), abs=2e-3)
    assert rounded[0] != exact[0]
    for mine, plain in zip(rounded[1:], exact[1:], strict=True):
        assert mine.dtype == torch.float32
        assert (mine - plain).norm() < 0.01 * plain.norm()


@pytest.mark.parametrize(
    ("n", "words", "large", "chunks"),
    [(700, 10_000, False, 1), (1400, 33_000, True, 1), (1400, 267_000, True, 6), (9, 3_000_000, False, 1)],
)
def test_another_device_holds_few_large_chunks_and_is_never_waited_for(n, words, large, chunks, monkeypatch):
    """Tensors without numbers ask for no memory, and refuse to tell a number."""
    used = []
    normalised = softmax._normalised

    def noted(x, *rest):
        used.append(len(x))
        return normalised(x, *rest)

    monkeypatch.setattr(softmax, "_normalised", noted)
    x = torch.empty(n, 8, device="meta", requires_grad=True)
    weight, bias = torch.empty(words, 8, device="meta"), torch.empty(words, device="meta")
    target = torch.empty(n, dtype=torch.int64, device="meta")
    (3.7 * softmax_loss(x, weight.requires_grad_(), bias.requires_grad_(), target)).backward()
    assert (sum(used), len(used)) == ((n, chunks) if large else (0, 0))
    assert max(used, default=0) * words <= 2**26
    assert {part.grad.dtype for part in (x, weight, bias)} == {torch.float32}
    layer = Softmax(words, 8).to("meta")
    assert layer.log_probs(x.detach(), target).shape == (n,)


def test_it_works_without_gradients_and_in_any_mode_order():
    x, weight, bias, target = case(5, 3, 4)
    plain = F.cross_entropy(F.linear(x, weight, bias), target).item()
    softmax._local.__dict__.clear()
    with torch.inference_mode():
        assert softmax_loss(x, weight, bias, target).item() == pytest.approx(plain)
    with torch.no_grad():
        assert softmax_loss(x, weight, bias, target).item() == pytest.approx(plain)
    softmax_loss(x, weight, bias, target).backward()
    assert x.grad is not None


def test_threads_do_not_share_a_workspace():
    cases = [case(300, 16, 500, seed=seed) for seed in range(4)]
    expected = [F.cross_entropy(F.linear(x, w, b), t).item() for x, w, b, t in cases]
    wrong: list[float] = []

    def work(place):
        for _ in range(20):
            loss = softmax_loss(*cases[place]).item()
            if abs(loss - expected[place]) > 1e-9:
                wrong.append(loss)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_scores_agree_with_the_loss_and_with_the_distribution(monkeypatch):
    monkeypatch.setattr(softmax, "ROWS", 4)
    x, weight, bias, target = case(11, 3, 6)
    layer = Softmax(6, 3).double()
    with torch.no_grad():
        layer.matrix.copy_(weight)
        layer.bias.copy_(bias)
    scores = layer.log_probs(x, target)
    assert -scores.mean().item() == pytest.approx(layer.loss(x, target).item())
    torch.testing.assert_close(scores, layer.distribution(x).gather(1, target[:, None]).squeeze(1))
    np.testing.assert_allclose(layer.distribution(x).exp().sum(1), 1)


@pytest.mark.parametrize("end", [True, False], ids=["end", "no_end"])
@pytest.mark.parametrize("model", [Lstm(), FixedWindow()], ids=["lstm", "fixed_window"])
def test_tied_weights_are_one_matrix(model, end):
    network = model.build(vocabulary(end=end))
    assert network.output.weight.data_ptr() == network.embedding.weight.data_ptr()
    assert network.output.weight.shape == (11, 200)
    assert sum(parameter is network.embedding.weight for parameter in network.parameters()) == 1
    with torch.no_grad():
        network.embedding.weight.zero_()
    assert not network.output.weight.any()


def test_the_gradient_of_a_tied_matrix_adds_both_uses():
    embedding = nn.Embedding(7, 3).double()
    layer = Softmax(6, 3, tied=embedding).double()  # an extra row, for the start symbol, is no output
    tokens, target = torch.tensor([6, 1, 1, 4]), torch.tensor([1, 1, 4, 5])
    assert torch.autograd.gradcheck(
        lambda matrix: softmax_loss(matrix[tokens], matrix[:6], layer.bias, target), embedding.weight
    )
    layer.loss(embedding(tokens), target).backward()
    assert embedding.weight.grad.shape == (7, 3)
    assert embedding.weight.grad[6].abs().sum() > 0
