"""`model=scores` on small texts: numbers by hand, every format, and files that do not fit."""

from __future__ import annotations

import bz2
import gzip
import lzma
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from baselines.scores.model import Scores
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.errors import NeedsSetting, UserError
from benchmark.storage.compact_scores import write_compact

# N = 6 tokens of training text, V = 4 tokens in the vocabulary
VOCABULARY = Vocabulary(("a", "</s>", "b", "<unk>"), np.array([3, 2, 1, 0]))


def text(words: str, vocabulary: Vocabulary = VOCABULARY) -> TokenStream:
    """Words with spaces between them as a stream."""
    return TokenStream.from_ids(vocabulary.encode(words.split()).astype(np.uint16), vocabulary)


TRAIN, VALID, TEST = text("a b </s> a a </s>"), text("a b </s>"), text("b </s> a b </s>")
VALID_P, TEST_P = [0.5, 0.25, 0.5], [0.125, 0.5, 0.25, 1.0, 0.5]


def written(folder: Path, valid: str, test: str) -> dict[str, Any]:
    """The settings of two texts, which are written."""
    (folder / "valid.txt").write_text(valid, encoding="utf-8")
    (folder / "test.txt").write_text(test, encoding="utf-8")
    return {"valid": str(folder / "valid.txt"), "test": str(folder / "test.txt")}


def lines(numbers: list[float]) -> str:
    return "".join(f"{number}\n" for number in numbers)


def read(**settings: Any) -> Scores:
    """The model that reads these files, matched with the two texts and fitted."""
    model = Scores(**{"scale": "probability", "kind": "neural", **settings})
    model.match(VALID, TEST)
    model.fit(TRAIN, VALID, RunLog())
    return model


@pytest.mark.parametrize(
    ("scale", "of"),
    [
        ("probability", lambda p: p),
        ("ln", math.log),
        ("log2", math.log2),
        ("log10", math.log10),
        ("loss", lambda p: -math.log(p)),
        ("bits", lambda p: -math.log2(p)),
    ],
)
def test_a_number_is_what_the_scale_says(tmp_path: Path, scale: str, of: Callable[[float], float]) -> None:
    files = written(tmp_path, lines([of(p) for p in VALID_P]), lines([of(p) for p in TEST_P]))
    model = read(**files, scale=scale)
    assert model.log_probs(TEST) == pytest.approx(np.log(TEST_P), rel=1e-6)
    assert model.log_probs(VALID) == pytest.approx(np.log(VALID_P), rel=1e-6)
    assert model.log_probs(TEST).dtype == np.float32
    assert model.log_probs(TEST.head(2)) == pytest.approx(np.log(TEST_P[:2]), rel=1e-6)


def test_a_probability_of_zero_is_minus_infinity(tmp_path: Path) -> None:
    model = read(**written(tmp_path, lines(VALID_P), lines([0.0, *TEST_P[1:]])))
    assert model.log_probs(TEST)[0] == -np.inf


def as_array(path: Path, values: np.ndarray) -> Path:
    np.save(path.with_suffix(".npy"), values)
    return path.with_suffix(".npy")


def as_tensor(path: Path, values: np.ndarray) -> Path:
    save_file({"anything": values}, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def as_named_tensor(path: Path, values: np.ndarray) -> Path:
    save_file({"scores": values, "other": values[:1]}, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def as_compact(path: Path, values: np.ndarray) -> Path:
    write_compact(path.with_suffix(".npz"), values)
    return path.with_suffix(".npz")


def packed(pack: Callable[[bytes], bytes]) -> Callable[[Path, np.ndarray], Path]:
    """A text whose name does not say how it is packed; it begins with a byte-order mark, as on Windows."""

    def write(path: Path, values: np.ndarray) -> Path:
        path.write_bytes(pack(("\ufeff" + "\r\n".join(map(str, values.tolist()))).encode()))
        return path

    return write


@pytest.mark.parametrize(
    "write",
    [as_array, as_tensor, as_named_tensor, as_compact]
    + [packed(pack) for pack in (bytes, gzip.compress, bz2.compress, lzma.compress)],
)
def test_every_format_holds_the_same_numbers(
    tmp_path: Path, write: Callable[[Path, np.ndarray], Path]
) -> None:
    files = {
        name: str(write(tmp_path / name, np.log(np.array(p, dtype=np.float32))))
        for name, p in (("valid", VALID_P), ("test", TEST_P))
    }
    model = read(**files, scale="ln")
    assert model.log_probs(TEST) == pytest.approx(np.log(TEST_P), abs=1 / 500)  # compact ones are rounded
    assert model.log_probs(VALID) == pytest.approx(np.log(VALID_P), abs=1 / 500)


@pytest.mark.parametrize(
    ("tokens", "test"),
    [
        ("after", "0.125 b\n0.5\t</s>\n0.25   a\n1.0 b\n0.5 </s>\n"),
        ("before", "b 0.125\n</s>\t0.5\na   0.25\nb 1.0\n</s> 0.5\n"),
    ],
)
def test_tokens_may_stand_beside_the_numbers(tmp_path: Path, tokens: str, test: str) -> None:
    line = "{p} {t}\n" if tokens == "after" else "{t} {p}\n"
    valid = "".join(line.format(p=p, t=t) for p, t in zip(VALID_P, ["a", "b", "</s>"], strict=True))
    model = read(**written(tmp_path, valid, test), tokens=tokens)
    assert model.log_probs(TEST) == pytest.approx(np.log(TEST_P), rel=1e-6)


def test_words_that_the_vocabulary_lacks_are_unknown_ones_and_ends_may_have_another_name(
    tmp_path: Path,
) -> None:
    files = written(tmp_path, lines(VALID_P), lines([0.5, 0.25, 0.125]))
    (tmp_path / "v.txt").write_text("a\nb\n<eos>\n")
    (tmp_path / "t.txt").write_text("zebra\na\n<eos>\n")
    model = Scores(
        scale="probability",
        kind="neural",
        **files,
        valid_tokens=str(tmp_path / "v.txt"),
        test_tokens=str(tmp_path / "t.txt"),
        end="<eos>",
    )
    test = text("zebra a </s>")
    model.match(VALID, test)
    assert model.log_probs(test) == pytest.approx(np.log([0.5, 0.25, 0.125]), rel=1e-6)


# q(w) = (c(w) + 1) / (N + V): a 0.4, </s> 0.3, b 0.2, <unk> 0.1
@pytest.mark.parametrize(
    ("gaps", "valid", "test", "expected"),
    [
        ({"missing_first": "text"}, VALID_P[1:], TEST_P[1:], [0.2, *TEST_P[1:]]),
        ({"missing_first": "lines"}, VALID_P[1:], [0.5, 1.0, 0.5], [0.2, 0.5, 0.4, 1.0, 0.5]),
        ({"missing_ends": True}, VALID_P[:2], [0.125, 0.25, 1.0], [0.0875, 0.3, 0.175, 0.7, 0.3]),
        (
            {"missing_first": "text", "missing_ends": True},
            VALID_P[1:2],
            [0.25, 1.0],
            [0.2, 0.3, 0.175, 0.7, 0.3],
        ),
    ],
)
def test_what_a_file_leaves_out_costs_its_frequency(
    tmp_path: Path, gaps: dict[str, Any], valid: list[float], test: list[float], expected: list[float]
) -> None:
    model = read(**written(tmp_path, lines(valid), lines(test)), **gaps)
    assert np.exp(model.log_probs(TEST)) == pytest.approx(expected, rel=1e-6)
    assert model.notes
    assert f"{len(TEST) - len(test)} of 5 test targets have no score" in model.notes[0]


def test_words_without_ends_stay_a_distribution(tmp_path: Path) -> None:
    """Over all tokens, the scores of a model that is one over the words sum to one."""
    p = {"a": 0.5, "b": 0.3, "<unk>": 0.2}
    total = 0.0
    for word in [*p, "</s>"]:
        test = text(word)
        model = Scores(
            scale="probability",
            kind="neural",
            missing_ends=True,
            **written(tmp_path, lines(VALID_P[:2]), lines([p[word]] if word in p else [])),
        )
        model.match(VALID, test)
        total += float(np.exp(model.log_probs(test)[0]))
    assert total == pytest.approx(1, abs=1e-6)


TOKENS = "0.125 b\n0.5 </s>\n0.25 a\n1.0 b\n0.5 </s>\n"


@pytest.mark.parametrize(
    ("test", "settings", "says"),
    [
        (lines(TEST_P[1:]), {}, r"has 4 scores for 5 targets; with model.missing_first=text it would fit$"),
        (lines([0.1, 0.2, 0.3]), {}, r"has 3 scores for 5 targets; with model.missing_first=lines"),
        (lines([0.1, 0.2]), {}, r"has 2 .* with model.missing_first=text model.missing_ends=true"),
        (lines([*TEST_P, 1.0]), {}, "has more than 5 scores for 5 targets$"),
        (lines([*TEST_P, 1.0, 1.0]), {}, "has more than 5 scores for 5 targets$"),
        (
            lines(TEST_P),
            {"missing_first": "text"},
            "for 4 targets; with model.missing_first=none it would fit$",
        ),
        ("", {}, "has 0 scores for 5 targets$"),
        (lines([-1.0, *TEST_P[1:]]), {}, r"test.txt, line 1: -1 cannot be p .* 1 of 5 numbers cannot$"),
        (lines([-1.0] * 5), {}, "5 of 5 numbers cannot; they may be logarithms: ln, log2 or log10"),
        (lines(TEST_P), {"scale": "ln"}, r"line 1: 0.125 cannot be p with model.scale=ln; 5 of 5 .*=prob"),
        (lines([4.5] * 5), {"scale": "log2"}, "they may be losses: loss for −ln p, bits for −log2 p"),
        (lines([0.5, 0.5, math.nan, 0.5, 0.5]), {}, "line 3: nan cannot be p"),
        ("0.5\n0.5\nmuch\n", {}, "line 3: it holds 'much' instead of a number alone"),
        ("0.5\n\n0.5\n", {}, "line 2: it holds '' instead of a number alone"),
        ("1_0\n", {}, "line 1: it holds '1_0' instead of a number"),
        (
            TOKENS,
            {},
            "line 1: it holds '0.125 b' instead of a number alone; with a token .* model.tokens=before or",
        ),
        (lines(TEST_P), {"tokens": "after"}, "line 1: it holds '0.125' instead of a number and then a token"),
        (TOKENS, {"tokens": "before"}, "line 1: it holds '0.125 b' instead of a token and then a number"),
        (
            TOKENS.replace("0.25 a", "0.25 b"),
            {"tokens": "after"},
            "line 3: the token 'b' stands where the text has 'a', its target 3; 1 of 5 tokens differ$",
        ),
        (
            TOKENS.partition("\n")[2],
            {"tokens": "after"},
            "line 1: the token '</s>' stands where the text has 'b', its target 1; 4 of 4 tokens differ; "
            "with model.missing_first=text it would fit$",
        ),
        (
            TOKENS.replace("</s>", "<eos>"),
            {"tokens": "after"},
            "; model.end='<eos>' tells what",
        ),
        (lines(TEST_P), {"test_tokens": "valid.txt"}, "valid.txt has 3 tokens or more for the 5 scores in"),
        (lines(TEST_P), {"test": "nowhere"}, "model.test: cannot read nowhere: there is no such file"),
        (lines(TEST_P), {"test": "."}, "model.test: cannot read .: it is no regular file"),
        ("x" * 70_000, {}, "line 1: it has no end in 65,536 bytes"),
    ],
)
def test_a_file_that_does_not_fit_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: str, settings: dict[str, Any], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    scale = settings.get("scale", "probability")
    valid = {
        "probability": lines(VALID_P),
        "ln": lines([-1.0] * len(VALID_P)),
        "log2": lines([-1.0] * len(VALID_P)),
    }[scale]
    if settings.get("tokens") == "after":
        valid = "0.5 a\n0.25 b\n0.5 </s>\n"
    if settings.get("tokens") == "before":
        valid = "a 0.5\nb 0.25\n</s> 0.5\n"
    if "missing_first" in settings:
        valid = lines(VALID_P[1:])
    with pytest.raises(UserError, match=says) as error:
        read(**{**written(tmp_path, valid, test), **settings})
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("model.test: ")


def test_odd_arrays_are_one_clear_line(tmp_path: Path) -> None:
    valid = str(as_array(tmp_path / "valid", np.array(VALID_P)))
    files: dict[str, tuple[Callable[[Path], object], str]] = {
        "two.npy": (
            lambda path: np.save(path, np.zeros((5, 2))),
            r"holds float64 \[5, 2\]; one floating-point",
        ),
        "whole.npy": (lambda path: np.save(path, np.zeros(5, int)), r"holds int64 \[5\]; one floating-point"),
        "objects.npy": (lambda path: np.save(path, np.array([{}] * 5), allow_pickle=True), "allow_pickle"),
        "cut.npy": (lambda path: path.write_bytes(b"\x93NUMPY\x01\x00"), "cannot read"),
        "names.safetensors": (
            lambda path: save_file({"a": np.zeros(5), "b": np.zeros(5)}, path),
            "holds the tensors a, b: keep one, or call that of the scores 'scores'",
        ),
        "text.safetensors": (lambda path: path.write_text("0.5\n"), "is no safetensors file"),
        "other.npz": (lambda path: np.savez(path, x=np.zeros(5)), "is damaged"),
        "ours.npz": (
            lambda path: write_compact(path, np.log(TEST_P)),
            "model.scale=probability does not fit",
        ),
        "cut.gz": (
            lambda path: path.write_bytes(gzip.compress(lines(TEST_P).encode())[:-12]),
            "cannot be unpacked to its end",
        ),
        "bytes.txt": (
            lambda path: path.write_bytes(b"0.5\n\xff\xfe\n"),
            "line 2: it is not UTF-8; scores are",
        ),
    }
    for name, (write, says) in files.items():
        write(tmp_path / name)
        with pytest.raises(UserError, match=says) as error:
            read(valid=valid, test=str(tmp_path / name))
        assert name in str(error.value)


@pytest.mark.parametrize("missing", ["valid", "test", "scale", "kind"])
def test_what_must_be_said_is_asked_for(missing: str) -> None:
    settings = {"valid": "v", "test": "t", "scale": "ln", "kind": "count", missing: None}
    with pytest.raises(NeedsSetting, match=f"model.{missing} is missing: needs"):
        Scores(**settings)


def test_times_need_a_machine_and_tokens_one_place(tmp_path: Path) -> None:
    files = {"valid": "v", "test": "t", "scale": "ln", "kind": "count"}
    with pytest.raises(UserError, match=r"model\.machine is missing"):
        Scores(**files, train_seconds=3.0)
    with pytest.raises(UserError, match=r"model\.tokens=after does not fit files of tokens"):
        Scores(**files, tokens="after", test_tokens="w")


def test_no_other_text_has_scores(tmp_path: Path) -> None:
    model = read(**written(tmp_path, lines(VALID_P), lines(TEST_P)))
    for other in (text("b b"), TRAIN):
        with pytest.raises(UserError, match="there are no scores of this text"):
            model.log_probs(other)
    with pytest.raises(UserError, match="this model has no distribution"):
        model.next_log_probs([np.array([0])])
    words = Vocabulary(("a",), np.array([3]))
    endless = text("a a", words)
    ends = Scores(
        scale="probability", kind="count", missing_ends=True, **written(tmp_path, "0.5\n0.5\n", "0.5\n0.5\n")
    )
    with pytest.raises(UserError, match="this corpus has no </s> among its targets"):
        ends.match(endless, endless)


def test_two_texts_that_are_alike_need_scores_that_are(tmp_path: Path) -> None:
    model = Scores(scale="probability", kind="count", **written(tmp_path, lines(VALID_P), lines([0.1] * 3)))
    model.match(VALID, VALID)
    with pytest.raises(UserError, match="the validation and the test text are the same"):
        model.log_probs(VALID)


def test_a_saved_model_scores_the_same_without_its_files(tmp_path: Path) -> None:
    files = written(tmp_path, lines(VALID_P[1:]), lines(TEST_P[1:]))
    model = read(**files, missing_first="text", parameters=7)
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    for path in files.values():
        Path(path).unlink()
    again = Scores.load(tmp_path / "saved", VOCABULARY)
    for text in (VALID, TEST):
        assert np.array_equal(again.log_probs(text), model.log_probs(text))
    assert (again.size(), again.notes, again.scores_only) == (model.size(), model.notes, model.scores_only)
