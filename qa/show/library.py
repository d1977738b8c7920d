"""The papers that answers cite, as files for reference managers: BibTeX and RIS.

The page of a quote is part of a note. It is not that of the paper: RIS has ``SP`` for the page on which an
article starts, and BibTeX ``pages`` for its range, and a reference manager would cite the paper by it.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from qa.show.citation import biblatex, locator, pandoc
from qa.show.export import citations_of, quote_text, spot
from qa.show.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.text import Span
    from qa.records import Answer, Citation
    from qa.show.citation import Reference
    from qa.show.names import Name

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


def _quotes(answers: Sequence[Answer]) -> dict[str, list[Citation]]:
    """Return the citations of all answers by paper, each span once."""
    papers: dict[str, dict[Span, Citation]] = defaultdict(dict)
    for citation in citations_of(answers):
        papers[citation.document_id].setdefault(citation.span, citation)
    return {key: list(citations.values()) for key, citations in papers.items()}


def _note(citation: Citation) -> str:
    """Return a quote with its place on one line."""
    place = spot(citation)
    quote = " ".join(quote_text(citation).split())
    return visible(f"{quote} ({place})" if place else quote)


# BibTeX


def as_bibtex(answers: Sequence[Answer], cited: Mapping[str, Reference]) -> str:
    """Return an entry for each cited paper, with its quotes in ``annote``; ``cited`` is by paper.

    Before each entry a comment has the citations with pages, to be copied into a text.
    """
    from bibtexparser.entrypoint import write_string
    from bibtexparser.library import Library
    from bibtexparser.model import Entry, Field, ImplicitComment

    library = Library()
    for paper, citations in _quotes(answers).items():
        kind = "article" if cited[paper].journal else "misc"
        key, fields = cited[paper].key, _bibtex_fields(cited[paper], citations)
        pages = dict.fromkeys(biblatex(key, locator(citation)) for citation in citations)
        library.add(ImplicitComment(f"% {' '.join(pages)}"))
        library.add(Entry(kind, key, [Field(name, value) for name, value in fields.items()]))
    return write_string(library)


def _bibtex_fields(paper: Reference, citations: Sequence[Citation]) -> dict[str, str]:
    fields = {
        "title": "{" + _bibtex(paper.title) + "}",
        "author": " and ".join(map(_bibtex_name, paper.authors)),
        "journal": _bibtex(paper.journal),
        "year": str(paper.year or ""),
        "doi": paper.doi.translate(_VERBATIM),
        "file": paper.source.translate(_VERBATIM),
        "annote": " ".join(_bibtex(_note(citation)) for citation in citations),
    }
    return {name: value for name, value in fields.items() if value}


def _bibtex(text: str) -> str:
    depths = list(accumulate((c == "{") - (c == "}") for c in text))
    paired = not depths or (min(depths) >= 0 and depths[-1] == 0)
    return text.translate(_BIBTEX if paired else _UNPAIRED)


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

    records = [_ris_record(cited[paper], citations) for paper, citations in _quotes(answers).items()]
    text: str = Writer().formats(records)
    return text


def _ris_record(paper: Reference, citations: Sequence[Citation]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "type_of_reference": "JOUR" if paper.journal else "GEN",
        "id": paper.key,
        "title": paper.title,
        "authors": [_ris_name(name) for name in paper.authors],
        "secondary_title": paper.journal,  # T2, the journal in all importers
        "year": str(paper.year or ""),
        "doi": paper.doi,
        "notes": [f"{_note(citation)} {pandoc(paper.key, locator(citation))}" for citation in citations],
    }
    return {name: value for name, value in fields.items() if value}


def _ris_name(name: Name) -> str:
    """Return "van Last, First, Jr"; the name of a group without commas, which would split it."""
    if name.group:
        return " ".join(name.family.replace(",", " ").split())
    return name.in_order
