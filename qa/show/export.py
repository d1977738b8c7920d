"""Answers as plain text, Markdown, JSON, BibTeX and RIS.

Pure. Quotes stay as they are, except that each format's special characters are escaped.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from qa.records import as_json
from qa.show.present import by_paper, headline, per_cent, place_of, where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.text import Document, Span
    from qa.records import Answer, Citation, Nearby

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$&!:@{}^])")
_LINE_START = re.compile(r"(?m)^(\s*)(\d{1,9}(?=[.)])|)([+\-=.)])")
_BIBTEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_"},
}


def _spot(item: Citation | Nearby, paper: str = "") -> str:
    return where(paper, item.section, place_of(item), ", ")


def as_text(answer: Answer) -> str:
    """Return the question and the quotes with their places as plain text."""
    lines = [answer.question, "", headline(answer)]
    lines += answer.reasons
    for group in by_paper(answer.citations):
        lines += ["", group[0].title or group[0].source]
        lines += [f"[{citation.number}] “{citation.quote}” ({_spot(citation)})" for citation in group]
    return "\n".join(lines) + "\n"


def as_markdown(answers: Sequence[Answer]) -> str:
    """Return a conversation as Markdown (CommonMark); quotes are block quotes."""
    return "\n".join(part for answer in answers for part in _markdown_of(answer)) + "\n"


def _markdown_of(answer: Answer) -> list[str]:
    lines = [f"## {escaped(answer.question)}", ""]
    if answer.resolved_question != answer.question:
        lines += [f"Searched as: {escaped(answer.resolved_question)}", ""]
    sure = f"confidence {per_cent(answer.confidence)}%, " if answer.citations else ""
    lines += [f"{headline(answer)} ({sure}generation {answer.receipt.generation})", ""]
    lines += [f"- {escaped(reason)}" for reason in answer.reasons] + [""] * bool(answer.reasons)
    for group in by_paper(answer.citations):
        lines += [f"### {escaped(group[0].title or group[0].source)}", ""]
        for citation in group:
            number = f"\\[{citation.number}\\]"
            lines += [*_quoted(citation.quote), ">", f"> {number} {escaped(_spot(citation))}", ""]
    if answer.nearby:
        lines += ["### Closest passages", ""]
    for near in answer.nearby:
        place = escaped(_spot(near, near.title or near.source))
        lines += [*_quoted(near.quote), ">", f"> {place}", ""]
    return lines


def escaped(text: str) -> str:
    """Return ``text`` on one line, with Markdown's special characters escaped."""
    line = _MARKDOWN.sub(r"\\\1", " ".join(text.splitlines()))
    return re.sub(r"(?i)\bwww\.", lambda match: match.group()[:3] + r"\.", _LINE_START.sub(r"\1\2\\\3", line))


def _quoted(text: str) -> list[str]:
    """Return a block quote; line ends become hard breaks."""
    lines = [escaped(line) for line in text.splitlines()]
    return [f"> {line}\\" for line in lines[:-1]] + [f"> {line}" for line in lines[-1:]]


def as_json_text(answers: Sequence[Answer]) -> str:
    """Return a conversation as a JSON array of answers with receipts."""
    return json.dumps([as_json(answer) for answer in answers], ensure_ascii=False, indent=1) + "\n"


def _cited(answers: Sequence[Answer]) -> dict[str, list[Citation]]:
    """Return the citations of all answers by paper, each span once."""
    papers: dict[str, dict[Span, Citation]] = {}
    for answer in answers:
        for citation in answer.citations:
            papers.setdefault(citation.document_id, {}).setdefault(citation.span, citation)
    return {key: list(citations.values()) for key, citations in papers.items()}


def as_bibtex(answers: Sequence[Answer], documents: Mapping[str, Document]) -> str:
    """Return an entry for each cited paper, with its quotes in ``annote``.

    Fields that a paper does not state are left out. Papers missing from ``documents``
    are cited by title and file name.
    """
    return "\n".join(
        _bibtex_entry(citations, documents.get(key)) for key, citations in _cited(answers).items()
    )


def _bibtex_entry(citations: Sequence[Citation], document: Document | None) -> str:
    first = citations[0]
    fields = {
        "title": "{" + _bibtex(first.title or first.source) + "}",
        "author": " and ".join(map(_bibtex, document.authors)) if document else "",
        "journal": _bibtex(document.journal) if document else "",
        "year": str(document.year or "") if document else "",
        "doi": _bibtex(document.doi) if document else "",
        "file": _bibtex(first.source),
        "annote": " ".join(f"``{_bibtex(item.quote)}'' ({_bibtex(_spot(item))})" for item in citations),
    }
    kind = "article" if fields["journal"] else "misc"
    lines = [f"  {name} = {{{' '.join(value.split())}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{_key(first, document)},", *lines, "}", ""])


def _key(citation: Citation, document: Document | None) -> str:
    """Return a stable citation key: first author, year, and the start of the paper's id."""
    last_name = document.authors[0].split()[-1].lower() if document and document.authors else ""
    author = re.sub(r"[^a-z]", "", last_name) or "paper"
    return f"{author}{(document and document.year) or ''}-{citation.document_id[:8]}"


def _bibtex(text: str) -> str:
    return "".join(_BIBTEX.get(sign, sign) for sign in text)


def as_ris(answers: Sequence[Answer], documents: Mapping[str, Document]) -> str:
    """Return a record for each cited paper, with each quote and its place as a note (N1)."""
    records = []
    for key, citations in _cited(answers).items():
        document, first = documents.get(key), citations[0]
        lines = [
            ("TY", "JOUR" if document and document.journal else "GEN"),
            ("TI", first.title or first.source),
        ]
        if document:
            lines += [("AU", author) for author in document.authors]
            lines += [("JO", document.journal), ("PY", str(document.year or "")), ("DO", document.doi)]
        lines += [("SP", str(first.page or ""))]
        lines += [("N1", f"“{item.quote}” ({_spot(item)})") for item in citations]
        record = "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in lines if value)
        records.append(f"{record}ER  - \r\n\r\n")
    return "".join(records)
