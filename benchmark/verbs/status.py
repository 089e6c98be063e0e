"""`nextword status`: what is finished, failed or missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmark.job import Job, run_title
from benchmark.record.folder import RESULT, read_result, read_runs

HELP = """\
nextword status                            every run folder
nextword status +sweep=NAME [KEY=VALUE]    the runs of a sweep, those not yet made among them
nextword status -m [KEY=V1,V2 ...]         likewise of a multirun
"""


def main(arguments: list[str]) -> int:
    if "-h" in arguments or "--help" in arguments:
        print(HELP, end="")
        return 0
    folders = [a.partition("=")[2] for a in arguments if a.startswith("results_dir=")]
    others = [a for a in arguments if not a.startswith("results_dir=")]
    rows = _of_jobs(arguments) if others else _of_folders(Path(folders[-1] if folders else "results"))
    if not rows:
        print("no runs yet; make one: nextword run corpus=sotu_small")
        return 0
    width = max(len(title) for _, title, _ in rows)
    for status, title, note in rows:
        print(f"{status:<9} {title:{width}}  {note}".rstrip())
    counts = Counter(status for status, _, _ in rows)
    print(
        f"{len(rows)} runs: " + ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    )
    return 0


def _of_jobs(arguments: list[str]) -> list[tuple[str, str, str]]:
    from benchmark.sweep.compose import collect
    from benchmark.sweep.launch import locate

    jobs = collect(arguments)
    placed, problems = locate(jobs, say=print)
    rows: dict[Job, tuple[str, str, str]] = {
        job: ("missing", job.title, outcome.reason or "") for job, outcome in problems.items()
    }
    for place in placed:
        result = read_result(place.folder)
        if result is None:
            rows[place.job] = ("cut off" if place.folder.exists() else "missing", place.job.title, "")
        else:
            rows[place.job] = (str(result.get("status")), place.job.title, _note(result, place.folder))
    return [rows[job] for job in jobs]


def _of_folders(results_dir: Path) -> list[tuple[str, str, str]]:
    rows = []
    for run in read_runs(results_dir):
        found = run.result
        title = run_title(
            found.get("label", run.folder.parent.name),
            found.get("corpus", "?"),
            found.get("seed"),
            found.get("train_share", 1),
        )
        rows.append((str(run.result.get("status")), title, _note(run.result, run.folder)))
    for folder in sorted((results_dir / "runs").glob("*/*/*")):
        if folder.is_dir() and not (folder / RESULT).exists():
            rows.append(("cut off", f"{folder.parent.name} on {folder.parents[1].name}", str(folder)))
    return rows


def _note(result: dict[str, object], folder: Path) -> str:
    reason = result.get("reason")
    return str(reason).splitlines()[0] if reason else str(folder)
