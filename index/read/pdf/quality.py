"""Tells words from glyph codes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.read.pdf.extract.pieces import RawPage

_WORD = re.compile(r"[^\W\d_]{2,}")
#: The commonest words of languages in Latin script.
_COMMON = frozenset(
    re.findall(
        r"\w+",
        """the of and in to a with for was were is by on at from as that this or an are we be not patients
        der die und von das den mit ist des im zu für auf eine la le les de et du en un une que est pour dans
        el los las del y por con se su para al como lo il di che e per una non sono della o do da um uma""",
    )
)


def letters(page: RawPage) -> int:
    """Return how many letters the page has."""
    return sum(character.isalpha() for piece in page.pieces for character in piece.text)


def garbled(pages: Sequence[RawPage]) -> bool:
    """Tell whether the text layer holds glyph codes rather than words.

    Signs of it: characters that the file itself gives no meaning, control and
    private-use characters; or, in a text long enough to tell, hardly any of the
    commonest words of Latin-script languages and no other script's letters.
    """
    text = " ".join(piece.text for page in pages for piece in page.pieces)
    visible = [character for character in text if not character.isspace()]
    if not visible:
        return False
    broken = sum(_broken(character) for character in visible)
    if broken > 0.3 * len(visible):
        return True
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return True
    if len(words) < 40:
        return (
            len(visible) >= 100 and len("".join(words)) < 0.3 * len(visible) and broken > 0.05 * len(visible)
        )
    foreign = sum(1 for character in visible if character.isalpha() and ord(character) > 0x24F)
    common = sum(1 for word in words if word in _COMMON)
    least = 0.03 if len(words) >= 100 else 0.0
    return common <= least * len(words) and foreign < 0.3 * len(visible)


def _broken(character: str) -> bool:
    return (
        character == "\ufffd"
        or ord(character) < 32
        or 0x7F <= ord(character) < 0xA0
        or (0xE000 <= ord(character) < 0xF900)
    )
