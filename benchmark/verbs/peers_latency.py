"""`nextword peers latency`: the time of one next token, ours beside KenLM's module and nltk.lm."""

from __future__ import annotations

from benchmark.console.options import Parser, add_results_dir, name, whole
from benchmark.verbs import peers_options

EPILOG = """\
All models are fitted once and take turns in one process. A library that is missing gets a row with the
reason; NLTK is measured on texts of up to 500,000 tokens. The result is written to
RESULTS_DIR/peers/latency-DATE/latency.json; nextword report shows it. Measure on a machine that does
nothing else.
"""
VERB = "nextword peers latency"


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    from benchmark.peers.latency.measure import LatencyPlan, measure
    from benchmark.peers.latency.record import LatencyRecord
    from benchmark.peers.latency.table import LatencyPresentation

    plan = LatencyPlan(
        corpora=[[f"corpus={name}", *options.settings] for name in options.corpora.split(",")],
        order=options.order,
        rounds=options.repeats,
        name=options.name,
        results_dir=options.results_dir,
        command=peers_options.recorded_command(VERB, arguments),
    )
    return peers_options.carry_out(
        lambda work, say: measure(plan, say), LatencyRecord, LatencyPresentation(), None
    )


def _parser() -> Parser:
    parser = Parser("nextword peers latency", __doc__, EPILOG)
    add = parser.add_argument
    add(
        "--corpora",
        default="sotu,sotu_small",
        metavar="NAME,…",
        help="corpora of conf/corpus (default: %(default)s)",
    )
    add("settings", nargs="*", metavar="corpus.KEY=VALUE", help="settings of these corpora")
    add("--order", type=whole(2), default=5, metavar="N", help="of all n-gram models (default: %(default)s)")
    add(
        "--repeats",
        type=whole(1),
        default=5,
        metavar="N",
        help="turns of each library (default: %(default)s)",
    )
    add("--name", type=name, help="what the comparison is called in the record (default: after its corpora)")
    add_results_dir(parser)
    return parser
