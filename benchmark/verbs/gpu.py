"""`nextword gpu`: a plan of steps that shows that all is well and fast on a GPU."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmark.console.options import Parser, add_results_dir, existing_folder, number
from benchmark.verbs import peers_options

if TYPE_CHECKING:
    from benchmark.gpu.plan import Step
    from benchmark.gpu.setup import Setup

EPILOG = """\
The steps come in order of value, each with its own time limit, and run one after the other as far as
--seconds go. The summary, RESULTS_DIR/gpu.json and gpu.md, is written as each part ends, so that whatever
is there when the time is up counts. The next call goes on where this one stopped: a finished part is not
repeated, an interrupted one is. Runs are in RESULTS_DIR/runs, comparisons in RESULTS_DIR/peers, and what
every command printed in RESULTS_DIR/logs.

A step that lacks something (a corpus, another program) is skipped and says so. The programs to compare with
are looked for as nextword peers does: in the folders given, and in $NEXTWORD_WORD_LANGUAGE_MODEL and
$NEXTWORD_KENLM.

nextword gpu --device cpu --toy tries the plan out on a machine without a GPU, in minutes.

Exit status: 0 no step failed, 1 a step failed, 2 the command line or the device needs attention.
"""
VERB = "nextword gpu"


def main(arguments: list[str]) -> int:
    options = _parser().parse(arguments)
    from benchmark.gpu.setup import Setup
    from benchmark.gpu.steps import steps_of

    setup = Setup(
        device=options.device,
        toy=options.toy,
        results_dir=options.results_dir.absolute(),
        corpora=options.corpora and options.corpora.absolute(),
        word_language_model=options.word_language_model and options.word_language_model.absolute(),
        kenlm=options.kenlm and options.kenlm.absolute(),
        rerun=options.rerun,
    )
    steps = steps_of(setup, options.steps)
    if options.list:
        return _list(steps)
    return _carried_out(setup, steps, options.seconds, peers_options.recorded_command(VERB, arguments))


def _parser() -> Parser:
    parser = Parser("nextword gpu", __doc__, EPILOG)
    add = parser.add_argument
    add(
        "--seconds",
        type=number(0),
        metavar="N",
        help="time for this call (default: as much as the steps take)",
    )
    add("--steps", metavar="NAME,…", help="only these steps")
    add("--list", action="store_true", help="list the steps and stop")
    add("--rerun", action="store_true", help="repeat finished steps, too")
    add("--device", default="cuda", help="as torch names it: cuda, cuda:1, cpu (default: %(default)s)")
    add("--toy", action="store_true", help="toy sizes: to see that the steps work, not to measure")
    add(
        "--corpora",
        type=existing_folder,
        metavar="FOLDER",
        help="folder with corpora (default: $NEXTWORD_CORPORA)",
    )
    add(
        "--word-language-model",
        type=existing_folder,
        metavar="FOLDER",
        help="word_language_model of pytorch/examples",
    )
    add(
        "--kenlm",
        type=existing_folder,
        metavar="FOLDER",
        help="where KenLM's lmplz, build_binary and query are",
    )
    add_results_dir(parser, "results/gpu")
    return parser


def _list(steps: list[Step]) -> int:
    from benchmark.console import terminal
    from benchmark.text import duration

    columns = [
        terminal.Column("Step"),
        terminal.Column("At most", right=True),
        terminal.Column("Shows", folds=True),
    ]
    print(terminal.table(columns, [(step.name, duration(step.limit), step.proves) for step in steps]))
    return 0


def _carried_out(setup: Setup, steps: list[Step], seconds: float | None, command: str) -> int:
    from benchmark.gpu.machine import find_machine
    from benchmark.gpu.plan import carry_out
    from benchmark.gpu.show import problems, terminal_text, write_page
    from benchmark.gpu.steps import steps_of
    from benchmark.gpu.summary import PAGE, Call, open_summary
    from benchmark.peers.record import now
    from benchmark.storage.files import locked

    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {line}", flush=True)

    busy = "another plan writes to this folder; waiting for it"
    machine = find_machine(setup.device)
    with locked(setup.results_dir, busy=lambda: say(busy)):
        summary = open_summary(setup.results_dir, setup.device, setup.toy)
        summary.machine = machine
        call = Call(started=now(), command=command, budget=seconds)
        summary.calls.append(call)
        everything = steps_of(setup)  # the page shows what other calls have measured, too
        for step in everything:
            summary.step(step.name, step.proves)

        def save() -> None:
            call.seconds = round(time.monotonic() - begun, 1)
            summary.save(setup.results_dir)
            write_page(summary, everything, setup.results_dir)

        save()
        left = None if seconds is None else seconds - (time.monotonic() - begun)
        carry_out(steps, summary, setup.results_dir, seconds=left, rerun=setup.rerun, say=say, save=save)
    print("\n" + terminal_text(summary, everything))
    print(f"\nwritten: {setup.results_dir / PAGE}", flush=True)
    open_ = [step.name for step in summary.steps if step.status in ("unfinished", "not started")]
    if left_over := [step.name for step in steps if step.name in open_]:
        print(f"not finished: {', '.join(left_over)}; the same command goes on from here")
    failed = problems(summary, [step.name for step in steps])
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0
