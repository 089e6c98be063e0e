"""Bytes as printable characters, so that a token made of any bytes can stand in a vocabulary.

The alphabet is that of byte-level BPE (Radford et al. 2019, GPT-2): a printable byte is the character of the
same code, any other the next character from U+0100 on. A space is `Ġ`, a newline `Ċ`; none of the 256
symbols is white space.
"""

from __future__ import annotations

from collections.abc import Iterable

_PRINTABLE = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
_OTHERS = [byte for byte in range(256) if byte not in _PRINTABLE]

#: The symbol of each byte.
SYMBOLS = "".join(
    chr(byte) if byte in _PRINTABLE else chr(0x100 + _OTHERS.index(byte)) for byte in range(256)
)
NEWLINE = SYMBOLS[ord("\n")]

_BYTE_OF = {symbol: byte for byte, symbol in enumerate(SYMBOLS)}


def to_symbols(text: str) -> str:
    """The bytes of a text in UTF-8, a symbol each."""
    return text.encode().decode("latin-1").translate(dict(enumerate(SYMBOLS)))


def to_bytes(tokens: Iterable[str]) -> bytes:
    """The bytes that tokens stand for, one after the other."""
    return bytes(_BYTE_OF[symbol] for token in tokens for symbol in token)
