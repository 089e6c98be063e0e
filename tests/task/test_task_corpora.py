"""Corpora with labels: their formats, their splits, and what is said of a faulty one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from task_cases import MIRROR, TAGGED, needs_mirror, opened, settings, silent

from benchmark.errors import UserError
from benchmark.settings import choices, conf_files
from benchmark.task.dataset import dataset_fingerprint, open_dataset
from benchmark.task.items import copied_share, inputs_of

#: A published result by a measure that tagging does not have.
CITED = {"model": "a", "source": "b", "protocol": "c", "measure": "span_f1", "value": 1}
SPLITS = {"train": TAGGED * 3, "valid": TAGGED, "test": TAGGED}


def options_of(name: str) -> dict[str, Any]:
    options: Any = OmegaConf.to_container(OmegaConf.load(conf_files("corpus")[name]), resolve=False)
    return options


LABELLED = [name for name in choices("corpus") if "task" in options_of(name)]


def one_split(folder: Path, content: str, **more: Any) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The training items of a corpus whose three splits are the same text."""
    dataset = opened(settings(folder, dict.fromkeys(SPLITS, content), **more), folder)
    return [(item.input.tokens, item.target) for item in dataset.train]


def test_columns_are_tokens_tags_that_are_given_and_targets(tmp_path: Path) -> None:
    text = "the DT B-NP\ncat NN I-NP\n\n\nsees VB B-VP\n"
    columns = {"token": 0, "given": 1, "target": 2}
    dataset = opened(
        settings(tmp_path, dict.fromkeys(SPLITS, text), columns=columns, task="chunking"), tmp_path
    )
    first, second = dataset.train
    assert (first.input.tokens, first.input.given) == (("the", "cat"), ("DT", "NN"))
    assert first.target == ("B-NP", "I-NP")
    assert second.target == ("B-VP",)


def test_of_trees_the_words_and_their_tags_are_taken(tmp_path: Path) -> None:
    tree = "( (S (NP (DT the) (NN cat)) (VP (VBZ sees) (NP (-NONE- *)))\n (. .)))\n((X (NN dog)))\n"
    found = one_split(tmp_path, tree, format="trees")
    assert found == [(("the", "cat", "sees", "."), ("DT", "NN", "VBZ", ".")), (("dog",), ("NN",))]


def test_a_class_is_named_by_the_line_the_file_or_the_folder(tmp_path: Path) -> None:
    questions = "DESC:manner How so ?\n\nNUM:date When ?\n"
    of_line = {"task": "classification", "format": "class_first"}
    assert one_split(tmp_path, questions, **of_line) == [
        (("How", "so", "?"), ("DESC",)),
        (("When", "?"), ("NUM",)),
    ]
    fine = {"task": "classification", "format": "fine_class_first"}
    assert one_split(tmp_path, questions, **fine)[0][1] == ("DESC:manner",)
    for name in ("a.neg", "b.pos"):
        (tmp_path / name).write_text("good film\n")
    options = {
        "name": "mine",
        "task": "classification",
        "format": "class_by_file",
        "classes": {".neg": "against", ".pos": "for"},
        **{part: [str(tmp_path / "a.neg"), str(tmp_path / "b.pos")] for part in SPLITS},
    }
    assert [item.target for item in opened(options, tmp_path).test] == [("against",), ("for",)]
    for name in ("pos", "neg"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text("good film\nindeed\n")
    options |= {"format": "class_by_folder", "classes": {}}
    options |= {part: [str(tmp_path / "neg" / "*.txt"), str(tmp_path / "pos" / "*.txt")] for part in SPLITS}
    assert [item.target for item in opened(options, tmp_path).test] == [("neg",), ("pos",)]


def test_pronunciations_lose_their_stress_and_know_each_other(tmp_path: Path) -> None:
    text = "read R IY1 D # now\nread(2) R EH1 D # then\nread(3) R EH0 D\ntwo T UW1\n;;; remark\n"
    spoken = {"task": "transduction", "format": "pronunciations"}
    dataset = opened(settings(tmp_path, dict.fromkeys(SPLITS, text), **spoken), tmp_path)
    both = (("R", "IY", "D"), ("R", "EH", "D"))
    assert [(item.target, item.right) for item in dataset.train[:2]] == [(each, both) for each in both]
    assert [item.input.tokens for item in dataset.test] == [
        tuple("read"),
        tuple("two"),
    ]


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=20, max_size=60),
    st.sampled_from([[0.8, 0.1, 0.1], [0.5, 0.25, 0.25]]),
)
def test_no_input_is_in_two_splits_and_none_is_lost(tmp_path_factory, words, split) -> None:
    folder = tmp_path_factory.mktemp("split")
    words += list("ijklmnopqrst")
    text = "".join(f"{word} {'XY'[place % 2]}\n\n" for place, word in enumerate(words))
    options = settings(folder, {"text": text}, split=split)
    dataset = opened(options, folder)
    parts = [
        {each.tokens for each in inputs_of(items)} for items in (dataset.train, dataset.valid, dataset.test)
    ]
    assert sum(map(len, parts)) == len(set(words))
    assert len(dataset.train) + len(dataset.valid) + len(dataset.test) == len(words)


def test_a_share_of_the_training_items_comes_from_all_of_them(tmp_path: Path) -> None:
    text = "".join(f"w{number} {'AB'[number // 50]}\n\n" for number in range(100))
    dataset = opened(settings(tmp_path, dict.fromkeys(SPLITS, text), train_share=0.1), tmp_path)
    assert len(dataset.train) == 10
    assert sum(item.target == ("A",) for item in dataset.train) == 5
    assert len(dataset.test) == 100


def test_a_share_with_one_label_is_refused(tmp_path: Path) -> None:
    more = {"task": "classification", "format": "class_first", "train_share": 0.01}
    options = settings(tmp_path, dict.fromkeys(SPLITS, "A one\nB two\n"), **more)
    with pytest.raises(UserError, match=r"corpus\.train_share=0\.01 leaves items of one label"):
        opened(options, tmp_path)


def test_the_fingerprint_is_that_of_content_and_reading(tmp_path: Path) -> None:
    def found(**more: Any) -> str:
        options = settings(tmp_path, {**SPLITS, **texts}, **more)
        return dataset_fingerprint(options, corpora_dir=None, cache_dir=tmp_path, say=silent)

    texts: dict[str, str] = {}
    before = found()
    assert found(title="Another title") == before
    assert found(columns={"token": 1, "target": 0}) != before
    texts = {"test": TAGGED + TAGGED}
    assert found() != before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "tagged"}, "corpus.task='tagged': there is no such task. Did you mean 'tagging'?"),
        ({"format": "column"}, "corpus.format='column' is not usable: take one of columns, trees"),
        ({"columns": {"token": 0, "target": 1, "gift": 2}}, "corpus.columns.gift: there is no such column"),
        ({"columns": {"token": 0, "target": -1}}, "corpus.columns.target=-1 is not usable"),
        (
            {"columns": {"token": 0}},
            "corpus.columns is missing: give the columns of the token",
        ),
        (
            {"columns": {"token": 0, "target": 2}},
            "train.txt, line 1: has 2 columns, and corpus.columns.target=2 is",
        ),
        ({"encoding": "ascii"}, "as ascii ("),
        ({"encoding": "latin-9-1"}, "set corpus.encoding"),
        ({"train_share": 0}, "corpus.train_share=0 is not usable"),
        ({"train_share": float("nan")}, "corpus.train_share=nan is not usable: input should be a finite"),
        ({"split": [float("nan"), 0.1, 0.1]}, "corpus.split.0=nan is not usable: input should be a finite"),
        ({"train_share": "half"}, "corpus.train_share='half' is not usable"),
        ({"valid": None}, "corpus.valid is missing: name its files, or give corpus.text and corpus.split"),
        ({"expect": {"train": 5}}, "corpus.expect.train is 5, but mine has 6"),
        ({"tokens": "words"}, "corpus.tokens: there is no such setting"),
        (
            {"published": [{"model": "a", "source": "b", "protocol": "c", "measure": "f1", "value": 1}]},
            "no measure",
        ),
        ({"format": "class_by_file", "task": "classification"}, "corpus.classes is missing"),
        ({"name": "../mine"}, "corpus.name='../mine' is not usable"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_it(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    texts = SPLITS | ({"train": "café D\n\n" + TAGGED} if "encoding" in change else {})
    options = {**settings(tmp_path, texts), **change}
    with pytest.raises(UserError) as caught:
        opened(options, tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("format", "text", "said"),
    [
        ("trees", "((S (NN cat))\n(S (NN dog)", "train.txt, line 1: the brackets of the tree do not match"),
        ("trees", "(S (NN cat))\n)\n(S (NN dog))", "the brackets of the tree do not match"),
        (
            "columns",
            "cat N\ndog\n",
            "train.txt, line 2: has 1 column, and corpus.columns.target=1 is asked for (they count from 0)",
        ),
        ("class_first", "DESC How ?\nNUM\n", "train.txt, line 2: a class, 'NUM', without a text"),
        ("pronunciations", "two T UW1\nthree\n", "train.txt, line 2: the word 'three' has no phonemes"),
        ("columns", "", "its train split has no items"),
        ("columns", "cat N\n\ndog N\n", "its training items have one label, 'N'; there is nothing to learn"),
    ],
)
def test_a_faulty_file_is_one_line_that_names_the_place(
    format: str, text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        opened(settings(tmp_path, {**SPLITS, "train": text}, format=format), tmp_path)
    assert said in str(caught.value)


@needs_mirror
@pytest.mark.parametrize("name", LABELLED)
def test_a_corpus_of_the_suite_has_what_its_file_says(name: str, tmp_path: Path) -> None:
    """The counts of `expect` are checked as it is opened."""
    assert MIRROR
    options = options_of(name)
    assert options["expect"]
    try:
        dataset = open_dataset(options, corpora_dir=Path(MIRROR), cache_dir=tmp_path, say=silent)
    except UserError as error:
        pytest.skip(str(error)) if "pip install" in str(error) else pytest.fail(str(error))
    if options.get("text") and not options.get("test"):  # a split of our own
        assert copied_share(dataset.test, dataset.train) <= (0.01 if name == "treebank" else 0)
