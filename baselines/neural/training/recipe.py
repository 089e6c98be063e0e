"""The settings of a training recipe. `conf/train/*.yaml` holds some recipes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmark.contract import AddedLater
from benchmark.errors import UserError

PrecisionSetting = Literal["auto", "float32", "tf32", "bfloat16", "float16"]

#: The optimisers that use `momentum`.
WITH_MOMENTUM = ("sgd", "rmsprop")


@dataclass(frozen=True, kw_only=True)
class Training:
    """Truncated back-propagation through time with teacher forcing.

    **Budget**: training ends at the first of `epochs` (a fraction ends at that part of every row),
    `tokens`, `steps` and `seconds` of wall-clock training time, validation not counted. Null lifts a limit;
    at least one must be set.

    **Reading**: one step reads `batch` rows of `unroll` tokens, with the state carried over from the step
    before; in `sentence` context a row is a sentence. With `jitter` the lengths are drawn as in Merity et
    al. (2018, section 5), N(unroll, 5) tokens or about half of that once in twenty, at least 5, and the
    learning rate of a step is scaled with its length.

    With `scheduled_sampling` (Bengio et al. 2015), words that are read are replaced by ones that the network
    draws itself, with a probability that rises from 0 to this over the budget (see
    `training.scheduled_sampling`).

    **Optimiser**: `sgd`, `adagrad` (Duchi et al. 2011), `rmsprop` (Tieleman & Hinton 2012), `adam` (Kingma &
    Ba 2015), `adamw` (Loshchilov & Hutter 2019), `nadam` (Dozat 2016) or `nt_asgd`: SGD that begins to
    average its weights when a validation is worse than the best of those more than `nonmonotone` before it
    (Merity et al. 2018, algorithm 1); from then on the average is validated and kept. `momentum` applies to
    sgd and rmsprop, `beta1` and `beta2` to adam, adamw and nadam; in rmsprop `beta2` smooths the squares.
    `l2` is the coefficient of the penalty on the weights, decoupled in adamw. `clip` is the largest norm of
    the gradient of the mean loss per token (null: no limit). `label_smoothing` ε trains towards 1 − ε on the
    target and ε spread evenly over the vocabulary (Szegedy et al. 2016); scores are not smoothed.

    **Schedule**: `learning_rate` is reached after the first `warmup` share of the budget. From there it
    stays (`constant`), or falls to zero over the rest of the budget (`linear`, or `cosine` as in Loshchilov
    & Hutter 2017), or is divided by `decay`: with `plateau` after every `hold` consecutive validations
    without a new best, with `zaremba` (Zaremba et al. 2014) in every epoch after the first `hold`.

    **Initial weights**: matrices are drawn from U(−init_range, init_range) (`uniform`), as in Glorot &
    Bengio (2010, eq. 16) (`xavier`), or are `zero`. `orthogonal` (Saxe et al. 2014) and `fan_in`,
    U(±1/√inputs), draw those between embedding and output so, and these two uniformly. Biases start from
    zero; with `output_bias: unigram` those of the output start from the logarithm of the unigram
    distribution.

    **Validation**: after every `validate_every` tokens (null: after each epoch) and at the end, on the first
    lines of the validation split that hold `validation_targets` (null: on all). Training stops after
    `patience` validations without a new best (null: never); the weights of the best one are kept.

    **Arithmetic**: `precision` is `float32`; `tf32` for matrix products on CUDA; `bfloat16` by autocast, with
    weights in float32; `float16`, on CUDA, which is as bfloat16 but has recurrent layers in float16; or
    `auto`: tf32 on CUDA, float32 elsewhere, neither of which changes results beyond noise. `compile` runs the
    network through torch.compile. If the loss explodes or is no longer finite, training goes back to the last
    good state with half the learning rate, at most `recoveries` times.
    """

    epochs: Annotated[float, Field(gt=0)] | None = 1.0
    tokens: Annotated[int, Field(gt=0)] | None = None
    steps: Annotated[int, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] = 10
    unroll: Annotated[int, Field(ge=1)] = 35
    jitter: bool = False
    scheduled_sampling: Annotated[float, Field(ge=0, le=1), AddedLater] = 0.0
    optimiser: Literal["sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam", "nt_asgd"] = "sgd"
    learning_rate: Annotated[float, Field(gt=0)] = 20.0
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    beta1: Annotated[float, Field(ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Field(ge=0, lt=1)] = 0.999
    nonmonotone: Annotated[int, Field(ge=1)] = 5
    schedule: Literal["constant", "linear", "cosine", "plateau", "zaremba"] = "linear"
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    hold: Annotated[int, Field(ge=1)] = 1
    decay: Annotated[float, Field(gt=1)] = 2.0
    clip: Annotated[float, Field(gt=0)] | None = 0.25
    l2: Annotated[float, Field(ge=0)] = 0.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    initialisation: Literal["uniform", "xavier", "zero", "orthogonal", "fan_in"] = "uniform"
    init_range: Annotated[float, Field(gt=0)] = 0.1
    output_bias: Literal["zero", "unigram"] = "zero"
    validate_every: Annotated[int, Field(gt=0)] | None = None
    validation_targets: Annotated[int, Field(gt=0)] | None = None
    patience: Annotated[int, Field(ge=1)] | None = None
    precision: PrecisionSetting = "auto"
    compile: bool = False
    recoveries: Annotated[int, Field(ge=0)] = 3

    #: Tells pydantic to refuse unknown keys rather than to ignore them.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.epochs is None and self.tokens is None and self.steps is None and self.seconds is None:
            raise UserError(
                "model.training.epochs, tokens, steps and seconds are all null: set one of them, "
                "or training never ends"
            )
        if self.momentum and self.optimiser not in WITH_MOMENTUM:
            raise UserError(
                f"model.training.momentum={self.momentum:g} has no meaning for optimiser={self.optimiser}: "
                f"set it to 0 or choose one of {', '.join(WITH_MOMENTUM)} (Adam's is beta1)"
            )
        if self.scheduled_sampling and self.unroll == 1:
            raise UserError(
                f"model.training.scheduled_sampling={self.scheduled_sampling:g} replaces no word where steps "
                "read 1 of each row: set model.training.unroll to 2 or more, or scheduled_sampling to 0"
            )
