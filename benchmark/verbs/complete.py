"""Shell completion of verbs and of Hydra's keys.

Hydra's completion does not know about verbs, so the verb is removed from the line first.
"""

from __future__ import annotations

import os
import sys

from benchmark.cli import VERBS

#: Verbs that take Hydra overrides.
COMPOSED = ("run", "check", "status")


def main(arguments: list[str]) -> int:
    """Answer `-sc install=SHELL`, `-sc uninstall=SHELL` and `-sc query=SHELL`."""
    line = os.environ.get("COMP_LINE")
    if line is None or not any(argument.startswith("query=") for argument in arguments):
        return _hydra(arguments)
    program, _, typed = line.partition(" ")
    verb, space, rest = typed.lstrip().partition(" ")
    if not space:
        print(" ".join(name for name in VERBS if name.startswith(verb)))
        return 0
    if verb not in COMPOSED:
        return 0
    os.environ["COMP_LINE"] = f"{program} {rest}"
    if "COMP_POINT" in os.environ:
        os.environ["COMP_POINT"] = str(len(os.environ["COMP_LINE"]))
    return _hydra(arguments)


def _hydra(arguments: list[str]) -> int:
    import hydra

    from benchmark.errors import UserError
    from benchmark.settings import conf_dir
    from benchmark.sweep.chosen_files import unreadable_file

    sys.argv = ["nextword", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors are raised and not printed
    try:
        hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(lambda _: None)()
    except Exception as error:
        words = os.environ.get("COMP_LINE", "").split()
        raise UserError(unreadable_file(words) or str(error).partition("\n")[0]) from error
    return 0
