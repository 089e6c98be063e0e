"""`nextword open`: the page in the browser, or one clear line."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from benchmark.cli import main


@pytest.mark.parametrize("browser", [True, False])
def test_the_pages_address_is_printed_and_given_to_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], browser: bool
) -> None:
    opened: list[str] = []

    def start(address: str) -> bool:
        opened.append(address)
        return browser

    monkeypatch.setattr(webbrowser, "open", start)
    monkeypatch.chdir(tmp_path)
    assert main(["open"]) == 2
    assert capsys.readouterr().err == (
        "nextword: there is no page results/report/index.html: nextword report builds it\n"
    )
    page = tmp_path / "my results" / "report" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    assert main(["open", "results_dir=my results"]) == (0 if browser else 2)
    said = capsys.readouterr()
    assert said.out == f"{page.as_uri()}\n"
    assert said.err == (
        "" if browser else "nextword: no browser could be started here: open the address above\n"
    )
    assert opened == [page.as_uri()]
