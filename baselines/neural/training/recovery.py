"""The way back from a loss that exploded: to a good state, with half the learning rate."""

from baselines.neural.training.state import Snapshot
from benchmark.contract import Diverged


class Recovery:
    """Keeps two snapshots: the later one proves good only when the losses after it are seen to be finite.

    (A single step at a huge rate from a finite gradient leaves weights that only the next loss shows to be
    ruined.)
    """

    def __init__(self, most: int):
        self._most = most
        self._reasons: list[str] = []
        self._good: Snapshot | None = None
        self._later: Snapshot | None = None

    @property
    def wanted(self) -> bool:
        """Is a snapshot worth taking?"""
        return self._most > 0

    @property
    def factor(self) -> float:
        """What the learning rate is multiplied with: ½ for each time."""
        return 0.5 ** len(self._reasons)

    def keep(self, snapshot: Snapshot) -> None:
        """Training stands here, and all losses so far were finite: so the snapshot before was good."""
        self._good = self._later or snapshot
        self._later = snapshot

    def back(self, reason: Diverged) -> tuple[Snapshot, str]:
        """What to go on from, and a line that says so. Raises Diverged where that was tried often enough."""
        if self._good is None or len(self._reasons) >= self._most:
            before = "".join(f"; before that, {earlier}" for earlier in reversed(self._reasons))
            halved = f" at {self.factor:g} of the learning rate" if self._reasons else ""
            raise Diverged(
                f"{reason}{halved}{before}. A lower model.training.learning_rate or a tighter "
                "model.training.clip helps"
            ) from reason
        self._reasons.append(str(reason))
        self._later = self._good
        step = self._good.numbers["place"]["steps"]
        return self._good, (
            f"{reason}: back to step {step:,} with {self.factor:g} of the learning rate "
            f"(recovery {len(self._reasons)} of {self._most})"
        )

    def numbers(self) -> list[str]:
        """What `restore` takes to go on from here."""
        return list(self._reasons)

    def restore(self, numbers: list[str]) -> None:
        """Go on from where `numbers` were taken."""
        self._reasons = list(numbers)
