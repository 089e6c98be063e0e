"""Our n-gram engine beside the C++ toolkits: the measurements of `nextword peers`."""

from __future__ import annotations

from benchmark.peers.ngram.record import NgramRecord
from benchmark.peers.ngram.table import NgramPresentation
from benchmark.peers.record import newest_records
from benchmark.report.blocks import Section
from benchmark.report.context import Context
from benchmark.report.peer_section import peer_section

ORDER = 85
CAPTION = (
    "Modified Kneser-Ney from text to test perplexity, by whole processes that take turns: medians; less is "
    "better. The last two columns divide ours by each program."
)


def build(context: Context) -> Section | None:
    records = newest_records(context.results_dir, NgramRecord)
    records.sort(key=lambda record: record.train.words)
    return peer_section("peers", "Beside the C++ toolkits", CAPTION, NgramPresentation(), records)
