"""Finds a paper's own abbreviations: "creatine kinase (CK)".

Method: Schwartz and Hearst, "A simple algorithm for identifying abbreviation
definitions in biomedical text", Pac Symp Biocomput 2003, with plural forms
("IIMs") and the reversed order ("CK (creatine kinase)") added.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from index.terms import terms
from index.text import Span
from qa.understand.clinical import clinical_abbreviations
from qa.understand.question import Question

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


def in_forms_of(text: str, question: str, abbreviations: Mapping[str, str]) -> str:
    """Return ``question`` with the forms that ``text`` uses: "CK" for "creatine kinase", or the reverse.

    ``abbreviations`` are those of the paper that ``text`` comes from; general usage
    adds those that the paper does not define otherwise. A form stays as typed where
    ``text`` has it too, or lacks the other form. Only whole forms are replaced, never
    one word of a long form.
    """
    asked, read = question.lower(), text.lower()
    # "\u0130" is longer in lower case: then places in the one are not those in the other.
    if len(asked) != len(question) or len(read) != len(text):
        return question
    changes: dict[Span, str] = {}
    for short, long in known_forms(abbreviations.items()):
        small, full = short.lower(), long.lower()
        for had, wanted in ((full, small), (small, full)):
            # Substrings first: of the many forms that are known, next to none is in the question.
            if had not in asked or had in read or wanted in asked or wanted not in read:
                continue
            typed, form = _word(had).search(asked), _word(wanted).search(read)
            if typed and form and (had != small or _abbreviates(question[slice(*typed.span())], short)):
                changes[Span(*typed.span())] = text[slice(*form.span())]
    for place in sorted(changes, key=lambda span: -span.start):
        if not any(place != other and place.overlaps(other) for other in changes):
            question = f"{question[: place.start]}{changes[place]}{question[place.end :]}"
    return question


def equivalents(
    question: Question, abbreviations: Mapping[str, str]
) -> dict[str, tuple[frozenset[str], ...]]:
    """Return for each term the sets of stems, any of which stands for it in this paper.

    Where the paper defines CK, {"creatin", "kinas"} stands for "ck", and {"ck"} for
    each word of a question that spells out "creatine kinase". One word of a long
    form does not stand for the short form.
    """
    forms: dict[str, list[frozenset[str]]] = {term: [frozenset((term,))] for term in question.terms}
    for whole, parts in question.compounds:
        for term, others in ((whole, parts), *((part, frozenset((whole,))) for part in parts)):
            if term in forms:
                forms[term].append(others)
    for form, other, _ in _other_forms(question, abbreviations.items()):
        for term in form:
            if other not in forms[term]:
                forms[term].append(other)
    return {term: tuple(choices) for term, choices in forms.items()}


def other_forms(question: Question, own: Collection[tuple[str, str]]) -> list[str]:
    """Return the long and short forms for the question's words that it does not have itself.

    They come from ``own``, the (short, long) pairs of the papers, and from general usage.
    """
    asked = frozenset(question.terms)
    texts = (text for _, other, text in _other_forms(question, own) if not other <= asked)
    return list(dict.fromkeys(texts))


def _other_forms(
    question: Question, own: Collection[tuple[str, str]]
) -> Iterator[tuple[frozenset[str], frozenset[str], str]]:
    """Yield the stems of each form that the question has whole, and the other form as stems and as text."""
    if not question.abbreviations:
        return
    asked = frozenset(question.terms)
    for short, long in known_forms(own):
        few, many = stems(short), stems(long)
        if few and many:
            if few <= asked:
                yield few, many, long
            if many <= asked:
                yield many, few, short


def known_forms(own: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield (short, long): papers' ``own``, then those of general usage that none of them defines otherwise.

    A paper that calls CK "creatinine kinase" means what all others do: one word in common is enough.
    """
    yield from own
    defined: dict[str, frozenset[str]] = {}
    for short, long in own:
        defined[short.lower()] = defined.get(short.lower(), frozenset()) | stems(long)
    for short, longs in clinical_abbreviations().items():
        for long in longs:
            if short not in defined or defined[short] & stems(long):
                yield short, long


@lru_cache(maxsize=20_000)
def stems(form: str) -> frozenset[str]:
    """Return the stems of a form; none for a stop word, even one spelt in capitals."""
    return frozenset(terms(form))


def _abbreviates(typed: str, short: str) -> bool:
    """Tell whether what is ``typed`` is the abbreviation ``short``, and not a word like it ("or", "as")."""
    return typed == short or typed.isupper() or bool(stems(typed))


@lru_cache(maxsize=4096)
def _word(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(form)}(?!\w)")


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
