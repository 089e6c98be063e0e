"""Escapes text for LaTeX, so that it is typeset as written and nothing in it acts as a command.

The result is ASCII and uses only commands of LaTeX itself with T1 fonts (`\\usepackage[T1]{fontenc}`).

Why not pylatexenc: with the packages that our tables load, 201 of the 1,855 characters from Latin-1 to the
mathematical operators do not compile in its encoding (`\\varkappa` and others of amssymb, `\\nobreakdash` of
amsmath, `\\textfrac`). It also leaves alone what LaTeX reads as markup: `--` becomes a dash, straight quotes
become closing quotes, and `[1]` or `*` at the start of a row is taken as an argument of the preceding `\\\\`.
"""

from __future__ import annotations

import re
import unicodedata

from benchmark import text

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    # After \\ a star or a bracket would be its argument; two hyphens or commas would become one character.
    "*": "{*}",
    "[": "{[}",
    "]": "{]}",
    "--": "-{}-{}",
    ",,": ",{},{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‐": "-",
    "‑": "-",
    "…": r"\ldots{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "„": r"\quotedblbase{}",
    "«": r"\guillemotleft{}",
    "»": r"\guillemotright{}",
    "¡": r"\textexclamdown{}",
    "¿": r"\textquestiondown{}",
    "§": r"\S{}",
    "†": r"\dag{}",
    "¶": r"\P{}",
    "©": r"\textcopyright{}",
    "£": r"\pounds{}",
    "€": r"\texteuro{}",
    "•": r"\textbullet{}",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "đ": r"\dj{}",
    "Đ": r"\DJ{}",
    "ð": r"\dh{}",
    "Ð": r"\DH{}",
    "þ": r"\th{}",
    "Þ": r"\TH{}",
    "ı": r"\i{}",
}
_MATH = {
    "−": "-",
    "±": r"\pm",
    "×": r"\times",
    "÷": r"\div",
    "·": r"\cdot",
    "°": r"^{\circ}",
    "∞": r"\infty",
    "≈": r"\approx",
    "≠": r"\neq",
    "≤": r"\leq",
    "≥": r"\geq",
    "→": r"\rightarrow",
    "←": r"\leftarrow",
    "↑": r"\uparrow",
    "↓": r"\downarrow",
    "√": r"\surd",
    "∑": r"\sum",
    "∂": r"\partial",
    "∈": r"\in",
    "¬": r"\neg",
    **{letter: rf"^{{{plain}}}" for letter, plain in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True)},
    **{letter: rf"_{{{plain}}}" for letter, plain in zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True)},
}
#: Greek letters with a command of their own; the others look like Latin ones.
_GREEK = frozenset(
    re.findall(
        r"\w+",
        """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon
        phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega""",
    )
)
#: Unicode's combining marks as LaTeX's accents.
_ACCENTS = dict(
    zip(
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328\u0331",
        ["`", "'", "^", "~", "=", "u", ".", '"', "r", "H", "v", "d", "c", "k", "b"],
        strict=True,
    )
)
_PATTERN = re.compile("|".join(map(re.escape, sorted(_SPECIAL, key=len, reverse=True))) + r"|[^ -~]")
#: A word of more than `_UNBROKEN` characters may break after punctuation, and anywhere after `_HARD`
#: characters without any.
_UNBROKEN, _HARD = 16, 20
_BREAKS = re.compile(rf"[^/=._:,+()-]{{0,{_HARD}}}[/=._:,+()-]+|[^/=._:,+()-]{{1,{_HARD}}}")


def escape(untrusted: str) -> str:
    """One line of text for LaTeX. A character that T1 fonts lack is shown as its code point: U+05D0."""
    line = unicodedata.normalize("NFC", text.clean(untrusted))
    return _PATTERN.sub(lambda match: _SPECIAL.get(match[0]) or _character(match[0]), line)


def breakable(untrusted: str) -> str:
    """`escape`, with places where a long word, such as a path or a setting, may break across lines."""
    return " ".join(
        r"\allowbreak{}".join(map(escape, _BREAKS.findall(word))) if len(word) > _UNBROKEN else escape(word)
        for word in text.clean(untrusted).split(" ")
    )


def _character(letter: str) -> str:
    if letter in _MATH:
        return f"${_MATH[letter]}$"
    name = unicodedata.name(letter, "").split(" ")
    if name[:1] == ["GREEK"] and len(name) == 4 and name[2] == "LETTER":
        command = name[3].replace("LAMDA", "LAMBDA").lower()
        command = command.capitalize() if name[1] == "CAPITAL" else command
        if command in _GREEK:
            return rf"$\{command}$"
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if base.isascii() and base.isalpha() and len(marks) == 1 and marks[0] in _ACCENTS:
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return rf"\texttt{{U+{ord(letter):04X}}}"
