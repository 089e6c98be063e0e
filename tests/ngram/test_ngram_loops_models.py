"""Models that are made and asked with loops in machine code are those without them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ngram_texts import NEEDS_LOOPS, Lines, small_texts

from nextword import NgramModel

pytest.importorskip("numba")
pytestmark = [
    NEEDS_LOOPS,
    pytest.mark.filterwarnings("ignore:order"),
    pytest.mark.usefixtures("with_loops"),
]

TEXT = "one two\ntwo three-and-thirty\n\nzwölf <unk> one\n" + 3000 * "two one two\n"
ASKED = ["one two", "zwölf zehn", ""]


def without_loops(path: Path) -> NgramModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEXTWORD_COMPILED", "off")
        return NgramModel.estimate(path, order=2)


def assert_same(one: NgramModel, other: NgramModel) -> None:
    assert one.vocabulary == other.vocabulary
    assert one.scores(ASKED).tobytes() == other.scores(ASKED).tobytes()


PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize(("suffix", "packed"), PACKED.items())
def test_a_packed_text_gives_the_same_model(
    tmp_path: Path, suffix: str, packed: Callable[[bytes], bytes]
) -> None:
    path, plain = tmp_path / f"text{suffix}", tmp_path / "plain"
    path.write_bytes(packed(TEXT.encode()))
    plain.write_text(TEXT, encoding="utf-8")
    assert_same(NgramModel.estimate(path, order=2), without_loops(plain))
    assert_same(without_loops(path), without_loops(plain))


def test_lines_one_after_another_give_the_same_model(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(TEXT, encoding="utf-8")
    model = NgramModel.estimate(iter(TEXT.removesuffix("\n").split("\n")), order=2)
    assert_same(model, without_loops(tmp_path / "plain"))


def test_standard_input_gives_the_same_model(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text(TEXT, encoding="utf-8")
    program = "import sys, nextword; nextword.NgramModel.estimate('-', 2).save(sys.argv[1])"
    done = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "model")], stdin=subprocess.PIPE
    )
    assert done.stdin
    for start in range(0, len(TEXT.encode()), 7000):  # a pipe gives less than is asked for
        done.stdin.write(TEXT.encode()[start : start + 7000])
        done.stdin.flush()
    done.stdin.close()
    assert done.wait() == 0
    assert_same(NgramModel(tmp_path / "model"), without_loops(tmp_path / "plain"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=small_texts, order=st.integers(1, 5), prune=st.sampled_from([(), (0, 1)]))
def test_tables_are_the_same(tmp_path: Path, lines: Lines, order: int, prune: tuple[int, ...]) -> None:
    written = []
    for how in ("auto", "off"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NEXTWORD_COMPILED", how)
            model = NgramModel.estimate(lines, order, prune=prune[:order] if order > 1 else ())
        model.save(tmp_path / how)
        files = sorted((tmp_path / how).glob("*.npy"))
        assert files
        written.append([(file.name, file.read_bytes()) for file in files])
        shutil.rmtree(tmp_path / how)
    assert written[0] == written[1]


INDEX = """
import sys
import nextword
{before}
model = nextword.NgramModel.estimate({lines!r}, order=3)
fast = model.indexed()
assert fast.scores({lines!r}).tobytes() == model.scores({lines!r}).tobytes()
fast.save(sys.argv[1])
assert nextword.NgramModel(sys.argv[1]).nbytes == fast.nbytes > 2 * model.nbytes
assert ("numba" in sys.modules) == {imported}
"""


@pytest.mark.parametrize(
    ("compiled", "before"),
    [
        ("auto", ""),
        ("off", ""),
        # in a container that may write nowhere, numba finds no folder for what it compiles
        ("off", "import numba.core.caching; numba.core.caching.CacheImpl._locator_classes = []"),
    ],
)
def test_an_index_needs_no_numba_where_loops_are_kept(tmp_path: Path, compiled: str, before: str) -> None:
    lines = TEXT.split("\n")[:20]
    program = INDEX.format(before=before, lines=lines, imported=compiled == "off")
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "model")],
        check=True,
        env={**os.environ, "NEXTWORD_COMPILED": compiled},
    )


def test_an_index_has_the_loops_compiled(tmp_path: Path) -> None:
    program = INDEX.format(before="", lines=TEXT.split("\n")[:20], imported=True)
    environment = {**os.environ, "NEXTWORD_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "model")]
    subprocess.run(command, check=True, env=environment)
    assert len(list((tmp_path / "cache" / "loops").iterdir())) == 1
