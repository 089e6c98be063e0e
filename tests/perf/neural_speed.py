"""Training and scoring rates of the neural baselines: `python tests/perf/neural_speed.py [options]`.

Random tokens with the frequencies of Zipf's law, each model as its YAML has it, the models in turn
within each round so that a machine's moods strike all alike. Prints the median and the best round,
in tokens a second. The last lines compare the chunked output layer with torch's cross-entropy.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch.nn import functional as F

from baselines.neural.output.softmax import softmax_loss
from benchmark.build import build_model
from benchmark.contract import RunLog, TokenStream, Vocabulary

CONF = Path(__file__).parents[2] / "conf"


class Clock(RunLog):
    """Seconds from the first report of a training, and the tokens trained since: the start does not count."""

    def __init__(self) -> None:
        self.first: tuple[float, int] | None = None
        self.rate = 0.0

    def progress(self, done: int, total: int, **figures: float) -> None:
        now = time.perf_counter()
        if self.first is None:
            self.first = now, done
        else:
            self.rate = (done - self.first[1]) / (now - self.first[0])


def zipf(tokens: int, words: int) -> TokenStream:
    """A stream whose id i has a frequency in proportion to 1 / (i + 1)."""
    vocabulary = Vocabulary((*(f"w{i}" for i in range(words - 1)), "</s>"), np.ones(words, np.int64))
    share = 1 / np.arange(1, words + 1)
    ids = np.random.default_rng(1).choice(words, tokens, p=share / share.sum())
    return TokenStream.from_ids(ids.astype(np.uint32), vocabulary)


def model_config(name: str, steps: int, device: str) -> dict:
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        config = compose(overrides=[f"+model={name}", "+seed=1", f"+device={device}"])
    plain = OmegaConf.to_container(config.model, resolve=True)
    recipe = plain["training"]
    recipe.update(epochs=None, tokens=steps * recipe["batch"] * recipe["unroll"])
    return plain


def measure(name: str, train: TokenStream, test: TokenStream, steps: int, device: str) -> tuple[float, float]:
    """Tokens a second in training and in scoring."""
    model, clock = build_model(model_config(name, steps, device)), Clock()
    model.fit(train, test.head(0), clock)
    model.log_probs(test.head(100))
    start = time.perf_counter()
    model.log_probs(test)
    return clock.rate, len(test) / (time.perf_counter() - start)


def output_layer(words: int, rows: int = 350, features: int = 200) -> tuple[float, float]:
    """Milliseconds of the output layer, forward and backward: ours and torch's."""
    x = torch.randn(rows, features, requires_grad=True)
    weight = (torch.randn(words, features) * 0.1).requires_grad_()
    bias, target = torch.zeros(words, requires_grad=True), torch.randint(words, (rows,))
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(15):
        for which, taken in enumerate(times):
            x.grad = weight.grad = bias.grad = None
            start = time.perf_counter()
            if which == 0:
                softmax_loss(x, weight, bias, target).backward()
            else:
                F.cross_entropy(F.linear(x, weight, bias), target).backward()
            taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="fixed_window,rnn,lstm")
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100, help="training steps a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train, test = zipf(200_000, options.words), zipf(20_000, options.words)
    names = options.models.split(",")
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            rates[name].append(measure(name, train, test, options.steps, options.device))
    print(
        f"vocabulary {options.words:,}, {options.threads} thread(s), {options.device}; tokens/s median (best)"
    )
    for name, pairs in rates.items():
        for what, figures in zip(("train", "score"), zip(*pairs, strict=True), strict=True):
            print(f"{name:13} {what}  {statistics.median(figures):9,.0f} ({max(figures):,.0f})")
    for words in (10_000, 33_000):
        ours, plain = output_layer(words)
        name = f"output layer, 350 × 200 × {words:,}"
        print(f"{name}: {ours:.1f} ms; plain {plain:.1f} ms, {plain / ours:.2f} times")


if __name__ == "__main__":
    main()
