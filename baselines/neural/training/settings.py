"""How a network is trained: the settings of one recipe (`conf/train/*.yaml` holds some)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field


@dataclass(frozen=True, kw_only=True)
class Training:
    """Truncated back-propagation through time with teacher forcing.

    The budget is what comes first of `epochs` (a fraction ends at that part of every row) and `tokens`;
    null lifts either, not both. One step reads `batch` rows of `unroll` tokens, the state carried on from
    the step before; in `sentence` context a row is a sentence. `learning_rate` is reached after the
    first `warmup` share of the budget and then follows `schedule`: `constant`, `linear` (down to zero
    at the end of the budget), `plateau` (halved after each validation without a new best).
    `clip` bounds the norm of the gradient (null: off). `l2` is the coefficient of the penalty on the
    weights, decoupled in AdamW (Loshchilov & Hutter 2019).

    Weights start from U(−init_range, init_range), or by Glorot & Bengio (2010, eq. 16) with `xavier`;
    biases from zero, that of the output from the `unigram` distribution's logarithm if asked for.
    Validation is done every `validate_every` tokens (null: after each epoch) and at the end, on the
    first lines of the validation split that hold `validation_targets` (null: on all); training stops
    after `patience` of them without a new best (null: never), and the weights of the best are kept.
    """

    epochs: Annotated[float, Field(gt=0)] | None = 1.0
    tokens: Annotated[int, Field(gt=0)] | None = None
    batch: Annotated[int, Field(ge=1)] = 10
    unroll: Annotated[int, Field(ge=1)] = 35
    optimiser: Literal["sgd", "adam", "adamw"] = "sgd"
    learning_rate: Annotated[float, Field(gt=0)] = 20.0
    schedule: Literal["constant", "linear", "plateau"] = "linear"
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip: Annotated[float, Field(gt=0)] | None = 0.25
    l2: Annotated[float, Field(ge=0)] = 0.0
    initialisation: Literal["uniform", "xavier"] = "uniform"
    init_range: Annotated[float, Field(gt=0)] = 0.1
    output_bias: Literal["zero", "unigram"] = "zero"
    validate_every: Annotated[int, Field(gt=0)] | None = None
    validation_targets: Annotated[int, Field(gt=0)] | None = None
    patience: Annotated[int, Field(ge=1)] | None = None

    #: For validators of configurations: a key that is not a setting is an error, not ignored.
    __pydantic_config__: ClassVar = {"extra": "forbid"}
