"""Writes raised and lowered characters into plain text, by one rule for all readers.

A power or charge keeps a mark ("10^9", "Ca^2+"), a citation goes into brackets ("12 [3] percent"), and
what reads well without a mark has none ("H2O", "CD4+", "1st", "18F"). What the source sets apart never
becomes one number: if nothing tells what a raised number is, it is marked like a power.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from index.text import MappedText, join


class Level(Enum):
    """How a run stands to its line, and what the source says that it is."""

    LINE = auto()
    LOWERED = auto()
    RAISED = auto()
    POWER = auto()  #: raised, by markup for formulas
    CITATION = auto()  #: raised, by markup for citations
    CITING = auto()  #: on the line by markup for citations; many journals print its number raised


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of characters on one level."""

    text: MappedText
    level: Level = Level.LINE


_RAISED = frozenset({Level.RAISED, Level.CITATION})
_MINUS = "\u2010-\u2013\u2212-"  # the end of a character class
#: Numbers as citations have them: "3", "12,13", "4-6".
_NUMBERS = re.compile(rf"[1-9]\d{{0,2}}(?:\s*[,;{_MINUS}]\s*[1-9]\d{{0,2}})*")
_BRACKETED = re.compile(rf"[\[(]{_NUMBERS.pattern}[\])]")
_BETWEEN = re.compile(rf"\s*[,;{_MINUS}]\s*")
#: A number that only a power or charge can be.
_SIGNED = re.compile(rf"[+{_MINUS}]\s?\d|\d+[+{_MINUS}]+$|\d+\.\d+$")
#: A ten, as the base of a power: not the end of 110, 0.10 or 2,010.
_TEN = re.compile(rf"(?:^|[^\w.,]|[x\u00d7])10\s?[{_MINUS}]?$")
_LENGTH = re.compile(r"(?:(?<![^\W\d_])[cdkmn\u00b5\u03bc]?m|\d\s?(?:in|ft|deg))$")
#: A unit behind another: "m/s", "kg\u00b7m", "L/min".
_COMPOUND = re.compile(r"[/\u00b7\u22c5](?:[cdkmn\u00b5\u03bc]?m|k?g|s|min|h)$")
_VARIABLE = re.compile(r"(?<![^\W_])(?<![^\W\d_]-)[^\W\d_]$")
#: A unit of one letter, which a number raised behind it does not make a power.
_UNIT = re.compile(r"[\d/]\s?[ghlLms]$")
#: A power that a lowered run follows.
_POWER = re.compile(rf"\^[+{_MINUS}]?\d+$")
#: The symbol of an element, before which its mass number is raised.
_ELEMENT = re.compile(r"[A-Z][a-z]?(?![a-z])")
#: Characters before a run that are examined.
_REACH = 80


def set_out(runs: Iterable[Run]) -> MappedText:
    """Return runs as plain text, each raised or lowered one with its marks; a mark has its run's origin."""
    runs = list(runs)
    if all(run.level is Level.LINE for run in runs):
        return join([run.text for run in runs], "")
    merged = _merged(_without_citing(runs))
    parts: list[MappedText] = []
    before = ""
    for number, run in enumerate(merged):
        text = run.text
        core = text.text.strip().rstrip(",;.")
        if run.level is not Level.LINE and core:
            start = text.text.index(core)
            end = start + len(core)
            after = text.text[end:] + _ahead(merged[number + 1 : number + 4])
            opening, closing = marks(before + text.text[:start], core, after, run.level)
            text = text.edit([(start, start, opening), (end, end, closing)])
            if opening == "^":  # no space parts a power from its base
                before = _cut_space(parts, before)
                text = text[start:]
        parts.append(text)
        before = (before + text.text)[-_REACH:]
    return join(parts, "")


def _ahead(runs: Sequence[Run]) -> str:
    """Return the text of the runs ahead; a raised or lowered one comes with its own mark."""
    if not runs or runs[0].level is not Level.LINE:
        return ""
    return "".join(run.text.text[:3] for run in runs)


def _cut_space(parts: list[MappedText], before: str) -> str:
    """Drop the white space that ``parts`` end with, and return ``before`` without it."""
    while parts and not parts[-1].text.strip():
        parts.pop()
    if parts:
        parts[-1] = parts[-1][: len(parts[-1].text.rstrip())]
    return before.rstrip()


def marks(before: str, run: str, after: str, level: Level) -> tuple[str, str]:
    """Return what to write before and after a raised or lowered run.

    Args:
        before: the text before it, at least the last word.
        run: its characters, without white space at either end.
        after: the first characters of the text after it.
        level: any but ``LINE``.
    """
    gap = " " if run[-1:].isdecimal() and after[:1].isdecimal() else ""
    if level is Level.LOWERED:
        return "_" if _touches(before, run) or _POWER.search(before) else "", gap
    space = " " if before and not before[-1].isspace() else ""
    following = " " if after[:1].isalnum() else ""
    if _BRACKETED.fullmatch(run):
        return space, following
    if _NUMBERS.fullmatch(run) and _cites(before, run, after, level):
        return f"{space}[", f"]{following}"
    if _is_power(before, run, after, level):
        return "^", gap
    # A mass number or numerator is part of what follows, not of the word before.
    joined = before[-1:].isalnum() or _touches(before, run)
    return " " if joined and run.isdecimal() else "", gap


def _touches(before: str, run: str) -> bool:
    """Return whether a run would continue the number that the text before it ends with."""
    return run[:1].isdecimal() and before.rstrip(".,")[-1:].isdecimal()


def _cites(before: str, run: str, after: str, level: Level) -> bool:
    """Return whether a raised number, or several, cite the literature."""
    base = before.rstrip()
    if level is Level.POWER or not base or base[-1] in "([":
        return False
    if level is Level.CITATION or not run.isdecimal():
        return True
    return not (_is_base(base, before, run) or _opens_word(before, after))


def _is_base(base: str, before: str, run: str) -> bool:
    """Return whether a number raised behind ``base`` is a power of it."""
    if _TEN.search(base) or base[-1] in "\u2212\u00af" or (run in ("2", "3", "4") and _LENGTH.search(base)):
        return True
    if run in ("2", "3") and _COMPOUND.search(base):
        return True
    return base == before and _VARIABLE.search(base) is not None and not _UNIT.search(base)


def _opens_word(before: str, after: str) -> bool:
    """Return whether a raised number belongs to what follows: a mass number, a numerator, a note."""
    if not after[:1].isalpha():
        return re.match(r"[/\u2044]\d", after) is not None
    attached = before[-1].isalnum() or before[-1] in ".,;:"
    return not attached or _ELEMENT.match(after) is not None


def _is_power(before: str, run: str, after: str, level: Level) -> bool:
    """Return whether a raised run that cites nothing needs the mark of a power."""
    base = before.rstrip()
    if not base or run[0] in "([":
        return False
    if level is Level.POWER:
        return any(character.isalnum() for character in run)
    if _SIGNED.match(run):
        return base[-1].isalnum() or base[-1] in ")]" or _touches(before, run)
    if not any(character.isdecimal() for character in run):
        return _touches(base, after) and run in _MINUS + "+"  # only the sign of a power is raised
    if run.isdecimal() and _is_base(base, before, run):
        return True
    return _touches(before, run) and not (_NUMBERS.fullmatch(run) and _opens_word(before, after))


def _without_citing(runs: Iterable[Run]) -> Iterable[Run]:
    """Yield the runs, each that cites on the line as a raised citation, or as part of the line."""
    before = ""
    for run in runs:
        if run.level is Level.CITING:
            core = run.text.text.strip()
            apart = _NUMBERS.fullmatch(core) and not _bracketed(before)
            run = replace(run, level=Level.CITATION if apart else Level.LINE)
        yield run
        before = (before + run.text.text)[-_REACH:]


def _bracketed(before: str) -> bool:
    """Return whether a citation on the line stands in brackets, or begins its text."""
    if not before.strip() or before[-1] in "([":
        return True
    opened = max(map(before.rfind, "([")) > max(map(before.rfind, ")]"))
    return opened and (before[-1].isspace() or _BETWEEN.fullmatch(before[-1]) is not None)


def _merged(runs: Iterable[Run]) -> Sequence[Run]:
    """Return the runs, raised or lowered neighbours as one; so are raised numbers with a comma between."""
    done: list[Run] = []
    for run in runs:
        if not run.text.text:
            continue
        if len(done) > 1 and _listed(done[-2], done[-1], run):
            between, first = done.pop(), done.pop()
            done.append(Run(join([first.text, between.text, run.text], ""), _higher(first, run)))
        elif done and _alike(done[-1], run):
            first = done.pop()
            done.append(Run(first.text + run.text, _higher(first, run)))
        else:
            done.append(run)
    return done


def _alike(one: Run, other: Run) -> bool:
    if one.level is Level.LINE:
        return False
    return one.level is other.level or {one.level, other.level} == _RAISED


def _listed(first: Run, between: Run, last: Run) -> bool:
    """Return whether two raised numbers and what is between them are one list of citations."""
    if between.level is not Level.LINE or not {first.level, last.level} <= _RAISED:
        return False
    numbers = all(_NUMBERS.fullmatch(run.text.text.strip()) for run in (first, last))
    return numbers and _BETWEEN.fullmatch(between.text.text) is not None


def _higher(one: Run, other: Run) -> Level:
    return Level.CITATION if Level.CITATION in (one.level, other.level) else one.level
