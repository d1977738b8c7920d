"""Fonts of a PDF: the characters and widths of their codes. Runs in the child process."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from pypdf.generic import ArrayObject, DictionaryObject

from index.read.pdf.extract.glyphs import UNREADABLE
from index.read.pdf.extract.pieces import BOLD, ITALIC, heavy, slanted


def number(value: object, default: float = 0.0) -> float:
    """Return a finite number as it is, anything else as ``default``."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return default


@dataclass(slots=True)
class Face:
    """One font: codes to characters and widths."""

    name: str
    flags: int
    codes: dict[bytes, tuple[str, float, bool]] = field(default_factory=dict)
    font: Any = None
    wide: bool = False  #: two bytes a code
    unit: float = 0.001  #: text space units for one unit of glyph width
    space: float = 0.25  #: width of a space, in units of the font size
    known: bool = True  #: False if the characters of the codes are unknown

    def decode(self, data: bytes) -> list[tuple[str, float, bool]]:
        """Return (characters, width in text space, is it a one-byte space) for each code."""
        step = 2 if self.wide else 1
        codes = [data[i : i + step] for i in range(0, len(data) - step + 1, step)]
        for code in set(codes).difference(self.codes):
            self.codes[code] = self._look_up(code)
        return [self.codes[code] for code in codes]

    def _look_up(self, code: bytes) -> tuple[str, float, bool]:
        font = self.font
        if isinstance(font.encoding, dict):
            raw = chr(code[0])
            shown = font.encoding.get(code[0], raw)
        else:
            raw = shown = code.decode(font.encoding, "replace") if self.wide else chr(code[0])
        text = font.character_map.get(shown)
        if text is None:
            text = UNREADABLE if not self.known or (self.wide and font.character_map) else shown
        width = font.character_widths.get(raw, font.character_widths.get("default", 500))
        width = float(width) if isinstance(width, (int, float)) else 500.0
        return str(text), width * self.unit, code == b" "


def load_face(resource: DictionaryObject) -> Face:
    """Return the font that a resource describes; raises what pypdf raises on a broken one."""
    # A private module: pypdf has no public access to a font's characters and widths. Hence the ceiling in
    # pyproject.toml.
    from pypdf.generic._font import Font

    font = Font.from_font_resource(resource)
    name = font.name.rpartition("+")[2].lower()
    descriptor = font.font_descriptor
    flags = BOLD if number(descriptor.weight) >= 600 or heavy(name) else 0
    if number(descriptor.italic_angle) or slanted(name):
        flags |= ITALIC
    composite = font.sub_type == "Type0"
    wide = composite and isinstance(font.encoding, str) and font.encoding.startswith("utf-16")
    identity = str(resource.get("/Encoding", "")).startswith("/Identity")
    known = font.interpretable and not (composite and not font.character_map and identity)
    unit = 0.001
    if font.sub_type == "Type3":
        matrix = resource.get("/FontMatrix")
        if isinstance(matrix, ArrayObject) and matrix:
            unit = abs(number(matrix[0], 0.001)) or 0.001
    return Face(name, flags, {}, font, wide, unit, number(font.space_width, 250.0) * unit, known)
