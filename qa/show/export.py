"""Answers with their references as text, Markdown, CSV and JSON; see ``qa.show.library`` for BibTeX and RIS.

Pure. Quotes stay as they are, except that each format's special characters are escaped and, outside JSON,
characters that are unseen or turn the text around are written out (``<U+202E>``), as on the terminal.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from qa.records import Answer, Citation, Nearby, Status, TableContext, as_json
from qa.show.citation import Reference, Style, biblatex, in_text, in_words, locator, pandoc
from qa.show.present import by_paper, headline, per_cent, place_of, section_words, where
from qa.show.terminal import json_text, visible

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$&!:@{}^])")
_LINE_START = re.compile(r"(?m)^(\s*)(\d{1,9}(?=[.)])|)([+\-=.)])")
#: Start of a cell that a spreadsheet may take for a formula (OWASP, "CSV Injection").
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
#: Of the CSV of answers and of evidence tables.
COLUMNS = (
    *("question", "status", "quote", "short_answer", "table", "section", "place", "confidence"),
    *("title", "authors", "journal", "year", "doi", "reference"),
    *("citation_key", "pandoc", "biblatex", "file", "start", "end", "document_id"),
)


def citations_of(answers: Iterable[Answer]) -> list[Citation]:
    """Return the citations of all answers."""
    return [citation for answer in answers for citation in answer.citations]


def sure_of(answer: Answer, citation: Citation) -> bool:
    """Tell whether a quote of ``answer`` is a sure one: one of a possible answer never is."""
    return answer.status is not Status.POSSIBLE and citation.confidence >= answer.receipt.threshold


def spot_of(answer: Answer, citation: Citation) -> str:
    """Return section and page of a quote in words, and how sure it is: "possible, 54%", "confidence 93%"."""
    mark = "confidence " if sure_of(answer, citation) else "possible, "
    return ", ".join(filter(None, (spot(citation), f"{mark}{per_cent(citation.confidence)}%")))


def spot(item: Citation | Nearby, paper: str = "") -> str:
    """Return paper, section and page of ``item`` in words."""
    return where(paper, item.section, place_of(item), ", ")


# Text


def as_text(answers: Sequence[Answer], cited: Mapping[str, Reference], style: Style = Style.VANCOUVER) -> str:
    """Return the questions, the quotes with their citations, and the list of references as plain text.

    ``cited`` is the reference to each paper by id, in the order of citing.
    """
    numbers = _numbers(cited)
    lines: list[str] = []
    for answer in answers:
        lines += [answer.question, "", headline(answer), *answer.reasons]
        for citation in answer.citations:
            key = citation.document_id
            mark = in_text(cited[key], style, numbers[key], locator(citation))
            lines += ["", f"{quote_text(citation)} {mark}"]
            lines.append(f"    {spot_of(answer, citation)}")
        lines.append("")
    if cited:
        lines += ["References", ""]
    for number, one in enumerate(cited.values(), 1):
        lines.append(f"{number}. " * (style is Style.VANCOUVER) + in_words(one, style))
    return visible("\n".join(lines).strip() + "\n")


def _numbers(cited: Mapping[str, Reference]) -> dict[str, int]:
    return {key: number for number, key in enumerate(cited, 1)}


def one_quote(answer: Answer, citation: Citation, cited: Reference, style: Style = Style.VANCOUVER) -> str:
    """Return one quote with its page and the reference, to be pasted; one that is not sure says so."""
    page = locator(citation)
    mark = f" (p. {page})" * bool(page) if style is Style.VANCOUVER else f" {in_text(cited, style, 1, page)}"
    mark += f" [possible, {per_cent(citation.confidence)}%]" * (not sure_of(answer, citation))
    return visible(f"{quote_text(citation)}{mark}\n\n{in_words(cited, style)}\n")


def quote_text(citation: Citation) -> str:
    """Return a quote in quotation marks; a table row as "head: cell | head: cell", after its caption."""
    table = citation.table
    if table is None:
        return f"“{citation.quote}”"
    caption, row = " ".join(_caption(table).split()), " | ".join(table.labelled)
    return f"{caption}\n{row}" if caption else row


def _caption(table: TableContext) -> str:
    """Return the caption, which begins with the label in most papers."""
    if table.caption.casefold().startswith(table.label.casefold()):
        return table.caption
    return f"{table.label}: {table.caption}" if table.caption else table.label


# Markdown


def as_markdown(
    answers: Sequence[Answer], cited: Mapping[str, Reference], style: Style = Style.VANCOUVER
) -> str:
    """Return a conversation as Markdown with Pandoc's citations; quotes are block quotes.

    ``cited`` is the reference to each paper by id; without one, its quotes have places only.
    """
    lines = [line for answer in answers for line in _markdown_of(answer, cited)]
    if cited:
        lines += ["## References", ""]
    lines += [f"- {escaped(in_words(one, style))} (`{one.key}`)" for one in cited.values()]
    return "\n".join(lines).rstrip("\n") + "\n"


def _markdown_of(answer: Answer, cited: Mapping[str, Reference]) -> list[str]:
    lines = [f"## {escaped(answer.question)}", ""]
    if answer.resolved_question != answer.question:
        lines += [f"Searched as: {escaped(answer.resolved_question)}", ""]
    sure = f" (confidence {per_cent(answer.confidence)}%)" if answer.citations else ""
    lines += [f"{headline(answer)}{sure}", ""]
    lines += [f"- {escaped(reason)}" for reason in answer.reasons] + [""] * bool(answer.reasons)
    for group in by_paper(answer.citations):
        lines += [f"### {escaped(group[0].title or group[0].source)}", ""]
        for citation in group:
            lines += _markdown_quote(answer, citation, cited.get(citation.document_id))
    if answer.nearby:
        lines += ["### Closest passages", ""]
    for near in answer.nearby:
        lines += passage_lines(near)
    return lines


def passage_lines(near: Nearby) -> list[str]:
    """Return a passage as a block quote with its place, and a blank line."""
    return [*_quoted(near.quote), ">", f"> {escaped(spot(near, near.title or near.source))}", ""]


def _markdown_quote(answer: Answer, citation: Citation, cited: Reference | None) -> list[str]:
    quote = _table_lines(citation.table) if citation.table else _quoted(citation.quote)
    place = escaped(spot_of(answer, citation))
    reference = f" {pandoc(cited.key, locator(citation))}" if cited else ""
    mark = f"\\[{citation.number}\\] {place}{reference}"
    return [*quote, ">", f"> {mark}", ""]


def _table_lines(table: TableContext) -> list[str]:
    """Return a quoted row below its caption and column heads (GitHub's Markdown, also read by Pandoc)."""
    caption = escaped(_caption(table))
    rows = (map(escaped, table.heads), ["---"] * len(table.cells), map(escaped, table.cells))
    return [*([f"> {caption}", ">"] if caption else []), *(f"> | {' | '.join(row)} |" for row in rows)]


def escaped(text: str) -> str:
    """Return ``text`` on one line, with Markdown's special characters escaped."""
    line = _MARKDOWN.sub(r"\\\1", visible(" ".join(text.splitlines())))
    return re.sub(r"(?i)\bwww\.", lambda match: match.group()[:3] + r"\.", _LINE_START.sub(r"\1\2\\\3", line))


def _quoted(text: str) -> list[str]:
    """Return a block quote; line ends become hard breaks."""
    lines = [escaped(line) for line in text.splitlines()]
    return [f"> {line}\\" for line in lines[:-1]] + [f"> {line}" for line in lines[-1:]]


# CSV


def as_csv(answers: Sequence[Answer], cited: Mapping[str, Reference], style: Style = Style.VANCOUVER) -> str:
    """Return a row for each quote; a question without quotes has one row of its own."""
    rows: list[dict[str, object]] = []
    for answer in answers:
        asked: dict[str, object] = {"question": answer.question, "status": answer.status}
        rows += [
            asked | cells_of(cited[one.document_id], style) | quote_cells(one, cited[one.document_id])
            for one in answer.citations
        ] or [asked]
    return csv_of(rows)


def cells_of(paper: Reference, style: Style = Style.VANCOUVER) -> dict[str, object]:
    """Return the cells of a row that tell of its paper."""
    return {
        "title": paper.title,
        "authors": "; ".join(name.in_order for name in paper.authors),
        "journal": paper.journal,
        "year": paper.year or "",
        "doi": paper.doi,
        "reference": in_words(paper, style),
        "citation_key": paper.key,
        "file": paper.source,
        "document_id": paper.document_id,
    }


def quote_cells(citation: Citation, paper: Reference) -> dict[str, object]:
    """Return the cells of a row that tell of its quote."""
    page, table = locator(citation), citation.table
    return {
        "quote": citation.quote if table is None else quote_text(citation).rpartition("\n")[2],
        "short_answer": short_words(citation),
        "table": _caption(table) if table else "",
        "section": section_words(citation.section),
        "place": place_of(citation),
        "confidence": f"{citation.confidence:.2f}",
        "pandoc": pandoc(paper.key, page),
        "biblatex": biblatex(paper.key, page),
        "start": citation.span.start,
        "end": citation.span.end,
    }


def csv_of(rows: Iterable[Mapping[str, object]]) -> str:
    r"""Return rows with the columns ``COLUMNS`` as CSV (RFC 4180, every cell in quotes, ``\r\n``).

    A cell that a spreadsheet may take for a formula gets one apostrophe before it, as OWASP recommends.
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({column: guarded(_shown(str(value))) for column, value in row.items()})
    return stream.getvalue()


def guarded(cell: str) -> str:
    """Return ``cell``, after an apostrophe if a spreadsheet may take it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _shown(cell: str) -> str:
    return "\r".join(map(visible, cell.split("\r")))  # in quotes, an end of line is one of the cell


def short_words(citation: Citation) -> str:
    """Return the decisive words of a quote; empty if they are uncertain."""
    if citation.short is None:
        return ""
    start = citation.span.start
    return citation.quote[citation.short.start - start : citation.short.end - start]


# JSON


def with_references(answer: Answer, cited: Mapping[str, Reference]) -> dict[str, Any]:
    """Return an answer for JSON: as ``as_json``, with citations to paste and ``references`` as CSL-JSON."""
    value = as_json(answer)
    for shown, citation in zip(value["citations"], answer.citations, strict=True):
        key, page = cited[citation.document_id].key, locator(citation)
        shown |= {"citation_key": key, "pandoc": pandoc(key, page), "biblatex": biblatex(key, page)}
    used = dict.fromkeys(citation.document_id for citation in answer.citations)
    return value | {"references": [cited[key].csl(whole=True) for key in used]}


def as_json_text(answers: Sequence[Answer], cited: Mapping[str, Reference]) -> str:
    """Return a conversation as a JSON array of answers with receipts and references."""
    return json_text([with_references(answer, cited) for answer in answers], indent=1) + "\n"
