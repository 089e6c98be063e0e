"""Recovery from a loss that exploded: back to a good state, with half the learning rate."""

from baselines.neural.training.snapshot import Snapshot
from benchmark.contract import Diverged


class Recovery:
    """Keeps two snapshots, since the later one is known to be good only once later losses are finite.

    (One step at a huge rate from a finite gradient can leave ruined weights that only the next loss shows.)
    """

    def __init__(self, most: int):
        self._most = most
        self._reasons: list[str] = []
        self._good: Snapshot | None = None
        self._later: Snapshot | None = None

    @property
    def wanted(self) -> bool:
        """Whether snapshots are worth taking."""
        return self._most > 0

    @property
    def factor(self) -> float:
        """What the learning rate is multiplied by: ½ for each recovery so far."""
        return 0.5 ** len(self._reasons)

    def keep(self, snapshot: Snapshot) -> None:
        """Keep the present state. All losses so far were finite, so the snapshot before it was good."""
        self._good = self._later or snapshot
        self._later = snapshot

    def back(self, reason: Diverged) -> tuple[Snapshot, str]:
        """The snapshot to continue from, and a line for the log. Raises Diverged if no attempt is left."""
        if self._good is None or len(self._reasons) >= self._most:
            before = "".join(f"; before that, {earlier}" for earlier in reversed(self._reasons))
            halved = f" at {self.factor:g} of the learning rate" if self._reasons else ""
            raise Diverged(
                f"{reason}{halved}{before}. A lower model.training.learning_rate or a tighter "
                "model.training.clip helps"
            ) from reason
        self._reasons.append(str(reason))
        self._later = self._good
        step = self._good.numbers["position"]["steps"]
        return self._good, (
            f"{reason}: back to step {step:,} with {self.factor:g} of the learning rate "
            f"(recovery {len(self._reasons)} of {self._most})"
        )

    def numbers(self) -> list[str]:
        """The argument that `restore` needs to continue from here."""
        return list(self._reasons)

    def restore(self, numbers: list[str]) -> None:
        """Continue from what `numbers` returned."""
        self._reasons = list(numbers)
