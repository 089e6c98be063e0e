"""A report that is cut off while it is written, and one written elsewhere: the same bytes or the old ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import warm_processes
from synthetic_runs import PTB, config, finished, write_run, write_suite

from benchmark.errors import UserError
from benchmark.report import build_report
from benchmark.report.atomic_output import atomic_output

#: Builds a report after the lines that are given first.
REPORT = """
import os, resource, signal, sys
from pathlib import Path
def say(line): pass
{first}
from benchmark.report import build_report
build_report(Path(sys.argv[1]), Path(sys.argv[2]), say)
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def reporting(results: Path, out: Path, first: str) -> subprocess.CompletedProcess:
    code = REPORT.format(first=first)
    return warm_processes.run(["-c", code, str(results), str(out)], cwd=Path.cwd(), env=os.environ)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A small results folder, its report, and the contents of that before a third run came."""
    folder = tmp_path_factory.mktemp("small")
    for model, family, ppl in (("kn", "count", 141.2), ("lstm", "neural", 120.0)):
        record = finished(PTB, model, model, family, (ppl, 10.0, 60.0, 5e4))
        write_run(folder, record, config_yaml=config(model))
    build_report(folder, folder / "report", lambda line: None)
    before = contents(folder / "report")
    record = finished(PTB, "gru", "gru", "neural", (125.0, 10.0, 60.0, 5e4))
    write_run(folder, record, config_yaml=config("gru"))
    return folder, before


@pytest.fixture
def report(earlier, tmp_path):
    """A copy of the earlier report that may be overwritten."""
    folder, _ = earlier
    shutil.copytree(folder / "report", tmp_path / "report")
    return tmp_path / "report"


@pytest.mark.parametrize(
    "first",
    [
        f"def say(line):\n    'figures drawn' in line and {KILL}",
        f"import benchmark.report.write as w\nw.page = lambda *a: {KILL}",
        f"import benchmark.report.atomic_output as a\na._publish = lambda *a: {KILL}",
    ],
    ids=["drawing", "writing", "written"],
)
def test_a_killed_report_leaves_the_earlier_one_whole(earlier, report, first):
    folder, before = earlier
    assert reporting(folder, report, first).returncode == -signal.SIGKILL
    left = {name: data for name, data in contents(report).items() if not name.startswith(".new.")}
    assert left == before


def test_killed_while_files_take_their_places_the_page_is_one_of_the_two_and_the_next_report_whole(
    earlier, report, tmp_path
):
    folder, before = earlier
    first = f"""
places = []
real = Path.replace
def replace(self, target):
    places.append(target)
    if len(places) == 9: {KILL}
    return real(self, target)
Path.replace = replace"""
    assert reporting(folder, report, first).returncode == -signal.SIGKILL
    assert contents(report) != before
    build_report(folder, tmp_path / "fresh", lambda line: None)
    fresh = contents(tmp_path / "fresh")
    assert (report / "index.html").read_bytes() in (before["index.html"], fresh["index.html"])
    build_report(folder, report, lambda line: None)
    assert contents(report) == fresh


def test_a_full_disk_is_one_clear_line_and_leaves_the_earlier_report_whole(earlier, report):
    folder, before = earlier
    done = reporting(folder, report, "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))")
    assert done.returncode == 1
    assert "UserError: cannot write" in done.stderr.splitlines()[-1]
    assert contents(report) == before


def test_what_is_being_written_elsewhere_is_left_alone(tmp_path):
    with atomic_output(tmp_path) as first:
        (first / "a").write_text("1")
        with atomic_output(tmp_path) as second:
            (second / "b").write_text("2")
        assert (first / "a").exists()
    files = contents(tmp_path)
    files.pop("files.json")
    assert files == {"a": b"1", "b": b"2"}


def write_tables(out: Path, *names: str) -> None:
    with atomic_output(out) as new:
        (new / "tables").mkdir()
        for name in names:
            (new / "tables" / name).write_text("new")


def test_files_of_others_stay(tmp_path):
    """Those beside a report's, of the same kinds, too; what an earlier report wrote goes."""
    (tmp_path / "tables").mkdir()
    for name in ("tables/mine.csv", "tables/notes.txt", "mine.html"):
        (tmp_path / name).write_text("")
    write_tables(tmp_path, "old.csv", "both.csv")
    write_tables(tmp_path, "new.csv", "both.csv")
    names = sorted(contents(tmp_path))
    assert names == [
        "files.json",
        "mine.html",
        "tables/both.csv",
        "tables/mine.csv",
        "tables/new.csv",
        "tables/notes.txt",
    ]


@pytest.mark.parametrize("name", ["index.html", "report.md"])
def test_a_file_of_somebody_else_is_not_replaced(earlier, tmp_path, name):
    folder, _ = earlier
    (tmp_path / name).write_text("my thesis")
    with pytest.raises(UserError, match=f"{name} is there already, and is not of an earlier report"):
        build_report(folder, tmp_path, lambda line: None)
    assert contents(tmp_path) == {name: b"my thesis"}
    (tmp_path / name).unlink()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "comparison.csv").write_text("mine")
    with pytest.raises(UserError, match=r"comparison\.csv is there already"):
        build_report(folder, tmp_path, lambda line: None)
    assert contents(tmp_path) == {"tables/comparison.csv": b"mine"}


def test_a_report_from_before_there_were_lists_is_replaced(earlier, report):
    folder, before = earlier
    (report / "files.json").unlink()
    (report / "figures" / "of_a_model_that_is_gone.svg").write_text("")
    (report / "figures" / "notes.txt").write_text("mine")
    build_report(folder, report, lambda line: None)
    assert contents(report).keys() == before.keys() | {"figures/notes.txt"}


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "tables/../../outside", "", "."])
def test_a_list_names_nothing_outside_of_the_folder(tmp_path, name):
    (tmp_path / "outside").write_text("kept")
    out = tmp_path / "out"
    out.mkdir()
    (out / "files.json").write_text(json.dumps({"files": [name, 7, "tables/old.csv"]}))
    (out / "tables").mkdir()
    (out / "tables" / "old.csv").write_text("")
    write_tables(out, "new.csv")
    assert sorted(contents(tmp_path)) == ["out/files.json", "out/tables/new.csv", "outside"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*file"), atomic_output(tmp_path / "file"):
        pass


ELSEWHERE = """
import locale, time
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
scandir = os.scandir
class Listing:
    def __init__(self, entries):
        self.entries = iter(entries)
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.entries)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
def backwards(path="."):
    with scandir(path) as found:
        return Listing(sorted(found, key=lambda entry: entry.name, reverse=True))
os.scandir = backwards
locale.setlocale(locale.LC_ALL, "")
"""


def test_neither_place_hashes_listing_order_time_zone_locale_nor_cores_change_a_byte(built, tmp_path):
    write_suite(tmp_path / "elsewhere")
    environment = {"PYTHONHASHSEED": "1234", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = subprocess.run(  # a fresh process: hashes and encodings are chosen as Python starts
        [sys.executable, "-c", REPORT.format(first=ELSEWHERE), tmp_path / "elsewhere", tmp_path / "out"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(built)
