"""What recurrence costs: parameters, and the speed of training, by the length of the context."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from benchmark import text
from benchmark.contract import LanguageModel, RunLog, TokenStream
from benchmark.errors import UserError
from benchmark.report.blocks import Block
from benchmark.study.charts import Axes, Curve, line_figure, plain_table
from benchmark.study.evidence import Evidence, StudyRun
from benchmark.study.networks import NAMES, changed_model
from benchmark.study.quantities import Quantity, counted, mean_ratio, most
from benchmark.study.record import Data
from benchmark.study.timing import interleaved, machine, torch_threads

VERSION = 2

#: The setting that holds the length of the context, of networks that see no further back.
REACH = {"fixed_window": "window", "transformer": "span"}
RECURRENT = ("rnn", "lstm")
#: Stretches of a training that are timed, of which the fastest counts; one before them warms up.
STRETCHES = 3


def measure(evidence: Evidence) -> Data:
    """Parameters and the speeds of training by network and context, with as many tokens in each step."""
    settings, runs = evidence.settings, {run.setting("model.name"): run for run in evidence.runs}
    contexts, tokens, steps = settings["contexts"], settings["tokens"], settings["steps"]
    corpus = evidence.corpus(evidence.runs[0])
    needed = tokens * steps * (1 + STRETCHES)
    if len(corpus.train) < needed or any(tokens % context for context in contexts):
        raise UserError(
            f"study recurrence_cost: settings.tokens={tokens:,} must be a multiple of each of the contexts, "
            f"and the training text have {needed:,} tokens, not {len(corpus.train):,}"
        )
    train, valid = corpus.train.head(needed), corpus.valid.head(1)
    models = {
        (name, context): prepared(run, context, tokens, steps)
        for name, run in runs.items()
        for context in contexts
    }
    tasks = {key: partial(training_speed, model, train, valid, key[1]) for key, model in models.items()}
    evidence.say(f"study recurrence_cost: training each network {settings['repetitions'] + 1} times")
    threads = evidence.runs[0].setting("threads")
    with torch_threads(threads):
        speeds = interleaved(tasks, settings["repetitions"])
    computed = next(iter(models.values())).trained_on
    return {
        "machine": machine(computed.device, threads),
        "units": evidence.runs[0].setting("model.hidden_size"),
        "tokens": tokens,
        "contexts": contexts,
        "networks": {
            name: {
                "parameters": [models[name, context].size().parameters for context in contexts],
                "speeds": [speeds[name, context] for context in contexts],
            }
            for name in runs
        },
    }


def prepared(run: StudyRun, context: int, tokens: int, steps: int) -> LanguageModel:
    """The network of a run that reads `context` tokens at a time, in rows that make `tokens` of a step."""
    name = run.setting("model.name")
    reach = {REACH[name]: context} if name in REACH else {}
    return changed_model(
        run,
        **reach,
        training__unroll=context,
        training__batch=tokens // context,
        training__steps=steps * (1 + STRETCHES),
        training__epochs=None,
        training__validate_every=tokens * steps,
    )


class _Stopwatch(RunLog):
    """The seconds and tokens of each stretch between two validations."""

    def __init__(self) -> None:
        self.stretches: list[tuple[float, int]] = []
        self._begun, self._done = time.perf_counter(), 0

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.stretches.append((time.perf_counter() - self._begun, done - self._done))
        self._done = done

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        yield
        self._begun = time.perf_counter()


def training_speed(model: LanguageModel, train: TokenStream, valid: TokenStream, context: int) -> float:
    """Tokens a second of training, forward, backward and the change of weights, in the fastest stretch after
    the first: what else the machine does only slows it down."""
    watch = _Stopwatch()
    model.fit(train, valid, watch)
    if len(watch.stretches) != 1 + STRETCHES:
        raise UserError(f"a training on {context} tokens at a time was not timed; give fewer `steps`")
    return max(tokens / seconds for seconds, tokens in watch.stretches[1:])


def sequential_steps(name: str, context: int) -> int:
    """How many steps of a layer must wait for one another, at least, when it reads a context.

    A recurrent layer takes one for each token, a parallel scan ⌈log₂ tokens⌉ (Hillis & Steele 1986; Feng et
    al. 2024), and attention or a window a single one (Vaswani et al. 2017, table 1).
    """
    if name in REACH:
        return 1
    return math.ceil(math.log2(context)) if name.startswith("min_") else context


def quantities(data: Data) -> dict[str, Quantity]:
    networks = data["networks"]
    growth = {name: each["parameters"][-1] / each["parameters"][0] for name, each in networks.items()}
    slowed = {name: _slowed(each) for name, each in networks.items()}
    lead = [
        parallel / recurrent
        for parallel, recurrent in zip(_shares(networks["min_gru"]), _shares(networks["lstm"]), strict=True)
    ]
    pairs = zip(networks["lstm"]["speeds"][-1], networks["transformer"]["speeds"][-1], strict=True)
    return {
        "recurrent_growth": most([counted(growth[name]) for name in RECURRENT]),
        "window_growth": counted(growth["fixed_window"]),
        "recurrent_slowed": most([slowed[name] for name in RECURRENT]),
        "min_gru_by_lstm": mean_ratio(lead, "repetition"),
        "lstm_by_transformer": mean_ratio([one / other for one, other in pairs], "repetition"),
    }


def _shares(network: Mapping[str, Any]) -> list[float]:
    """The speed with the longest context as a share of that with the shortest, by repetition."""
    short, *_, long = network["speeds"]
    return [slow / fast for slow, fast in zip(long, short, strict=True)]


def _slowed(network: Mapping[str, Any]) -> Quantity:
    return mean_ratio(_shares(network), "repetition")


def show(data: Data) -> list[Block]:
    contexts, networks = data["contexts"], data["networks"]
    about = f"{data['units']} units, {data['tokens']:,} tokens in each step, on {data['machine']}"
    speeds = line_figure(
        "recurrence_cost_speed",
        "The speed of training by the length of the context",
        f"Tokens a second of training: {about}. A line is the mean over repetitions, its band one standard "
        "deviation.",
        [
            Curve(NAMES[name], "neural", _by_repetition(contexts, each["speeds"]))
            for name, each in networks.items()
        ],
        Axes("tokens in the context", "tokens a second", log_x=True, log_y=True),
    )
    parameters = line_figure(
        "recurrence_cost_parameters",
        "Parameters by the length of the context",
        f"Parameters of the same networks, of {data['units']} units.",
        [
            Curve.of(NAMES[name], "neural", list(zip(contexts, each["parameters"], strict=True)))
            for name, each in networks.items()
        ],
        Axes("tokens in the context", "parameters", log_x=True, log_y=True),
    )
    return [speeds, _table(data), parameters]


def _by_repetition(
    contexts: Sequence[int], speeds: Sequence[Sequence[float]]
) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(
        tuple((float(context), speed) for context, speed in zip(contexts, repetition, strict=True))
        for repetition in zip(*speeds, strict=True)
    )


def _table(data: Data) -> Block:
    contexts = data["contexts"]
    longest = contexts[-1]
    rows: list[list[object]] = []
    for name, each in data["networks"].items():
        speeds = [mean_ratio(speed, "repetition").value for speed in each["speeds"]]
        steps = sequential_steps(name, longest)
        rows.append([NAMES[name], each["parameters"][-1], steps, *speeds, speeds[-1] / speeds[0]])
    return plain_table(
        "recurrence_cost_networks",
        f"Parameters and steps are those with a context of {longest}. Steps: how many steps of a layer must "
        "wait for one another at least; one core of a CPU gains nothing from fewer. Speeds are geometric "
        f"means, in tokens a second, on {data['machine']}.",
        [
            ("Network", None),
            ("Parameters", text.amount),
            ("Sequential steps", text.amount),
            *((f"Speed, {context} tokens", text.amount) for context in contexts),
            (f"Speed at {longest} by {contexts[0]}", text.three_decimals),
        ],
        rows,
    )
