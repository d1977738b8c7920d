"""Puts papers' text on a terminal so that it can do nothing there but be read."""

from __future__ import annotations

import unicodedata

#: Categories whose characters move the cursor, reorder text or cannot be seen.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_KEPT = frozenset("\n\t\u200c\u200d")


def visible(text: str) -> str:
    """Return ``text`` with control, bidirectional and unassigned format characters as ``<U+202E>``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"<U+{ord(c):04X}>" if c not in _KEPT and unicodedata.category(c) in _UNSEEN else c for c in text
    )
