"""Numbers and untrusted text as they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import text
from benchmark.report.latex_escape import escape as latex
from benchmark.report.markdown import escape as markdown


@pytest.mark.parametrize(
    ("show", "value", "shown"),
    [
        (text.perplexity, 141.187, "141.2"),
        (text.perplexity, 3.456, "3.46"),
        (text.perplexity, 33278.0, "33,278"),
        (text.perplexity, 5000.0, "5,000"),
        (text.perplexity, float("inf"), "∞"),
        (text.perplexity, None, "–"),
        (text.size, 512, "512 B"),
        (text.size, 48_700_000, "48.7 MB"),
        (text.size, 999_700, "1.00 MB"),
        (text.amount, 9_999, "9,999"),
        (text.amount, 1_623_456, "1.62 M"),
        (text.duration, 0.0123, "0.012 s"),
        (text.duration, 0.000018, "<1 ms"),
        (text.duration, 42.0, "42.0 s"),
        (text.duration, 1490.0, "24.8 min"),
        (text.duration, 7200.0, "2.00 h"),
        (text.significant, 1_234_567, "1,230,000"),
        (text.significant, 0, "0"),
        (text.times, 0.8234, "×0.82"),
        (text.times, 1.0787, "×1.08"),
        (text.times, 480.2, "×480"),
        (text.percent, 0.0583, "5.8%"),
        (text.percent, -0.0583, "−5.8%"),
        (text.percent, -0.0001, "0.0%"),
        (text.signed, 1234.5678, "+1,234.568"),
        (text.signed, -0.034, "−0.034"),
        (text.signed, -0.0004, "0.000"),
        (text.signed, None, "–"),
        (text.signed_percent, 0.0121, "+1.2%"),
        (text.signed_percent, -0.0004, "0.0%"),
    ],
)
def test_numbers_are_short_and_carry_units(show, value, shown):
    assert show(value) == shown


@pytest.mark.parametrize(
    ("deviation", "mean", "shown"),
    [(0.4321, 90.94, "0.4"), (0.4321, 9.094, "0.43"), (12.6, 1_204.0, "13"), (0.02, 90.94, "<0.1"),
     (0.0, 90.94, "0.0"), (None, 90.94, "–")],
)  # fmt: skip
def test_a_deviation_has_the_digits_of_its_mean(deviation, mean, shown):
    assert text.spread(deviation, mean) == shown


@pytest.mark.parametrize(
    ("shown", "tick"), [("10.0 MB", "10 MB"), ("1.50 M", "1.5 M"), ("100 k", "100 k"), ("0.050 s", "0.05 s")]
)
def test_axis_numbers_end_without_zeros(shown, tick):
    assert text.round_ticks(shown) == tick


def test_text_becomes_one_printable_line():
    assert text.clean("a\n\tb\x00\u202ec") == "a b c"
    assert text.clean("abcdefgh", 5) == "abcd…"


@given(st.text())
def test_clean_text_survives_every_encoding(untrusted):
    line = text.clean(untrusted)
    assert line.encode("utf-8").decode("utf-8") == line
    assert line.isprintable()
    assert set(line) <= set(untrusted) | {" "}
    assert text.clean(line) == line


@given(st.floats(min_value=1e-6, max_value=1e15))
def test_three_digits_stay_within_half_a_unit_of_the_third(value):
    shown = float(text.significant(value).replace(",", ""))
    assert abs(shown - value) <= 0.00501 * value


@given(st.text(alphabet="\\{}$&#_%~^<>|ab "))
def test_latex_text_holds_no_bare_special_character(untrusted):
    bare = latex(untrusted)
    for command in (
        "textbackslash",
        "textasciitilde",
        "textasciicircum",
        "textless",
        "textgreater",
        "textbar",
    ):
        bare = bare.replace(rf"\{command}{{}}", "")
    for escaped in (r"\{", r"\}", r"\$", r"\&", r"\#", r"\_", r"\%"):
        bare = bare.replace(escaped, "")
    assert not set(bare) & set("\\{}$&#_%~^<>|")


def test_markdown_text_holds_no_markup():
    assert markdown("<b>*a*|`b`</b>") == r"&lt;b&gt;\*a\*\|\`b\`&lt;/b&gt;"
