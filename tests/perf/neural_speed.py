"""Training and scoring rates of the neural baselines: `python tests/perf/neural_speed.py [options]`.

Random tokens with the frequencies of Zipf's law, each model as its YAML has it, the models in turn
within each round so that a machine's moods strike all alike. Prints the median and the best round,
in tokens a second. The last lines compare, in turn within each round, the chunked output layer with
torch's cross-entropy and the recurrent kernels with torch's, forward and backward.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch import Tensor
from torch.nn import functional as F

from baselines.neural.kernels import recurrence as kernels
from baselines.neural.output.softmax import Softmax, softmax_loss
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


def side_by_side(programs: dict[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """Median milliseconds of each program, in turn within each round, after a round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds + 1):
        for name, program in programs.items():
            start = time.perf_counter()
            program()
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def output_layer(words: int, rows: int = 700, features: int = 200) -> dict[str, float]:
    """Milliseconds of the output layer, forward and backward, in both precisions, and of scoring."""
    x = torch.randn(rows, features, requires_grad=True)
    weight = (torch.randn(words, features) * 0.1).requires_grad_()
    bias, target = torch.zeros(words, requires_grad=True), torch.randint(words, (rows,))
    layer = Softmax(words, features)
    layer.matrix.data.copy_(weight.data)

    def plain(*inputs: Tensor) -> Tensor:
        return F.cross_entropy(F.linear(*inputs[:3]), inputs[3])

    def train(loss: Callable[..., Tensor], half: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            value = loss(x, weight, bias, target)
        torch.autograd.grad(value, [x, weight, bias])

    def score() -> None:
        with torch.no_grad():
            plain(x, weight, bias, target)

    return side_by_side(
        {
            "float32": lambda: train(softmax_loss, False),
            "float32 torch": lambda: train(plain, False),
            "bfloat16": lambda: train(softmax_loss, True),
            "bfloat16 torch": lambda: train(plain, True),
            "scoring": lambda: layer.log_probs(x, target),
            "scoring torch": score,
        }
    )


def recurrence(kind: str, units: int, rows: int, time_steps: int = 35) -> dict[str, float]:
    """Milliseconds of one layer, forward and backward."""
    gates = {"elman": 1, "gru": 3}[kind]
    x = torch.randn(time_steps, rows, units, requires_grad=True)
    shapes = (gates * units, units), (gates * units, units), (gates * units,), (gates * units,)
    weights = tuple((torch.randn(shape) * 0.1).requires_grad_() for shape in shapes)
    h, grad = torch.zeros(rows, units), torch.randn(time_steps, rows, units)
    plain = {"elman": torch.rnn_tanh, "gru": torch.gru}[kind]

    def ours() -> Tensor:
        return kernels.gru(x, h, weights)[0] if kind == "gru" else kernels.elman(x, h, weights, "tanh")[0]

    def theirs() -> Tensor:
        return plain(x, h[None], weights, True, 1, 0.0, True, False, False)[0]

    def train(forward: Callable[[], Tensor]) -> None:
        torch.autograd.grad(forward(), [x, *weights], grad)

    return side_by_side({kind: lambda: train(ours), f"{kind} torch": lambda: train(theirs)})


def compare(title: str, figures: dict[str, float]) -> None:
    """A line for each pair of NAME and NAME torch."""
    for name, ours in figures.items():
        if not name.endswith(" torch"):
            torchs = figures[f"{name} torch"]
            print(f"{title}, {name}: {ours:.1f} ms; torch's {torchs:.1f} ms, {torchs / ours:.2f} times")


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
    if options.device == "cpu":
        for words in (10_000, 33_000):
            compare(f"output layer, 700 × 200 × {words:,}", output_layer(words))
        for kind in ("elman", "gru"):
            for units, rows in ((200, 10), (200, 20), (200, 64), (650, 20)):
                compare(f"layer of {units}, {rows} rows × 35 steps", recurrence(kind, units, rows))


if __name__ == "__main__":
    main()
