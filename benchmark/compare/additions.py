"""What a run adds to the best mixture of others: with it and without it, weights by the validation text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark import text
from benchmark.compare.entries import check_blocks, check_comparable, check_events
from benchmark.errors import UserError
from benchmark.measure.blocks import Blocks
from benchmark.measure.perplexity import exp, perplexity
from benchmark.record.folder import RunRecord, read_runs
from benchmark.record.scores import read_scores, read_valid_scores
from benchmark.statistics.blocks import block_sums
from benchmark.statistics.bootstrap import Estimate, bootstrap
from benchmark.statistics.mixing import expectation_maximisation, mixed
from benchmark.statistics.randomisation import holm, sign_flip_p


@dataclass(frozen=True)
class Member:
    """A run and ln p of every target that it gives the validation and the test text, float32 [targets]."""

    run: RunRecord
    valid: np.ndarray
    test: np.ndarray

    @property
    def label(self) -> str:
        return text.with_share(self.run.result.label, self.run.result.train_share)


@dataclass(frozen=True)
class Mixture:
    """A linear mixture of members: its weights, and ln p of every test target, float32 [targets]."""

    weights: np.ndarray
    valid_perplexity: float
    test: np.ndarray

    @property
    def test_perplexity(self) -> float:
        return perplexity(self.test)


@dataclass(frozen=True)
class Addition:
    """What a member adds: the mixture of all against that of all others.

    `weight` is its weight in the mixture of all. `nats` is the mean loss with it minus that without it: below
    zero, it helps. `p_adjusted` is p after Holm's correction over all additions that were asked for.
    """

    member: Member
    weight: float
    without: Mixture
    nats: Estimate
    p: float
    p_adjusted: float


@dataclass(frozen=True)
class Together:
    """The mixture of all members, and what some of them add to it. `left_out`: runs without scores to mix."""

    members: tuple[Member, ...]
    mixture: Mixture
    additions: tuple[Addition, ...]
    blocks: Blocks
    left_out: tuple[RunRecord, ...] = ()


def additions(
    members: Sequence[Member], asked: Sequence[int], blocks: Blocks
) -> tuple[Mixture, list[Addition]]:
    """The mixture of all members, and what those with the indices `asked` add to that of the others.

    The weights of every mixture are those that make the validation text likeliest; the test text bears on
    none. Raises UserError for fewer than two members, or fewer than two blocks.
    """
    if len(members) < 2:
        raise UserError("a mixture takes two runs or more that keep the scores of both texts")
    check_blocks(blocks)
    mixture = mixture_of(members)
    without = [mixture_of([*members[:place], *members[place + 1 :]]) for place in asked]
    sums = [block_sums(-one.test, blocks.offsets) for one in (mixture, *without)]
    whole = bootstrap([each[None] for each in sums], blocks.targets)
    p = sign_flip_p(np.stack([sums[0] - each for each in sums[1:]]))
    found = []
    for number, (place, other, adjusted) in enumerate(zip(asked, without, holm(p), strict=True), start=1):
        contrast = np.zeros(len(sums))
        contrast[0], contrast[number] = 1, -1
        nats = whole.combined(contrast)
        weight = float(mixture.weights[place])
        found.append(Addition(members[place], weight, other, nats, float(p[number - 1]), float(adjusted)))
    return mixture, found


def mixture_of(members: Sequence[Member]) -> Mixture:
    """The linear mixture of some members with the weights that EM finds on the validation text."""
    weights, nats = expectation_maximisation(np.stack([member.valid for member in members]))
    return Mixture(weights, exp(nats), mixed(np.stack([member.test for member in members]), weights))


def together(runs: Sequence[RunRecord], others: Sequence[RunRecord], blocks: Blocks) -> Together:
    """What each of the runs adds to the mixture of the other ones and of the `others`.

    Of the others, those without scores to mix are left out. Raises UserError where a run has none, or was
    scored on other events.
    """
    for run in runs:
        check_comparable(run)
    check_events(runs)
    members = [Member(run, read_valid_scores(run), read_scores(run)) for run in runs]
    left_out = []
    if len({len(member.valid) for member in members}) > 1:
        raise UserError("the runs were validated on different texts: their weights cannot be fitted together")
    for run in others:
        try:
            check_comparable(run)
            member = Member(run, read_valid_scores(run), read_scores(run))
        except UserError:
            left_out.append(run)
            continue
        if len(member.valid) == len(members[0].valid):
            members.append(member)
        else:
            left_out.append(run)
    mixture, found = additions(members, range(len(runs)), blocks)
    return Together(tuple(members), mixture, tuple(found), blocks, tuple(left_out))


def others_like(run: RunRecord, results_dir: Path) -> list[RunRecord]:
    """The other finished runs of a results folder that were scored on the same events."""
    return [
        other
        for other in read_runs(results_dir)
        if other.folder.resolve() != run.folder.resolve()
        and other.result.status == "ok"
        and other.result.protocol_id == run.result.protocol_id
    ]
