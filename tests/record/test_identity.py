"""What makes two runs the same run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.record import input_files, source, versions
from benchmark.record.identity import current_source, current_versions, protocol_id, run_id, seed_of

MODEL = {"_target_": "homemade.model.Mine", "name": "mine", "label": "Mine", "order": 3, "device": "cpu"}
UNVERSIONED = "from homemade.help import two\n\nclass Mine:\n    x = two\n"
VERSIONED = "from homemade.help import two\n\nclass Mine:\n    version: int = 1\n    x = two\n"

#: Writes a file of the package `homemade`, which is then read anew.
Write = Callable[[str, str], None]


def forget() -> None:
    """Files are read once in a process; read them anew."""
    for module in (source, versions, input_files):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A package of a user's own: a model without a version that imports a helper."""
    package = tmp_path / "homemade"
    package.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "homemade", raising=False)

    def write(name: str, text: str) -> None:
        (package / name).write_text(text)
        forget()

    write("__init__.py", "")
    write("model.py", UNVERSIONED)
    write("help.py", '"""Help."""\ntwo = 2  # a number\n')
    return write


def test_labels_and_devices_do_not_make_another_run(write: Write) -> None:
    assert run_id(MODEL, "corpus") == run_id({**MODEL, "label": "Other", "device": "cuda"}, "corpus")


def test_settings_seeds_and_corpora_make_another_run(write: Write) -> None:
    ids = [
        run_id(MODEL, "corpus"),
        run_id({**MODEL, "order": 4}, "corpus"),
        run_id({**MODEL, "seed": 2}, "corpus"),
        run_id(MODEL, "other corpus"),
    ]
    assert len(set(ids)) == 4
    assert all(len(i) == 12 for i in ids)


def test_a_number_is_the_same_however_it_is_typed(write: Write) -> None:
    assert run_id({**MODEL, "rate": 20}, "corpus") == run_id({**MODEL, "rate": 20.0}, "corpus")
    assert run_id({**MODEL, "rate": 20}, "corpus") != run_id({**MODEL, "rate": 20.5}, "corpus")
    assert run_id({**MODEL, "rate": 1}, "corpus") != run_id({**MODEL, "rate": True}, "corpus")


def test_without_a_version_code_counts_and_its_layout_does_not(write: Write) -> None:
    before = run_id(MODEL, "corpus")
    write("help.py", '"""Help\nin more words."""\n\n\ntwo = (\n    2\n)\n')
    write("model.py", UNVERSIONED.replace("class Mine:", 'class Mine:\n    """Mine."""\n'))
    assert run_id(MODEL, "corpus") == before
    write("help.py", "two = 3\n")
    assert run_id(MODEL, "corpus") != before


def test_with_a_version_the_version_counts_and_code_does_not(write: Write) -> None:
    write("model.py", VERSIONED)
    before, code = run_id(MODEL, "corpus"), current_source(MODEL)
    write("help.py", "two = 3\n")
    assert run_id(MODEL, "corpus") == before
    assert current_source(MODEL) != code
    write("model.py", VERSIONED.replace("version: int = 1", "version: int = 2"))
    assert run_id(MODEL, "corpus") != before
    assert current_versions(MODEL)["homemade.Mine"] == 2


def test_a_version_is_not_inherited(write: Write) -> None:
    write("model.py", VERSIONED + "\n\nclass Derived(Mine):\n    y = 1\n")
    derived = {**MODEL, "_target_": "homemade.model.Derived"}
    before = run_id(derived, "corpus")
    write("model.py", VERSIONED + "\n\nclass Derived(Mine):\n    y = 2\n")
    assert run_id(derived, "corpus") != before


def test_a_helper_with_a_version_counts_by_it(write: Write) -> None:
    write("help.py", "class Helper:\n    version = 1\ntwo = 2\n")
    before = run_id(MODEL, "corpus")
    write("help.py", "class Helper:\n    version = 1\ntwo = 3\n")
    assert run_id(MODEL, "corpus") == before
    write("help.py", "class Helper:\n    version = 2\ntwo = 3\n")
    assert run_id(MODEL, "corpus") != before


def test_an_engines_version_counts_for_the_models_built_on_it(write: Write) -> None:
    write("__init__.py", "VERSION = 1\n")
    write("base.py", "class Base:\n    pass\n")
    write("model.py", "from homemade.base import Base\n\nclass Mine(Base):\n    version = 1\n")
    before = run_id(MODEL, "corpus")
    write("__init__.py", "VERSION = 2\n")
    assert run_id(MODEL, "corpus") != before
    assert current_versions(MODEL)["homemade"] == 2


def test_a_helper_in_an_engines_package_counts_by_its_code_until_it_is_shipped(
    write: Write,
) -> None:
    write("__init__.py", "VERSION = 1\n")
    before = run_id(MODEL, "corpus")
    write("help.py", "two = 3\n")
    changed = run_id(MODEL, "corpus")
    assert changed != before
    write("shipped.py", "from homemade.help import two\n\nclass Shipped:\n    version = 1\n")
    guarded = run_id(MODEL, "corpus")
    write("help.py", "two = 4\n")
    assert run_id(MODEL, "corpus") == guarded


def test_a_users_model_counts_by_its_code_and_the_engine_it_reuses(write: Write) -> None:
    code = "from baselines.ngram.model import BackoffModel\n\nclass Mine(BackoffModel):\n    x = 1\n"
    write("model.py", code)
    before = run_id(MODEL, "corpus")
    write("model.py", code.replace("1", "2"))
    assert run_id(MODEL, "corpus") != before
    assert current_versions(MODEL).keys() == {"baselines.ngram", "benchmark.measure"}


def test_a_declared_class_may_move_to_another_module(write: Write) -> None:
    write("model.py", VERSIONED)
    before = run_id(MODEL, "corpus")
    write("other.py", VERSIONED)
    assert run_id({**MODEL, "_target_": "homemade.other.Mine"}, "corpus") == before


def test_components_count_with_their_settings_and_their_code(write: Write) -> None:
    def mixture_of(component: dict[str, object]) -> str:
        return run_id({"_target_": "elsewhere.Mixture", "components": {"one": component}}, "corpus")

    before = mixture_of(MODEL)
    assert mixture_of({**MODEL, "label": "Other", "device": "cuda"}) == before
    assert mixture_of({**MODEL, "order": 4}) != before
    write("help.py", "two = 3\n")
    assert mixture_of(MODEL) != before


@pytest.mark.parametrize(
    ("code", "settings"),
    [
        ("class Mine:\n    def __init__(self, *, text: InputFile | None = None) -> None: ...\n", "text"),
        ("class Base:\n    text: InputFile\n\nclass Mine(Base):\n    pass\n", "text"),
        ("Words = Mapping[str, InputFile]\n\nclass Mine:\n    text: Words\n", "text.one"),
        (
            "@dataclass\nclass Recipe:\n    text: InputFile\n\n"
            "class Mine:\n    recipe: Recipe = field(default_factory=Recipe)\n",
            "recipe.text",
        ),
    ],
)
def test_files_count_by_their_content(write: Write, tmp_path: Path, code: str, settings: str) -> None:
    write("model.py", "from benchmark.contract import InputFile\n\n" + code)

    def identity(file: Path) -> str:
        value: object = str(file)
        for key in reversed(settings.split(".")):
            value = {key: value}
        return run_id({**MODEL, **value}, "corpus")  # type: ignore[dict-item]

    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("the same")
    other.write_text("the same")
    before = identity(one)
    assert identity(other) == before
    one.write_text("something else")
    assert identity(one) != before
    other.unlink()
    other.mkdir()
    (other / "part").write_text("a")
    folder = identity(other)
    (other / "part").write_text("another")
    assert identity(other) != folder


def test_a_setting_that_names_no_file_counts_by_its_value(write: Write, tmp_path: Path) -> None:
    file = tmp_path / "published"
    before = run_id({**MODEL, "conventions": str(file)}, "corpus")
    file.write_text("a file of this name")
    assert run_id({**MODEL, "conventions": str(file)}, "corpus") == before


def test_the_seed_of_a_mixture_is_that_of_its_components() -> None:
    assert seed_of({**MODEL, "seed": 2}) == 2
    assert seed_of(MODEL) is None
    assert seed_of({"components": {"one": MODEL, "two": {**MODEL, "seed": 3}}}) == 3


def test_a_protocol_is_its_parts_in_any_order() -> None:
    assert protocol_id({"text": "a", "unknown": "b"}) == protocol_id({"unknown": "b", "text": "a"})
    assert protocol_id({"text": "a", "unknown": "b"}) != protocol_id({"text": "a", "unknown": "c"})


def test_a_file_of_the_same_size_and_time_is_another_file(tmp_path: Path) -> None:
    path, new = tmp_path / "model.arpa", tmp_path / "new"
    path.write_text("one")
    before = input_files.content_of(str(path))
    new.write_text("two")
    os.utime(new, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    new.replace(path)
    assert input_files.content_of(str(path)) != before


def test_a_pipe_is_not_read_for_an_identity(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert input_files.content_of(str(tmp_path / "pipe")) == str(tmp_path / "pipe")
    assert input_files.content_of("") == ""


def test_models_that_read_files_say_which() -> None:
    assert input_files.input_files("baselines.ngram.arpa.model.Arpa") == {("path",)}
    assert input_files.programs("baselines.ngram.external.kenlm.KenLM") == {("lmplz",)}


def test_a_program_counts_by_its_content_where_its_path_is_given(tmp_path: Path) -> None:
    kenlm = {"_target_": "baselines.ngram.external.kenlm.KenLM", "name": "kenlm"}
    program = tmp_path / "lmplz"
    program.write_text("one")
    before = run_id({**kenlm, "lmplz": str(program)}, "corpus")
    program.write_text("another")
    assert run_id({**kenlm, "lmplz": str(program)}, "corpus") != before


def test_a_setting_that_was_added_later_does_not_count_while_it_is_off(write: Write) -> None:
    recipe = (
        "from dataclasses import dataclass\nfrom typing import Annotated\n"
        "from benchmark.contract import AddedLater\n\n"
        "@dataclass\nclass Recipe:\n"
        "    old: float = 0.0\n    share: Annotated[float, AddedLater] = 0.0\n"
    )
    write("recipe.py", recipe)
    write(
        "model.py",
        "from homemade.recipe import Recipe\n\nclass Mine:\n    version = 1\n    training: Recipe\n",
    )

    def with_recipe(**settings: object) -> str:
        return run_id({**MODEL, "training": {"old": 1, **settings}}, "corpus")

    before = with_recipe()
    assert with_recipe(share=0) == with_recipe(share=0.0) == with_recipe(share=None) == before
    assert with_recipe(share=0.5) not in (before, with_recipe(share=0.25))
    assert with_recipe(old=0) != with_recipe()
    inside = {"_target_": "elsewhere.Mixture", "components": {"one": {**MODEL, "training": {"share": 0}}}}
    without = {**inside, "components": {"one": {**MODEL, "training": {}}}}
    assert run_id(inside, "corpus") == run_id(without, "corpus")
