"""The metadata of a JATS article: one draft of front matter for each statement."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import replace

from index.read.jats.tree import Node, inline
from index.read.structure import Draft
from index.text import BlockKind, Field, MappedText, Span, inserted, join

_EVENTS = {"received": "received", "accepted": "accepted", "rev-recd": "revised", "rev-request": "revised"}
#: Roles in which a person wrote the article, and no review of it.
_AUTHORS = frozenset({"author", "authors"})
#: Kinds of publication dates, the one to prefer first.
_PUBLISHED = ("epub", "ppub", "pub", "publication", "epub-ppub", "collection", "")
#: What a group of authors holds besides its name.
_OF_MEMBERS = frozenset({"contrib-group", "aff", "address", "author-comment", "bio", "fn", "email", "xref"})
#: The parts of a name in the order in which they are written.
_WESTERN = ("prefix", "given-names", "surname", "suffix")
_EASTERN = ("prefix", "surname", "given-names", "suffix")
#: The address of a Creative Commons licence.
_CC = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)/([\d.]+)|publicdomain/zero/([\d.]+))")


def front_drafts(journal: Node | None, meta: Node) -> Iterator[Draft]:
    """Yield title, authors, addresses, journal, dates, DOI, licence and keywords, as far as stated."""
    title = meta.find("title-group/article-title")
    if title is not None:
        text = inline(title.without({"fn"}))
        subtitle = meta.find("title-group/subtitle")
        if subtitle is not None and (more := inline(subtitle)).text:
            text = join([text, more], " " if text.text[-1:] in ":?.\u2013\u2014" else ": ")
        yield Draft(BlockKind.TITLE, text, fields=(Field("title", text.text, Span(0, len(text))),))
    yield from _authors(meta)
    for place in (*meta.all("aff"), *meta.all("contrib-group/aff")):
        yield Draft(BlockKind.FRONT, inline(place, spaced=True))
    for note in (note for notes in meta.all("author-notes") for note in notes.elements()):
        text = inline(note, spaced=True)
        stated = Field("corresponding author", text.text, Span(0, len(text)))
        yield Draft(BlockKind.FRONT, text, fields=(stated,) if note.tag == "corresp" else ())
    name = journal and (journal.find("journal-title-group/journal-title") or journal.find("journal-title"))
    if name:
        yield _stated("journal", inline(name))
    yield from _dates(meta)
    for identifier in meta.all("article-id"):
        if identifier.attributes.get("pub-id-type") == "doi":
            yield _stated("doi", inline(identifier), "doi: ")
    yield from _permissions(meta)
    for group in meta.all("kwd-group"):
        words = [inline(word) for word in group.all("kwd")]
        if words:
            yield _stated("keywords", join(words, ", "), "Keywords: ")


def _stated(name: str, value: MappedText, label: str = "") -> Draft:
    at = value.origins[0] if value.origins else 0
    text = inserted(label, at) + value
    return Draft(BlockKind.FRONT, text, fields=(Field(name, value.text, Span(len(label), len(text))),))


def _authors(meta: Node) -> Iterator[Draft]:
    text = MappedText("", ())
    fields: list[Field] = []
    people = [
        (person, person.attributes.get("contrib-type") or group.attributes.get("content-type") or "author")
        for group in meta.all("contrib-group")
        for person in group.all("contrib")
    ]
    for person, role in people:
        if role not in _AUTHORS:
            continue
        name = _name(person)
        if not name.text:
            continue
        if text.text:
            text += inserted(", ", person.at)
        start = len(text)
        fields.append(Field("author", name.text, Span(start, start + len(name))))
        family = _family(person, name.text)  # reference managers want it apart
        if family and family in name.text:
            start += name.text.rindex(family)
            fields.append(Field("family name", family, Span(start, start + len(family))))
        text += name
    if fields:
        yield Draft(BlockKind.FRONT, text, fields=tuple(fields))


def _family(person: Node, name: str) -> str:
    """Return the family name of a person, or the whole name of a group; empty if it is not marked."""
    if person.find("collab") and not (person.find("name") or person.find("name-alternatives")):
        return name
    surname = person.find("name/surname") or person.find("name-alternatives/name/surname")
    surname = surname or person.find("string-name/surname")
    return inline(surname).text if surname else ""


def _name(person: Node) -> MappedText:
    name = person.find("name") or person.find("name-alternatives/name")
    if name is None:
        other = person.find("collab") or person.find("string-name")
        return inline(other.without(_OF_MEMBERS), spaced=True) if other else MappedText("", ())
    order = _EASTERN if name.attributes.get("name-style") == "eastern" else _WESTERN
    found = (part for tag in order if (part := name.find(tag)) is not None)
    parts = [text for part in found if (text := inline(part)).text]
    letters = "".join(part.text for part in parts)
    cased = letters.lower() != letters.upper()  # the scripts that write names without a space have no cases
    return join(parts, " " if cased or order is _WESTERN else "")


def _dates(meta: Node) -> Iterator[Draft]:
    for date in (*meta.all("history/date"), *meta.all("history/event/date")):
        event = _EVENTS.get(date.attributes.get("date-type", ""))
        if event:
            yield _stated(event, _date(date), f"{event.capitalize()}: ")
    dates = {
        date.attributes.get("pub-type") or date.attributes.get("date-type") or "": date
        for date in reversed(list(meta.all("pub-date")))
        if _date(date).text
    }
    published = next((dates[kind] for kind in _PUBLISHED if kind in dates), None)
    if published is not None:
        draft = _stated("published", _date(published), "Published: ")
        if year := re.search(r"\d{4}", draft.text.text):
            draft = replace(draft, fields=(*draft.fields, Field("year", year.group(), Span(*year.span()))))
        yield draft


def _date(date: Node) -> MappedText:
    parts: list[MappedText] = []
    for tag in ("day", "month", "season", "year"):
        part = date.find(tag)
        text = inline(part) if part is not None else MappedText("", ())
        if tag == "month" and text.text.isdecimal() and 1 <= int(text.text) <= 12:
            text = inserted(calendar.month_name[int(text.text)], text.origins[0])
        if text.text:
            parts.append(text)
    return join(parts)


def _permissions(meta: Node) -> Iterator[Draft]:
    for statement in meta.all("permissions/copyright-statement"):
        yield Draft(BlockKind.FRONT, inline(statement))
    for licence in meta.all("permissions/license"):
        text = inline(licence, spaced=True)
        value = _licence(text.text, licence.attributes.get("href", ""))
        fields = (Field("licence", value, Span(0, len(text))),) if value else ()
        yield Draft(BlockKind.FRONT, text, fields=fields)


def _licence(text: str, address: str) -> str:
    match = _CC.search(address) or _CC.search(text)
    if match is None:
        named = re.search(r"Creative Commons[\w\s-]*?Licen[cs]e|CC[ -]BY(?:-[A-Z]{2})*(?: \d\.\d)?", text)
        return named.group() if named else ""
    if match.group(3):
        return f"CC0 {match.group(3)}"
    return f"CC {match.group(1).upper()} {match.group(2)}"
