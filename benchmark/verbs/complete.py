"""Shell completion: of verbs, of their options and values, of run names, and of Hydra's settings.

Hydra's completion does not know about verbs, so it is given the line without the verb and its options.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from importlib import import_module
from pathlib import Path

from benchmark.cli import COMPOSED, FOLDERS, VERBS
from benchmark.console.options import RUN_HELP, OneOf, Parser, parser_of
from benchmark.errors import UserError
from benchmark.own_folder import CONFIG_DIR, take_config_dir
from benchmark.settings import choices, conf_dir
from benchmark.sweep.arguments import HYDRA_QUESTIONS, MULTIRUN
from benchmark.sweep.rerun import RERUN
from benchmark.sweep.states import STATUSES

#: Options that every verb has, with the values that are known of each; a folder's are left to the shell.
_OF_ALL: dict[str, Collection[str]] = {
    "--help": (),
    "--debug": (),
    **dict.fromkeys([CONFIG_DIR[0], *FOLDERS], ()),
}

#: Those of verbs that take settings of runs, and those of two of them.
_OF_COMPOSED: dict[str, Collection[str]] = {
    **_OF_ALL,
    MULTIRUN[1]: (),
    **{question: known for question, known in HYDRA_QUESTIONS.items() if question.startswith("--")},
}
_OF_VERB: dict[str, dict[str, Collection[str]]] = {
    "run": {"--rerun": RERUN},
    "status": {"--status": STATUSES, "--json": ()},
}

#: Options before a word that is theirs, although its values are not known here.
_WITH_VALUE = {CONFIG_DIR[0], *FOLDERS}


def main(arguments: list[str]) -> int:
    """Answer `-sc install=SHELL`, `-sc uninstall=SHELL` and `-sc query=SHELL`."""
    line = os.environ.get("COMP_LINE")
    if line is None or not any(argument.startswith("query=") for argument in arguments):
        return _hydra(arguments, [])
    program, *words = line.split() or [""]
    typed = words.pop() if words and not line[-1].isspace() else ""
    if not words:
        _offer(VERBS, typed)
        return 0
    verb, *words = words
    if verb not in VERBS:
        return 0
    try:
        own, words = take_config_dir(words)
    except UserError:  # its folder is not typed yet
        return 0
    if verb not in COMPOSED:
        parser = parser_of(import_module(f"benchmark.verbs.{verb}").main, words)
        _offer(_of_parser(parser, verb, words, typed) if parser else (), typed)
        return 0
    options = _OF_COMPOSED | _OF_VERB.get(verb, {})
    before = words[-1] if words else ""
    key, equals, _ = typed.partition("=")
    with_value = {name for name, known in options.items() if known} | _WITH_VALUE
    if before in with_value:
        _offer(options[before], typed)
    elif typed.startswith("-"):
        _offer(options, typed)
    elif equals and key.endswith(".run"):
        _offer([f"{key}={name}" for name in _runs(words)], typed)
    else:
        if verb == "tune" and not equals:
            _offer(choices("tuning"), typed)
        settings = [
            word
            for word, previous in zip([*words, typed], ["", *words], strict=True)
            if word in MULTIRUN or not (word.startswith("-") or previous in with_value)
        ]
        if verb == "tune":  # its other words are entries
            settings = [word for word in settings[:-1] if "=" in word] + settings[-1:]
        os.environ["COMP_LINE"] = " ".join([program, *settings])
        os.environ["COMP_POINT"] = str(len(os.environ["COMP_LINE"]))
        return _hydra(arguments, own)
    return 0


def _offer(names: Iterable[str], typed: str) -> None:
    """Print those that go on from what is typed."""
    if fitting := [name for name in names if name.startswith(typed) and " " not in name]:
        print(" ".join(fitting))


def _of_parser(parser: Parser, verb: str, words: list[str], typed: str) -> Iterable[str]:
    """What may stand next in the command line of a verb that has options."""
    last = words[-1] if words else ""
    before = next((action for action in parser.actions if last in action.option_strings), None)
    if before is not None and before.nargs != 0:
        return before.type.known if isinstance(before.type, OneOf) else ()
    if last in _WITH_VALUE:
        return ()
    if typed.startswith("-"):
        own = [name for action in parser.actions for name in action.option_strings if name.startswith("--")]
        return dict.fromkeys([*own, *_OF_ALL])
    found: list[str] = ["latency", "neural"] if verb == "peers" and not words else []
    for action in parser.actions:
        if not action.option_strings and isinstance(action.type, OneOf):
            found += action.type.known if not words else ()
        elif not action.option_strings and action.help == RUN_HELP:
            found += _runs(words)
    return found


def _runs(words: list[str]) -> list[str]:
    """Everything that names a finished run of the results folder that the line names: its model,
    CORPUS/MODEL, and its id."""
    from benchmark.record.folder import finished_folders

    text = " ".join(words).replace("--results-dir ", "results_dir=").replace("--results-dir=", "results_dir=")
    named = [word.partition("=")[2] for word in text.split() if word.startswith("results_dir=")]
    where = Path(named[-1] if named else "results")
    folders = finished_folders(where) if where.is_dir() else []
    models = {folder.parent.name for folder in folders}
    both = {f"{folder.parents[1].name}/{folder.parent.name}" for folder in folders}
    return [*sorted(models), *sorted(both), *sorted(folder.name for folder in folders)]


def _hydra(arguments: list[str], own: list[str]) -> int:
    import hydra

    from benchmark.sweep.chosen_files import unreadable_file

    sys.argv = ["nextword", *own, *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors are raised and not printed
    try:
        hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(lambda _: None)()
    except Exception as error:
        words = os.environ.get("COMP_LINE", "").split()
        raise UserError(unreadable_file(words) or str(error).partition("\n")[0]) from error
    return 0
