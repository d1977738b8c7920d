"""Tells whom a paper, a sentence or a question is about: a woman, a man, of which age.

A question about "the woman" must never be answered with the man's value. The
rule is general: who is not named is never excluded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FEMALE = r"wom[ae]n|females?|girls?|lady|ladies|mother|housewife"
_MALE = r"m[ae]n|males?|boys?|gentlem[ae]n|father"
_AGE = r"(?P<age>\d{1,3})[\s-]*(?P<unit>year|month|week|day)s?[\s-]*old"
_PERSON = re.compile(
    rf"\b{_AGE}\b(?P<between>(?:[ ,]+[\w/'\u2019-]+){{0,7}}?)[ ,]+(?P<sex>{_FEMALE}|{_MALE})\b", re.IGNORECASE
)
_AGED = re.compile(rf"\b{_AGE}\b", re.IGNORECASE)
_ASKED = re.compile(
    rf"\b(?:the|this|that|our|a|an|which|each|female|male)\s+(?:\w[\w-]*\s+){{0,3}}?(?P<noun>{_FEMALE}"
    rf"|{_MALE})\b(?!\s+(?:sex|gender|predominance|preponderance|ratio|patients\b))",
    re.IGNORECASE,
)
_BARE = re.compile(r"\b(?:woman|lady|girl|female|man|gentleman|boy|male)\b", re.IGNORECASE)
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b", re.IGNORECASE)
_HE = re.compile(r"\b(?:he|his|him|himself)\b", re.IGNORECASE)
_GENERIC = re.compile(
    r"\b(?:fe)?male (?:sex|gender|predominance|preponderance|predilection|to|ratio|infertility|pattern)\b"
    r"|\b(?:in|among|between|for|of|are|do|more) (?:\w+ )?(?:women|men|females|males)\b",
    re.IGNORECASE,
)


_OLD = r"\d{1,3}[\s-]*(?:year|month|week|day)s?[\s-]*old"
#: A phrase that stands for a person: "the 61-year-old woman", "her", "the male patient".
MENTION = re.compile(
    rf"\b(?:(?:the|this|that|a|an) )?(?:{_OLD} )?(?:fe)?male (?:patient|case)(?:['\u2019]s)?\b"
    rf"|\b(?:(?:the|this|that|a|an) )?(?:{_OLD} )?(?:{_FEMALE}|{_MALE})(?:['\u2019]s)?(?![\w-])"
    rf"|\bthe {_OLD}(?:['\u2019]s)?\b|\b(?:she|he|her|his|him|hers)\b",
    re.IGNORECASE,
)

#: What ``impersonal`` puts for a person, as a term.
PATIENT = "patient"
_PATIENT = re.compile(r"\b(?:the|this|that|our) (?:\w+ )?(?:patient|case)\b|\bthe patient's\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as described; None where nothing is said."""

    sex: str | None  #: "female" or "male"
    age: int | None  #: in years; 0 for an infant

    def conflicts(self, other: Subject) -> bool:
        """Tell whether the two cannot be the same person."""
        sexes = self.sex and other.sex and self.sex != other.sex
        ages = self.age is not None and other.age is not None and self.age != other.age
        return bool(sexes or ages)


NOBODY = Subject(None, None)


def _sex(noun: str) -> str:
    return "female" if re.fullmatch(_FEMALE + r"|female.*", noun, re.IGNORECASE) else "male"


def _years(match: re.Match[str]) -> int:
    return int(match.group("age")) if match.group("unit").lower() == "year" else 0


def people_in(text: str) -> tuple[Subject, ...]:
    """Return the people whom ``text`` introduces with age and sex, in order, without repeats."""
    found = (Subject(_sex(m.group("sex")), _years(m)) for m in _PERSON.finditer(text))
    return tuple(dict.fromkeys(found))


def subjects_of(text: str) -> tuple[Subject, ...]:
    """Return the people whom a paper reports on, most mentioned first; empty where none stand out.

    A person counts who is introduced with age and sex. Where one sex has nearly
    all of the paper's pronouns, people of the other sex are those of cited
    papers, and are left out. A paper without such a person, but with pronouns of
    one sex nearly always, is about someone of that sex.
    """
    she, he = len(_SHE.findall(text)), len(_HE.findall(text))
    leading = None
    if max(she, he) >= 4 and max(she, he) >= 4 * min(she, he):
        leading = "female" if she > he else "male"
    people = people_in(text)
    if leading:
        people = tuple(person for person in people if person.sex == leading) or (Subject(leading, None),)
    return people


def asked_about(question: str) -> Subject:
    """Return the person whom ``question`` names by sex or age; ``NOBODY`` for general questions."""
    aged = _AGED.search(question)
    age = _years(aged) if aged else None
    specific = _GENERIC.sub(" ", question)
    sexes = set()
    for match in _ASKED.finditer(specific):
        sexes.add(_sex(match.group("noun")))
    for match in re.finditer(rf"\b(?P<noun>{_FEMALE}|{_MALE})(?:'s|\u2019s)", specific, re.IGNORECASE):
        sexes.add(_sex(match.group("noun")))
    for match in re.finditer(r"\b(?P<sex>female|male) (?:patient|case|subject)\b", specific, re.IGNORECASE):
        sexes.add(match.group("sex").lower())
    if age is not None:
        sexes |= {_sex(m.group("sex")) for m in _PERSON.finditer(question)}
    if not sexes:  # "creatinine man", as typed in haste
        sexes |= {_sex(m.group()) for m in _BARE.finditer(specific)}
    if not sexes:
        sexes |= {"female"} if _SHE.search(specific) else set()
        sexes |= {"male"} if _HE.search(specific) else set()
    return Subject(sexes.pop() if len(sexes) == 1 else None, age)


def asks_of_patient(question: str) -> bool:
    """Tell whether a question is about the patient of a report, whoever that is."""
    return _PATIENT.search(question) is not None


def impersonal(question: str) -> str:
    """Return ``question`` with "the patient" for the person it names; general questions stay as they are.

    Whom a question is about decides which papers are looked into; within a paper
    age and sex would only lead to the sentence that introduces the person.
    """
    if asked_about(question) == NOBODY:
        return question

    return MENTION.sub(lambda match: "the patient's" if owns(match) else "the patient", question)


def owns(match: re.Match[str]) -> bool:
    """Tell whether a ``MENTION`` names an owner: "the woman's", "his", "her" before a word."""
    found = match.group().lower()
    follows = match.string[match.end() : match.end() + 2]
    before_word = follows[:1] == " " and follows[1:].isascii() and follows[1:].isalnum()
    return found.endswith(("'s", "\u2019s")) or found == "his" or (found == "her" and before_word)
