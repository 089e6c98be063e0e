"""Our n-gram estimation on a device beside KenLM's, on Python sources: a process of the step `counting`.

python -m benchmark.gpu.count_python --words 30000000 --device cuda --results-dir results
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmark.environment import machine_memory
from benchmark.errors import ERROR_MARK, UserError
from benchmark.gpu.python_text import PythonText, write_python_text
from benchmark.peers.ngram.measure import NgramPlan, measure
from benchmark.settings import usable_cores
from benchmark.storage.temporary import TemporaryFolder

#: More memory than this makes no sorting faster.
MOST_MEGABYTES = 32_000


def main(arguments: list[str] | None = None) -> int:
    """Write the text, run both programs once, and record them as `nextword peers` does."""
    options = _parser().parse_args(arguments)
    try:
        with TemporaryFolder.elsewhere("gpu") as folder:
            text = write_python_text(folder, options.words, options.sources)
            print(f"{text.words:,} words of Python sources", flush=True)
            path = measure(_plan(options, text), folder, lambda line: print(line, flush=True))
    except UserError as error:
        print(f"{ERROR_MARK}{error}", file=sys.stderr)
        return 2
    print(f"recorded: {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmark.gpu.count_python", description=__doc__)
    add = parser.add_argument
    add("--words", type=int, required=True, help="training words, at least, if the sources have as many")
    add("--device", required=True, help="where ours counts: cuda, cpu")
    add("--name", required=True, help="what the record is called")
    add("--order", type=int, default=5, help="default: %(default)s")
    add("--memory", default=_memory(), help="memory for either to sort in (default: %(default)s)")
    add("--kenlm", type=Path, help="folder of lmplz, build_binary and query")
    add("--sources", type=Path, nargs="*", help="folders (default: those of the installed Python)")
    add("--results-dir", type=Path, required=True)
    return parser


def _memory() -> str:
    half = machine_memory() // 2_000_000
    return f"{min(half, MOST_MEGABYTES)}M"


def _plan(options: argparse.Namespace, text: PythonText) -> NgramPlan:
    ours = [sys.executable, "-m", "baselines.ngram", "--device", options.device]
    return NgramPlan(
        train=text.train,
        test=text.test,
        corpus=(),
        name=options.name,
        orders=[options.order],
        rounds=1,
        memory=options.memory,
        threads=usable_cores(),
        ours=ours,
        lmplz=None,
        kenlm=options.kenlm,
        mitlm=None,
        results_dir=options.results_dir,
        growth=None,
        command=f"python -m benchmark.gpu.count_python --words {options.words} --device {options.device}",
    )


if __name__ == "__main__":
    sys.exit(main())
