"""The page in a real browser: it opens quietly, sorts, filters, and runs nothing it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from headless import missing, visit
from synthetic_runs import (
    HOSTILE,
    HOSTILE_PROMPT,
    PTB,
    config,
    curve,
    environment,
    finished,
    unfinished,
    write_run,
)

from benchmark.report.blocks import Paragraph, Section
from benchmark.report.page import Drawings
from benchmark.report.page import page as whole_page
from benchmark.report.size_limit import ALLOWANCES
from benchmark.report.tables import Cell, Column, Group, Table, TableRow

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
By = pytest.importorskip("selenium.webdriver.common.by").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=missing())]

REFERENCE = Path(__file__).parents[2] / "results" / "reference" / "report"
#: A group of so many rows is folded.
LONG = 20


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a long corpus in which every text a user can set is hostile."""
    from benchmark.report import build_report

    results, out = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("hostile_report")
    claim = {"model": HOSTILE, "perplexity": 99.0, "source": HOSTILE, "protocol": HOSTILE}
    corpus = {**PTB, "corpus": 'a"b', "corpus_title": HOSTILE, "protocol_text": HOSTILE, "published": [claim]}
    one = {"prompt": HOSTILE_PROMPT, "next": [[HOSTILE, 0.5]], "samples": [HOSTILE]}
    files = {
        "samples_json": json.dumps({"prompts": [one]}),
        "environment_json": environment().replace("AMD EPYC 7B13", "<img src=x onerror=alert(3)>"),
        "curve_csv": curve(120.0),
    }
    for place in range(LONG):
        label = f"{place} {HOSTILE}"
        record = finished(
            corpus,
            "evil",
            label,
            "neural",
            (100.0 + place, 10.0, 60.0, 5e4),
            device_name=HOSTILE,
            command=HOSTILE,
        )
        write_run(results, record, config_yaml=config("evil", hidden=place), **(files if place == 0 else {}))
    counted = finished(corpus, "kn", HOSTILE, "count", (140.0, 10.0, 6.0, 5e5))
    write_run(results, counted, config_yaml=config("kn", order=3))
    unreadable = finished(corpus, "kn", "unreadable", "count", (140.0, 10.0, 6.0, 5e5), context=HOSTILE)
    write_run(results, unreadable)
    write_run(results, unfinished("broken", "failed", HOSTILE, corpus, label=HOSTILE))
    build_report(results, out, lambda line: None)
    return out


@pytest.fixture
def reference() -> Path:
    """The committed report of the reference runs."""
    if not (REFERENCE / "index.html").is_file():
        pytest.skip(f"needs the report of the reference runs in {REFERENCE}")
    return REFERENCE


@pytest.fixture
def page(browser: webdriver.Chrome, built: Path) -> webdriver.Chrome:
    return visit(browser, built)


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


def pick(page: webdriver.Chrome, corpus: str) -> None:
    """Chooses a corpus for the whole page; an empty key stands for all."""
    page.find_element(By.CSS_SELECTOR, f".corpora button[value='{corpus}']").click()


def unfold(page: webdriver.Chrome) -> None:
    """Shows all that the page has: every corpus and every section."""
    page.execute_script(
        "document.querySelectorAll('details').forEach(e => { e.open = true; });"
        "document.querySelector('.corpora button[value=\"\"]')?.click();"
    )


def test_it_opens_without_an_error_and_without_a_request(page):
    page.execute_script("return document.fonts.ready")
    assert page.get_log("browser") == []
    messages = (json.loads(entry["message"])["message"] for entry in page.get_log("performance"))
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    asked = {p["request"]["url"] for p in sent if p["documentURL"].startswith("file:")}
    assert {url.rpartition("/")[2] for url in asked} == {"index.html"}


@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_of_one_corpus_goes_from_top_to_bottom(browser, tmp_path, width):
    sections = [Section("answer", "The answer", [Paragraph("A model.")])]
    (tmp_path / "index.html").write_text(whole_page("One corpus", sections, Drawings({}, ""), ALLOWANCES[0]))
    page = visit(browser, tmp_path, width)
    tops = (
        "return ['h1', 'main', 'body>footer'].map(s => document.querySelector(s).getBoundingClientRect().top)"
    )
    found = page.execute_script(tops)
    assert found == sorted(found)


def test_untrusted_text_is_shown_and_not_run(page):
    assert page.find_elements(By.CSS_SELECTOR, "img, main script, main b, main i") == []
    assert len(page.find_elements(By.TAG_NAME, "script")) == 1
    assert HOSTILE in shown_models(page, "ptb")
    text = page.execute_script("return document.body.textContent")
    assert HOSTILE_PROMPT in text
    assert "{{7*7}}" in text


SAYS = ("answer", "comparison", "not-ranked", "published", "samples", "provenance", "reading", "perplexity")


def test_untrusted_text_is_shown_wherever_it_stands(browser, hostile):
    page = visit(browser, hostile, 390)
    page.execute_script("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert page.get_log("browser") == []
    assert page.find_elements(By.CSS_SELECTOR, "img, main script, main b, main i, [onerror]") == []
    assert len(page.find_elements(By.TAG_NAME, "script")) == 1
    for section in SAYS:
        said = page.execute_script("return document.getElementById(arguments[0]).textContent", section)
        assert "<script>alert(" in said, section
    provenance = page.execute_script("return document.getElementById('provenance').textContent")
    assert "<img src=x onerror=alert(3)>" in provenance
    assert HOSTILE_PROMPT in page.execute_script("return document.getElementById('samples').textContent")
    assert page.execute_script("return document.documentElement.scrollWidth") <= 390


def test_sorting_turns_numbers_around_and_keeps_the_corpora_apart(page):
    pick(page, "")

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


def test_the_first_click_sorts_the_best_first(page):
    assert sort_by(page, "score_tokens_per_second") == "descending"
    assert sort_by(page, "score_tokens_per_second") == "ascending"
    assert sort_by(page, "train_seconds") == "ascending"


def test_text_sorts_by_name(page):
    pick(page, "sotu")
    sort_by(page, "label")
    names = [name.casefold() for name in shown_models(page, "sotu")]
    assert names == sorted(names)


def test_filters_say_how_many_rows_they_leave(page):
    pick(page, "")
    total = len(page.find_elements(By.CSS_SELECTOR, "#table-comparison tr[data-row]"))
    output = page.find_element(By.CSS_SELECTOR, ".filters output")
    assert output.text == f"{total} of {total} rows"
    choose(page, "family", "neural")
    assert 0 < int(output.text.split()[0]) < total
    pick(page, "sotu")
    total = 9
    assert output.text == f"3 of {total} rows"
    assert shown_models(page, "ptb") == []
    assert (
        page.find_element(By.CSS_SELECTOR, "#table-comparison tbody[data-corpus=ptb]").is_displayed() is False
    )
    page.find_element(By.CSS_SELECTOR, ".filters [name=text]").send_keys("lstm 200")
    assert shown_models(page, "sotu") == ["LSTM, 2 × 200"]
    page.find_element(By.CSS_SELECTOR, ".filters [name=text]").send_keys(" no such model")
    assert output.text == f"0 of {total} rows"
    page.find_element(By.CSS_SELECTOR, ".filters .none button").click()
    WebDriverWait(page, 5).until(lambda _: output.text == f"{total} of {total} rows")
    assert not page.find_element(By.CSS_SELECTOR, ".filters .none").is_displayed()


def visible_corpora(page: webdriver.Chrome) -> set[str]:
    script = """
      return [...document.querySelectorAll('main [data-corpus]')]
        .filter(e => e.checkVisibility()).map(e => e.dataset.corpus)"""
    return set(page.execute_script(script))


def test_the_page_shows_one_corpus_at_a_time_and_its_address_says_which(browser, page, built):
    page.execute_script("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert visible_corpora(page) == {"ptb"}
    assert page.find_element(By.CSS_SELECTOR, "#figure-headline_ptb svg").rect["y"] < 900
    pick(page, "sotu")
    assert visible_corpora(page) == {"sotu"}
    assert "corpus=sotu" in page.current_url
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert visible_corpora(page) >= {"ptb", "sotu"}  # a print has everything
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    address = page.current_url
    browser.get("about:blank")
    browser.get(address)
    assert page.find_element(By.CSS_SELECTOR, "[aria-pressed=true]").get_attribute("value") == "sotu"


def test_an_address_keeps_limits_and_order_and_opens_what_it_names(browser, built):
    query = "corpus=ptb&sort=-bytes_in_memory&memory=20"
    browser.get("about:blank")
    browser.get(f"{(built / 'index.html').as_uri()}#figure-bytes_in_memory_sotu?{query}")
    assert browser.find_element(By.ID, "figure-bytes_in_memory_sotu").is_displayed()  # of the other corpus
    pick(browser, "ptb")
    memory = "bytes_in_memory"
    head = browser.find_element(By.CSS_SELECTOR, f"#table-comparison th[data-key={memory}]")
    assert head.get_attribute("aria-sort") == "descending"
    script = """
      const place = [...document.querySelectorAll('#table-comparison thead th')]
        .findIndex(head => head.dataset.key === arguments[0]);
      return [...document.querySelectorAll('#table-comparison tbody[data-corpus=ptb] tr[data-row]')]
        .filter(row => !row.hidden).map(row => Number(row.children[place].dataset.v))"""
    bytes_ = browser.execute_script(script, memory)
    assert bytes_ == sorted(bytes_, reverse=True)
    assert 0 < max(bytes_) <= 20e6
    said = browser.find_element(By.CSS_SELECTOR, ".filters output").text
    assert said.startswith(f"{len(bytes_)} of 10 rows; the best by validation perplexity (")
    box = browser.find_element(By.CSS_SELECTOR, ".filters [name=memory]")
    box.clear()
    box.send_keys("0.000001")
    assert browser.find_element(By.CSS_SELECTOR, ".filters .none").is_displayed()


def test_an_anchor_chooses_the_corpus_that_has_it_and_the_contents_list_it(browser, tmp_path):
    rows = (TableRow((Cell("A model"),), 1, "count"),)
    groups = tuple(
        Group(rows, name, corpus=key, name=name) for key, name in (("a", "Text A"), ("b", "Text B"))
    )
    table = Table("comparison", "Ranked.", (Column("label", "Model"),), groups, filters=True)
    sections = [
        Section("comparison", "Comparison", (table,)),
        Section(
            "curves", "Curves", (Paragraph(("General.",)), Paragraph(("Of B.",), corpus="b")), folded=True
        ),
    ]
    html = whole_page("Two corpora", sections, Drawings({}, ""), ALLOWANCES[0])
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    page = visit(browser, tmp_path, anchor="#curves")
    chosen, curves = (
        ".corpora [aria-pressed=true]",
        page.find_element(By.CSS_SELECTOR, "#curves p[data-corpus]"),
    )
    assert page.find_element(By.CSS_SELECTOR, chosen).text == "Text B"
    assert curves.is_displayed()
    assert page.current_url.endswith("#curves?corpus=b")
    pick(page, "a")
    assert not curves.is_displayed()
    link = page.find_element(By.CSS_SELECTOR, "nav a[href='#curves']")
    assert link.get_attribute("data-of") == "Text B"
    link.click()
    WebDriverWait(page, 5).until(lambda _: curves.is_displayed())
    assert page.find_element(By.CSS_SELECTOR, chosen).text == "Text B"
    assert link.get_attribute("data-of") is None


def test_marks_tell_what_they_are_to_pointer_and_keyboard(page):
    drawing = page.find_element(By.CSS_SELECTOR, "#figure-headline_ptb svg")
    drawing.send_keys(Keys.ARROW_RIGHT)
    tip = page.find_element(By.CSS_SELECTOR, ".tip")
    first = tip.text
    assert "Test perplexity: " in first
    drawing.send_keys(Keys.ARROW_RIGHT)
    assert tip.text.splitlines()[0] != first.splitlines()[0]
    drawing.send_keys(Keys.ESCAPE)
    assert not tip.is_displayed()
    mark = page.find_element(By.CSS_SELECTOR, "#figure-headline_ptb svg use[data-row], svg [data-row] use")
    webdriver.ActionChains(page).move_to_element(mark).perform()
    assert tip.is_displayed()


STOPS = """
  return [...document.querySelectorAll('#table-comparison .scroll, #table-comparison .scroll *')]
    .filter(e => e.tabIndex >= 0 && e.checkVisibility()).length"""


@pytest.mark.parametrize("report", ["built", "hostile", "rebuilt"])
def test_the_comparison_is_one_stop_of_the_tab_key(browser, request, report):
    page = visit(browser, request.getfixturevalue(report), anchor="#comparison")
    assert page.execute_script(STOPS) == 1
    page.execute_script("document.querySelector('.filters [name=training]').focus()")
    press(page, Keys.TAB)
    assert focused(page, "e.closest('th').dataset.key") == "rank"
    press(page, Keys.TAB)
    assert focused(page, "!!e.closest('#table-comparison .files')") == "true"


def test_the_arrow_keys_go_along_the_heads_and_down_the_rows_of_the_comparison(page):
    where = "[e.closest('thead') ? 'head' : 'row', e.localName, e.closest('th, td')?.cellIndex].join(' ')"
    page.execute_script("document.querySelector('#table-comparison thead button').focus()")
    press(page, Keys.ARROW_DOWN)
    assert focused(page, where) == "row button 1"  # no row can be ticked here
    press(page, Keys.ARROW_DOWN)
    assert focused(page, where) == "row button 1"
    assert page.switch_to.active_element.text == shown_models(page, "ptb")[1]
    assert page.execute_script(STOPS) == 1
    press(page, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_RIGHT)
    assert focused(page, where) == "head button 2"
    press(page, Keys.ARROW_UP)
    assert focused(page, "e.getAttribute('href')") == "#table-comparison"


def test_figures_can_be_read_on_a_phone(browser, built):
    page = visit(browser, built, 390)
    unfold(page)
    script = """
      return Math.min(...[...document.querySelectorAll('figure svg')].filter(e => e.checkVisibility())
        .flatMap(svg => { const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
          return [...svg.querySelectorAll('text')]
            .map(t => scale * parseFloat(getComputedStyle(t).fontSize)); }))"""
    assert page.execute_script(script) >= 10.95


def test_a_protocol_is_a_filter_of_its_own(page):
    choose(page, "protocol", PTB["protocol_id"])
    assert shown_models(page, "sotu") == []
    assert len(shown_models(page, "ptb")) > 5
    pick(page, "sotu")
    assert page.find_element(By.CSS_SELECTOR, ".filters output").text.startswith("0 of")


def press(page: webdriver.Chrome, *keys: str) -> None:
    webdriver.ActionChains(page).send_keys(*keys).perform()


def focused(page: webdriver.Chrome, script: str) -> str:
    return page.execute_script(f"const e = document.activeElement; return String({script})")


def test_the_keyboard_alone_skips_filters_and_sorts(page):
    press(page, Keys.TAB)
    assert focused(page, "e.className") == "skip"
    assert page.execute_script("return document.activeElement.getBoundingClientRect().left >= 0")
    press(page, Keys.ENTER)
    assert page.execute_script("return location.hash") == "#answer"
    seen = []
    for _ in range(80):
        press(page, Keys.TAB)
        outline = focused(page, "e === document.body ? '' : getComputedStyle(e).outlineStyle")
        assert outline != "none", f"no visible focus on {focused(page, 'e.outerHTML')[:80]}"
        seen.append(focused(page, "e.name || `sort ${e.closest('th')?.dataset.key}`"))
        if seen[-1] == "family":
            press(page, "ne")  # n alone selects the n-gram models
        if seen[-1] == "sort rank":
            break
    wanted = ["family", "protocol", "text", "sort rank"]
    assert [name for name in seen if name in wanted] == wanted
    for _ in range(30):
        if focused(page, "e.closest('th').dataset.key") == "test_perplexity":
            break
        press(page, Keys.ARROW_RIGHT)
    assert page.execute_script("return document.querySelector('.filters').elements.family.value") == "neural"
    sorted_by = "e.closest('th').getAttribute('aria-sort')"
    press(page, Keys.ENTER)
    assert focused(page, sorted_by) == "ascending"
    press(page, Keys.SPACE)
    assert focused(page, sorted_by) == "descending"
    shown = column(page, "ptb", "test_perplexity")
    assert [float(n.replace(",", "")) for n in shown] == sorted(
        (float(n.replace(",", "")) for n in shown), reverse=True
    )


def test_a_long_group_is_folded_and_opens_by_keyboard(browser, hostile):
    page = visit(browser, hostile)
    count = "return document.querySelectorAll('#table-comparison tr[data-row]').length"
    shown = """
      const rows = [...document.querySelectorAll('#table-comparison tr[data-row]')];
      return rows.filter(row => row.checkVisibility()).length"""
    more = page.find_element(By.CSS_SELECTOR, "#table-comparison tr.more button")
    assert page.execute_script(count) == LONG + 1
    assert page.execute_script(shown) == 12
    assert more.text == f"Show all {LONG + 1} rows"
    more.send_keys(Keys.ENTER)
    assert more.get_attribute("aria-expanded") == "true"
    assert page.execute_script(shown) == LONG + 1
    assert (
        page.execute_script(
            "return getComputedStyle(document.querySelector('#table-comparison thead th')).position"
        )
        == "sticky"
    )
    more.send_keys(Keys.SPACE)
    sort_by(page, "test_perplexity")
    sort_by(page, "test_perplexity")
    assert page.execute_script(shown) == 12
    assert column(page, 'a\\"b', "test_perplexity")[0] == "140.0"
    choose(page, "family", "count")
    assert page.execute_script(shown) == 1
    assert more.is_displayed() is False


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
def test_the_page_is_never_wider_than_the_screen(browser, built, width):
    page = visit(browser, built, width)
    unfold(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


#: The contrast of a colour, of which so much is seen, with the ground of figures and tables.
CONTRAST = """
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3); };
  const light = (colour) => colour.map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = rgb(getComputedStyle(document.querySelector('figure')).backgroundColor);
  const contrast = (colour, share = 1) => {
    const [ink, under] = [rgb(colour).map((v, i) => share * v + (1 - share) * ground[i]), ground].map(light);
    return (Math.max(ink, under) + .05) / (Math.min(ink, under) + .05); };
  const style = (element, part) => getComputedStyle(element, part);
"""
TEXTS = """
  return [...document.querySelectorAll('svg text, figcaption, td, th, p')]
    .map(element => contrast(element.closest('svg') ? style(element).fill : style(element).color));"""
#: Arrows of headings; borders of what can be operated or stands apart; marks beside those that are chosen.
#: The rules between the rows of a table separate no controls. They may be fainter.
SIGNS = """
  document.querySelector('#table-comparison tbody th button').click();
  const all_ = (selector) => [...document.querySelectorAll(selector)];
  const arrows = all_('#table-comparison thead button').map(e => style(e, '::after'));
  const framed = all_('figure, .table, details, .filters input, .filters select, .corpora button, .files')
    .filter(e => parseFloat(style(e).borderTopWidth) > 0);
  const divided = all_('.filters, .picks');
  const drawn = (mark) => [mark, ...mark.querySelectorAll('*')]
    .filter(e => e.matches('use, path') && !e.closest('defs'));
  const faded = all_('svg.dim [data-row]:not(.hot)').flatMap(mark => drawn(mark).map(shape =>
      [style(shape).fill, style(shape).stroke].filter(colour => colour !== 'none')
        .map(colour => contrast(colour, Number(style(mark).opacity)))));
  return [arrows.map(arrow => contrast(arrow.color, Number(arrow.opacity))),
    [...framed.map(e => style(e).borderTopColor), ...divided.map(e => style(e).borderBottomColor)]
      .map(colour => contrast(colour)), faded.map(found => Math.max(...found))];"""


def themed(page: webdriver.Chrome, theme: str) -> None:
    features = [
        {"name": "prefers-color-scheme", "value": theme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_signs_can_be_seen_in_both_themes(page, theme):
    themed(page, theme)
    contrasts = page.execute_script(CONTRAST + TEXTS)
    assert len(contrasts) > 300
    assert min(contrasts) >= 4.5
    arrows, borders, faded = page.execute_script(CONTRAST + SIGNS)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert min(len(arrows), len(borders), len(faded)) > 10
    assert min(arrows) >= 3
    assert min(borders) >= 3
    assert min(faded) >= 3


FIGURES = """
  const drawings = [...document.querySelectorAll('figure svg')];
  const named = (svg, what) => `${svg.closest('figure').id}: ${what}`;
  const texts = (svg) => [...svg.querySelectorAll('text')]
    .map(text => [text.textContent, text.getBoundingClientRect()]);
"""
OVERLAPS = """
  return drawings.flatMap(svg => texts(svg).flatMap(([a, p], i, all) => all.slice(i + 1)
    .filter(([b, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
      && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)
    .map(([b]) => named(svg, `${a} / ${b}`))));"""
#: Leaders are the thinnest lines of a figure (`benchmark.report.figures.labels.LEADER`).
LEADERS = """
  const thin = (path) => Math.abs(parseFloat(getComputedStyle(path).strokeWidth) - 0.6) < 0.01;
  const leaders = (svg) => [...svg.querySelectorAll('path')].filter(p => thin(p) && p.getTotalLength() > 0);
"""
CROSSINGS = """
  return drawings.flatMap(svg => leaders(svg).flatMap(path => {
    const place = path.getScreenCTM(), length = path.getTotalLength();
    const points = Array.from({length: 81}, (_, i) => path.getPointAtLength(length * i / 80))
      .map(point => point.matrixTransform(place));
    return texts(svg).filter(([said, box]) => points.some(({x, y}) =>
      x > box.left + 3 && x < box.right - 3 && y > box.top + 4 && y < box.bottom - 4))
      .map(([said]) => named(svg, said)); }));"""
OUTSIDE = """
  return drawings.flatMap(svg => { const frame = svg.getBoundingClientRect();
    return texts(svg).filter(([said, box]) => box.left < frame.left - 2 || box.right > frame.right + 2
      || box.top < frame.top - 2 || box.bottom > frame.bottom + 2).map(([said]) => named(svg, said)); });"""


@pytest.mark.parametrize("report", ["built", "reference"])
@pytest.mark.parametrize("width", [1280, 390])
def test_names_in_figures_keep_clear(browser, request, report, width):
    page = visit(browser, request.getfixturevalue(report), width)
    unfold(page)
    assert page.execute_script(FIGURES + OVERLAPS) == []
    assert page.execute_script(FIGURES + LEADERS + CROSSINGS) == []
    assert page.execute_script(FIGURES + OUTSIDE) == []
    assert page.execute_script(FIGURES + LEADERS + "return drawings.flatMap(leaders).length") > 10


def test_every_figure_is_described_and_every_table_has_heads(page):
    drawings = page.find_elements(By.CSS_SELECTOR, "figure svg")
    assert len(drawings) >= 12
    assert all(len(d.get_attribute("aria-label")) > 40 and d.get_attribute("role") == "img" for d in drawings)
    for table in page.find_elements(By.TAG_NAME, "table"):
        assert table.find_elements(By.CSS_SELECTOR, "caption, thead th[scope=col]")
        counted = "return arguments[0].querySelectorAll(arguments[1]).length"
        rows = page.execute_script(counted, table, "tbody tr:not(.group, .more)")
        assert rows == page.execute_script(counted, table, "tbody th[scope=row]")


def test_it_can_be_read_aloud(page):
    """Unique ids, labelled controls, named links, landmarks, headings in order, one sorted column."""
    script = """
      const all = (selector) => [...document.querySelectorAll(selector)];
      const ids = all('[id]').map(e => e.id);
      const levels = all('h1, h2, h3, h4').map(e => Number(e.tagName[1]));
      return {
        doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
        unlabelled: all('select, input').filter(e => !e.labels[0]?.textContent.trim()).length,
        unnamed: all('a, button, summary').filter(e => !e.textContent.trim()).map(e => e.outerHTML),
        astray: all('[aria-labelledby]').filter(e => !ids.includes(e.getAttribute('aria-labelledby'))).length,
        dead: all('a[href^="#"]').map(e => e.hash.slice(1)).filter(target => !ids.includes(target)),
        jumps: levels.filter((level, i) => i && level > levels[i - 1] + 1),
        titles: levels.filter(level => level === 1).length,
        landmarks: all('body > header, body > main, body > footer, body nav[aria-label]').length,
        uncaptioned: all('table').filter(e => !e.caption?.textContent.trim()).length,
        unscoped: all('th:not([scope])').length,
        sorted: all('#table-comparison th[aria-sort=ascending]').length,
        plain: all('figure').filter(e => !e.querySelector('figcaption')?.textContent.trim()
          || !e.querySelector('a[download]')).length,
        language: document.documentElement.lang }"""
    assert page.execute_script(script) == {
        "doubled": [], "unlabelled": 0, "unnamed": [], "astray": 0, "dead": [], "jumps": [], "titles": 1,
        "landmarks": 4, "uncaptioned": 0, "unscoped": 0, "sorted": 1, "plain": 0, "language": "en",
    }  # fmt: skip


def test_a_phone_opens_on_the_answer_with_the_contents_at_hand(browser, built):
    page = visit(browser, built, 390)
    links = page.find_elements(By.CSS_SELECTOR, "nav a")
    assert not any(link.is_displayed() for link in links)
    page.find_element(By.CSS_SELECTOR, "nav summary").click()
    boxes = [link.rect for link in links]
    assert all(box["height"] >= 24 and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    links[-1].click()
    assert page.execute_script("return location.hash") == "#provenance"
    values = page.find_elements(By.CSS_SELECTOR, "#table-answer tbody tr[data-row] td.r:nth-child(3)")
    assert values
    assert all(cell.rect["x"] + cell.rect["width"] <= 390 for cell in values)


def test_a_phone_shows_the_first_figure_at_once(browser, rebuilt):
    page = visit(browser, rebuilt, 390)
    script = (
        "return document.querySelector('#answer figure:not(.elsewhere) svg').getBoundingClientRect().bottom"
    )
    assert page.execute_script(script) <= 844


def test_every_table_has_a_link_to_itself(page):
    script = """
      return [...document.querySelectorAll('.table')].map(table => {
        const link = table.querySelector('table caption a');
        return [link.getAttribute('href') === `#${table.id}`, link.textContent]; })"""
    found = page.execute_script(script)
    assert len(found) > 10
    assert {tuple(each) for each in found} == {(True, "#")}


def test_a_limit_says_which_rows_have_no_value(browser, rebuilt):
    page = visit(browser, rebuilt, anchor="#comparison?corpus=ptb&latency=0.0001")
    rows = column(page, "ptb", "next_token_seconds")
    said = page.find_element(By.CSS_SELECTOR, ".filters output").text
    assert 0 < rows.count("–") < len(rows)
    assert f"0 of {len(rows)} rows; {rows.count('–')} rows have no measured time of one next token" in said


def test_nothing_moves_for_those_who_ask_for_it(browser, built):
    moving = """
      return [...document.querySelectorAll('*')]
        .some(element => parseFloat(getComputedStyle(element).transitionDuration) > 0)"""
    assert visit(browser, built).execute_script(moving)
    assert not visit(browser, built, prefers_reduced_motion="reduce").execute_script(moving)


def test_a_print_has_every_row_and_clips_no_table(browser, hostile):
    page = visit(browser, hostile)
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    # A4 without its margins, in CSS pixels: the wide tables stand on landscape pages.
    script = """
      dispatchEvent(new Event('beforeprint'));
      const all = (selector) => [...document.querySelectorAll(selector)];
      const shown = (selector) => all(selector).filter(e => e.checkVisibility());
      const tables = all('.scroll').filter(e => !!e.closest('#comparison, #provenance') === arguments[0]);
      return [tables.filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
          .map(e => e.closest('.table').id),
        shown('nav, .filters, .files, .skip, tr.more').length,
        shown('#table-comparison tr[data-row]').length]"""
    for width, wide in ((1047, True), (688, False)):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        assert page.execute_script(script, wide) == [[], 0, LONG + 1]
    assert page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"].startswith("JVBERi0")


def test_printing_opens_what_is_folded(page):
    script = """
      dispatchEvent(new Event('beforeprint'));
      const during = document.querySelectorAll('main details:not([open])').length;
      dispatchEvent(new Event('afterprint'));
      return [during, document.querySelectorAll('main details[open]').length]"""
    assert page.execute_script(script) == [0, 0]
