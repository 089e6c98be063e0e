"""`nextword list models|corpora|sweeps|searches|tunings|studies`: the names that you can choose from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.console.options import OneOf, Parser
from benchmark.console.terminal import json_text
from benchmark.record.source import class_variable
from benchmark.settings import choices, conf_dir, conf_files
from benchmark.storage.reading import Unreadable, read_text, read_yaml_object, warn_once

GROUPS = {
    "models": "model",
    "corpora": "corpus",
    "sweeps": "sweep",
    "searches": "search",
    "tunings": "tuning",
    "studies": "study",
}


def main(arguments: list[str]) -> int:
    parser = Parser("nextword list", __doc__)
    parser.add_argument(
        "what", nargs="?", type=OneOf(GROUPS), help=f"what to list: {', '.join(GROUPS)} (default: all)"
    )
    parser.add_argument("--keys", action="store_true", help="also list the settings of each")
    parser.add_argument("--json", action="store_true", help="all of it as JSON")
    options = parser.parse(arguments)
    titles = [options.what] if options.what else list(GROUPS)
    if options.json:
        groups = {title: GROUPS[title] for title in titles}
        print(json_text({title: {n: _entry(g, n) for n in choices(g)} for title, g in groups.items()}))
        return 0
    for title in titles:
        names = choices(GROUPS[title])
        width = max(map(len, names), default=0)
        if not options.what:
            print(f"{title}:")
        for name in names:
            config = _entry(GROUPS[title], name)
            if config is None:
                continue
            print(f"  {name:{width}}  {config['description']}".rstrip())
            if options.keys:
                for key, value in config["settings"].items():
                    print(f"  {'':{width}}    {key}={value}")
    return 0


def _entry(group: str, name: str) -> dict[str, Any] | None:
    """A file's description (its label or title, or a study's claim) and its settings, resolved as far as it
    stands alone.

    None, with a warning, for a file that cannot be read.
    """
    from omegaconf.errors import OmegaConfBaseException

    path = conf_files(group)[name]
    try:
        return _described(path, group, name)
    except Unreadable as error:
        warn_once(f"warning: {error}")
    except (FileNotFoundError, OmegaConfBaseException, AttributeError, TypeError, ValueError) as error:
        warn_once(f"warning: {path} is no configuration of a {group}: {' '.join(str(error).split())[:200]}")
    return None


def _described(path: Path, group: str, name: str) -> dict[str, Any]:
    from omegaconf import OmegaConf

    node: Any = OmegaConf.create(read_yaml_object(path))
    content: Any = OmegaConf.to_container(node)
    settings = {
        str(key): value
        for key, value in content.items()
        if key not in ("name", "claim", "label", "title", "description", "defaults", "_target_")
    }
    for key, value in content.items():
        if value is None and f"${{.{key}}}" in str(content.get("label")):  # `ARPA file PATH`, not `None`
            node[key] = str(key).upper()
    for default in content.get("defaults", []):  # its components, whose labels its own label may use
        for choice, chosen in default.items() if isinstance(default, dict) else ():
            source, _, place = choice.lstrip("/").partition("@")
            other = conf_files(source).get(str(chosen), conf_dir() / source / f"{chosen}.yaml")
            OmegaConf.update(node, place, OmegaConf.create(read_yaml_object(other)))
    whole = OmegaConf.create({group: node, "seed": 1, "device": "auto"})
    known = [
        str(OmegaConf.select(whole, f"{group}.{key}"))
        for key in ("claim", "label", "title", "description")
        if key in node
    ]
    line = (read_text(path).splitlines() or [""])[0]
    if line.startswith("#") and (not known or known[0] == name):  # then the file's first comment describes it
        known = [line.lstrip("# ")]
    tasks = _tasks(content, group)
    told = f" ({', '.join(tasks)})" if tasks else ""
    described: dict[str, Any] = {"description": (known or [""])[0] + told, "settings": settings}
    return described | ({"tasks": tasks} if tasks else {})


def _tasks(content: dict[str, Any], group: str) -> list[str]:
    """The tasks beside language modelling that a corpus or a model is for. A model is not imported: its
    class says it, as the source has it."""
    if (task := _inherited(content, "task", group)) is not None:
        return [str(task)]
    found = class_variable(str(_inherited(content, "_target_", group)), "tasks")
    return [str(each) for each in found] if isinstance(found, tuple) else []


def _inherited(content: dict[str, Any], key: str, group: str, seen: frozenset[str] = frozenset()) -> Any:
    """The value of a key in a file, or else in those of its group that it builds upon; None if in none."""
    if key in content:
        return content[key]
    files = conf_files(group)
    for base in content.get("defaults", []):
        if isinstance(base, str) and base in files and base not in seen:
            found = _inherited(read_yaml_object(files[base]), key, group, seen | {base})
            if found is not None:
                return found
    return None
