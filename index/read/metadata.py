"""Finds what a paper states about itself: DOI, dates, licence, authors, journal, each with its place."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index.text import BlockKind, Field, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from index.read.structure import Draft

DOI = re.compile(r"\b10\.\d{4,9}/(?:[^\s\"<>,;\[\](){}]|\([^\s\"<>,;()]*\))+")
_LICENCE = re.compile(
    r"(?P<value>Creative Commons[\w\s,()/.-]{0,100}?(?:CC[ -]BY(?:-[A-Z]{2})*[ -]?\d(?:\.\d)?"
    r"|Licen[cs]e(?:\s\(?CC[\w. -]{0,40}\)?)?(?:,? ?(?:version )?\d\.\d)?)"
    r"|CC[ -]BY(?:-[A-Z]{2})*(?: \d\.\d)?|CC0(?: 1\.0)?"
    r"|(?<=[Ll]icen[cs]e: )Creative Commons[\w -]{0,80}(?:\.\d)?)"
)
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_DATE = (
    r"(?:\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{4}-\d\d-\d\d"
    rf"|\d{{1,2}} {_MONTH}\.? \d{{4}}|{_MONTH}\.? \d{{1,2}}, \d{{4}})"
)
_DATED = re.compile(
    rf"\b(?P<event>received|revised|accepted|published(?: online)?|review began|review ended)\b"
    rf"(?: on| in revised form)?:? *(?P<date>{_DATE})",
    re.IGNORECASE,
)
#: Patterns of further statements, by the name of their field; the group "value" is what is stated.
_STATED = {
    "year": re.compile(r"(?:\u00a9|\(c\)|copyright)\D{0,20}(?P<value>(?:19|20)\d\d)", re.IGNORECASE),
    "corresponding author": re.compile(
        r"(?:corresponding author|correspondence(?: to| should be addressed to)?)\s*:?\s*(?P<value>\S.*)",
        re.IGNORECASE,
    ),
    "affiliation": re.compile(
        r"^(?P<value>(?!.*@)(?:\d{1,2}\.?|[\u00b9\u00b2\u00b3*\u2020])?\s?(?:[^.]{0,60})\b(?:Department|Division"
        r"|Faculty|Institute|School|Universit\w+|Hospital|College|Clinic|Centre|Center)\b.*)$",
        re.DOTALL,
    ),
    "keywords": re.compile(r"key ?words?\s*:\s*(?P<value>\S.*)", re.IGNORECASE),
    "journal": re.compile(
        r"\(?(?:(?:19|20)\d\d|[A-Z][a-z]+ \d{1,2}, (?:19|20)\d\d)\)?[.:]? .{5,300}?[.?!]"
        r" (?P<value>[A-Z][A-Za-z&. ]{1,60}?),? \d+ ?\(\d+\):"
    ),
}
_MARKS = "\u00b9\u00b2\u00b3\u2070\u2074\u2075\u2076\u2077\u2078\u2079*\u2020\u2021\u00a7,0123456789"
_PARTICLES = frozenset({
    "al", "bin", "da", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la", "le", "ten",
    "ter", "van", "von", "y", "zu"
})  # fmt: skip
_NAME = re.compile(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){1,4}")


def state_fields(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the drafts, each with the metadata that its text states.

    Only the title and front matter are searched: a DOI in the reference list or
    in running text is that of another paper.
    """
    done: list[Draft] = []
    titled = False
    for draft in drafts:
        fields: tuple[Field, ...] = ()
        if draft.kind is BlockKind.TITLE:
            fields = (Field("title", draft.text.text, Span(0, len(draft.text))),)
        elif draft.kind is BlockKind.FRONT:
            fields = tuple(_front_fields(draft.text.text, after_title=titled and not draft.fields))
        titled = draft.kind is BlockKind.TITLE
        done.append(replace(draft, fields=draft.fields + fields))
    return done


def _front_fields(text: str, *, after_title: bool) -> Iterator[Field]:
    if after_title and (authors := authors_in(text)):
        yield from authors
        return
    for match in DOI.finditer(text):
        value = match.group().rstrip(".")
        yield Field("doi", value, Span(match.start(), match.start() + len(value)))
    yield from _values(text, "licence", _LICENCE)
    for match in _DATED.finditer(text):
        name = match["event"].lower().replace(" online", "")
        yield Field(name, match["date"], Span(*match.span()))
        if name == "published":
            yield Field("year", match["date"], Span(*match.span("date")))
    # A licence and a citation name institutions in passing.
    passing = _LICENCE.search(text) or DOI.search(text)
    for name, pattern in _STATED.items():
        if name != "affiliation" or not passing:
            yield from _values(text, name, pattern)


def _values(text: str, name: str, pattern: re.Pattern[str]) -> Iterator[Field]:
    for match in pattern.finditer(text):
        value = match["value"].strip().rstrip(".,")
        yield Field(name, value, Span(match.start("value"), match.start("value") + len(value)))


def authors_in(text: str) -> list[Field]:
    """Return one field an author for a byline such as "Ann Bee¹, Cem Dee² and E. Eff"; else nothing."""
    fields: list[Field] = []
    for match in re.finditer(r"[^,;&]+?(?=,|;|&| and |$)", text):
        part = re.sub(r"^ *and ", lambda m: " " * len(m.group()), match.group())
        name = part.strip(" " + _MARKS)
        if not name:
            continue
        words = [word for word in name.split() if word.lower() not in _PARTICLES]
        if not _NAME.fullmatch(name) or len(name) > 60 or not all(word[0].isupper() for word in words):
            return []
        start = match.start() + part.index(name)
        fields.append(Field("author", name, Span(start, start + len(name))))
    return fields if len(fields) <= 100 else []
