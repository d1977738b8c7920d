"""Questions about each of several papers or patients, and the same asked of one of them."""

from __future__ import annotations

import re

_EVERY = re.compile(
    r"\b(?:each|every|both|all|either)(?: of the)?(?: two| three)? (?:\w+ )?(?:patients?|cases?|papers?"
    r"|reports?|stud(?:y|ies)|articles?|authors|women|men)\b"
    r"|\b(?:between|across|among) the (?:two |three )?(?:patients|cases|papers|reports|studies)\b"
    r"|\bcompare[ds]?\b(?=.*\b(?:patients|cases|papers|reports|studies)\b)"
    r"|\bthe two (?:patients|cases|papers|reports|articles|studies)\b"
    r"|\b(?:in|for|of) both\W*$|\b(?:do|did|have|what|which) .*\bthe (?:papers|reports|articles|studies)\b",
    re.IGNORECASE,
)
_ONE = r"(?:case report|patient|case|paper|report|study|article|woman|man)"
_SEVERAL = re.compile(
    r"\b(?:(?:each|every|both|all|either)(?: two| three)?(?: of the)?(?: two| three)?|the(?: two| three)?)"
    r" (?P<which>(?:\w+ )??)(?P<kind>case reports?|patients?|cases?|papers?|reports?|study|studies|articles?"
    r"|wom[ae]n|m[ae]n)(?P<owned>['\u2019]s?)?(?!\w)",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?P<where>in|for|of) both(?=\W*$)", re.IGNORECASE)
_AMONG = re.compile(rf"\b(?:between|across|among)(?= the {_ONE}\b)", re.IGNORECASE)
_AGREEING = re.compile(rf"\b(?P<verb>were|are|do|have)(?= the (?:\w+ )?{_ONE}\b)", re.IGNORECASE)
_SINGULAR_VERBS = {"were": "was", "are": "is", "do": "does", "have": "has"}
_SINGULAR_NOUNS = {"studies": "study", "women": "woman", "men": "man"}


def of_each(text: str) -> bool:
    """Tell whether a question wants an answer from each paper: "both patients", "the two reports"."""
    return _EVERY.search(text) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _singular(match: re.Match[str]) -> str:
    return _SINGULAR_VERBS[match.group("verb").lower()]


def of_one(text: str) -> str:
    """Return a question about each of several as it is asked of one: "How old was the patient?"."""
    found = _SEVERAL.sub(_one, text)
    found = _BOTH.sub(r"\g<where> the case", found)
    found = _AMONG.sub("in", found)
    return _capital(_AGREEING.sub(_singular, found))


def _one(match: re.Match[str]) -> str:
    kind = match.group("kind").lower()
    singular = _SINGULAR_NOUNS.get(kind) or kind.removesuffix("s")
    return f"the {match.group('which')}{singular}{chr(39) + 's' if match.group('owned') else ''}"
