"""Recurrent encoders: pooling, directions, what of a text is read, training as a language model first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from classification_cases import TRAIN, VALID, Notes, accuracy, corpus, fitted, item, needs_mirror
from hypothesis import given
from hypothesis import strategies as st

from baselines.tasks.classification.encoder import Encoder, TextPredictor, turned_places
from baselines.tasks.classification.encoder_classifier import EncoderClassifier
from baselines.tasks.classification.pooling import Pooling
from baselines.tasks.training import Recipe
from benchmark.contract import RunLog
from benchmark.errors import UserError
from benchmark.task.contract import Input, inputs_of

lengths_of_texts = st.lists(st.integers(1, 6), min_size=1, max_size=5)


def states_of(lengths: list[int], units: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Random states of texts of these lengths; what stands behind a text is large, and must not matter."""
    generator = torch.Generator().manual_seed(sum(lengths))
    states = torch.randn((len(lengths), max(lengths), units), generator=generator)
    for row, length in zip(states, lengths, strict=True):
        row[length:] = 1e4
    return states, torch.tensor(lengths)


@given(lengths=lengths_of_texts)
def test_pooling_is_that_of_a_loop_over_each_text(lengths: list[int]) -> None:
    states, given_lengths = states_of(lengths)
    rows = [row[:length] for row, length in zip(states, lengths, strict=True)]
    largest = Pooling("max", 4, 1)(states, given_lengths)
    assert torch.equal(
        largest, torch.stack([torch.stack([row[:, u].max() for u in range(4)]) for row in rows])
    )
    mean = Pooling("mean", 4, 1)(torch.where(states == 1e4, torch.tensor(0.0), states), given_lengths)
    assert torch.allclose(mean, torch.stack([sum(row[1:], row[0]) / len(row) for row in rows]), atol=1e-6)
    assert torch.equal(Pooling("final", 4, 1)(states, given_lengths), torch.stack([row[-1] for row in rows]))
    both = torch.stack([torch.cat([row[-1, :2], row[0, 2:]]) for row in rows])
    assert torch.equal(Pooling("final", 4, 2)(states, given_lengths), both)


@given(lengths=lengths_of_texts)
def test_attention_is_a_weighted_mean_by_its_formula(lengths: list[int]) -> None:
    states, given_lengths = states_of(lengths)
    torch.manual_seed(3)
    pooling = Pooling("attention", 4, 1)
    for row, length, found in zip(states, lengths, pooling(states, given_lengths), strict=True):
        h = row[:length]
        weights = torch.softmax(
            torch.tanh(h @ pooling.hidden.weight.T + pooling.hidden.bias) @ pooling.query.weight[0], 0
        )
        assert torch.allclose(found, weights @ h, atol=1e-5)


def encoder(cell: str, bidirectional: bool, layers: int = 1) -> Encoder:
    torch.manual_seed(1)
    network = Encoder(9, cell, 3, 4, layers, bidirectional, 0.5, 0.2)  # type: ignore[arg-type]
    return network.eval()


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("layers", [1, 2])
def test_states_do_not_depend_on_padding_and_see_one_side_alone(cell: str, layers: int) -> None:
    network = encoder(cell, True, layers)
    tokens = torch.tensor([[2, 3, 4, 5], [6, 7, 0, 0]])
    states = network(tokens, torch.tensor([4, 2]))
    alone = network(torch.tensor([[6, 7]]), torch.tensor([2]))
    assert torch.allclose(states[1, :2], alone[0], atol=1e-6)
    other = network(torch.tensor([[2, 3, 8, 5]]), torch.tensor([4]))
    forwards, backwards = (states[0] - other[0]).abs().split(4, dim=1)
    assert (forwards.amax(1) > 1e-6).tolist() == [False, False, True, True]
    assert (backwards.amax(1) > 1e-6).tolist() == [True, True, True, False]


def test_one_direction_of_an_elman_network_by_its_recurrence() -> None:
    """h_t = tanh(W x_t + U h_{t−1} + b), and backwards the same from behind."""
    network = encoder("elman", True)
    tokens = torch.tensor([[2, 5, 3]])
    x = network.embedding.weight[tokens[0]]
    found = network(tokens, torch.tensor([3]))[0]
    for number, order in enumerate(([0, 1, 2], [2, 1, 0])):
        layer: Any = network.directions[number]
        h = torch.zeros(4)
        for place in order:
            h = torch.tanh(
                layer.weight_ih_l0 @ x[place] + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
            )
            assert torch.allclose(found[place, 4 * number : 4 * number + 4], h, atol=1e-6)


@given(lengths=lengths_of_texts)
def test_turning_a_text_round_twice_leaves_it_as_it_was(lengths: list[int]) -> None:
    turned = turned_places(torch.tensor(lengths), max(lengths))
    assert torch.equal(turned.gather(1, turned), torch.arange(max(lengths)).expand(len(lengths), -1))
    for row, length in zip(turned.tolist(), lengths, strict=True):
        assert row[:length] == list(range(length))[::-1]


def test_the_language_models_loss_is_that_of_a_loop() -> None:
    """Forwards the second token is predicted from the first, backwards the first from the second."""
    predictor = TextPredictor(encoder("gru", True)).eval()
    tokens, lengths = torch.tensor([[2, 3, 4], [5, 6, 0]]), torch.tensor([3, 2])
    states = predictor.encoder(tokens, lengths)
    losses: list[list[torch.Tensor]] = [[], []]
    for text, length in enumerate(lengths.tolist()):
        for place in range(length - 1):
            for number, (seen, wanted) in enumerate(((place, place + 1), (place + 1, place))):
                state = states[text, seen, 4 * number : 4 * number + 4]
                logits = (
                    predictor.encoder.embedding.weight @ predictor.projections[number](state) + predictor.bias
                )
                losses[number].append(-torch.log_softmax(logits, 0)[tokens[text, wanted]])
    expected = torch.stack([torch.stack(each).mean() for each in losses]).mean()
    assert predictor(tokens, lengths).item() == pytest.approx(expected.item(), abs=1e-5)


def small(**changes: Any) -> EncoderClassifier:
    settings: dict[str, Any] = {
        "embedding_size": 8,
        "hidden_size": 8,
        "dropout": 0.0,
        "word_dropout": 0.0,
        "device": "cpu",
        "training": Recipe(epochs=30, batch=4, learning_rate=0.02, patience=30),
    }
    return EncoderClassifier(**{**settings, **changes})


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("pooling", ["final", "max", "mean", "attention"])
def test_it_learns_what_one_word_decides(cell: str, pooling: str) -> None:
    model = small(cell=cell, pooling=pooling)
    fitted(model, TRAIN, TRAIN)
    assert accuracy(model, TRAIN) == 1


def test_order_matters_to_an_encoder() -> None:
    """`a b` and `b a` have the same words: only who reads them in order tells them apart."""
    train = [item("first a", "a b"), item("first b", "b a")] * 6
    assert accuracy(fitted(small(bidirectional=False, pooling="final"), train, train), train) == 1


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    model = fitted(small(first_words=1, last_words=2), TRAIN, VALID)
    whole, other, short = model.log_probs(
        [
            Input(("good", "bad", "bad", "and", "cold")),
            Input(("good", "warm", "and", "cold")),
            Input(("good", "and", "cold")),
        ]
    )
    assert whole == pytest.approx(short, abs=1e-5)
    assert other == pytest.approx(short, abs=1e-5)
    with pytest.raises(UserError, match=r"model\.first_words and model\.last_words are both 0"):
        small(first_words=0, last_words=0)


def test_training_as_a_language_model_goes_before_and_counts_as_training() -> None:
    class Progress(Notes):
        def __init__(self) -> None:
            super().__init__()
            self.tokens: list[int] = []
            self.shares: dict[str, list[float]] = {}
            self.totals: set[int] = set()

        def curve(self, **row: float) -> None:
            self.tokens.append(int(row["tokens"]))

        def progress(self, done: int, total: int, **figures: float) -> None:
            (name,) = figures
            self.totals.add(total)
            self.shares.setdefault(name, []).append(done / total)

    recipe = Recipe(epochs=3, batch=4, learning_rate=0.02)
    log, model = Progress(), small(language_model_epochs=2, training=recipe)
    model.fit(TRAIN, VALID, log)
    of_texts = sum(len(each.input.tokens) for each in TRAIN)
    assert [round(tokens / of_texts) for tokens in log.tokens] == [3, 4, 5]
    assert len(log.totals) == 1
    assert list(log.shares) == ["language model loss", "loss"]
    shares = [*log.shares["language model loss"], *log.shares["loss"]]
    assert shares == sorted(set(shares))
    assert log.shares["language model loss"][-1] == pytest.approx(0.4, abs=0.02)  # two of five readings
    assert shares[-1] == 1
    assert any("as a language model: validation perplexity" in line for line in log.lines)
    without = fitted(small(training=recipe))
    assert model.log_probs(inputs_of(VALID)) != pytest.approx(without.log_probs(inputs_of(VALID)), abs=1e-6)


def test_another_seed_gives_another_model_and_global_random_state_stays() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, other = (fitted(small(seed=seed, training=Recipe(epochs=1))) for seed in (1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert not np.allclose(one.log_probs(inputs_of(VALID)), other.log_probs(inputs_of(VALID)))


@needs_mirror
@pytest.mark.slow
def test_accuracy_on_trec_questions(tmp_path: Path) -> None:
    data = corpus("trec", tmp_path)
    model = EncoderClassifier(device="cpu", training=Recipe(epochs=6, learning_rate=0.004))
    model.fit(data.train, data.valid, RunLog())
    assert accuracy(model, data.valid) > 0.82
