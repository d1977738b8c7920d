"""The papers that answers cite, as files for reference managers: BibTeX and RIS.

The page of a quote is part of a note. It is not that of the paper: RIS has ``SP`` for the page on which an
article starts, and BibTeX ``pages`` for its range, and a reference manager would cite the paper by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from index.entry import Name
from index.text import Span
from qa.records import Answer, Citation
from qa.show.citation import Reference, biblatex, locator, pandoc
from qa.show.export import quote_text, spot_of, sure_of
from qa.show.terminal import visible

_BIBTEX = str.maketrans(
    {
        "\\": r"{\textbackslash}",
        "{": r"\{",
        "}": r"\}",
        "~": r"{\textasciitilde}",
        "^": r"{\textasciicircum}",
        **{sign: f"\\{sign}" for sign in "#$%&_"},
    }
)
#: BibTeX counts braces, also escaped ones: where they are not in pairs, they need names, which few importers
#: know.
_UNPAIRED = _BIBTEX | {ord("{"): r"{\textbraceleft}", ord("}"): r"{\textbraceright}"}
#: BibLaTeX takes DOIs and file names as they are; these would end or break them.
_VERBATIM = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})


_Quote = tuple[Answer, Citation]  #: a quote and the answer that it is of, which may be a possible one


def _by_key(
    answers: Sequence[Answer], cited: Mapping[str, Reference]
) -> Iterator[tuple[Reference, list[_Quote]]]:
    """Yield each paper with its quotes of all answers; two files of one entry are one.

    Each span is there once, as it was quoted by the surest answer.
    """
    papers: dict[str, dict[tuple[str, Span], _Quote]] = defaultdict(dict)
    for answer in answers:
        for citation in answer.citations:
            spans = papers[cited[citation.document_id].key]
            place = citation.document_id, citation.span
            spans[place] = max(spans.get(place, (answer, citation)), (answer, citation), key=_certainty)
    for spans in papers.values():
        quotes = list(spans.values())
        yield cited[quotes[0][1].document_id], quotes


def _certainty(quote: _Quote) -> tuple[bool, float]:
    return sure_of(*quote), quote[1].confidence


def _note(quote: _Quote) -> str:
    """Return a quote with its place and how sure it is on one line."""
    answer, citation = quote
    words = " ".join(quote_text(citation).split())
    return visible(f"{words} ({spot_of(answer, citation)})")


# BibTeX


def as_bibtex(answers: Sequence[Answer], cited: Mapping[str, Reference]) -> str:
    """Return an entry for each cited paper, with its quotes in ``annote``; ``cited`` is by paper.

    Before each entry a comment has the citations with pages, to be copied into a text.
    """
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field, ImplicitComment

    library = Library()
    for paper, quotes in _by_key(answers, cited):
        kind = paper.entry.kind if paper.entry else "article" if paper.journal else "misc"
        fields = _bibtex_fields(paper, quotes)
        pages = dict.fromkeys(biblatex(paper.key, locator(citation)) for _, citation in quotes)
        library.add(ImplicitComment(f"% {' '.join(pages)}"))
        made = [
            Field(name, value, enclosing="no-enclosing" if (name, value) in _MACROS else None)
            for name, value in fields.items()
        ]
        library.add(Entry(kind, paper.key, made))
    return write_string(library)


#: Months, for which styles have names in each language.
_MACROS = {
    ("month", name)
    for name in ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
}


def _bibtex_fields(paper: Reference, quotes: Sequence[_Quote]) -> dict[str, str]:
    """Return the fields of an entry: those of the user's .bib file as they are, or those that are known."""
    note = " ".join(_bibtex(_note(quote)) for quote in quotes)
    entry = paper.entry
    if entry and entry.bibtex:
        held = {name: value if _paired(value) else _bibtex(value) for name, value in entry.bibtex if value}
        return held | {"annote": f"{held.get('annote', '')} {note}".strip()}
    fields = {
        "title": "{" + _bibtex(paper.title) + "}",
        "author": " and ".join(map(_bibtex_name, paper.authors)),
        "journal": _bibtex(paper.journal),
        "year": str(paper.year or ""),
        "doi": paper.doi.translate(_VERBATIM),
        "file": paper.source.translate(_VERBATIM),
        "annote": note,
    }
    if entry:
        fields |= {"volume": _bibtex(entry.volume), "number": _bibtex(entry.issue)}
        fields["pages"] = _bibtex(entry.pages).replace("\u2013", "--")
        if entry.kind in ("incollection", "inproceedings"):
            fields["booktitle"] = fields.pop("journal")
        for name, value in entry.further:
            fields.setdefault(name, value.translate(_VERBATIM) if name == "url" else _bibtex(value))
    return {name: value for name, value in fields.items() if value}


def _bibtex(text: str) -> str:
    return text.translate(_BIBTEX if _paired(text) else _UNPAIRED)


def _paired(text: str) -> bool:
    """Return whether all braces, also escaped ones, are in pairs."""
    depths = list(accumulate((c == "{") - (c == "}") for c in text))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def _bibtex_name(name: Name) -> str:
    """Return "van Last, Jr, First", each part in braces where BibTeX would split it otherwise."""
    if name.group:
        return f"{{{_bibtex(name.family)}}}"
    family = " ".join(part for part in (_bibtex(name.particle), _bibtex_part(name.family)) if part)
    parts = (family, _bibtex_part(name.suffix), _bibtex_part(name.given))
    return ", ".join(part for part in parts if part)


def _bibtex_part(text: str) -> str:
    whole = "," in text or any(not word[:1].isupper() for word in text.split())
    return f"{{{_bibtex(text)}}}" if whole and text else _bibtex(text)


# RIS


def as_ris(answers: Sequence[Answer], cited: Mapping[str, Reference]) -> str:
    """Return a record for each cited paper, with each quote and its place as a note (N1)."""
    from rispy import RisWriter

    class Writer(RisWriter):  # type: ignore[misc]  # rispy has no types
        """Writes records without numbers between them, lines ended as the format says."""

        NEWLINE = "\r\n"

        def set_header(self, count: int) -> str:
            return ""

    records = [_ris_record(paper, quotes) for paper, quotes in _by_key(answers, cited)]
    text: str = Writer().formats(records)
    return text


#: Fields of RIS, by rispy's names, and of BibTeX; types of RIS and of BibTeX.
_RIS = {"abstract": "abstract", "issn": "issn", "publisher": "publisher", "place_published": "address"}
_TYPES = {
    "book": "BOOK", "inbook": "CHAP", "incollection": "CHAP", "inproceedings": "CONF", "phdthesis": "THES",
    "mastersthesis": "THES", "thesis": "THES", "techreport": "RPRT", "report": "RPRT",
}  # fmt: skip


def _ris_record(paper: Reference, quotes: Sequence[_Quote]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type_of_reference": "JOUR" if paper.journal else "GEN",
        "id": paper.key,
        "title": paper.title,
        "authors": [_ris_name(name) for name in paper.authors],
        "secondary_title": paper.journal,  # T2, the journal in all importers
        "year": str(paper.year or ""),
        "doi": paper.doi,
        "notes": [f"{_note(quote)} {pandoc(paper.key, locator(quote[1]))}" for quote in quotes],
    }
    if paper.entry:
        first, _, last = paper.entry.pages.replace("\u2013", "-").partition("-")
        further = dict(paper.entry.further)
        fields |= {"volume": paper.entry.volume, "number": paper.entry.issue}
        fields |= {"start_page": first.strip(), "end_page": last.strip("- ")}
        fields |= {name: visible(further.get(field, "")) for name, field in _RIS.items()}
        fields["urls"] = [visible(further["url"])] if further.get("url") else []
        fields["keywords"] = [visible(tag) for tag in paper.entry.tags]
        fields["type_of_reference"] = _TYPES.get(paper.entry.kind, fields["type_of_reference"])
    return {name: value for name, value in fields.items() if value}


def _ris_name(name: Name) -> str:
    """Return "van Last, First, Jr"; the name of a group without commas, which would split it."""
    if name.group:
        return " ".join(name.family.replace(",", " ").split())
    return name.in_order
