"""`nextword tune`: search for the settings of every compared model, each with the same effort."""

from __future__ import annotations

from benchmark.console.terminal import wrapped_names
from benchmark.errors import UserError
from benchmark.settings import choices
from benchmark.sweep.named_sweeps import key_of
from benchmark.sweep.torchrun import check_one_run

HELP = """\
nextword tune [ENTRY ...] [KEY=VALUE ...]

Searches for the settings of each entry, n-gram or network, on the validation text. Every entry gets the same
effort: at most tuning.trials trials and tuning.core_seconds core-seconds (conf/tuning.yaml). Its space is in
conf/tuning/ENTRY.yaml. Without names, all language models are tuned, or with a corpus that has labels, all
entries of its task. An interrupted tuning continues, and finished trials are not repeated.

entries:  {entries}

tuning.trials=8 tuning.core_seconds=300   other limits, for all entries alike
corpus=ptb                                another corpus
KEY=VALUE                                 settings that all trials share, as in nextword run

Exit status: 0 every entry has a finished trial, 1 one has none, 2 the command line, the corpus or the disk
needs attention.
"""


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP.format(entries=wrapped_names(choices("tuning"))), end="")
        return 0
    check_one_run(2)
    entries, limits, overrides = [], {}, []
    for argument in arguments:
        key = key_of(argument)
        if key in ("-m", "--multirun", "sweep", "search"):
            raise UserError(f"nextword tune makes its own runs: leave {argument} out")
        if key.startswith("tuning."):
            from benchmark.search.command import parsed_value

            limits[key.removeprefix("tuning.")] = parsed_value(argument)
        elif "=" in argument or argument.startswith(("-", "~")):
            overrides.append(argument)
        else:
            entries.append(argument)
    from benchmark.search.tuning import tune

    return tune(entries, limits, overrides, lambda line: print(line, flush=True))
