"""Finds a paper's own abbreviations: "creatine kinase (CK)".

Method: Schwartz and Hearst, "A simple algorithm for identifying abbreviation
definitions in biomedical text", Pac Symp Biocomput 2003, with plural forms
("IIMs") and the reversed order ("CK (creatine kinase)") added.
"""

from __future__ import annotations

import re

_BRACKETED = re.compile(r"\(([^()]{1,90})\)")
_WORDS = re.compile(r"\S+")
_MOST_WORDS = 10


def definitions(text: str) -> dict[str, str]:
    """Return long forms by short form, both as first printed in ``text``."""
    found: dict[str, str] = {}
    for match in _BRACKETED.finditer(text):
        inner = re.split(r"[;,]\s", match.group(1))[0].strip()
        before = text[max(match.start() - 150, 0) : match.start()]
        pair = _pair(inner, before)
        if pair:
            found.setdefault(*pair)
    return found


def _pair(inner: str, before: str) -> tuple[str, str] | None:
    """Return (short, long) if the bracket abbreviates the words before it, or spells them out."""
    if _short_form(inner):
        sentence = re.split(r"[.;:!?]\s|[\[\]\n]", before)[-1]
        words = _WORDS.findall(sentence)
        tail = " ".join(words[-min(len(inner) + 5, len(inner) * 2, _MOST_WORDS) :])
        for short in {inner: None, inner.removesuffix("s"): None}:
            long = _long_form(short, tail)
            if long:
                return short, long
        return None
    last = _WORDS.findall(before)[-1:]
    if last and _short_form(last[0]) and 2 <= len(inner.split()) <= _MOST_WORDS:
        long = _long_form(last[0], inner)
        return (last[0], long) if long and len(long) > 0.7 * len(inner) else None
    return None


def _short_form(text: str) -> bool:
    return (
        2 <= len(text) <= 12
        and len(text.split()) <= 2
        and text[0].isalnum()
        and any(c.isupper() for c in text)
        and not re.fullmatch(r"(?:[A-Z][a-z]+)|(?:[Ff]ig\w*|[Tt]able) ?\d*|[\d\W]+|[IVX]+|n ?= ?\d+", text)
    )


def _long_form(short: str, candidate: str) -> str:
    """Return the shortest end of ``candidate`` that spells out ``short``, or ""."""
    place = len(candidate) - 1
    for at in range(len(short) - 1, -1, -1):
        letter = short[at].lower()
        if not letter.isalnum():
            continue
        while place >= 0 and (
            candidate[place].lower() != letter or (at == 0 and place > 0 and candidate[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return ""
        place -= 1
    start = candidate.rfind(" ", 0, place + 1) + 1
    long = candidate[start:].strip(" ,")
    if candidate[start : start + 1] in "([":
        long = candidate[place + 1 :].strip()
    enough = len(long) > len(short) and len(long.split()) <= min(len(short) + 5, len(short) * 2)
    return long if enough and short.lower() not in long.lower().split() else ""
