"""The scores of a case on a small fixed text, computed in this process."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from golden_cases import Case

from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.corpus import END, UNKNOWN
from benchmark.record.result import Result

FOLDER = Path(__file__).parent
#: Lines of `text.txt` in each split.
SPLITS = {"train": slice(0, 150), "valid": slice(150, 165), "test": slice(165, 175)}
#: A network learns from the first lines that hold so many tokens: 20 steps read them about five times.
NETWORK_TOKENS = 90


def scores(case: Case, folder: Path) -> np.ndarray:
    """ln p of each target of the test text: float32 [targets]. `folder` is an empty one to work in.

    Raises Skip where the model needs a package that is not here.
    """
    streams = text()
    settings = _with_files(case.settings, folder)
    if not is_network(case):
        return _fitted(settings, streams["train"], streams["valid"]).log_probs(streams["test"])
    with one_thread_in_float64():
        train = streams["train"].head(NETWORK_TOKENS)
        return _fitted(settings, train, streams["valid"]).log_probs(streams["test"])


def is_network(case: Case) -> bool:
    """Whether anything in it is trained by gradients."""
    return "training" in case.settings or "training" in case.settings.get("of", {})


@cache
def text() -> dict[str, TokenStream]:
    """The splits of `text.txt`. Words seen once in its training lines are `<unk>`."""
    lines = (FOLDER / "text.txt").read_text(encoding="utf-8").splitlines()
    splits = {
        split: [token for line in lines[part] for token in [*line.split(), END]]
        for split, part in SPLITS.items()
    }
    seen = Counter(splits["train"])
    kept = Counter({token: count for token, count in seen.items() if count > 1})
    kept[UNKNOWN] += seen.total() - kept.total()
    ranked = sorted(kept.items(), key=lambda item: (-item[1], item[0]))
    vocabulary = Vocabulary(tuple(token for token, _ in ranked), np.array([count for _, count in ranked]))
    return {
        split: TokenStream.from_ids(vocabulary.encode(tokens).astype(np.uint16), vocabulary)
        for split, tokens in splits.items()
    }


def _fitted(settings: dict[str, Any], train: TokenStream, valid: TokenStream) -> LanguageModel:
    model = build_model(settings)
    if model.scores_only:
        model.match(valid, text()["test"])
    model.fit(train, valid, RunLog())
    return model


@contextmanager
def one_thread_in_float64() -> Iterator[None]:
    """No order of summation shows in scores after 20 such steps."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)


def _with_files(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings with the file or the finished run that a model needs."""
    if "path" in settings:
        return {**settings, "path": str(FOLDER / "small.arpa")}
    if "run" in settings:
        _finished_run(folder)
        return {**settings, "run": str(folder)}
    if "missing_first" in settings:
        return _scores_of_another_program(settings, folder)
    if "command" in settings:
        program = [sys.executable, "-S", "-E", str(FOLDER.parent / "command" / "bigram_program.py")]
        return {**settings, "command": program, "kind": settings["kind"] or "count"}
    return settings


#: A natural log-probability in each scale.
SCALES: dict[str, Callable[[float], float]] = {
    "probability": math.exp,
    "ln": float,
    "log2": lambda ln: ln / math.log(2),
    "log10": lambda ln: ln / math.log(10),
    "loss": lambda ln: -ln,
    "bits": lambda ln: -ln / math.log(2),
}


def _scores_of_another_program(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The settings with a file for each text, which lacks the scores that they say are missing."""
    scale, first = settings["scale"] or "ln", settings["missing_first"]
    files = {}
    for split in ("valid", "test"):
        stream = text()[split]
        lines = []
        for place, token in enumerate(stream.vocabulary.decode(stream.ids)):
            begins = place == 0 if first == "text" else first == "lines" and place in stream.lines
            if begins or (settings["missing_ends"] and token == END):
                continue
            score = f"{SCALES[scale](-1 - place * 7 % 13 / 4):.9g}"
            columns = {"before": f"{token} {score}", "after": f"{score} {token}"}
            lines.append(columns.get(settings["tokens"], score))
        files[split] = str(folder / f"{split}.txt")
        (folder / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {**settings, **files, "scale": scale, "kind": settings["kind"] or "count"}


def _finished_run(folder: Path) -> None:
    """A finished run of a Witten-Bell trigram."""
    streams = text()
    settings = {"_target_": "baselines.ngram.smoothing.witten_bell.WittenBell", "order": 3}
    model = _fitted(settings, streams["train"], streams["valid"])
    (folder / "checkpoint").mkdir()
    model.save(folder / "checkpoint")
    streams["train"].vocabulary.save(folder / "checkpoint" / "vocabulary.json")
    record = Result(
        run_id="0123456789ab",
        status="ok",
        model="witten_bell",
        label="Witten-Bell",
        corpus="files",
        family="count",
        context="sentence",
        model_settings=settings,
        train_targets=len(streams["train"]),
    )
    (folder / "result.json").write_text(json.dumps(record.to_json()), encoding="utf-8")
    (folder / "config.yaml").write_text(yaml.safe_dump({"model": settings}), encoding="utf-8")
