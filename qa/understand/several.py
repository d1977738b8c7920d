"""Questions about each of several papers or patients, and about one that stands out among them."""

from __future__ import annotations

import re

from index.terms import words as words_of

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


def capital(text: str) -> str:
    """Return ``text`` with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def of_one(text: str) -> str:
    """Return a question about each of several as it is asked of one: "How old was the patient?"."""
    found = _SEVERAL.sub(_one, text)
    found = _BOTH.sub(r"\g<where> the case", found)
    found = _AMONG.sub("in", found)
    return capital(_AGREEING.sub(lambda match: _SINGULAR_VERBS[match["verb"].lower()], found))


def _one(match: re.Match[str]) -> str:
    kind = match.group("kind").lower()
    singular = _SINGULAR_NOUNS.get(kind) or kind.removesuffix("s")
    return f"the {match.group('which')}{singular}{chr(39) + 's' if match.group('owned') else ''}"


#: Adjectives that single out one by comparing numbers; "best" compares something else, and "minimum" is
#: part of names ("minimum inhibitory concentration").
_SUPERLATIVES = frozenset(
    """highest lowest largest smallest biggest greatest longest shortest oldest youngest heaviest lightest
    earliest fastest slowest fewest""".split()  # noqa: SIM905 - a list would take twenty lines
)
_NEGATIONS = frozenset(("not", "no", "never", "none", "nor", "neither", "without", "cannot"))


def superlative_in(text: str) -> str:
    """Return the word with which a question singles out one of several by a number; "" without one."""
    return next((word for word in words_of(text) if word in _SUPERLATIVES), "")


def without_superlative(text: str) -> str:
    """Return the question for the values among which one stands out: "What was the CK on admission?".

    What stands before "the highest" asks for the one; without anything behind, only the word is dropped.
    """
    words = text.split()
    at = next(at for at, word in enumerate(words) if word.strip("?,.;").lower() in _SUPERLATIVES)
    if words[at + 1 :] and at and words[at - 1].lower() == "the":
        return " ".join(["What was the", *words[at + 1 :]])
    return " ".join([*words[:at], *words[at + 1 :]])


def negated(text: str) -> bool:
    """Tell whether a question or sentence denies something."""
    words = [word.lower() for word in text.replace("\u2019", "'").split()]
    return any(word.strip(".,;?!()") in _NEGATIONS or word.endswith("n't") for word in words)
