"""`nextword open`: show the report's page in the browser, and print its address."""

from __future__ import annotations

import webbrowser

from benchmark.console.options import Parser, add_results_dir, folder
from benchmark.errors import UserError

EPILOG = """\
The page is one file that needs no server. nextword report builds it. The browser is the system's; the
variable BROWSER names another.
"""


def main(arguments: list[str]) -> int:
    parser = Parser("nextword open", __doc__, EPILOG)
    add_results_dir(parser)
    parser.add_argument(
        "--out", type=folder, metavar="FOLDER", help="folder of the report (default: RESULTS_DIR/report)"
    )
    options = parser.parse(arguments)
    page = (options.out or options.results_dir / "report") / "index.html"
    if not page.is_file():
        own = f" results_dir={options.results_dir}" if str(options.results_dir) != "results" else ""
        raise UserError(f"there is no page {page}: nextword report{own} builds it")
    address = page.resolve().as_uri()
    print(address, flush=True)
    try:
        opened = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        raise UserError("no browser could be started here: open the address above")
    return 0
