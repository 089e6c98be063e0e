"""Recurrent taggers: what they can learn, what they read, and what they keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tagging_cases import grammar, item, right

from baselines.tasks.tagging.network import BothWays, Spelling, backward_places
from baselines.tasks.tagging.reading import side_by_side
from baselines.tasks.tagging.recurrent_tagger import RecurrentTagger
from baselines.tasks.training import Recipe
from benchmark.contract import RunLog
from benchmark.errors import Diverged, UserError
from benchmark.task.items import Input, Item, inputs_of

SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "embedding_size": 12,
    "filters": 8,
    "dropout": 0.0,
    "device": "cpu",
    "training": Recipe(epochs=6, batch=4, learning_rate=0.02),
}
TRAIN, VALID = grammar(60, seed=1), grammar(20, seed=2)


def fitted(items: list[Item] = TRAIN, valid: list[Item] = VALID, **changes: Any) -> RecurrentTagger:
    """A small tagger, fitted."""
    model = RecurrentTagger(**{**SMALL, **changes})
    model.fit(items, valid, RunLog())
    return model


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("crf", [False, True])
def test_rules_are_learned(cell: str, crf: bool) -> None:
    assert right(fitted(cell=cell, crf=crf).tag(inputs_of(VALID)), VALID) == 1


@pytest.mark.parametrize("skip", ["none", "residual", "dense", "highway"])
def test_eight_layers_are_computed_and_trained(skip: str) -> None:
    model = fitted(layers=8, skip=skip, training=Recipe(epochs=1, batch=8))
    assert all(parameter.grad is not None for parameter in model._network.parameters())
    dense = model._network.output.in_features
    assert dense == (12 + 25 + 8 + 8 * 16 if skip == "dense" else 16)


def scores_of(model: RecurrentTagger, words: list[str]) -> torch.Tensor:
    """The scores of each token of a sentence: [tokens, tags]."""
    sentence = model._alphabet.sentence(Input(tuple(words), ("D",) * len(words)))
    with torch.inference_mode():
        batch = side_by_side([sentence], model._spellings, torch.device("cpu"))
        scores: torch.Tensor = model._network(batch)[:, 0]
    return scores


@pytest.mark.parametrize("layers", [1, 3])
def test_what_comes_later_counts_only_if_it_is_read_from_both_sides(layers: int) -> None:
    for both in (False, True):
        model = fitted(bidirectional=both, layers=layers, training=Recipe(epochs=1))
        first, second = (scores_of(model, ["the", "old", word]) for word in ("cat", "sees"))
        assert torch.allclose(first[:2], second[:2], atol=1e-6) is not both
        assert not torch.allclose(first[2], second[2], atol=1e-6)


def test_a_backward_layer_starts_at_the_end_of_each_sentence() -> None:
    torch.manual_seed(1)
    layer = BothWays("gru", 3, 4, bidirectional=True)
    x, lengths = torch.randn(5, 2, 3), torch.tensor([5, 2])
    for module in layer.modules():
        for parameter in module.parameters(recurse=False):
            torch.nn.init.normal_(parameter)
    together = layer(x, backward_places(5, lengths))
    alone = layer(x[:2, 1:], backward_places(2, torch.tensor([2])))
    assert torch.allclose(together[:2, 1:], alone, atol=1e-6)
    reverse = layer.directions[1](x.flip(0)[:, :1], layer.directions[1].initial_state(1))[0].flip(0)
    assert torch.allclose(together[:, :1, 2:], reverse, atol=1e-6)


def test_a_spelling_is_the_same_however_long_the_other_words_are() -> None:
    torch.manual_seed(1)
    spelling = Spelling(9, 4, 5, width=4)
    short, long = torch.tensor([[2, 3]]), torch.tensor([[2, 3, 0, 0, 0]])
    assert torch.allclose(spelling(short), spelling(long), atol=1e-6)
    assert not torch.allclose(spelling(short), spelling(torch.tensor([[3, 2]])))


def test_letters_tell_apart_what_words_do_not() -> None:
    def words(stem: str) -> list[Item]:
        return [
            item([(f"{stem}{n}{end}", "g", tag)])
            for n in range(30)
            for end, tag in (("ly", "R"), ("ed", "V"))
        ]

    train, unseen = words("a"), words("b")
    assert right(fitted(train, train).tag(inputs_of(unseen)), unseen) > 0.9
    blind = fitted(train, train, characters=False).tag(inputs_of(unseen))
    assert right(blind, unseen) == 0.5  # every unknown word has the same tag


@pytest.mark.parametrize("crf", [False, True])
def test_a_saved_tagger_gives_the_same_answers_and_the_same_seed_the_same_tagger(
    crf: bool, tmp_path: Path
) -> None:
    settings = {"crf": crf, "dropout": 0.3, "training": Recipe(epochs=2, batch=4, learning_rate=0.01)}
    model = fitted(**settings)
    model.save(tmp_path)
    again = RecurrentTagger.load(tmp_path)
    twin, other = fitted(**settings), fitted(**settings, seed=2)
    weights = [each._network.output.weight for each in (model, again, twin, other)]
    assert torch.equal(weights[0], weights[1])
    assert torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])
    assert again.tag(inputs_of(VALID)) == model.tag(inputs_of(VALID))
    assert again.size() == model.size()


def test_an_answer_does_not_depend_on_the_other_sentences() -> None:
    model = fitted(training=Recipe(epochs=1))
    inputs = inputs_of(VALID)
    assert model.tag(inputs) == [model.tag([each])[0] for each in inputs]


@pytest.mark.parametrize("crf", [False, True])
def test_odd_inputs_are_answered(crf: bool) -> None:
    items = [*TRAIN[:5], Item(Input(()), ())]
    strange = item([("a", "D", "B-NEW")])  # a tag that no training item has
    model = fitted(items, [strange, items[-1]], crf=crf, training=Recipe(epochs=1))
    answers = model.tag([Input(()), Input(("☃",), ("?",)), Input(("a", "")), Input(("é" * 99,), ("D",))])
    assert [len(answer) for answer in answers] == [0, 1, 2, 1]
    assert model.tag([]) == []
    assert fitted([item([("a", "g", "X")])] * 2, [strange]).tag([Input(("b", "c"))]) == [("X", "X")]


def test_odd_settings_and_damaged_files_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.hidden_size=15 is odd"):
        RecurrentTagger(hidden_size=15)
    model = fitted(training=Recipe(epochs=1))
    model.save(tmp_path)
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"cannot read the model in .* train it again") as raised:
        RecurrentTagger.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_training_that_leaves_the_finite_numbers_says_so() -> None:
    with pytest.raises(Diverged):
        fitted(training=Recipe(epochs=4, learning_rate=1e30, clip=1e30))
