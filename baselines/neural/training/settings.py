"""How a network is trained: the settings of one recipe (`conf/train/*.yaml` holds some)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchmark.errors import UserError

#: Optimisers that take a momentum.
WITH_MOMENTUM = ("sgd", "rmsprop")


@dataclass(frozen=True, kw_only=True)
class Training:
    """Truncated back-propagation through time with teacher forcing.

    **Budget**: what comes first of `epochs` (a fraction ends at that part of every row), `tokens`,
    `steps` and `seconds` of training on the wall clock, validation not counted; null lifts any of them,
    not all.

    **Reading**: one step reads `batch` rows of `unroll` tokens, the state carried on from the step
    before; in `sentence` context a row is a sentence. With `jitter` the lengths are drawn as in Merity et
    al. (2018, section 5): N(unroll, 5), about half of it once in twenty, at least 5; the learning rate of
    a step is scaled with its length.

    **Optimiser**: `sgd`, `adagrad` (Duchi et al. 2011), `rmsprop` (Tieleman & Hinton 2012; `beta2` is its
    smoothing of squares), `adam` (Kingma & Ba 2015), `adamw` (Loshchilov & Hutter 2019), `nadam` (Dozat
    2016), `nt_asgd`: SGD that begins to average its weights when a validation is worse than the best of
    those more than `nonmonotone` before it (Merity et al. 2018, algorithm 1); from then on the average is
    what is validated and kept. `momentum` is that of sgd and rmsprop, `beta1` and `beta2` are those of Adam
    and its kin. `l2` is the coefficient of the penalty on the weights, decoupled in AdamW. `clip` bounds the
    norm of the gradient of the mean loss a token (null: off). `label_smoothing` ε trains towards 1 − ε on
    the target and ε spread evenly over the vocabulary (Szegedy et al. 2016); scores stay what they are.

    **Schedule**: `learning_rate` is reached after the first `warmup` share of the budget and then is
    `constant`; or falls over the rest of the budget to zero, in a `linear` or `cosine` (Loshchilov & Hutter
    2017) way; or is divided by `decay`: on a `plateau` after every `hold` validations in a row without a new
    best, in `zaremba` (Zaremba et al. 2014) in every epoch after the first `hold`.

    **Start**: matrices from U(−init_range, init_range) (`uniform`), by Glorot & Bengio (2010, eq. 16) with
    `xavier`, `zero`, or for the layers between embedding and output `orthogonal` (Saxe et al. 2014) or from
    U(±1/√inputs) (`fan_in`), those two being drawn uniformly. Biases start from zero, that of the output
    from the `unigram` distribution's logarithm if asked for.

    **Validation**: every `validate_every` tokens (null: after each epoch) and at the end, on the first
    lines of the validation split that hold `validation_targets` (null: on all); training stops after
    `patience` of them without a new best (null: never), and the weights of the best are kept.

    **Arithmetic**: `precision` is `float32`; `tf32` for matrix products on CUDA; `bfloat16` by autocast,
    weights staying float32; `auto`: tf32 on CUDA, float32 elsewhere, since these two change no result
    beyond noise. `compile` runs the network through torch.compile. Where the loss leaves the finite
    numbers or explodes, training goes back to the last good state with half the learning rate, at most
    `recoveries` times (0: never).
    """

    epochs: Annotated[float, Field(gt=0)] | None = 1.0
    tokens: Annotated[int, Field(gt=0)] | None = None
    steps: Annotated[int, Field(gt=0)] | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] = 10
    unroll: Annotated[int, Field(ge=1)] = 35
    jitter: bool = False
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
    precision: Literal["auto", "float32", "tf32", "bfloat16"] = "auto"
    compile: bool = False
    recoveries: Annotated[int, Field(ge=0)] = 3

    #: For validators of configurations: a key that is not a setting is an error, not ignored.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.epochs is None and self.tokens is None and self.steps is None and self.seconds is None:
            raise UserError(
                "model.training.epochs, tokens, steps and seconds are all null: set one of them, "
                "or training would never end"
            )
        if self.momentum and self.optimiser not in WITH_MOMENTUM:
            raise UserError(
                f"model.training.momentum={self.momentum:g} has no meaning for optimiser={self.optimiser}: "
                f"set it to 0, or take one of {', '.join(WITH_MOMENTUM)} (Adam's is beta1)"
            )
