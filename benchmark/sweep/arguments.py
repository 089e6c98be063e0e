"""What can be wrong with an argument of a command line by itself, before anything is composed.

Hydra's parser answers with its own terms ("mismatched input '=' expecting <EOF>") and does not say which
argument it means; here every answer begins with the argument as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from benchmark.console.quoting import for_shell, quoted_argument
from benchmark.errors import UserError, did_you_mean
from benchmark.own_folder import CONFIG_DIR, checked_folder
from benchmark.settings import NAMED, SETTINGS, choices
from benchmark.sweep.named_sweeps import key_of

if TYPE_CHECKING:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Override

MULTIRUN = ("-m", "--multirun")

#: Options that have Hydra print something instead of composing jobs, and what each may ask for.
HYDRA_QUESTIONS = {
    "--cfg": ("job", "hydra", "all"),
    "-c": ("job", "hydra", "all"),
    "--info": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "-i": ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    "--hydra-help": (),
}

#: Options that say how `--cfg` prints; of those, the ones that take a value.
OF_CFG, OF_CFG_WITH_VALUE = ("--resolve", "--package", "-p"), ("--package", "-p")

#: Options of Hydra that have no place here, and what to do instead.
REFUSED = {
    "--config-name": "every command line starts from conf/config.yaml; --config-dir FOLDER adds files",
    "--config-path": "every command line starts from conf/config.yaml; --config-dir FOLDER adds files",
    "--experimental-rerun": "it reads pickles; nextword run --rerun failed repeats runs",
    "--run": "a single run needs no option; leave it out",
}
REFUSED |= {"-cn": REFUSED["--config-name"], "-cp": REFUSED["--config-path"], "-r": REFUSED["--run"]}

#: Settings of Hydra itself that have a meaning here.
OF_HYDRA = (
    "hydra.mode",
    "hydra.sweeper",
    "hydra.searchpath",
    "hydra.job.name",
    "hydra.launcher",
    "hydra/launcher",
)

#: Beginnings of settings that only some commands have.
ELSEWHERE = {
    "search.": "it is a setting of a search: name one, as in nextword run +search=NAME",
    "tuning.": "it is a setting of nextword tune",
}


def check_arguments(arguments: Sequence[str]) -> None:
    """Raises UserError for an argument that cannot be used, whatever the others are, and for a setting that
    is given twice."""
    _check_options(arguments)
    overrides = list(_overrides(arguments))
    check_overrides(overrides)
    for argument in overrides:
        key = key_of(argument)
        for beginning, meaning in ELSEWHERE.items():
            if key.startswith(beginning):
                raise UserError(f"{argument}: {meaning}")
        if key.startswith(("hydra.", "hydra/")) and not key.startswith(OF_HYDRA):
            raise UserError(f"{argument}: Hydra's own settings have no effect here; leave it out")


def check_overrides(overrides: Sequence[str]) -> None:
    """Raises UserError for an override that cannot be used, and for a setting that is given twice."""
    given: dict[str, str] = {}
    for argument in overrides:
        _check_override(argument)
        other = given.setdefault(key_of(argument), argument)
        if other != argument and key_of(argument) not in ("sweep", "search"):  # refused elsewhere
            raise UserError(f"{argument}: {key_of(argument)} is given twice, as {other}, too; leave one out")


def parsed_override(argument: str) -> Override:
    """An override as Hydra reads it. Raises UserError that says how to write it."""
    from hydra.errors import HydraException

    try:
        return _parser().parse_rule(argument, "override")
    except HydraException as error:
        raise UserError(_unreadable(argument, str(error))) from error


def _overrides(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments that are neither options nor values of options."""
    waiting = iter(arguments)
    for argument in waiting:
        if not argument.startswith("-"):
            yield argument
        elif argument in (*CONFIG_DIR, *OF_CFG_WITH_VALUE, "--cfg", "-c"):
            next(waiting, None)
        elif argument in ("--info", "-i"):
            following = next(waiting, "")
            if "=" in following:
                yield following


def _check_options(arguments: Sequence[str]) -> None:
    """Raises UserError for an option that there is not, or whose value is missing or wrong."""
    asked = any(a.partition("=")[0] in HYDRA_QUESTIONS for a in arguments)
    for place, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if not argument.startswith("-"):
            continue
        value = value if equals else next(iter(arguments[place + 1 : place + 2]), "")
        if option in REFUSED:
            raise UserError(f"{argument} has no place here: {REFUSED[option]}")
        if option in MULTIRUN:
            if equals:
                raise UserError(f"{argument} is not usable: {option} takes no value; leave ={value} out")
            continue
        if option in CONFIG_DIR:
            checked_folder(f"{option}={value}")
        elif option in HYDRA_QUESTIONS:
            _check_question(option, value, needed=option in ("--cfg", "-c"))
        elif option in OF_CFG:
            if not asked:
                raise UserError(f"{option} says how --cfg prints: it goes with --cfg job")
            if option in OF_CFG_WITH_VALUE and value.partition(".")[0] not in (*SETTINGS, *NAMED, "_global_"):
                raise UserError(f"{option} {value}".rstrip() + " is not usable: give a part such as model")
        else:
            raise UserError(f"{argument}: there is no option {option!r}. {_instead(option)}")


def _check_question(option: str, value: str, *, needed: bool) -> None:
    known = HYDRA_QUESTIONS[option]
    if known and value not in known and (needed or (value and "=" not in value)):
        raise UserError(f"{option} {value}".rstrip() + f" is not usable: give {option} {' or '.join(known)}")


def _instead(option: str) -> str:
    """What someone who gave an unknown option may have meant."""
    name = option.lstrip("-").replace("-", "_")
    if name in SETTINGS or name in NAMED:
        return f"Settings are written without dashes: {name}=VALUE"
    return did_you_mean(option, ("--multirun", "--config-dir", "--cfg", "--rerun", "--help", "--debug"))


@lru_cache(maxsize=4096)  # the runs of a sweep share most of theirs
def _check_override(argument: str) -> None:
    key, equals, value = argument.partition("=")
    if any(unicodedata.category(letter) == "Cc" for letter in argument):
        raise UserError(f"{argument!r} holds a control character: leave it out")
    if not argument.strip():
        raise UserError(f"{for_shell(argument)} is an empty argument: leave it out")
    if not equals and not argument.startswith("~"):
        raise UserError(f"{argument} is no setting: give KEY=VALUE{_meant(argument)} (nextword run --help)")
    if not key.lstrip("+~"):
        raise UserError(f"{argument} names no setting: give KEY=VALUE (nextword run --help)")
    if equals and not value.strip():
        raise UserError(f"{argument} has no value: give one, as in {key}=VALUE, or leave it out")
    if key in NAMED:
        _check_name(key, value, argument)
    parsed_override(argument)


def _check_name(group: str, value: str, argument: str) -> None:
    """Raises UserError for what cannot be the name of a model, corpus or launcher."""
    if re.search(r"\.ya?ml\b|\.\.|^/", value):
        near = did_you_mean(_bare(value), choices(group))
        raise UserError(f"{argument}: there is no {group} {value!r}. {near}")
    if value.startswith(("[", "{")) or value.lower() == "null" or re.fullmatch(r"[\d.]+", value):
        raise UserError(
            f"{argument} is not usable: give the name of a {group}, or -m {group}=A,B for several"
        )


def _bare(value: str) -> str:
    return re.sub(r"\.ya?ml$", "", value.rpartition("/")[2])


def _meant(word: str) -> str:
    """What someone who gave a bare word may have meant."""
    if word in SETTINGS:
        return f", as in {word}=true" if SETTINGS[word].kind is bool else f", as in {word}=…"
    key, colon, value = word.partition(":")
    if colon and key in (*NAMED, *SETTINGS):
        return f", as in {key}={value}"
    return next((f", as in {group}={word}" for group in NAMED if word in choices(group)), "")


def _unreadable(argument: str, problem: str) -> str:
    """What to do about an override that Hydra cannot read."""
    key, _, value = argument.partition("=")
    if not _readable(f"{key}=x"):
        bare = f"{key.strip()}={value.strip()}"
        if bare != argument and _readable(bare):
            return f"{for_shell(argument)} is not usable: write it without blanks, {for_shell(bare)}"
        return f"{argument} is not usable: {key.lstrip('+~')!r} cannot be the name of a setting"
    if re.fullmatch(r"\w+\s*\(.*\)", value):
        reason = re.sub(r"^\w+ while evaluating '.*?': ", "", problem.splitlines()[0])
        return f"{argument} is not usable: {reason}; to take it as text, write {_quoted(argument)}"
    if re.search(r"^,|,\s*(,|$)", value):
        as_text = f"to take it as text, write {_quoted(argument)}"
        return f"{argument} is not usable: beside a comma a value is missing; {as_text}"
    return f"{argument} is not usable as it is: quote the value, {_quoted(argument)}"


def _quoted(argument: str) -> str:
    key, _, value = argument.partition("=")
    return quoted_argument(key, value)


def _readable(argument: str) -> bool:
    from hydra.errors import HydraException

    try:
        _parser().parse_rule(argument, "override")
    except HydraException:
        return False
    return True


@cache
def _parser() -> OverridesParser:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create()
