"""The time of one next token beside other libraries: the measurements of `nextword peers latency`."""

from __future__ import annotations

from benchmark.peers.latency.record import LatencyRecord
from benchmark.peers.latency.table import LatencyPresentation
from benchmark.peers.record import newest_records
from benchmark.report.blocks import Section
from benchmark.report.context import Context
from benchmark.report.peer_section import peer_section

ORDER = 87
CAPTION = (
    "The time to read one token and to give the probability of every word that may follow, by n-gram models "
    "of several libraries that take turns: medians; less is better. The last column divides ours by each."
)


def build(context: Context) -> Section | None:
    records = newest_records(context.results_dir, LatencyRecord)
    return peer_section(
        "peers_latency", "One next token beside other libraries", CAPTION, LatencyPresentation(), records
    )
