"""The YAML files of the neural models and their recipes build what they say."""

from dataclasses import fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from pydantic import TypeAdapter

from baselines.neural.training.recipe import Training
from benchmark.build import build_model

CONF = Path(__file__).parents[2] / "conf"
RECIPES = sorted(path.stem for path in (CONF / "train").glob("*.yaml"))
MODELS = ["fixed_window", "rnn", "lstm"]


def config(*overrides):
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose(overrides=["+seed=7", "+device=cpu", *overrides]), resolve=True)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("model", MODELS)
def test_every_recipe_replaces_that_of_every_model_whole(model, recipe):
    found = config(f"+model={model}", f"train@model.training={recipe}")["model"]
    alone = config(f"+train={recipe}")["train"]
    assert found["training"] == alone
    assert build_model(found).training == TypeAdapter(Training).validate_python(alone)


@pytest.mark.parametrize("model", MODELS)
def test_a_setting_of_the_recipe_can_be_overridden(model):
    built = build_model(config(f"+model={model}", "model.training.epochs=3", "model.dropout=0.1")["model"])
    assert (built.training.epochs, built.dropout, built.seed, built.device) == (3.0, 0.1, 7, "cpu")


def test_every_recipe_names_every_setting():
    for recipe in RECIPES:
        assert set(config(f"+train={recipe}")["train"]) == {field.name for field in fields(Training)}
