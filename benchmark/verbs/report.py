"""`nextword report`: build tables, figures and a web page from the finished runs."""

from __future__ import annotations

from benchmark.console.options import Parser, add_results_dir, folder
from benchmark.console.terminal import json_text


def main(arguments: list[str]) -> int:
    parser = Parser("nextword report", __doc__)
    add_results_dir(parser)
    parser.add_argument(
        "--out", type=folder, metavar="FOLDER", help="folder to write to (default: RESULTS_DIR/report)"
    )
    parser.add_argument("--table", action="store_true", help="print the comparison table and write nothing")
    parser.add_argument("--json", action="store_true", help="the same table as JSON, with every measure")
    options = parser.parse(arguments)

    from benchmark.record.folder import read_runs
    from benchmark.record.links import refuse_link
    from benchmark.record.repetition import clear_up
    from benchmark.report import build_report, comparison_json, comparison_table

    def say(line: str) -> None:
        print(line, flush=True)

    if options.json:
        say(json_text(comparison_json(read_runs(options.results_dir), options.results_dir)))
        return 0
    if options.table:
        say(comparison_table(read_runs(options.results_dir), options.results_dir))
        return 0
    out = options.out or options.results_dir / "report"
    if options.out is None:
        refuse_link(out)
    clear_up(options.results_dir)
    build_report(options.results_dir, out, say=say, show=say)
    say(f"\nthe page: {out / 'index.html'}")
    return 0
