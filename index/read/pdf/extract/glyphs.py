"""Finds what glyphs stand for when fonts name them by code numbers or wrongly.

Covers fonts of widespread typesetting systems only; each table names its source.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

UNREADABLE = "\ufffd"
#: Letters of right-to-left scripts: Hebrew to Arabic, and their presentation forms.
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

#: TeX's symbol font (OMS, Knuth 1986), by code. Springer's and Wolters Kluwer's fonts name
#: glyphs "C0", "C6" after it.
_OMS = {
    0: "\u2212", 1: "\u00b7", 2: "\u00d7", 3: "*", 4: "\u00f7", 6: "\u00b1", 7: "\u2213", 13: "\u25ef",
    14: "\u00b0", 15: "\u2022", 17: "\u2261", 18: "\u2286", 19: "\u2287", 20: "\u2264", 21: "\u2265",
    24: "\u223c", 25: "\u2248", 28: "\u226a", 29: "\u226b", 32: "\u2190", 33: "\u2192", 34: "\u2191",
    35: "\u2193", 36: "\u2194", 39: "\u2243", 47: "\u221d", 48: "\u2032", 49: "\u221e", 50: "\u2208",
    54: "\u2260", 64: "\u2135", 106: "|", 112: "\u221a", 121: "\u2020", 122: "\u2021", 123: "\u00b6",
}  # fmt: skip
#: Adobe's Symbol encoding, by code (PDF 32000-1, D.6).
_SYMBOL = {
    34: "\u2200", 36: "\u2203", 39: "\u220d", 42: "\u2217", 45: "\u2212", 64: "\u2245", 65: "\u0391",
    66: "\u0392", 67: "\u03a7", 68: "\u0394", 69: "\u0395", 70: "\u03a6", 71: "\u0393", 72: "\u0397",
    73: "\u0399", 76: "\u039b", 77: "\u039c", 80: "\u03a0", 81: "\u0398", 83: "\u03a3", 87: "\u03a9",
    88: "\u039e", 89: "\u03a8", 97: "\u03b1", 98: "\u03b2", 99: "\u03c7", 100: "\u03b4", 101: "\u03b5",
    102: "\u03c6", 103: "\u03b3", 104: "\u03b7", 105: "\u03b9", 106: "\u03d5", 107: "\u03ba", 108: "\u03bb",
    109: "\u03bc", 110: "\u03bd", 112: "\u03c0", 113: "\u03b8", 114: "\u03c1", 115: "\u03c3", 116: "\u03c4",
    117: "\u03c5", 119: "\u03c9", 120: "\u03be", 121: "\u03c8", 122: "\u03b6", 126: "\u223c", 162: "\u2032",
    163: "\u2264", 165: "\u221e", 171: "\u2194", 172: "\u2190", 173: "\u2191", 174: "\u2192", 175: "\u2193",
    176: "\u00b0", 177: "\u00b1", 178: "\u2033", 179: "\u2265", 180: "\u00d7", 181: "\u221d", 183: "\u2022",
    184: "\u00f7", 185: "\u2260", 186: "\u2261", 187: "\u2248", 188: "\u2026", 198: "\u2205", 206: "\u2208",
    210: "\u00ae", 211: "\u00a9", 212: "\u2122", 213: "\u220f", 214: "\u221a", 215: "\u22c5", 216: "\u00ac",
    219: "\u21d4", 222: "\u21d2", 226: "\u00ae", 227: "\u00a9", 228: "\u2122", 229: "\u2211",
}  # fmt: skip
#: Adobe's corporate use area for pieces of brackets, small capitals and old-style figures.
_CORPORATE = {
    0xF8E8: "\u00ae", 0xF8E9: "\u00a9", 0xF8EA: "\u2122", 0xF8EB: "(", 0xF8EC: "", 0xF8ED: "", 0xF8EE: "[",
    0xF8EF: "", 0xF8F0: "", 0xF8F1: "{", 0xF8F2: "", 0xF8F3: "", 0xF8F4: "", 0xF8F6: ")", 0xF8F7: "",
    0xF8F8: "",
    0xF8F9: "]", 0xF8FA: "", 0xF8FB: "", 0xF8FC: "}", 0xF8FD: "", 0xF8FE: "",
    0xF8020: "\u2032",  # Minion Math
    **{0xF730 + i: str(i) for i in range(10)},
    **{0xF761 + i: chr(0x41 + i) for i in range(26)},
}  # fmt: skip
#: Fonts whose glyphs carry the names of other characters, by parts of their names.
_MISNAMED = (
    # mathabx (Barbe, Mertz): its glyphs have the names of the T1 encoding.
    (("tex-matha", "tex-mathb", "tex-mathx"), {
        "\u00b4": "\u2212", "`": "\u00b7", "\u02c6": "\u00d7", "\u02dc": "\u2217", "\u02d8": "\u00b1",
        "\u02dd": "\u00b0", "1": "\u2032", "\u010f": "\u2264", "\u011b": "\u2265", "\u2030": "\u2260",
        "\u00d1": "\u2192", "\u201e": "\u2248", "\u201c": "\u223c",
    }),
    # Springer's and Wolters Kluwer's symbol fonts.
    (("advtir_symb",), {"9": "\u00d7"}),
    (("advpsmp13",), {"l": "\u03bc"}),
    (("advp7da6",), {"m": "\u03bc"}),
)  # fmt: skip
_NAMED = re.compile(r"/[A-Za-z_.]*\d+[A-Za-z.]*|/[A-Za-z_.]{2,}\d*")
ACCENTS = {
    "\u00b4": "\u0301", "`": "\u0300", "\u02c6": "\u0302", "\u02dc": "\u0303", "\u00a8": "\u0308",
    "\u02c7": "\u030c", "\u02da": "\u030a", "\u00b8": "\u0327", "\u02d8": "\u0306", "\u00af": "\u0304",
    "\u02d9": "\u0307", "\u02db": "\u0328", "\u02dd": "\u030b",
}  # fmt: skip


@lru_cache(maxsize=4096)
def meaning(text: str, font: str) -> str:
    """Return the characters that a glyph stands for.

    Args:
        text: what the engine made of it; a name such as "/C20" if it does not know the glyph.
        font: the font's name in lower case, without subset prefix.
    """
    for families, table in _MISNAMED:
        if any(family in font for family in families):
            return "".join(table.get(character, character) for character in text)
    coded = text.removeprefix("/")
    if len(text) > 2 and coded.startswith("C") and coded[1:].isdecimal() and len(coded) <= 4:
        code = int(coded[1:])
        return (_SYMBOL if code > 127 else _OMS).get(code, UNREADABLE)
    if len(text) > 2 and _NAMED.fullmatch(text):
        return UNREADABLE
    return "".join(map(_character, text))


def _character(character: str) -> str:
    code = ord(character)
    if code < 0x2100:
        return character
    if 0xF020 <= code <= 0xF0FF:
        plain = chr(code - 0xF000)
        return _SYMBOL.get(code - 0xF000, plain if plain.isascii() else UNREADABLE)
    if code in _CORPORATE:
        return _CORPORATE[code]
    if 0x1D400 <= code <= 0x1D7FF:  # mathematical letters: an italic mu is a mu
        return unicodedata.normalize("NFKC", character)
    return character


def compose(letter: str, accent: str) -> str:
    """Return ``letter`` with the accent set over it, or both if there is no such letter."""
    base = {"\u0131": "i", "\u0237": "j"}.get(letter, letter)
    composed = unicodedata.normalize("NFC", base + ACCENTS[accent])
    return composed if len(composed) == 1 else accent + letter
