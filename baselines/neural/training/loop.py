"""The training loop: steps, looks at the loss, validations, recoveries and checkpoints."""

import importlib
import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from baselines.neural import IMPORTED_LATER
from baselines.neural.network import Network
from baselines.neural.scoring import score
from baselines.neural.training.budget import Budget, Clock
from baselines.neural.training.checkpoint import Checkpoint
from baselines.neural.training.graph import Recorder, obstacle, recorder
from baselines.neural.training.minibatches import Minibatch, Minibatches
from baselines.neural.training.monitor import MOST_NATS, BestWeights, Monitor
from baselines.neural.training.parallel import ProcessGroup, process_group
from baselines.neural.training.precision import Precision
from baselines.neural.training.recipe import Training
from baselines.neural.training.recovery import Recovery
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.snapshot import (
    Snapshot,
    TrainingState,
    fingerprint,
    prefixed,
    unprefixed,
)
from baselines.neural.training.step import Stepper
from benchmark.contract import Computation, Context, Diverged, RunLog, TokenStream
from benchmark.environment import CHECKPOINT_SECONDS

#: Steps between two looks at the loss, each of which waits for the device, and between two snapshots.
INTERVAL, SNAPSHOT = 50, 200


@dataclass(frozen=True)
class Material:
    """What a network is trained on and how it is read; the seed determines the order."""

    train: TokenStream
    valid: TokenStream
    context: Context
    seed: int


def train(network: Network, training: Training, material: Material, log: RunLog) -> Computation:
    """Spend the recipe's budget; leave the network with the weights of its best validation.

    Continues from a checkpoint of this very training if the log's workspace holds one. Under `torchrun`
    every process must call this; only rank 0 logs. Returns how training computed; the batch is the rows of
    a minibatch in all processes together. Raises Diverged if the loss explodes too often, and UserError if
    there is nothing to train on.
    """
    device = next(network.parameters()).device
    precision = Precision(training, device)
    with log.evaluation():  # no training either, and a forked process has them already
        for name in IMPORTED_LATER:
            importlib.import_module(name)
    with process_group(device) as group, precision.during_training():
        trainer = Trainer(network, training, material, group, precision, log if group.rank == 0 else RunLog())
        try:
            trainer.run()
        finally:
            trainer.release()
    return Computation(str(device), precision.dtype, trainer.rows)


class Trainer:
    """One training. See `train`."""

    def __init__(
        self,
        network: Network,
        training: Training,
        material: Material,
        group: ProcessGroup,
        precision: Precision,
        log: RunLog,
    ):
        self._network, self._training, self._material = network, training, material
        self._group, self._log = group, log
        self._device = next(network.parameters()).device
        targets, context, seed = len(material.train), material.context, material.seed
        self._budget = Budget(training, targets)
        self._minibatches = Minibatches(
            material.train, network.start, self._device, context, training, seed, group.rank, group.size
        )
        self._state = TrainingState(
            network,
            Stepper(network, training, precision, group, self._recorder(), log.info),
            Schedule(training),
            Monitor(INTERVAL, len(material.train.vocabulary), self._device),
        )
        self._best = BestWeights(network, training.patience)
        self._recovery = Recovery(training.recoveries)
        name = fingerprint(network, training, context, seed, targets, self._device.type, group.size)
        self._checkpoint = Checkpoint(log.workspace, name)
        self._keeps_checkpoints = bool(group.broadcast(float(log.workspace is not None)))
        self._clock = Clock(log)
        self._rows: list[dict[str, float]] = []
        self._rate = training.learning_rate
        limit = training.validation_targets
        self._valid = material.valid if limit is None else material.valid.head(limit)
        # A part of the split holds other events, so its perplexity has another name than that of the whole.
        whole = len(self._valid) == len(material.valid)
        self._measure = "valid_perplexity" if whole else "valid_head_perplexity"
        self._validation: dict[str, float] = {}

    def _recorder(self) -> Recorder | None:
        """What captures the steps of this training, if anything does and can."""
        found = recorder(self._device)
        problem = obstacle(self._network, self._training, self._material.context, self._group.size)
        if found is not None and problem:
            self._log.info(f"steps are not replayed as CUDA graphs: {problem}")
        return None if problem else found

    @property
    def rows(self) -> int:
        """The most rows that a step reads side by side, in all processes together."""
        return self._minibatches.rows

    def run(self) -> None:
        """Train until the budget is spent or patience ends."""
        if self._group.rank:  # the same weights as rank 0, but other dropout masks
            torch.manual_seed(self._material.seed + 1_000_003 * self._group.rank)
        self._resume()
        if self._recovery.wanted:
            self._recovery.keep(self._state.snapshot())
        self._saved = time.monotonic()
        while True:
            try:
                self._train()
                break
            except Diverged as reason:
                snapshot, line = self._recovery.back(reason)
                self._state.restore(snapshot)
                self._log.info(line)
        self._best.put_back()
        self._checkpoint.remove()

    def release(self) -> None:
        """Give back the memory that only steps need."""
        self._state.stepper.release()

    def _train(self) -> None:
        """Take steps from the present position until training ends. Raises Diverged."""
        position, every = self._state.position, self._training.validate_every or len(self._material.train)
        progress = self._progress()
        for minibatch in self._minibatches.starting_at(position.epoch, position.minibatch):
            if progress >= 1 or self._best.out_of_patience:
                return
            self._step(minibatch, progress)
            progress = self._progress()
            due = position.tokens // every > position.validated // every or progress >= 1
            if due or position.steps % INTERVAL == 0:
                self._look(progress, due)

    def _progress(self) -> float:
        """The share of the budget that is spent, the same in all processes."""
        seconds = self._group.broadcast(self._clock.seconds) if self._budget.timed else 0.0
        return self._budget.progress(self._state.position, seconds)

    def _step(self, minibatch: Minibatch, progress: float) -> None:
        """Take one step and move the position on."""
        self._rate = self._state.schedule.rate(progress, minibatch.epoch) * self._recovery.factor
        # Lengths differ much only with jitter. By this scale each token moves the weights equally.
        scale = minibatch.columns / self._training.unroll if self._training.jitter else 1.0
        self._network.output.advance(progress)
        self._state.stepper.sampling.advance(progress)
        loss, norm = self._state.stepper.step(minibatch, self._rate * scale)
        self._state.monitor.add(loss, norm, minibatch.targets)
        position = self._state.position
        position.steps, position.tokens = position.steps + 1, position.tokens + minibatch.targets
        position.epoch, position.minibatch = minibatch.epoch, minibatch.number + 1

    def _look(self, progress: float, due: bool) -> None:
        """Report, validate if that is due, take snapshots and checkpoints. Raises Diverged."""
        self._report(progress)
        if due:
            self._state.position.validated = self._state.position.tokens
            if len(self._valid):
                self._validate()
        if self._recovery.wanted and self._state.position.steps % SNAPSHOT == 0:
            self._recovery.keep(self._state.snapshot())
        # Last, so that a step comes next: a training resumed from here repeats none of the above.
        waited = time.monotonic() - self._saved >= CHECKPOINT_SECONDS.value
        if self._keeps_checkpoints and (due or self._group.broadcast(float(waited))):
            self._save()

    def _report(self, progress: float) -> None:
        """Log the steps since the last report. Raises Diverged."""
        if not self._state.monitor.pending:
            return
        loss, norm = self._state.monitor.read()
        position = self._state.position
        epoch = position.tokens / len(self._material.train)
        figures = {"loss": loss, "gradient_norm": norm, "learning_rate": self._rate, **self._validation}
        total = self._budget.expected(position, progress)
        self._log.progress(position.tokens, total, epoch=epoch, **figures)
        self._row(tokens=position.tokens, train_loss=loss, learning_rate=self._rate, gradient_norm=norm)

    def _row(self, **row: float) -> None:
        self._rows.append(row)
        self._log.curve(**row)

    def _validate(self) -> None:
        """Score the validation split and remember the weights if they are the best. Raises Diverged."""
        tokens = self._state.position.tokens
        with self._clock.evaluation(), self._state.stepper.optimiser.averaged():
            loss = self._validation_loss()
            if not loss < MOST_NATS:
                raise Diverged(f"validation loss {loss:g} nats per token after {tokens:,} training tokens")
            best = self._best.offer(loss)
        self._state.schedule.validated(best)
        self._validation = {self._measure: math.exp(loss)}
        self._row(tokens=tokens, learning_rate=self._rate, **self._validation)
        self._log.info(f"after {tokens:,} tokens: validation perplexity {math.exp(loss):.2f}")
        if self._state.stepper.optimiser.validated(loss):
            self._log.info("the weights are averaged from here on")

    def _validation_loss(self) -> float:
        """Nats per token. Rank 0 scores; the others wait for its result."""
        loss = 0.0
        if self._group.rank == 0:
            scores, _ = score(self._network, self._valid, self._material.context)
            loss = -float(scores.mean(dtype=np.float64))
        return self._group.broadcast(loss)

    def _save(self) -> None:
        """Write a checkpoint: a snapshot of all processes, and what recoveries do not undo."""
        seconds = self._clock.seconds
        with self._clock.evaluation():
            snapshot = self._state.snapshot()
            shared = {name: t for name, t in snapshot.tensors.items() if not name.startswith("own.")}
            own = self._group.gather(
                {name: t.cpu() for name, t in unprefixed("own", snapshot.tensors).items()}
            )
            lasting = {
                "best": self._best.numbers(),
                "recovery": self._recovery.numbers(),
                "validation": self._validation,
                "curve": self._rows,
                "seconds": seconds,
            }
            problem = self._checkpoint.write(
                {**shared, **prefixed("every", own), **prefixed("best", self._best.tensors())},
                {**snapshot.numbers, **lasting},
            )
        if problem:
            self._log.info(f"no checkpoint could be written ({problem}); training continues")
        self._saved = time.monotonic()

    def _resume(self) -> None:
        """Continue from the checkpoint, if there is one of this training."""
        if not self._keeps_checkpoints:
            return
        found = self._group.broadcast_object(self._checkpoint.read())
        if isinstance(found, str):
            self._log.info(f"the checkpoint of an earlier process is not used: {found}. Training starts anew")
        if found is None or isinstance(found, str):
            return
        tensors, numbers = found
        own = unprefixed(str(self._group.rank), unprefixed("every", tensors))
        self._state.restore(Snapshot({**tensors, **prefixed("own", own)}, numbers))
        self._best.restore(unprefixed("best", tensors), numbers["best"])
        self._recovery.restore(numbers["recovery"])
        self._validation = numbers["validation"]
        self._clock.resume(numbers["seconds"])
        self._log.resumed(numbers["seconds"], self._state.position.tokens)
        for row in numbers["curve"]:
            self._row(**row)
        tokens, seconds = self._state.position.tokens, numbers["seconds"]
        self._log.info(f"training resumes after {tokens:,} tokens and {seconds:.1f} seconds")
