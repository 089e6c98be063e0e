"""Measures of the time, memory and energy that a model takes."""

from __future__ import annotations

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.parts import own_train_seconds, train_rate
from benchmark.measure.speed_measures import SPEED

COST: tuple[Measure, ...] = (
    Measure(
        key="train_seconds",
        title="Training",
        noun="training time",
        unit="seconds",
        definition=(
            "Wall-clock time of training, without the evaluations in between. Of a model made of others, the "
            "training of its components is in it, also if it was done in an earlier run."
        ),
        show=text.duration,
        better="lower",
        timed=True,
        cost=True,
        level="key",
    ),
    Measure(
        key="own_train_seconds",
        title="Training, itself",
        noun="training time without components",
        unit="seconds",
        definition=(
            "The part of the training time of a model made of others that is not the training of its "
            "components: learning how to join them. Compare models by the whole training time."
        ),
        show=text.duration,
        better="lower",
        timed=True,
        optional=True,
        of=own_train_seconds,
    ),
    Measure(
        key="train_tokens_per_second",
        title="Training, tokens/s",
        noun="training speed",
        unit="tokens/s",
        definition=(
            "Tokens trained on, counting every pass over the text, divided by the training time. A model "
            "made of others has none: their tokens are not alike."
        ),
        show=text.amount,
        better="higher",
        timed=True,
        of=train_rate,
    ),
    Measure(
        key="score_tokens_per_second",
        title="Scoring, tokens/s",
        noun="scoring speed",
        unit="tokens/s",
        definition="Test tokens scored per second after a warm-up, the median of up to five readings.",
        show=text.amount,
        better="higher",
        timed=True,
        cost=True,
        level="key",
    ),
    *SPEED,
    Measure(
        key="load_seconds",
        title="Load time",
        noun="load time",
        unit="seconds",
        definition=(
            "The time to load the saved model, imports apart: the median of up to five loadings after a "
            "first one. The system still has its files in memory."
        ),
        show=text.latency,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="start_seconds",
        title="Start and load",
        noun="start time",
        unit="seconds",
        definition=(
            "The time from the start of a fresh process until it has loaded the saved model: the "
            "interpreter, the imports and one loading."
        ),
        show=text.duration,
        better="lower",
        timed=True,
        level="data",
        optional=True,
    ),
    Measure(
        key="peak_memory_bytes",
        title="Peak memory",
        noun="peak memory",
        unit="bytes",
        definition=(
            "The most memory that the process of the run held resident until the test text was scored: with "
            "the interpreter, the libraries, the texts and all that training needed."
        ),
        show=text.size,
        better="lower",
        timed=True,
    ),
    Measure(
        key="peak_device_bytes",
        title="Peak GPU memory",
        noun="peak GPU memory in training",
        unit="bytes",
        definition="The most memory that tensors held on the GPU during training, validations included.",
        show=text.size,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="score_peak_device_bytes",
        title="Peak GPU memory, scoring",
        noun="peak GPU memory in scoring",
        unit="bytes",
        definition="The most memory that tensors held on the GPU while the test text was scored.",
        show=text.size,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="train_joules",
        title="Training energy",
        noun="training energy",
        unit="joules",
        definition=(
            "Energy spent during the training time, as the machine's own counters tell: of the GPU board by "
            "NVML if a GPU was used, and of the processor packages by RAPL (Intel and AMD) if they may be "
            "read. Everything that ran on these parts is in it. The column “Energy of” says what was "
            "counted; figures for other parts are not comparable."
        ),
        show=text.energy,
        better="lower",
        timed=True,
        optional=True,
    ),
    Measure(
        key="score_joules",
        title="Scoring energy",
        noun="scoring energy",
        unit="joules",
        definition="Energy of scoring the test text once, after a warm-up, counted like that of training.",
        show=text.energy,
        better="lower",
        timed=True,
        optional=True,
    ),
)
