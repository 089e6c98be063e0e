"""`nextword prequential RUN…`: the length of a code of a run's training text, learnt as it is read.

The text is cut at 1/64, 1/32, … 1/2. The first block is coded uniformly, each other one by a model that is
trained, with the run's settings, on what stands before it. That takes about as long as the run's training.
Each block is kept in the run's folder as soon as it is coded, and the report shows the code.
"""

from __future__ import annotations

from benchmark.console.output import say
from benchmark.record.find import find_run
from benchmark.verbs.finished_runs import runs_parser
from benchmark.verbs.progress_line import ProgressLine


def main(arguments: list[str]) -> int:
    parser = runs_parser("prequential", __doc__, again="code what is coded already, too", data="corpora")
    options = parser.parse(arguments)
    runs = [find_run(options.results_dir, name) for name in options.runs]

    from benchmark.prequential.coding import code_run
    from benchmark.prequential.show import plain

    for run in runs:
        code = code_run(
            run, options.corpora_dir, options.cache_dir, say, ProgressLine().show, again=options.again
        )
        print(f"{run.title}\n")
        print(f"{plain(code)}\n", flush=True)
    return 0
