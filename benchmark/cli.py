"""The `nextword` command: calls the verb with its arguments and turns errors into one line.

Nothing heavy is imported here: `nextword --help` must answer at once.
"""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from benchmark.console.output import problem_of, steady_output
from benchmark.console.signals import StopSignals, stop_signals
from benchmark.environment import check_environment
from benchmark.errors import ERROR_MARK, Skip, UserError, did_you_mean
from benchmark.own_folder import take_config_dir
from benchmark.storage.reading import forget_warnings
from benchmark.text import one_line
from benchmark.traces import described, show_traces

#: What each verb does; its code is the module of that name in `benchmark.verbs`.
VERBS = {
    "run": "train, score and record one run, a sweep (-m, +sweep=NAME) or a search (+search=NAME)",
    "tune": "search for the settings of every compared model, each with the same effort",
    "report": "build tables, figures and a web page from the finished runs",
    "open": "show the report's page in the browser",
    "list": "list the models, corpora, sweeps, searches and tunings that you can run",
    "show": "show one run: its results, its settings, and the code and machine behind them",
    "status": "show which runs are finished, failed or missing",
    "generate": "show a finished run's likely next words, and sample text from it",
    "compare": "compare finished runs: how much they differ, how sure that is, and where",
    "study": "try out what lectures claim of language models, and judge each claim by its rules",
    "judge": "judge finished runs by BLiMP's minimal pairs and LAMBADA's last words",
    "prequential": "code the training text of finished runs by models of what stands before each part",
    "export": "write the n-grams of a finished run to an ARPA file",
    "check": "check a model against the contract that all models must keep",
    "new": "begin a model of your own from a small one that works",
    "doctor": "show what is installed here, for a bug report, and what is wrong with it",
    "gpu": "show that all is well and fast on a GPU: tests, speed, perplexity by the clock",
    "peers": "measure our speed next to that of KenLM and MITLM; peers neural does so for networks",
}

#: Verbs that take settings of runs, as Hydra has them; the others have options.
COMPOSED = ("run", "check", "status", "study", "tune")

#: Folders as options, and as settings. Every verb takes both.
FOLDERS = {f"--{name.replace('_', '-')}": name for name in ("results_dir", "corpora_dir", "cache_dir")}

#: Verbs whose exit status tells of what they record; of the others, lost output is a failure.
ABOUT_FILES = {"run", "study", "tune", "judge", "prequential", "peers", "gpu", "export"}

_CONTINUES = "; the same command continues where it stopped"

#: What becomes of the work of a verb that a signal has ended.
AFTER_STOP = {
    **dict.fromkeys(("run", "study", "tune", "judge", "prequential", "gpu"), _CONTINUES),
    "peers": "; what was measured before is recorded",
}

HELP = """\
nextword: compare n-gram and neural language models on the same text

usage: nextword VERB [...]          (nextword VERB --help explains each verb)

{verbs}

with any verb:
  --config-dir FOLDER  also take models, corpora, sweeps and searches from a folder of yours
  --debug              show the stack trace of an error, also of one in a model's own code

  --version    print the version

first steps:
  nextword run model=kneser_ney corpus=sotu_small
  nextword run -m model=kneser_ney,lstm corpus=sotu_small seed=1,2
  nextword report
shell completion:
  eval "$(nextword -sc install=bash)"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status: 0 success, 1 a failure, 2 wrong usage, 128 + N if signal
    N (Ctrl-C, SIGTERM) ended it."""
    given = sys.argv[1:] if argv is None else argv
    arguments = [argument for argument in given if argument != "--debug"]
    debug = "--debug" in given
    show_traces(debug)
    forget_warnings()
    with steady_output() as output, stop_signals(ignored_afterwards=argv is None) as signals:
        try:
            status = _status(arguments, debug, signals)
        finally:
            output.flush()
        if lost := problem_of(output):
            print(f"{ERROR_MARK}standard output could not be written: {lost}", file=sys.stderr)
            if status == 0 and not ABOUT_FILES.intersection(arguments[:1]):
                return 1
        return status


def _status(arguments: list[str], debug: bool, signals: StopSignals) -> int:
    """The exit status of a verb; errors, and signals that ended it, are a line on standard error."""
    status, line = 1, None
    try:
        status = _dispatch(arguments)
    except (UserError, Skip) as error:
        if debug:
            raise
        status, line = 2, str(error)
    except KeyboardInterrupt:
        signals.number = signals.number or signal.SIGINT
    except Exception as error:
        if debug and not signals.arrived:
            raise
        line = f"{described(error)}; --debug shows the stack trace"
    if signals.arrived:  # whatever the verb has made of it
        status = signals.status
        line = signals.described + AFTER_STOP.get(next(iter(arguments), ""), "")
        if sys.stderr.isatty():
            print(file=sys.stderr)  # the terminal has shown ^C
    if line:
        print(f"{ERROR_MARK}{one_line(line)}", file=sys.stderr)
    return status


def _dispatch(arguments: list[str]) -> int:
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if verb in ("-h", "--help", "help"):
        width = max(map(len, VERBS))
        print(
            HELP.format(verbs="\n".join(f"  {name:{width}}  {text}" for name, text in VERBS.items())), end=""
        )
        return 0
    if verb == "--version":
        import benchmark

        print(benchmark.__version__)
        return 0
    if verb in ("-sc", "--shell-completion", "--shell_completion"):
        return _verb("complete").main(arguments)
    if verb not in VERBS:
        raise UserError(f"there is no verb {verb!r}. {did_you_mean(verb, VERBS)}")
    _check_text(rest)
    if verb != "doctor":  # which says what is wrong with the environment
        check_environment()
    own, rest = take_config_dir(rest)
    if verb in COMPOSED:
        rest = [*own, *_folders_as_settings(rest)]
    else:  # those above read `allow` with their other settings
        from benchmark.trust import take_allowed

        rest = take_allowed(rest)
    return _verb(verb).main(rest)


def _folders_as_settings(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments with `results_dir=FOLDER` for `--results-dir FOLDER`."""
    waiting = iter(arguments)
    for argument in waiting:
        option, equals, value = argument.partition("=")
        if option in FOLDERS:
            yield f"{FOLDERS[option]}={value if equals else next(waiting, '')}"
        else:
            yield argument


def _check_text(arguments: Sequence[str]) -> None:
    """Raises UserError for an argument that is no text: records, which are UTF-8, could not hold it."""
    for argument in arguments:
        if not argument.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in argument):
            shown = argument.encode(errors="surrogateescape").decode(errors="backslashreplace")
            raise UserError(f"{shown} is not UTF-8 text; convert it, or rename the file that it names")


def _verb(name: str) -> Any:
    return importlib.import_module(f"benchmark.verbs.{name}")
