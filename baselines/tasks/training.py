"""Training a network on labelled items: minibatches of like lengths, Adam, and the best weights by
validation."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

import numpy as np
import torch

from benchmark.contract import Bounds, Diverged, RunLog

#: Batches whose items are sorted by length together, so that little of a batch is padding.
_POOL = 50


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained. `seconds` is a limit on wall-clock time, validation apart; None: no limit."""

    epochs: Annotated[int, Bounds(ge=1)] = 10
    batch: Annotated[int, Bounds(ge=1)] = 32
    learning_rate: Annotated[float, Bounds(gt=0)] = 0.001
    #: Largest gradient norm.
    clip: Annotated[float, Bounds(gt=0)] = 5.0
    weight_decay: Annotated[float, Bounds(ge=0)] = 0.0
    #: The rate falls in a line to this share of it by the last epoch.
    final_rate: Annotated[float, Bounds(ge=0, le=1)] = 0.1
    #: Stop after this many epochs without a new best on the validation items.
    patience: Annotated[int, Bounds(ge=1)] = 3
    seconds: Annotated[float, Bounds(gt=0)] | None = None


def batches(lengths: Sequence[int], batch: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Numbers of items, a minibatch of items of like length at a time, in random order."""
    order = random.permutation(len(lengths))
    pools = [order[start : start + batch * _POOL] for start in range(0, len(order), batch * _POOL)]
    for pool in pools:
        by_length = pool[np.argsort(np.asarray(lengths)[pool], kind="stable")]
        parts = [by_length[start : start + batch] for start in range(0, len(by_length), batch)]
        for number in random.permutation(len(parts)):
            yield parts[number]


def train(
    network: torch.nn.Module,
    lengths: Sequence[int],
    loss: Callable[[np.ndarray], torch.Tensor],
    quality: Callable[[], float],
    recipe: Recipe,
    seed: int,
    log: RunLog,
    before: int = 0,
) -> None:
    """Train a network in place, and leave it with the weights of its best epoch.

    `lengths` are those of the training items, in tokens; `loss` gives the mean loss of the items of these
    numbers; `quality` measures the network on the validation items, the higher the better. `before` tokens
    have been trained on already, in another way. Raises Diverged where a loss is not finite.
    """
    random = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    tokens, done, spent = int(np.sum(lengths)), 0, 0.0
    total = tokens * recipe.epochs
    best, best_weights, since = -math.inf, copy.deepcopy(network.state_dict()), 0
    for _epoch in range(recipe.epochs):
        network.train()
        losses, started = [], perf_counter()
        for chosen in batches(lengths, recipe.batch, random):
            _set_rate(optimiser, recipe, done / total)
            optimiser.zero_grad(set_to_none=True)
            value = loss(chosen)
            if not torch.isfinite(value):
                raise Diverged(f"the loss became {value.item():g} after {done:,} tokens")
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            losses.append(value.item())
            done += int(np.asarray(lengths)[chosen].sum())
            log.progress(before + done, before + total, loss=losses[-1])
        spent += perf_counter() - started
        with log.evaluation(), torch.inference_mode():
            network.eval()
            found = quality()
        log.curve(tokens=before + done, train_loss=float(np.mean(losses)), valid_quality=found)
        since += 1
        if found > best:
            best, best_weights, since = found, copy.deepcopy(network.state_dict()), 0
        if since >= recipe.patience or (recipe.seconds is not None and spent >= recipe.seconds):
            break
    network.load_state_dict(best_weights)
    network.eval()


def _set_rate(optimiser: torch.optim.Optimizer, recipe: Recipe, progress: float) -> None:
    share = 1 - (1 - recipe.final_rate) * progress
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * share
