"""A results folder as sweeps of a thousand runs leave it: corpora, families, orders, sizes and seeds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from synthetic_runs import PTB, SOTU, curve, finished, hash_of, unfinished, write_run

#: Corpus, its title, and how hard it is beside the Penn Treebank.
TEXTS = {
    "ptb": ("Penn Treebank", 1.0),
    "sotu": ("State of the Union", 0.48),
    "wikitext2": ("WikiText-2", 1.56),
    "brown": ("Brown corpus", 2.33),
    "reuters": ("Reuters-21578", 0.71),
}
CORPORA = {
    name: {
        **(SOTU if name == "sotu" else PTB),
        "corpus": name,
        "corpus_title": title,
        "protocol_id": f"{hash_of(name):012x}"[:12],
    }
    for name, (title, _) in TEXTS.items()
}
METHODS = {
    "kneser_ney": ("Modified Kneser-Ney", 141.2),
    "pitman_yor": ("Hierarchical Pitman-Yor", 139.3),
    "jelinek_mercer": ("Jelinek-Mercer", 149.6),
    "good_turing": ("Good-Turing", 162.3),
    "katz": ("Katz", 166.0),
    "absolute_discounting": ("Absolute discounting", 165.9),
    "witten_bell": ("Witten-Bell, backoff", 184.4),
    "class_based": ("Class-based", 123.6),
    "skip": ("Skip", 135.5),
    "add_k": ("Add-0.01", 950.0),
}
NETWORKS = {
    "lstm": ("LSTM", 105.0),
    "gru": ("GRU", 112.0),
    "rnn": ("Elman RNN", 128.0),
    "transformer": ("Transformer", 118.0),
    "log_bilinear": ("Log-bilinear, window of 5", 146.0),
    "fixed_window": ("Fixed window of 5", 152.0),
    "quasi_rnn": ("Quasi-recurrent", 115.0),
}
PROMPTS = ("the company said", "consumers may want to", "in the first half of the year")
WORDS = ("market", "company", "year", "first", "people", "the", "of", "<unk>", "</s>", "president", "said")


class Setting(NamedTuple):
    """A model with its settings: what a run needs to be made up."""

    model: str
    label: str
    family: str
    perplexity: float
    settings: dict[str, Any]
    seeds: tuple[int | None, ...] = (None,)


def write_many(results: Path, runs: int) -> None:
    """Exactly `runs` run folders, spread evenly over the corpora; the same ones every time.

    Of each corpus' runs about half are counted, most others neural with three seeds, some mixtures, and
    one in 25 gave no result.
    """
    corpora = [_runs(name) for name in TEXTS]
    for number, runs_of in enumerate(islice(cycle(corpora), runs)):
        record, files = next(runs_of)
        if number % 25 == 24:
            lost = unfinished(record["model"], "failed", "out of memory", CORPORA[record["corpus"]])
            record, files = {**lost, "run_id": record["run_id"], "label": record["label"]}, {}
        write_run(results, record, environment_json=_environment(number % 3), **files)


def _settings() -> Iterator[Setting]:
    """Settings without end, each once: counted, neural and mixed by turns."""
    counted, neural, mixed = _counted(), _neural(), _mixed()
    while True:
        yield from islice(counted, 5)
        yield from islice(neural, 2)
        yield from islice(mixed, 1)


def _counted() -> Iterator[Setting]:
    for cutoff in count(0):
        for order in (5, 3, 4, 2, 6, 7):
            for model, (name, best) in METHODS.items():
                for context in ("sentence", "stream"):
                    ppl = best * (1 + 0.24 * 2.0 ** (2 - order) + 0.01 * cutoff + 0.004 * len(context))
                    settings = {"order": order, "context": context, "cutoff": cutoff}
                    yield Setting(model, f"{name} {order}-gram", "count", ppl, settings)


def _neural() -> Iterator[Setting]:
    for epochs in count(8, 4):
        for size in (200, 100, 400, 650):
            for model, (name, best) in NETWORKS.items():
                ppl = best * (1 + 20 / size + 0.4 / epochs)
                settings = {"hidden_size": size, "training": {"epochs": epochs}}
                yield Setting(model, f"{name}, 2 × {size}", "neural", ppl, settings, (1, 2, 3))


def _mixed() -> Iterator[Setting]:
    for share in count(1):
        for network, (name, best) in NETWORKS.items():
            settings = {"of": ["kneser_ney", network], "order": 5, "share": share}
            yield Setting("mixture", f"{name} + Kneser-Ney", "mixture", best * (0.9 + 0.01 * share), settings)


def _runs(corpus: str) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The record and the files of each run on a corpus."""
    scale = TEXTS[corpus][1]
    for setting in _settings():
        for seed in setting.seeds:
            dice = random.Random(hash_of(corpus, setting, seed))
            ppl = setting.perplexity * scale * dice.uniform(0.99, 1.01)
            neural = setting.family != "count"
            size = setting.settings.get("hidden_size", 4.0 ** setting.settings.get("order", 3)) / 20
            speed = dice.uniform(1e4, 6e4) if neural else dice.uniform(4e5, 6e6)
            figures = (ppl, size * dice.uniform(0.9, 1.1), size * (60 if neural else 0.2), speed)
            record = finished(
                CORPORA[corpus],
                setting.model,
                setting.label,
                "neural" if neural else "count",
                figures,
                seed=seed,
                run_id=f"{hash_of(corpus, setting, seed):012x}"[:12],
                context=setting.settings.get("context", "stream"),
            )
            record["family"] = setting.family
            shown = {"name": setting.model, "label": setting.label, "seed": seed, "device": "auto"}
            record["model_settings"] = {**shown, **_PADDING, **setting.settings}
            yield record, _files(setting, record["model_settings"], ppl, seed, dice)


def _files(
    setting: Setting, settings: dict[str, Any], ppl: float, seed: int | None, dice: random.Random
) -> dict[str, str]:
    files = {
        "config_yaml": yaml.safe_dump({"model": settings, **_CORPUS_BLOCK}),
        "samples_json": json.dumps({"prompts": [_sample(prompt, dice) for prompt in PROMPTS]}, indent=1),
    }
    if setting.family == "neural":
        files["curve_csv"] = curve(ppl, seed or 1)
    return files


#: What every config holds besides; a real one is some 100 lines long.
_PADDING = {f"option_{index}": {"value": index / 8, "kind": "fixed"} for index in range(24)}
_CORPUS_BLOCK = {
    "corpus": {
        "name": "c",
        "published": PTB["published"],
        "source": {"checksums": {f"part{index}.txt": f"sha256:{index:064x}" for index in range(6)}},
    }
}


def _sample(prompt: str, dice: random.Random) -> dict[str, Any]:
    shares = sorted((dice.random() / 9 for _ in range(8)), reverse=True)
    return {
        "prompt": prompt,
        "next": [[word, share] for word, share in zip(dice.sample(WORDS, 8), shares, strict=True)],
        "samples": [f"{prompt} {' '.join(dice.choices(WORDS, k=24))}" for _ in range(2)],
    }


def _environment(machine: int) -> str:
    packages = {name: f"{major}.{machine}.0" for major, name in enumerate(("hydra-core", "numpy", "torch"))}
    return json.dumps({"cores": 2, "packages": packages, "python": "3.11.7", "system": "Linux"}, indent=1)
