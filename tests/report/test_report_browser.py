"""The page in a real browser: it opens quietly, sorts, filters, and runs nothing it is told to."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from synthetic_runs import HOSTILE, HOSTILE_PROMPT

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
By = pytest.importorskip("selenium.webdriver.common.by").By

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
)

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(str(DRIVER), env={**os.environ, "no_proxy": "*"}))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser: webdriver.Chrome, built: Path) -> webdriver.Chrome:
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get((built / "index.html").as_uri())
    return browser


def shown_models(page: webdriver.Chrome, corpus: str) -> list[str]:
    rows = page.find_elements(By.CSS_SELECTOR, f"#table-comparison tbody[data-corpus={corpus}] tr[data-row]")
    return [row.find_element(By.CSS_SELECTOR, "th").text for row in rows if row.is_displayed()]


def column(page: webdriver.Chrome, corpus: str, key: str) -> list[str]:
    script = """
      const table = document.querySelector('#table-comparison table');
      const index = [...table.querySelectorAll('thead th')].findIndex(h => h.dataset.key === arguments[1]);
      return [...table.querySelectorAll(`tbody[data-corpus=${arguments[0]}] tr[data-row]`)]
        .map(row => row.children[index].textContent)"""
    return page.execute_script(script, corpus, key)


def sort_by(page: webdriver.Chrome, key: str) -> str:
    head = page.find_element(By.CSS_SELECTOR, f"#table-comparison th[data-key={key}]")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', inline: 'center'})", head)
    head.find_element(By.TAG_NAME, "button").click()
    return head.get_attribute("aria-sort")


def choose(page: webdriver.Chrome, filter_name: str, value: str) -> None:
    from selenium.webdriver.support.select import Select

    Select(page.find_element(By.CSS_SELECTOR, f".filters [name={filter_name}]")).select_by_value(value)


def test_it_opens_without_an_error_and_without_a_request(page):
    page.execute_script("return document.fonts.ready")
    assert page.get_log("browser") == []
    messages = (json.loads(entry["message"])["message"] for entry in page.get_log("performance"))
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    asked = {p["request"]["url"] for p in sent if p["documentURL"].startswith("file:")}
    assert {url.rpartition("/")[2] for url in asked} == {"index.html"}


def test_untrusted_text_is_shown_and_not_run(page):
    assert page.find_elements(By.CSS_SELECTOR, "img, main script, main b, main i") == []
    assert len(page.find_elements(By.TAG_NAME, "script")) == 1
    assert HOSTILE in shown_models(page, "ptb")
    text = page.execute_script("return document.body.textContent")
    assert HOSTILE_PROMPT in text
    assert "{{7*7}}" in text


def test_sorting_turns_numbers_around_and_keeps_the_corpora_apart(page):
    def numbers() -> list[float]:
        return [float(text.replace(",", "")) for text in column(page, "ptb", "test_perplexity")]

    assert numbers() == sorted(numbers())
    assert sort_by(page, "test_perplexity") == "ascending"
    assert sort_by(page, "test_perplexity") == "descending"
    assert numbers() == sorted(numbers(), reverse=True)
    assert len(column(page, "ptb", "label")) == 10
    assert len(column(page, "sotu", "label")) == 9
    assert page.find_element(By.CSS_SELECTOR, "th[data-key=rank]").get_attribute("aria-sort") == "none"


def test_sorting_by_bytes_follows_the_value_not_the_text(page):
    sort_by(page, "bytes_in_memory")
    shown = column(page, "ptb", "bytes_in_memory")
    assert shown[:2] == ["40.0 kB", "80.0 kB"]
    assert shown[-1] == "61.0 MB"


def test_what_is_missing_sorts_last_both_ways(page):
    for _ in range(2):
        sort_by(page, "parameters")
        shown = column(page, "ptb", "parameters")
        assert shown[-6:] == ["–"] * 6
        assert "–" not in shown[:4]


def test_text_sorts_by_name(page):
    sort_by(page, "label")
    names = [name.casefold() for name in shown_models(page, "sotu")]
    assert names == sorted(names)


def test_filters_say_how_many_rows_they_leave(page):
    output = page.find_element(By.CSS_SELECTOR, ".filters output")
    assert output.text == "19 of 19 rows"
    choose(page, "family", "neural")
    assert output.text == "7 of 19 rows"
    choose(page, "corpus", "sotu")
    assert output.text == "3 of 19 rows"
    assert shown_models(page, "ptb") == []
    assert (
        page.find_element(By.CSS_SELECTOR, "#table-comparison tbody[data-corpus=ptb]").is_displayed() is False
    )
    page.find_element(By.CSS_SELECTOR, ".filters [name=text]").send_keys("lstm 200")
    assert shown_models(page, "sotu") == ["LSTM, 2 × 200"]
    page.find_element(By.CSS_SELECTOR, ".filters [name=text]").send_keys(" no such model")
    assert output.text == "0 of 19 rows"


def test_a_chosen_model_stands_out_in_every_figure(page):
    head = page.find_element(
        By.CSS_SELECTOR, "#table-comparison tbody[data-corpus=ptb] tr[data-row] th button"
    )
    head.send_keys("\n")
    assert head.get_attribute("aria-pressed") == "true"
    number = head.find_element(By.XPATH, "ancestor::tr").get_attribute("data-row")
    lit = page.execute_script("return [...document.querySelectorAll('.hot')].map(e => e.dataset.row)")
    assert set(lit) == {number}
    assert page.execute_script("return document.querySelectorAll('svg.dim').length") >= 6
    head.send_keys("\n")
    assert page.execute_script("return document.querySelectorAll('.hot, .dim').length") <= len(lit)


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_the_page_is_never_wider_than_the_screen(page, width):
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    page.execute_script("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_in_both_themes(page, theme):
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    )
    script = """
      const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
      const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
      const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      const ground = light(rgb(getComputedStyle(document.querySelector('figure')).backgroundColor));
      return [...document.querySelectorAll('svg text, figcaption, td, th, p')].map(element => {
        const style = getComputedStyle(element);
        const ink = light(rgb(element.closest('svg') ? style.fill : style.color));
        return (Math.max(ink, ground) + .05) / (Math.min(ink, ground) + .05); })"""
    contrasts = page.execute_script(script)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert len(contrasts) > 300
    assert min(contrasts) >= 4.5


def test_names_in_figures_do_not_cover_each_other(page):
    script = """
      return [...document.querySelectorAll('figure')].flatMap(figure => {
        const boxes = [...figure.querySelectorAll('svg text')]
          .map(text => [text.textContent, text.getBoundingClientRect()]);
        return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
          .filter(([b, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
            && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)
          .map(([b]) => `${figure.id}: ${a} / ${b}`)); })"""
    assert page.execute_script(script) == []


def test_every_figure_is_described_and_every_table_has_heads(page):
    drawings = page.find_elements(By.CSS_SELECTOR, "figure svg")
    assert len(drawings) >= 12
    assert all(len(d.get_attribute("aria-label")) > 40 and d.get_attribute("role") == "img" for d in drawings)
    for table in page.find_elements(By.TAG_NAME, "table"):
        assert table.find_elements(By.CSS_SELECTOR, "caption, thead th[scope=col]")
        rows = page.execute_script(
            "return arguments[0].querySelectorAll('tbody tr:not(.group)').length", table
        )
        heads = page.execute_script(
            "return arguments[0].querySelectorAll('tbody th[scope=row]').length", table
        )
        assert rows == heads


def test_printing_opens_what_is_folded(page):
    script = """
      dispatchEvent(new Event('beforeprint'));
      const during = document.querySelectorAll('details:not([open])').length;
      dispatchEvent(new Event('afterprint'));
      return [during, document.querySelectorAll('details[open]').length]"""
    assert page.execute_script(script) == [0, 0]
