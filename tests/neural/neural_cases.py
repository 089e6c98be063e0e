"""Small streams and models that the tests of the neural family share."""

import importlib
from pathlib import Path

import numpy as np
import yaml

from baselines.neural.training.recipe import Training
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary

QUICK = Training(epochs=1, batch=3, unroll=7, learning_rate=1.0, init_range=0.5)
CONF = Path(__file__).parents[2] / "conf"


def _classes() -> dict[str, type]:
    """Every architecture that a `conf/model/*.yaml` names, once, under its shortest name."""
    found: dict[str, str] = {}
    for path in sorted((CONF / "model").glob("*.yaml"), key=lambda path: (len(path.stem), path.stem)):
        target = yaml.safe_load(path.read_text(encoding="utf-8")).get("_target_", "")
        if target.startswith("baselines.neural.architectures.") and target not in found.values():
            found[path.stem] = target
    return {
        name: getattr(importlib.import_module(module), cls)
        for name, (module, _, cls) in ((name, target.rpartition(".")) for name, target in found.items())
    }


CLASSES = _classes()
CLASSIC = ("fixed_window", "rnn", "lstm")


def vocabulary(words: int = 11, end: bool = True) -> Vocabulary:
    """w0 … with `</s>` at id 2, so that no test passes by taking it for the first or the last id."""
    tokens = [f"w{index}" for index in range(words)]
    if end:
        tokens[2] = "</s>"
    return Vocabulary(tuple(tokens), np.arange(words, 0, -1))


def stream(targets: int = 200, words: int = 11, end: bool = True, seed: int = 0) -> TokenStream:
    """Random ids; with `end` about every sixth is `</s>`, the last one too."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, words, targets)
    if end:
        ids = np.where(rng.random(targets) < 0.1, 2, ids)
        ids[-1:] = 2
    return TokenStream.from_ids(ids.astype(np.uint16), vocabulary(words, end))


def small(name: str, **options) -> LanguageModel:
    """A model of a few units, for the CPU."""
    settings = {"embedding_size": 6, "hidden_size": 6, "device": "cpu", "training": QUICK, "seed": 3}
    return CLASSES[name](**{**settings, **options})


def fitted(name: str, train: TokenStream | None = None, **options) -> LanguageModel:
    """The same, trained on `train` and validated on its first sentences."""
    model = small(name, **options)
    train = stream() if train is None else train
    model.fit(train, train.head(20), RunLog())
    return model
