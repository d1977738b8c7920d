"""Splits the names of authors into what reference managers need: family name, given names, particle, suffix.

Papers print names as one string. Where a file states the parts (JATS), they are used; otherwise they follow
from particles, suffixes, initials and commas. Wrongly split names are still complete: no word is lost but
academic degrees and forms of address, which references leave out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from index.entry import Name

_PARTICLES = frozenset({
    "af", "al", "am", "auf", "av", "bin", "da", "dal", "dalla", "de", "dei", "del", "della", "den",
    "der", "des", "di", "do", "dos", "du", "e", "el", "ibn", "la", "las", "le", "lo", "los", "'t", "’t",
    "ten", "ter", "van", "vande", "vander", "vom", "von", "y", "zu", "zum", "zur"
})  # fmt: skip
_JOINS = frozenset(("e", "y", "i"))  #: between the two family names of one person
_SUFFIXES = frozenset(["jr", "sr", "jnr", "snr", "ii", "iii", "iv", "2nd", "3rd"])
_DEGREES = frozenset({
    "bsc", "ba", "dds", "dmd", "dphil", "drph", "facp", "facs", "frcp", "frcs", "mbbs", "mbchb", "md",
    "mph", "mphil", "mrcp", "msc", "msn", "pharmd", "phd", "rn"
})  # fmt: skip
_ADDRESSES = frozenset(["dr", "prof", "professor"])
#: Words of the names of institutions and study groups.
_GROUPS = frozenset({
    "agency", "alliance", "association", "authority", "board", "bureau", "center", "centre", "centers",
    "centres", "centro", "clinic", "club", "collaboration", "collaborative", "collaborators", "college",
    "commission", "committee", "consortium", "council", "department", "faculty", "federation",
    "foundation", "group", "groups", "hospital", "hospitals", "initiative", "institut", "institute",
    "institutes", "institution", "investigators", "laboratory", "ministry", "network", "office",
    "organisation", "organization", "partnership", "program", "programme", "project", "registry",
    "researchers", "school", "secretariat", "service", "services", "society", "study", "team", "trial",
    "trialists", "union", "university", "universität", "université"
})  # fmt: skip
_NO_INITIALS = 4  #: letters from which on a word in capitals is a name


def split_names(names: Sequence[tuple[str, str]]) -> tuple[Name, ...]:
    """Return the parts of each name of one paper, given with its family name where the paper states it."""
    whole = [(_without_titles(name), family) for name, family in names if name.split()]
    inverted = all(_is_inverted(name) for name, _ in whole)
    return tuple(
        _stated(name, family) if family and family in name else _split(name, inverted=inverted)
        for name, family in whole
    )


def _bare(word: str) -> str:
    return word.replace(".", "").strip(",;()").casefold()


def _without_titles(name: str) -> str:
    """Return ``name`` without academic degrees at its end and forms of address at its start."""
    words = name.split()
    while len(words) > 2 and _bare(words[-1]) in _DEGREES:
        words.pop()
        words[-1] = words[-1].rstrip(",")
    while len(words) > 2 and _bare(words[0]) in _ADDRESSES:
        words.pop(0)
    return " ".join(words)


def _is_inverted(name: str) -> bool:
    """Return whether ``name`` is like "Smith JA": initials come last, without points."""
    *words, last = name.split()
    letters = last.replace("-", "")
    return (
        bool(words)
        and letters.isalpha()
        and letters.isupper()
        and len(letters) < _NO_INITIALS
        and _bare(last) not in _SUFFIXES
        and any(letter.islower() for letter in "".join(words))
        and not any(word.rstrip(".").isupper() and len(word.rstrip(".")) == 1 for word in words)
    )


def is_group(name: str) -> bool:
    """Return whether ``name`` is that of an institution or a group, or has one word only."""
    words = [_bare(word) for word in name.split()]
    return len(words) < 2 or any(word in _GROUPS or word.isdecimal() for word in words)


def _stated(name: str, surname: str) -> Name:
    """Return the parts of ``name``, in which the paper marks ``surname``."""
    before, _, after = name.rpartition(surname)
    if surname == name:
        return Name(name, group=True)
    particle, family = _particle(surname.split())
    suffix = after.strip(" ,")
    return Name(family, spaced(before), particle, suffix) if before.strip() else Name(name, group=True)


def _split(name: str, *, inverted: bool) -> Name:
    if is_group(name):
        return Name(name, group=True)
    first, *others = (part.strip() for part in name.split(","))
    words = first.split()
    suffix = " ".join(part for part in others if _bare(part) in _SUFFIXES)
    if len(words) > 2 and _bare(words[-1]) in _SUFFIXES:
        suffix = words.pop()
    given = " ".join(part for part in others if part and _bare(part) not in _SUFFIXES)
    if given:  # "Beethoven, Ludwig van" or "van Beethoven, Ludwig"
        parts = given.split()
        while len(parts) > 1 and parts[-1].islower() and parts[-1] in _PARTICLES:
            words.insert(0, parts.pop())
        given = " ".join(parts)
    elif inverted:
        given = "-".join(". ".join(letters) + "." for letters in words.pop().split("-"))
    else:
        at = _family_at(words)
        given, words = " ".join(words[:at]), words[at:]
    particle, family = _particle(words)
    return Name(family, spaced(given), particle, suffix) if family else Name(name, group=True)


def _family_at(words: Sequence[str]) -> int:
    """Return where the family name begins: at a particle after the first given name, else the last word."""
    for at, word in enumerate(words[1:-1], 1):
        if word.casefold() in _JOINS and at > 1:
            return at - 1
        if word.casefold() in _PARTICLES - _JOINS:
            return at
    return len(words) - 1


def _particle(words: Sequence[str]) -> tuple[str, str]:
    """Return the leading particles in lower case, and the rest; particles in capitals stay with the name."""
    count = 0
    while count < len(words) - 1 and words[count].islower() and words[count] in _PARTICLES:
        count += 1
    return " ".join(words[:count]), " ".join(words[count:])


def spaced(given: str) -> str:
    """Return "J. A." for "J.A." and for the bare initials "J A"."""
    words = given.replace(".", ". ").replace(". -", ".-").split()
    return " ".join(f"{word}." if len(word) == 1 and word.isupper() else word for word in words)


def ascii_letters(text: str) -> str:
    """Return the Latin letters and digits of ``text`` in lower case, without accents."""
    latin = unicodedata.normalize("NFKD", text).casefold().translate(_LATIN)
    return "".join(c for c in latin if c.isascii() and c.isalnum())


#: Letters that do not decompose.
_LATIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
