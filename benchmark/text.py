"""Numbers and untrusted text as a reader wants them: short, aligned, with units."""

from __future__ import annotations

import math
import re
import unicodedata

#: Shown for a missing number: an n-gram model has no parameters, a skipped run no perplexity.
NONE = "–"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: object, limit: int = 0) -> str:
    """One printable line: control and format characters dropped, white space collapsed.

    Longer than `limit` characters (if one is given), it is cut and ends in an ellipsis.
    """
    line = str(text)
    if not line.isprintable():  # most are, and there are hundreds of thousands
        line = "".join(c if unicodedata.category(c) not in _UNSEEN else " " for c in line)
    line = " ".join(line.split())
    return line[: limit - 1].rstrip() + "…" if limit and len(line) > limit else line


def one_line(text: object) -> str:
    """Text of others as one line: a space for each line break in it, and the rest as it is."""
    line = str(text)
    return line if line.isprintable() else " ".join(line.splitlines())


def capitalised(words: str) -> str:
    """Words as they begin a sentence: the first letter is a capital, and the others stay as they are."""
    return f"{words[:1].upper()}{words[1:]}"


def perplexity(value: float | None) -> str:
    """One decimal; two below ten, where character-level models live; none from 1,000 on."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞"
    return f"{value:,.{2 if value < 10 else 1 if value < 1_000 else 0}f}"


def decimals(value: float | None, digits: int) -> str:
    """Fixed decimals with thousands separators."""
    if value is None or math.isnan(value):
        return NONE
    return "∞" if math.isinf(value) else f"{value:,.{digits}f}"


def spread(deviation: float | None, mean: float | None) -> str:
    """A deviation of perplexities with the decimals of their mean: 90.9 ± 0.4; `<0.1` if it would be zero."""
    if deviation is None or mean is None or not math.isfinite(deviation):
        return NONE
    digits = len(perplexity(mean).partition(".")[2])
    shown = decimals(deviation, digits)
    return f"<{decimals(10.0**-digits, digits)}" if deviation > 0 == float(shown.replace(",", "")) else shown


def three_decimals(value: float | None) -> str:
    """A number with three decimals."""
    return decimals(value, 3)


def p_value(p: float | None) -> str:
    """Three decimals; `< 0.001` below."""
    return NONE if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_said(p: float) -> str:
    """A p-value in a sentence: `p = 0.012`, `p < 0.001`."""
    shown = p_value(p)
    return f"p {shown}" if shown.startswith("<") else f"p = {shown}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one as per cent: 12.5%, −0.4%."""
    if share is None or not math.isfinite(share):
        return NONE
    return f"{100 * share:z.{digits}f}%".replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """A difference with its sign: +0.120, −0.034; what rounds to zero has none."""
    if value is None:
        return NONE
    shown = f"{abs(value):,.{digits}f}"
    sign = "" if not shown.strip("0.") else "−" if value < 0 else "+"
    return sign + shown


def signed_percent(share: float | None) -> str:
    """A difference as per cent, with its sign: +1.2%, −13.4%."""
    return NONE if share is None else f"{signed(100 * share, 1)}%"


def significant(value: float | None, digits: int = 3) -> str:
    """Rounded to significant digits, written out with thousands separators: 1,230,000."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    places = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:,.{max(places, 0)}f}"


def _scaled(value: float, units: tuple[str, ...]) -> str:
    """Three significant digits in the first unit, a thousand apart, that keeps them below 1,000."""
    power = 0
    while abs(value) >= 999.5 and power < len(units) - 1:
        value, power = value / 1000, power + 1
    return f"{significant(value)} {units[power]}"


def size(bytes_: float | None) -> str:
    """Bytes in decimal units with three significant digits: 48.7 MB."""
    if bytes_ is None or not math.isfinite(bytes_):
        return NONE
    return f"{bytes_:,.0f} B" if bytes_ < 999.5 else _scaled(bytes_, ("B", "kB", "MB", "GB", "TB"))


def amount(value: float | None) -> str:
    """A count with three significant digits, 1.62 M; below one, with two: 0.35."""
    if value is None or not math.isfinite(value):
        return NONE
    if 0 < value < 1:
        return significant(value, 2)
    return f"{value:,.0f}" if value < 9_999.5 else _scaled(value, ("", "k", "M", "G"))


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours with three significant digits: 0.84 s, 24.8 min, 3.10 h."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if 0 < seconds < 0.001:
        return "<1 ms"
    if seconds < 99.95:
        return f"{significant(seconds, 3 if seconds >= 1 else 2)} s"
    minutes = seconds / 60
    return f"{significant(minutes)} min" if minutes < 99.95 else f"{significant(minutes / 60)} h"


def latency(seconds: float | None) -> str:
    """A short time with three significant digits: 84.0 µs, 1.27 ms, 2.30 s."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    unit, scale = ("µs", 1e6) if seconds < 0.9995e-3 else ("ms", 1e3) if seconds < 0.9995 else ("s", 1.0)
    return f"{significant(seconds * scale)} {unit}"


def energy(joules: float | None) -> str:
    """Joules with three significant digits: 0.412 J, 84.0 J, 13.7 kJ."""
    if joules is None or not math.isfinite(joules):
        return NONE
    return _scaled(joules, ("J", "kJ", "MJ", "GJ"))


def times(ratio: float | None) -> str:
    """A ratio with two decimals below ten and two significant digits elsewhere: ×0.82, ×1.08, ×310."""
    if ratio is None or not math.isfinite(ratio) or ratio <= 0:
        return NONE
    return f"×{significant(ratio, 3 if 1 <= ratio < 9.995 else 2)}"


def round_ticks(shown: str) -> str:
    """A number for an axis, without zeros at its end: `10.0 MB` as `10 MB`, `1.50 M` as `1.5 M`."""
    return re.sub(r"(\.\d*?)0+(?!\d)", lambda match: match[1].rstrip("."), shown)


def span(first: int, last: int) -> str:
    """A range of whole numbers: `2–4`, or `2` if both ends are the same."""
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def plural(number: int, noun: str, many: str = "") -> str:
    """`1 run`, `3 runs`."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def with_share(label: str, share: float) -> str:
    """A model's label, with the share of the training text where it was not all of it."""
    return label if share == 1 else f"{label}, {percent(share)} of the training text"


def of_unit(number: int, unit: str) -> str:
    """A number of units, of which the first word is a plural: `12 documents`, `1 block of 50 lines`."""
    first, space, rest = unit.partition(" ")
    return f"{plural(number, first.removesuffix('s'))}{space}{rest}"


def listed(items: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1] if items else ""
