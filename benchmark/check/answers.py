"""What the methods of a model give back, held to the types, shapes and values that the contract allows.

A run and `nextword check` both read a model's answers through here, so that neither accepts what the other
refuses, and so that a wrong answer is described and not stumbled over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np

from benchmark.contract import (
    Computation,
    Context,
    Family,
    LanguageModel,
    ModelSize,
    ScoresOnly,
    TokenStream,
)
from benchmark.errors import BrokenContract

#: Largest difference in ln p that rounding of float32 sums in another order may make.
TOLERANCE = 2e-4
#: The same where a model computes its scores in one of these number formats, of 8 to 11 significant bits.
COARSE_TOLERANCE = 2e-2
COARSE = frozenset({"tf32", "bfloat16", "float16"})


class UnusableAnswer(BrokenContract):
    """An answer that no other rule can be checked with."""


def tolerance(model: LanguageModel) -> float:
    """How far two ln p of one event may be apart, by the arithmetic that the model scores in."""
    formats = set((model.scored_on.dtype or "").split(" + "))
    return COARSE_TOLERANCE if formats & COARSE else TOLERANCE


def scores_of(model: LanguageModel, stream: TokenStream) -> np.ndarray:
    """The model's `log_probs` of a stream: float32 [targets]. Raises UnusableAnswer."""
    return usable_scores(model, model.log_probs(stream), len(stream))


def usable_scores(
    model: LanguageModel, returned: object, targets: int, method: str = "log_probs"
) -> np.ndarray:
    """`returned`, known to hold one ln p for each target. Raises UnusableAnswer, which says what it holds.

    −∞ is the logarithm of probability zero. A score that is no probability (`normalised = False`) may be
    above 0.
    """
    scores = _float32(method, returned, "one score for each target")
    if scores.shape != (targets,):
        raise UnusableAnswer(
            method, f"has shape {scores.shape} for {targets:,} targets: one for each id (<s> is none)"
        )
    for wrong, name in ((np.isnan(scores), "NaN"), (scores == np.inf, "+inf")):
        if wrong.any():
            which = (
                f"{int(wrong.sum()):,} of {targets:,} targets, the first of them target {int(wrong.argmax())}"
            )
            raise UnusableAnswer(method, f"gives {name} to {which}")
    if model.normalised and scores.max(initial=-np.inf) > tolerance(model):
        at = int(scores.argmax())
        guess = "; if these are probabilities, return their natural logarithms" if scores.min() >= 0 else ""
        raise UnusableAnswer(
            method,
            f"gives target {at} the score {scores[at]:.6g}, but ln p is never above 0: "
            f"{int((scores > 0).sum()):,} of {targets:,} scores are{guess}",
        )
    return scores


def rows_of(model: LanguageModel, contexts: Sequence[np.ndarray], vocabulary: int) -> np.ndarray:
    """The model's `next_log_probs` of contexts: float32 [contexts, vocabulary]. Raises UnusableAnswer."""
    returned = model.next_log_probs(contexts)
    return usable_rows(returned, [len(context) for context in contexts], vocabulary)


def usable_rows(
    returned: object, lengths: Sequence[int], vocabulary: int, method: str = "next_log_probs"
) -> np.ndarray:
    """`returned`, known to hold a row of ln p for each context; `lengths`: the tokens of each.

    Raises UnusableAnswer.
    """
    rows = _float32(method, returned, "[contexts, vocabulary]")
    expected = (len(lengths), vocabulary)
    if rows.shape != expected:
        turned = "; it is transposed" if rows.shape == expected[::-1] else ""
        raise UnusableAnswer(
            method, f"has shape {rows.shape}, not [contexts, vocabulary] = {expected}{turned}"
        )
    for wrong, name in ((np.isnan(rows), "NaN"), (rows == np.inf, "+inf")):
        if wrong.any():
            context, token = divmod(int(wrong.argmax()), vocabulary)
            raise UnusableAnswer(method, f"gives {name} to token {token} after {after(lengths[context])}")
    return rows


def size_of(model: LanguageModel) -> ModelSize:
    """The model's `size`, in the terms of its family. Raises UnusableAnswer."""
    size = model.size()
    if not isinstance(size, ModelSize):
        raise UnusableAnswer("size", f"returned {kind_of(size)}; it must return a ModelSize")
    unknown = model.outside or model.scores_only is not None  # nobody may know it
    for name in ("bytes_in_memory", "parameters", "entries"):
        value = getattr(size, name)
        if value is None and (name != "bytes_in_memory" or unknown):
            continue
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 0:
            raise UnusableAnswer("size", f"gives {name}={value!r}; it must be a whole number, not below 0")
    given = {name for name in ("parameters", "entries") if getattr(size, name) is not None}
    wanted = {"count": {"entries"}, "neural": {"parameters"}}.get(getattr(model, "family", ""))
    if not given and unknown:
        return size
    if not given:
        raise UnusableAnswer("size", "gives neither parameters nor entries")
    if wanted is not None and given != wanted:
        raise UnusableAnswer(
            "size",
            f"gives {' and '.join(sorted(given))}; a model with family={model.family!r} gives "
            f"{wanted.pop()} alone (stored n-grams are entries, trained numbers are parameters)",
        )
    if size.orders and ModelSize.of_orders(size.orders) != size:
        raise UnusableAnswer(
            "size",
            f"gives orders that do not add up to {size.entries} entries and {size.bytes_in_memory} bytes",
        )
    return size


def check_declared(model: LanguageModel) -> None:
    """What a fitted model says of itself is what the contract knows. Raises UnusableAnswer."""
    for name, known in (("family", get_args(Family)), ("context", get_args(Context))):
        value = getattr(model, name, None)
        if value not in known:
            raise UnusableAnswer(name, f"is {value!r}; it must be one of {', '.join(map(repr, known))}")
    if not isinstance(model.normalised, bool):
        raise UnusableAnswer("normalised", f"is {model.normalised!r}; it must be True or False")
    if isinstance(model.notes, str) or not all(isinstance(note, str) for note in model.notes):
        raise UnusableAnswer("notes", f"is {model.notes!r}; it must be a tuple of sentences")
    if not isinstance(model.scores_only, ScoresOnly | None):
        raise UnusableAnswer(
            "scores_only", f"is {kind_of(model.scores_only)}; it must be a ScoresOnly or None"
        )
    for name in ("trained_on", "scored_on"):
        if not isinstance(value := getattr(model, name), Computation):
            raise UnusableAnswer(name, f"is {kind_of(value)}; it must be a Computation")


def after(tokens: int) -> str:
    """A context as messages name it."""
    return f"a context of {tokens:,} token{'s' * (tokens != 1)}" if tokens else "the empty context"


def _float32(method: str, returned: object, meaning: str) -> np.ndarray:
    if not isinstance(returned, np.ndarray) or isinstance(returned, np.ma.MaskedArray):
        way = "; .detach().cpu().numpy() makes one of a tensor" if hasattr(returned, "detach") else ""
        raise UnusableAnswer(
            method, f"returned {kind_of(returned)}; it must return a NumPy array, float32, {meaning}{way}"
        )
    if returned.dtype != np.float32:
        raise UnusableAnswer(method, f"returned an array of {returned.dtype}; it must be float32, {meaning}")
    return returned


def kind_of(value: object) -> str:
    """What a value is: `None`, `a list`, `a torch.Tensor`."""
    if value is None:
        return "None"
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    name = kind.__name__ if module == "builtins" else f"{module}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
