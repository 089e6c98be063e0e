"""The training loop: truncated back-propagation through time with carried state."""

import math
from collections.abc import Iterator

import numpy as np
import torch

from baselines.neural.network import Network, State, detach
from baselines.neural.reading.scoring import score
from baselines.neural.reading.segments import (
    EncodedStream,
    Rows,
    Segment,
    batches_by_length,
    sentences,
    stream_rows,
)
from baselines.neural.training.monitor import Best, Monitor
from baselines.neural.training.optimisers import optimiser
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.settings import Training
from benchmark.contract import Context, RunLog, TokenStream
from benchmark.errors import UserError

#: Steps between two looks at the loss: each look waits for the device.
INTERVAL = 50


class Trainer:
    """Trains one network in place, and leaves it with the weights of its best validation."""

    def __init__(self, network: Network, training: Training, context: Context, seed: int, log: RunLog):
        self._network, self._training, self._context, self._log = network, training, context, log
        self._order = np.random.default_rng(seed)
        self._optimiser = optimiser(network, training)
        self._schedule = Schedule(training)
        self._device = next(network.parameters()).device
        self._monitor = Monitor(INTERVAL, self._device)
        self._best = Best(network, training.patience)
        self._rate = training.learning_rate
        self._measure = "valid_perplexity"

    def run(self, train: TokenStream, valid: TokenStream) -> None:
        """Spend the budget on `train`, validating on `valid`. Raises Diverged, or UserError on no data."""
        total = self._budget(len(train))
        if self._training.validation_targets is not None:
            whole, valid = valid, valid.head(self._training.validation_targets)
            # A part of the split is other events: its perplexity must not stand beside that of the whole.
            self._measure = "valid_perplexity" if len(valid) == len(whole) else "valid_head_perplexity"
        every = self._training.validate_every or len(train)
        done, validated = 0, 0
        state: State = ()
        for step, segment in enumerate(self._segments(train), start=1):
            state = self._step(segment, state, done / total)
            done += len(segment.targets)
            if step % INTERVAL == 0:
                self._report(done, total)
            if done // every > validated // every or done >= total:
                validated = done
                if self._validate(valid, done, total) or done >= total:
                    break
        self._best.restore()

    def _budget(self, targets: int) -> int:
        """Training tokens to spend: the smaller of `epochs` × targets and `tokens`."""
        if targets == 0:
            raise UserError(
                "the training split is empty: a network has nothing to learn from. Check the corpus"
            )
        epochs, tokens = self._training.epochs, self._training.tokens
        limits = [math.ceil(epochs * targets)] if epochs is not None else []
        limits += [tokens] if tokens is not None else []
        if not limits:
            raise UserError("model.training.epochs and model.training.tokens are both null: set one of them")
        return min(limits)

    def _segments(self, train: TokenStream) -> Iterator[Segment]:
        """Every target once an epoch, epoch after epoch without end."""
        encoded = EncodedStream(np.asarray(train.ids), self._network.start, self._device)
        while True:
            for rows in self._epoch(train):
                yield from encoded.segments(rows, self._training.unroll)

    def _epoch(self, train: TokenStream) -> list[Rows]:
        """A few long rows of the stream, or all sentences in random batches of like length."""
        batch, unroll = self._training.batch, self._training.unroll
        if self._context == "stream":
            return [stream_rows(len(train), batch, unroll)]
        rows = sentences(train.ids, train.vocabulary.end)
        order = self._order.permutation(len(rows.starts))  # other neighbours among those of one length
        groups = batches_by_length(Rows(rows.starts[order], rows.lengths[order]), most=batch)
        return [groups[place] for place in self._order.permutation(len(groups))]

    def _step(self, segment: Segment, state: State, progress: float) -> State:
        """Read one segment, follow its gradient; the state after it."""
        network, clip = self._network, self._training.clip
        state = network.initial_state(segment.inputs.shape[1]) if segment.first else detach(state)
        self._rate = self._schedule.rate(progress)
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate
        self._optimiser.zero_grad(set_to_none=True)
        features, state, penalty = network.regularised(segment.inputs, state)
        loss = network.output.loss(segment.select(features), segment.targets)
        (loss if penalty is None else loss + penalty).backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), math.inf if clip is None else clip)
        self._optimiser.step()
        self._monitor.add(loss, norm, len(segment.targets))
        return state

    def _report(self, done: int, total: int) -> None:
        """Log the interval since the last report. Raises Diverged."""
        loss, norm = self._monitor.read()
        self._log.progress(done, max(done, total), loss=loss, gradient_norm=norm, learning_rate=self._rate)
        self._log.curve(tokens=done, train_loss=loss, learning_rate=self._rate, gradient_norm=norm)

    def _validate(self, valid: TokenStream, done: int, total: int) -> bool:
        """Score the validation split and remember the weights if they are the best; is it time to stop?"""
        if self._monitor.pending:
            self._report(done, total)
        if not len(valid):
            return False
        with self._log.evaluation():
            scores = score(self._network, valid, self._context)
            loss = -float(scores.mean(dtype=np.float64))
            best = self._best.offer(loss, done)
        self._schedule.validated(best)
        perplexity = math.exp(loss)
        self._log.curve(tokens=done, learning_rate=self._rate, **{self._measure: perplexity})
        self._log.info(f"after {done:,} tokens: validation perplexity {perplexity:.2f}")
        return self._best.out_of_patience
