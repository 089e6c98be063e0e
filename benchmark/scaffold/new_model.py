"""The files of a new model: a small one that works, to be changed into one's own."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmark.errors import UserError
from benchmark.own_folder import own_folder
from benchmark.settings import conf_dir, conf_files
from benchmark.storage.files import write_text
from benchmark.trust import BASELINES


@dataclass(frozen=True)
class Family:
    """What a model may begin from, and a corpus to try it on. `task` is that of labelled items."""

    text: str
    corpus: str = "sotu_small"
    task: str | None = None


FAMILIES = {
    "count": Family("an n-gram model; change `estimate`, from counts to probabilities"),
    "neural": Family("a network; change `forward`, from words to features"),
    "tagger": Family("tags for the words of a sentence; change `fit` and `tag`", "treebank", "tagging"),
    "classifier": Family("a class for a text; change `fit` and `log_probs`", "trec", "classification"),
    "transducer": Family("letters to phonemes; change `fit` and `transduce`", "cmudict", "transduction"),
}

#: YAML and Hydra read these as values, not as names.
_VALUES = {"null", "true", "false", "yes", "no", "on", "off", "nan", "inf", "y", "n"}


@dataclass(frozen=True)
class NewModel:
    """A model to be written. `config_dir`: the folder that `--config-dir` has to name; None in a checkout,
    whose own folders the files go to."""

    name: str
    family: str
    config_dir: Path | None

    @property
    def module(self) -> str:
        return self.name if self.config_dir else f"{BASELINES}.{self.name}"

    @property
    def files(self) -> dict[str, Path]:
        """The files by the template that each is made from. Modules are found beside the folder."""
        family, name = self.family, self.name
        if self.config_dir is None:
            python, settings, tests = Path(BASELINES), Path("conf"), Path("tests")
        else:
            python, settings, tests = self.config_dir.parent, self.config_dir, self.config_dir.parent
        return {
            f"{family}.py.j2": python / f"{name}.py",
            f"{family}.yaml.j2": settings / "model" / f"{name}.yaml",
            f"{family}_test.py.j2": tests / f"test_{name}.py",
        }


def new_model(name: str, family: str) -> NewModel:
    """A model of that name, for the folder that the user has named, or for `conf` in the current one.

    Raises UserError for a name that cannot be one, or is taken.
    """
    own, here = own_folder(), Path("conf")
    in_checkout = own is None and here.resolve() == conf_dir().resolve()
    made = NewModel(name, family, None if in_checkout else own or here)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name) or keyword.iskeyword(name) or name in _VALUES:
        raise UserError(
            f"NAME={name} is not usable: it names a Python module; give up to 60 small letters, digits "
            "and '_', beginning with a letter, and no word of Python or YAML"
        )
    for file in made.files.values():
        if file.exists() or file.is_symlink():
            raise UserError(f"{file} is there already, and nothing is overwritten: take another name")
    if name in conf_files("model"):
        raise UserError(f"NAME={name} is taken: {conf_files('model')[name]} has that name")
    if made.config_dir and find_spec(name) is not None:
        raise UserError(f"NAME={name} is taken: Python has a module {name!r}, which would be found instead")
    return made


def write_new_model(model: NewModel) -> list[Path]:
    """Write the files: all of them, or none. Raises UserError."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("benchmark.scaffold"),
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    words = {
        "name": model.name,
        "family": model.family,
        "module": model.module,
        "class_name": "".join(part.capitalize() for part in model.name.split("_")),
        "title": " ".join(model.name.split("_")).strip().capitalize(),
        "task": FAMILIES[model.family].task,
        "config_dir": model.config_dir.name if model.config_dir else None,
    }
    written: list[Path] = []
    try:
        for template, file in model.files.items():
            text = templates.get_template(template).render(words)
            file.parent.mkdir(parents=True, exist_ok=True)
            write_text(file, text)
            written.append(file)
    except (UserError, OSError) as error:
        for file in written:
            file.unlink()
        raise UserError(str(error)) from error
    return written
