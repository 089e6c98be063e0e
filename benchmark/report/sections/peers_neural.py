"""Our neural training beside the examples people copy: the measurements of `nextword peers neural`."""

from __future__ import annotations

from benchmark.peers.neural.record import NeuralRecord
from benchmark.peers.neural.table import NeuralPresentation
from benchmark.peers.record import newest_records
from benchmark.report.blocks import Section
from benchmark.report.context import Context
from benchmark.report.peer_section import peer_section

ORDER = 86
CAPTION = (
    "Tokens a second of training and of scoring, from the same weights on the same batches, by programs that "
    "take turns: medians; above ×1, ours is faster."
)


def build(context: Context) -> Section | None:
    records = newest_records(context.results_dir, NeuralRecord)
    return peer_section("peers_neural", "Beside the neural examples", CAPTION, NeuralPresentation(), records)
