"""Run folders as the harness leaves them, with made-up but plausible numbers."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

HOSTILE = '<script>alert("1")</script> & <img src=x onerror=alert(2)> $x_1$ `a|b` {{7*7}} %s \\end{document}'
HOSTILE_PROMPT = '</script><b>today</b> "the'

PTB = {
    "corpus": "ptb",
    "corpus_title": "Penn Treebank",
    "protocol_id": "5a1f0c9be210",
    "protocol_text": "sha256 1f0e…77",
    "protocol_tokens": "white space",
    "protocol_vocabulary": "10,000 words of the training text",
    "protocol_unknown": "<unk> is a word",
    "protocol_end_of_line": "</s> is a target",
    "test_targets": 82430,
    "vocabulary_size": 10000,
    "train_targets": 929589,
    "oov_rate": 0.0583,
    "test_characters": 449945,
    "test_bytes": 449945,
    "spelling_bits": 76_500.0,
    "published": [
        {
            "model": "KN5",
            "perplexity": 141.2,
            "source": "Mikolov et al. 2011, Empirical evaluation, Table 1",
            "protocol": "same text and vocabulary",
        },
        {
            "model": "RNN language model",
            "perplexity": 124.7,
            "source": "Mikolov et al. 2011, Empirical evaluation, Table 1",
            "protocol": "same text and vocabulary, history by stream",
        },
        {
            "model": "LSTM 2 × 1500, dropout",
            "perplexity": 78.4,
            "source": "Zaremba et al. 2014, Recurrent neural network regularization, Table 1",
            "protocol": "same text and vocabulary, history by stream",
        },
    ],
}
SOTU = {
    **PTB,
    "corpus": "sotu",
    "corpus_title": "State of the Union",
    "protocol_id": "c01dbeef0042",
    "protocol_text": "sha256 8c3d…02",
    "protocol_tokens": "NLTK words, lower-cased",
    "protocol_vocabulary": "words seen twice in training",
    "test_targets": 198321,
    "vocabulary_size": 17230,
    "train_targets": 1602331,
    "oov_rate": 0.0121,
    "test_characters": 1023441,
    "test_bytes": 1023502,
    "spelling_bits": 40_100.0,
    "published": [],
}
CPU = {"train_device": "cpu", "score_device": "cpu", "device_name": "AMD EPYC 7B13", "threads": 1}

#: What only some machines can measure.
ONLY_ON_A_GPU = {
    "peak_device_bytes": 412_000_000,
    "score_peak_device_bytes": 96_000_000,
    "train_joules": 41_300.0,
    "train_joules_of": "GPU board and CPU package",
    "score_joules": 84.0,
    "score_joules_of": "GPU board and CPU package",
}

# model, label, perplexity, megabytes, training seconds, scored tokens a second
COUNTED = [
    ("uniform", "uniform", 10000.0, 0.04, 0.01, 9.1e6),
    ("unigram", "unigram", 639.3, 0.08, 0.05, 8.7e6),
    ("add_k", "add-k, order 3", 583.9, 31.0, 1.9, 812_000),
    ("kneser_ney", "modified Kneser–Ney, order 3", 148.28, 24.2, 2.4, 611_000),
    ("kneser_ney", "modified Kneser–Ney, order 5", 141.19, 61.0, 4.4, 402_000),
    ("kenlm", "KenLM, order 5", 141.19, 44.9, 3.1, 1_310_000),
]
NEURAL = [
    ("fixed_window", "fixed window, 4 words × 100", 162.4, 8.9, 320.0, 61_000),
    ("rnn", "Elman RNN, 200", 138.9, 16.4, 410.0, 38_000),
    ("lstm", "LSTM, 2 × 200", 116.2, 18.6, 1490.0, 21_500),
]


def write_run(results: Path, result: dict[str, Any], **files: str) -> Path:
    """A run folder with a `result.json` and, by name, the other files' text (`curve_csv`, …)."""
    folder = results / "runs" / result["corpus"] / result["model"] / result["run_id"]
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result, indent=1, sort_keys=True))
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text)
    return folder


def finished(
    corpus: dict[str, Any], model: str, label: str, family: str, figures: tuple[float, ...], **more: Any
) -> dict[str, Any]:
    """The record of a run that went well; `figures`: perplexity, megabytes, train seconds, scoring rate."""
    ppl, megabytes, seconds, rate = figures
    targets = corpus["test_targets"]
    nll = targets * math.log(ppl)
    shares = [0.0, 0.04, 0.09, 0.16, 0.24, 0.25, 0.22]
    tilt = {
        "count": (2.1, 1.9, 1.6, 1.3, 1.0, 0.6, 0.4),
        "neural": (2.3, 2.05, 1.68, 1.28, 0.97, 0.58, 0.37),
        "mixture": (2.1, 1.9, 1.6, 1.3, 1.0, 0.6, 0.4),
    }[family]
    weight = sum(s * t for s, t in zip(shares, tilt, strict=True))
    counted = family == "count"
    return {
        **corpus,
        **CPU,
        "run_id": f"{abs(hash_of(label, corpus['corpus'], more.get('seed'))):012x}"[:12],
        "status": "ok",
        "reason": None,
        "model": model,
        "label": label,
        "family": family,
        "seed": None if counted else 1,
        "context": "sentence" if counted else "stream",
        "normalised": True,
        "checked_contexts": 20,
        "test_nll": nll,
        "test_perplexity": ppl,
        "test_perplexity_known": ppl * 1.13,
        "test_perplexity_new": ppl * 1.01,
        "valid_perplexity": ppl * 1.045,
        "bucket_edges": [0, 1, 10, 100, 1000, 10000, 100000],
        "bucket_targets": [round(targets * share) for share in shares],
        "bucket_nll": [nll * s * t / weight for s, t in zip(shares, tilt, strict=True)],
        **predictions(ppl, targets),
        "parameters": None if counted else round(megabytes * 250_000),
        "entries": round(megabytes * 42_000) if counted else None,
        "bytes_in_memory": round(megabytes * 1e6),
        "bytes_on_disk": round(megabytes * 0.9e6),
        "bytes_compressed": round(megabytes * 0.5e6),
        "train_seconds": seconds,
        "train_tokens": corpus["train_targets"] * (1 if counted else 8),
        "train_tokens_per_second": corpus["train_targets"] * (1 if counted else 8) / seconds,
        "score_tokens_per_second": rate,
        "next_token_seconds": 40 / rate,
        "next_token_seconds_p99": 60 / rate,
        "draw_seconds": 10 / rate,
        "score_tokens_per_second_low": rate * 0.9,
        "score_tokens_per_second_high": rate * 1.05,
        "score_readings": 5,
        **({} if counted else network_speed(corpus["train_targets"] * 8 / seconds, megabytes)),
        "train_batch": None if counted else 32,
        "score_batch": None if counted else 1,
        "start_seconds": 0.4 if counted else 2.3,
        "load_seconds": megabytes / 2_000,
        "base_resident_bytes": round(5e7 if counted else 2.6e8),
        "load_resident_bytes": round(megabytes * 1e6),
        "score_resident_bytes": round(megabytes * 1e6 + 8e6),
        "footprint_targets": 20_000,
        "peak_memory_bytes": round(megabytes * 3e6 + 2e8),
        "train_dtype": "float64" if counted else "bfloat16",
        "score_dtype": "float64" if counted else "float32",
        "started": "2025-06-01T10:00:00+00:00",
        "commit": "0123456789abcdef0123456789abcdef01234567",
        "commit_dirty": False,
        "version": "0.1.0",
        "command": f"nextword run model={model} corpus={corpus['corpus']}",
        **more,
    }


def network_speed(rate: float, megabytes: float) -> dict[str, Any]:
    """How the training speed varied, and the operations of a network that reads all its weights once."""
    operations = 2 * megabytes * 250_000
    return {
        "train_tokens_per_second_low": rate * 0.95,
        "train_tokens_per_second_high": rate * 1.02,
        "train_stretches": 40,
        "score_operations": operations,
        "train_operations": 3 * operations,
        "score_peak_operations": 1e15,
        "train_peak_operations": 2e15,
    }


def predictions(ppl: float, targets: int) -> dict[str, Any]:
    """Measures of the whole distribution; the model is a little too sure of itself."""
    sample, right = min(5000, targets), min(1.0, 2 / math.log(ppl + math.e))
    counts = [sample // 15] * 15
    middles = [(place + 0.5) / 15 for place in range(15)]
    return {
        "sampled_targets": sample,
        "accuracy_at_1": right * 0.6,
        "accuracy_at_5": right * 0.8,
        "accuracy_at_10": right,
        "reciprocal_rank": right * 0.7,
        "entropy_bits": math.log2(ppl) - 0.1,
        "calibration_error": 0.05,
        "reliability_targets": counts,
        "reliability_confidence": [n * middle for n, middle in zip(counts, middles, strict=True)],
        "reliability_right": [n * middle * 0.95 for n, middle in zip(counts, middles, strict=True)],
    }


def hash_of(*parts: object) -> int:
    """The same number in every process, unlike `hash`."""
    return random.Random(repr(parts)).getrandbits(48)


def config(model: str, **settings: Any) -> str:
    """A `config.yaml` (JSON is YAML)."""
    return json.dumps({"model": {"name": model, "label": "x", **settings}, "corpus": {"name": "c"}})


def curve(final: float, seed: int = 1) -> str:
    """A training curve with sparse cells."""
    noise = random.Random(seed)
    lines = ["tokens,train_loss,valid_perplexity"]
    for step in range(1, 33):
        lines.append(f"{step * 230000},{math.log(final) + 4 / step:.4f},")
        if step % 2 == 0:
            value = final * (1.045 + 2.4 / step**1.25) * noise.uniform(0.99, 1.01)
            lines.append(f"{step * 230000},,{value:.4f}")
    return "\n".join(lines) + "\n"


def samples(label: str) -> str:
    """Next words and continuations behind two prompts, one of them hostile."""
    dice = random.Random(label)
    words = [
        "market",
        "company",
        "first",
        "united states",
        "<unk>",
        "people",
        "year",
        "</s>",
        "<i>bold</i>",
        "of",
    ]

    def one(prompt: str) -> dict[str, Any]:
        shares = sorted((dice.random() for _ in words), reverse=True)
        return {
            "prompt": prompt,
            "next": [[word, share / 9] for word, share in zip(dice.sample(words, 10), shares, strict=True)],
            "samples": [f"{prompt} " + " ".join(dice.choices(words, k=24)) for _ in range(2)],
        }

    return json.dumps({"prompts": [one("today the"), one(HOSTILE_PROMPT)]})


def environment() -> str:
    return json.dumps(
        {
            "commit": "0123456789abcdef",
            "python": "3.11.2",
            "system": "Linux 6.1",
            "processor": "AMD EPYC 7B13",
            "cores": 2,
            "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
            "cuda": None,
        }
    )


def write_suite(results: Path) -> None:
    """Two corpora, seeds, every status, an unnormalised model, hostile names."""
    for corpus, scale in ((PTB, 1.0), (SOTU, 0.78)):
        for model, label, *figures in COUNTED:
            ppl = figures[0] * scale if model != "uniform" else float(corpus["vocabulary_size"])
            order = int(label[-1]) if label[-1].isdigit() else None
            settings = {"order": order} if order else {}
            write_run(
                results,
                finished(corpus, model, label, "count", (ppl, *figures[1:])),
                config_yaml=config(model, **settings),
                samples_json=samples(label),
                environment_json=environment(),
            )
        for model, label, *figures in NEURAL:
            for seed in (1, 2, 3) if model == "lstm" else (1,):
                ppl = figures[0] * scale * (1 + 0.006 * (seed - 2))
                write_run(
                    results,
                    finished(corpus, model, label, "neural", (ppl, *figures[1:]), seed=seed, **ONLY_ON_A_GPU),
                    config_yaml=config(model, seed=seed, hidden=200),
                    samples_json=samples(label),
                    environment_json=environment(),
                    curve_csv=curve(ppl, seed),
                )
    write_run(
        results,
        finished(
            PTB,
            "evil",
            HOSTILE,
            "neural",
            (131.0, 12.0, 200.0, 30_000),
            command=f"nextword run {HOSTILE}",
            part_names=[HOSTILE],
            part_seconds=[150.0],
            part_tokens=[2_000_000],
        ),
        samples_json=samples("evil"),
        curve_csv=curve(131.0),
    )
    backoff = finished(PTB, "stupid_backoff", "stupid backoff, order 5", "count", (90.0, 60.0, 3.0, 500_000))
    write_run(results, {**backoff, "normalised": False, "test_perplexity": None, "valid_perplexity": None})
    for model, status, reason in (
        ("nltk", "skipped", "needs the package nltk; install it with: pip install nltk"),
        ("transformer", "failed", f"RuntimeError: out of memory\n{HOSTILE}"),
        ("gru", "diverged", "the training loss is nan after 120,000 tokens; lower the learning rate"),
    ):
        write_run(results, unfinished(model, status, reason))


def unfinished(
    model: str, status: str, reason: str, corpus: dict[str, Any] = PTB, **more: Any
) -> dict[str, Any]:
    """The record of a run without a result, as short as the harness may leave it."""
    return {
        "run_id": f"{hash_of(model, status):012x}"[:12],
        "status": status,
        "reason": reason,
        "model": model,
        "label": model.replace("_", " "),
        "corpus": corpus["corpus"],
        "corpus_title": corpus["corpus_title"],
        "seed": 1,
        "command": f"nextword run model={model} corpus={corpus['corpus']}",
        **more,
    }
