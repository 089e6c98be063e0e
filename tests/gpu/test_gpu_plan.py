"""A plan is carried out as far as the time goes, and goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic_steps
from synthetic_steps import LASTING, Program, Programs, carried_out, plan_to_kill, started
from waiting import alive, wait_until

from benchmark.errors import UserError
from benchmark.gpu.process import Command, run_limited
from benchmark.gpu.show import problems, terminal_text, write_page
from benchmark.gpu.summary import Summary, open_summary

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes through /proc")


def statuses(summary: Summary) -> dict[str, str]:
    return {part.name: part.status for step in summary.steps for part in step.parts}


def test_steps_run_in_order_and_what_is_finished_is_not_repeated(tmp_path: Path) -> None:
    steps = [
        Programs("one", Program("a", "print(1)", tmp_path), Program("b", "print(2)", tmp_path)),
        Programs("two", Program("c", "print(3)", tmp_path)),
    ]
    summary = carried_out(steps, tmp_path)
    assert started(tmp_path) == ["a", "b", "c"]
    assert [step.status for step in summary.steps] == ["ok", "ok"]
    assert [part.rows[0]["said"] for step in summary.steps for part in step.parts] == ["1", "2", "3"]
    assert (tmp_path / "logs/two-c.log").read_text() == "3\n"
    carried_out(steps, tmp_path)
    assert started(tmp_path) == ["a", "b", "c"]
    latest = carried_out(steps[1:], tmp_path, rerun=True)
    assert started(tmp_path) == ["a", "b", "c", "c"]
    kept = carried_out(steps, tmp_path, seconds=0.0, rerun=True)  # no time to repeat anything
    assert kept == latest


def test_a_part_that_fails_says_why_and_the_others_go_on(tmp_path: Path) -> None:
    wrong = Program(
        "wrong", "print('so far', flush=True); raise SystemExit('the device is on fire')", tmp_path
    )
    steps = [
        Programs("one", wrong, Program("next", "", tmp_path)),
        Programs("two", Program("last", "", tmp_path)),
    ]
    summary = carried_out(steps, tmp_path)
    assert statuses(summary) == {"wrong": "failed", "next": "ok", "last": "ok"}
    assert [step.status for step in summary.steps] == ["failed", "ok"]
    assert problems(summary, ["one", "two"]) == [
        "failed: one, wrong: the device is on fire (log: logs/one-wrong.log)"
    ]
    assert problems(summary, ["two"]) == []
    carried_out(steps, tmp_path)
    assert started(tmp_path) == ["wrong", "next", "last"]  # it would only fail again


def test_results_that_cannot_be_read_are_a_failure_of_that_part_alone(tmp_path: Path) -> None:
    class Unreadable(Program):
        def outcome(self, ended):
            raise KeyError("speed")

    steps = [Programs("one", Unreadable("a", "", tmp_path), Program("b", "", tmp_path))]
    summary = carried_out(steps, tmp_path)
    assert statuses(summary) == {"a": "failed", "b": "ok"}
    assert summary.steps[0].parts[0].reason == "its results cannot be read: KeyError: 'speed'"


@needs_proc
def test_a_part_is_stopped_at_its_limit_with_all_that_it_has_started(tmp_path: Path) -> None:
    endless = Program("endless", LASTING, tmp_path, limit=2.0)
    steps = [Programs("one", endless, limit=2.0), Programs("two", Program("next", "", tmp_path))]
    summary = carried_out(steps, tmp_path)
    assert statuses(summary) == {"endless": "failed", "next": "ok"}
    stopped = summary.steps[0].parts[0]
    assert str(stopped.reason).endswith(" s, its limit")
    assert not alive(int(str(stopped.rows[0]["said"]).split()[0]))


def test_a_command_that_is_stopped_can_record_what_it_has(tmp_path: Path) -> None:
    code = (
        "import time\ntry:\n  print('on', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n  print('kept')"
    )
    ended = run_limited(Command([sys.executable, "-I", "-S", "-c", code]), 4.0, tmp_path / "log")
    assert ended.stopped
    assert ended.output.split() == ["on", "kept"]


@needs_proc
def test_what_the_time_of_the_call_stops_is_repeated_by_the_next(tmp_path: Path) -> None:
    wait = f"import os, time\nwhile not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.02)"
    steps = [
        Programs(
            "one", Program("a", "", tmp_path), Program("b", wait, tmp_path), Program("c", "", tmp_path, 50.0)
        ),
        Programs("two", Program("d", "", tmp_path, least=50.0)),
    ]
    summary = carried_out(steps, tmp_path, seconds=5.0)
    assert statuses(summary) == {"a": "ok", "b": "stopped", "c": "waiting", "d": "waiting"}
    assert [step.status for step in summary.steps] == ["unfinished", "not started"]
    assert problems(summary, ["one", "two"]) == []  # too little time is no failure
    assert "were left): c\n" in terminal_text(summary, steps)
    (tmp_path / "go").touch()
    summary = carried_out(steps, tmp_path)
    assert started(tmp_path) == ["a", "b", "b", "c", "d"]
    assert set(statuses(summary).values()) == {"ok"}


def test_a_part_is_told_how_much_time_it_has(tmp_path: Path) -> None:
    program = "print(seconds)"
    steps = [
        Programs("one", Program("own", program, tmp_path, limit=7.0)),
        Programs("two", Program("of the step", program, tmp_path), limit=9.0),
    ]
    summary = carried_out(steps, tmp_path, seconds=1000.0)
    own, step = (float(str(each.parts[0].rows[0]["said"])) for each in summary.steps)
    assert own == 7.0
    assert 0 < step <= 9.0


def test_no_time_at_all_starts_nothing_and_still_leaves_a_summary(tmp_path: Path) -> None:
    summary = carried_out([Programs("one", Program("a", "", tmp_path))], tmp_path, seconds=0.0)
    assert started(tmp_path) == []
    assert summary.steps[0].status == "not started"
    assert open_summary(tmp_path, "cpu", toy=True) == summary


def test_a_step_that_lacks_something_is_skipped_until_it_is_there(tmp_path: Path) -> None:
    parts = Program("a", "", tmp_path)
    summary = carried_out([Programs("one", parts, lacks="there is no corpus ptb")], tmp_path)
    assert (summary.steps[0].status, summary.steps[0].reason) == ("skipped", "there is no corpus ptb")
    summary = carried_out([Programs("one", parts)], tmp_path)
    assert (summary.steps[0].status, summary.steps[0].reason) == ("ok", None)


def test_a_step_that_cannot_be_prepared_does_not_end_the_plan(tmp_path: Path) -> None:
    class Unprepared(Programs):
        def missing(self):
            raise ImportError("no module")

    steps = [Unprepared("one", Program("a", "", tmp_path)), Programs("two", Program("b", "", tmp_path))]
    summary = carried_out(steps, tmp_path)
    assert [step.status for step in summary.steps] == ["skipped", "ok"]
    assert summary.steps[0].reason == "it cannot be prepared: ImportError: no module"


@needs_proc
def test_a_plan_that_is_killed_leaves_no_process_and_goes_on_later(tmp_path: Path) -> None:
    program = [sys.executable, synthetic_steps.__file__, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    log = tmp_path / "logs" / "second-slow.log"
    with subprocess.Popen(program, env=environment) as plan:
        wait_until(lambda: log.exists() and log.read_text().endswith("\n"))
        grandchild = int(log.read_text())
        plan.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(grandchild))
    summary = open_summary(tmp_path, "cpu", toy=True)
    assert statuses(summary) == {"quick": "ok", "slow": "running", "last": "waiting"}
    assert [step.status for step in summary.steps] == ["ok", "unfinished"]
    (tmp_path / "go").touch()
    summary = carried_out(plan_to_kill(tmp_path), tmp_path)
    assert started(tmp_path) == ["quick", "slow", "slow", "last"]
    assert set(statuses(summary).values()) == {"ok"}


def test_the_page_shows_steps_figures_and_reasons(tmp_path: Path) -> None:
    steps = [
        Programs("one", Program("a", "print('1|2')", tmp_path)),
        Programs("two", Program("b", "raise SystemExit('no <device>')", tmp_path)),
        Programs("three", Program("c", "", tmp_path), lacks="there is no corpus"),
    ]
    summary = carried_out(steps, tmp_path)
    write_page(summary, steps, tmp_path)
    page = (tmp_path / "gpu.md").read_text()
    assert "| one | ok |" in page
    assert r"1\|2 |" in page
    assert "- b: failed: no &lt;device&gt;" in page
    assert "- skipped: there is no corpus" in page
    assert "toy size" in page
    assert str(tmp_path) not in page


def test_a_folder_holds_one_kind_of_plan(tmp_path: Path) -> None:
    Summary(device="cpu", toy=True).save(tmp_path)
    with pytest.raises(UserError, match="holds a plan of toy size on cpu; give --results-dir another folder"):
        open_summary(tmp_path, "cuda", toy=False)
    (tmp_path / "gpu.json").write_text('{"device": 3}')
    with pytest.raises(UserError, match="is not a summary of nextword gpu"):
        open_summary(tmp_path, "cuda", toy=False)
