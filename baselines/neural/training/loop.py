"""The training loop: steps, looks at the loss, validations, ways back and checkpoints."""

import math
import os
import time
from dataclasses import dataclass

import numpy as np
import torch

from baselines.neural.network import Network
from baselines.neural.reading.epochs import Piece, Reader
from baselines.neural.reading.scoring import score
from baselines.neural.training.budget import Budget, Clock
from baselines.neural.training.checkpoint import Checkpoint
from baselines.neural.training.monitor import MOST_NATS, Best, Monitor
from baselines.neural.training.parallel import Processes, processes
from baselines.neural.training.precision import Precision
from baselines.neural.training.recovery import Recovery
from baselines.neural.training.schedule import Schedule
from baselines.neural.training.settings import Training
from baselines.neural.training.state import Parts, Snapshot, fingerprint, part_of, within
from baselines.neural.training.step import Stepper
from benchmark.contract import Context, Diverged, RunLog, TokenStream

#: Steps between two looks at the loss, each of which waits for the device, and between two snapshots.
INTERVAL, SNAPSHOT = 50, 200
#: Seconds between two checkpoints, beside those at each validation, and the variable that sets others.
CHECKPOINT_SECONDS, CHECKPOINT_VARIABLE = 60.0, "NEXTWORD_CHECKPOINT_SECONDS"


@dataclass(frozen=True)
class Material:
    """What is learnt from, and how it is read; the seed decides about its order."""

    train: TokenStream
    valid: TokenStream
    context: Context
    seed: int


def train(network: Network, training: Training, material: Material, log: RunLog) -> None:
    """Spend the recipe's budget; leave the network with the weights of its best validation.

    Goes on from the checkpoint of this very training where the log's workspace has one. Under `torchrun`
    all its processes must call this; only the first one logs. Raises Diverged, or UserError on no data.
    """
    device = next(network.parameters()).device
    precision = Precision(training, device)
    with processes(device) as together, precision.during_training():
        Trainer(
            network, training, material, together, precision, log if together.rank == 0 else RunLog()
        ).run()


class Trainer:
    """One training. See `train`."""

    def __init__(
        self,
        network: Network,
        training: Training,
        material: Material,
        together: Processes,
        precision: Precision,
        log: RunLog,
    ):
        self._network, self._training, self._material = network, training, material
        self._together, self._log = together, log
        self._device = next(network.parameters()).device
        targets, context, seed = len(material.train), material.context, material.seed
        self._budget = Budget(training, targets)
        self._reader = Reader(
            material.train, network.start, self._device, context, training, seed, together.rank, together.size
        )
        self._parts = Parts(
            network,
            Stepper(network, training, precision, together),
            Schedule(training),
            Monitor(INTERVAL, len(material.train.vocabulary), self._device),
        )
        self._best = Best(network, training.patience)
        self._recovery = Recovery(training.recoveries)
        name = fingerprint(network, training, context, seed, targets, self._device.type, together.size)
        self._checkpoint = Checkpoint(log.workspace, name)
        self._keeps = bool(together.agree(float(log.workspace is not None)))
        self._clock = Clock(log)
        self._rows: list[dict[str, float]] = []
        self._rate = training.learning_rate
        limit = training.validation_targets
        self._valid = material.valid if limit is None else material.valid.head(limit)
        # A part of the split is other events: its perplexity must not stand beside that of the whole.
        whole = len(self._valid) == len(material.valid)
        self._measure = "valid_perplexity" if whole else "valid_head_perplexity"
        self._validation: dict[str, float] = {}

    def run(self) -> None:
        """Train until the budget is spent or patience ends."""
        if self._together.rank:  # other dropout than in the first process, from the same weights
            torch.manual_seed(self._material.seed + 1_000_003 * self._together.rank)
        self._resume()
        if self._recovery.wanted:
            self._recovery.keep(self._parts.snapshot())
        self._saved = time.monotonic()
        while True:
            try:
                self._train()
                break
            except Diverged as reason:
                snapshot, line = self._recovery.back(reason)
                self._parts.restore(snapshot)
                self._log.info(line)
        self._best.put_back()
        self._checkpoint.remove()

    def _train(self) -> None:
        """Steps from the present place on until training ends. Raises Diverged."""
        place, every = self._parts.place, self._training.validate_every or len(self._material.train)
        progress = self._progress()
        for piece in self._reader.pieces(place.epoch, place.piece):
            if progress >= 1 or self._best.out_of_patience:
                return
            self._step(piece, progress)
            progress = self._progress()
            due = place.tokens // every > place.validated // every or progress >= 1
            if due or place.steps % INTERVAL == 0:
                self._look(progress, due)

    def _progress(self) -> float:
        """The share of the budget that is spent, the same in all processes."""
        seconds = self._together.agree(self._clock.seconds) if self._budget.timed else 0.0
        return self._budget.progress(self._parts.place, seconds)

    def _step(self, piece: Piece, progress: float) -> None:
        self._rate = self._parts.schedule.rate(progress, piece.epoch) * self._recovery.factor
        # Lengths differ much with jitter only; then each token is to move the weights equally far.
        scale = piece.columns / self._training.unroll if self._training.jitter else 1.0
        self._network.output.advance(progress)
        loss, norm = self._parts.stepper.step(piece, self._rate * scale)
        self._parts.monitor.add(loss, norm, piece.targets)
        place = self._parts.place
        place.steps, place.tokens = place.steps + 1, place.tokens + piece.targets
        place.epoch, place.piece = piece.epoch, piece.number + 1

    def _look(self, progress: float, due: bool) -> None:
        """Report, validate where that is due, keep what can be gone back to. Raises Diverged."""
        self._report(progress)
        if due:
            self._parts.place.validated = self._parts.place.tokens
            if len(self._valid):
                self._validate()
        if self._recovery.wanted and self._parts.place.steps % SNAPSHOT == 0:
            self._recovery.keep(self._parts.snapshot())
        # Last, so that what comes next is a step: a training that goes on from here repeats nothing.
        seconds = float(os.environ.get(CHECKPOINT_VARIABLE, CHECKPOINT_SECONDS))
        waited = time.monotonic() - self._saved >= seconds
        if self._keeps and (due or self._together.agree(float(waited))):
            self._save()

    def _report(self, progress: float) -> None:
        """Log the steps since the last report. Raises Diverged."""
        if not self._parts.monitor.pending:
            return
        loss, norm = self._parts.monitor.read()
        place = self._parts.place
        epoch = place.tokens / len(self._material.train)
        figures = {"loss": loss, "gradient_norm": norm, "learning_rate": self._rate, **self._validation}
        total = self._budget.expected(place, progress)
        self._log.progress(place.tokens, total, epoch=epoch, **figures)
        self._row(tokens=place.tokens, train_loss=loss, learning_rate=self._rate, gradient_norm=norm)

    def _row(self, **row: float) -> None:
        self._rows.append(row)
        self._log.curve(**row)

    def _validate(self) -> None:
        """Score the validation split and remember the weights if they are the best. Raises Diverged."""
        tokens = self._parts.place.tokens
        with self._clock.evaluation(), self._parts.stepper.optimiser.averaged():
            loss = self._validation_loss()
            if not loss < MOST_NATS:
                raise Diverged(f"validation loss {loss:g} nats a token after {tokens:,} training tokens")
            best = self._best.offer(loss)
        self._parts.schedule.validated(best)
        self._validation = {self._measure: math.exp(loss)}
        self._row(tokens=tokens, learning_rate=self._rate, **self._validation)
        self._log.info(f"after {tokens:,} tokens: validation perplexity {math.exp(loss):.2f}")
        if self._parts.stepper.optimiser.validated(loss):
            self._log.info("from here on the weights are averaged")

    def _validation_loss(self) -> float:
        """Nats a token; the first process scores, all others wait for its word."""
        loss = 0.0
        if self._together.rank == 0:
            scores = score(self._network, self._valid, self._material.context)
            loss = -float(scores.mean(dtype=np.float64))
        return self._together.agree(loss)

    def _save(self) -> None:
        """Write a checkpoint: a snapshot with what every process has of its own, and what is never undone."""
        seconds = self._clock.seconds
        with self._clock.evaluation():
            snapshot = self._parts.snapshot()
            shared = {name: t for name, t in snapshot.tensors.items() if not name.startswith("own.")}
            own = self._together.collect(
                {name: t.cpu() for name, t in part_of("own", snapshot.tensors).items()}
            )
            lasting = {
                "best": self._best.numbers(),
                "recovery": self._recovery.numbers(),
                "validation": self._validation,
                "curve": self._rows,
                "seconds": seconds,
            }
            problem = self._checkpoint.write(
                {**shared, **within("every", own), **within("best", self._best.tensors())},
                {**snapshot.numbers, **lasting},
            )
        if problem:
            self._log.info(f"no checkpoint could be written ({problem}); training goes on")
        self._saved = time.monotonic()

    def _resume(self) -> None:
        """Go on from the checkpoint, if there is one of this training."""
        if not self._keeps:
            return
        found = self._together.spread(self._checkpoint.read())
        if isinstance(found, str):
            self._log.info(f"what an earlier process left is not used: {found}. Training begins anew")
        if found is None or isinstance(found, str):
            return
        tensors, numbers = found
        own = part_of(str(self._together.rank), part_of("every", tensors))
        self._parts.restore(Snapshot({**tensors, **within("own", own)}, numbers))
        self._best.restore(part_of("best", tensors), numbers["best"])
        self._recovery.restore(numbers["recovery"])
        self._validation = numbers["validation"]
        self._clock.resume(numbers["seconds"])
        self._log.resumed(numbers["seconds"], self._parts.place.tokens)
        for row in numbers["curve"]:
            self._row(**row)
        self._log.info(
            f"goes on after {self._parts.place.tokens:,} tokens and {numbers['seconds']:.1f} seconds"
        )
