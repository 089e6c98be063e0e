"""`nextword doctor`: show what is installed here, for a bug report, and what is wrong with it."""

from __future__ import annotations

from benchmark.console.options import Parser, add_results_dir, folder
from benchmark.console.terminal import json_text

EPILOG = """\
Paste the output into a bug report; read it first, since it names folders of yours. The exit status
is 1 if a problem was found.
"""


def main(arguments: list[str]) -> int:
    parser = Parser("nextword doctor", __doc__, EPILOG)
    parser.add_argument("--json", action="store_true", help="the same as JSON, with numbers in bytes")
    add_results_dir(parser)
    for name, text in (("corpora-dir", "corpora that you have"), ("cache-dir", "downloads")):
        parser.add_argument(f"--{name}", type=folder, metavar="FOLDER", help=f"folder with {text}")
    options = parser.parse(arguments)

    from benchmark.doctor.examine import examine
    from benchmark.doctor.show import shown

    parts = examine(options.results_dir, options.corpora_dir, options.cache_dir)
    problems = [problem for part in parts.values() for problem in part.problems]
    if options.json:
        print(json_text({**{name: part.facts for name, part in parts.items()}, "problems": problems}))
    else:
        print(shown(parts))
    return 1 if problems else 0
