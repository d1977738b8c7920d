"""Documents to JSON and back; long lists of offsets become flat lists of numbers.

The canonical text is stored separately, so that it can be read without the rest, and so
is the file name, which can change while the paper stays the same.
"""

from __future__ import annotations

import json
from typing import Any

from index.terms import line_counts, written_counts
from index.text import (
    Block,
    BlockKind,
    Byline,
    Document,
    Field,
    Origin,
    Page,
    Row,
    Run,
    Section,
    SourceMap,
    Span,
    Table,
)


def encode_document(document: Document) -> str:
    """Return ``document`` as JSON, without its text and file name."""
    value = {
        "id": document.id,
        "format": document.format,
        "title": document.title,
        "authors": document.authors,
        "journal": document.journal,
        "year": document.year,
        "doi": document.doi,
        "licence": document.licence,
        "blocks": [[*_pair(block.span), str(block.kind), block.section] for block in document.blocks],
        "sections": [[item.title, item.level, *_pair(item.span)] for item in document.sections],
        "tables": [_table(table) for table in document.tables],
        "fields": [
            [item.name, item.value, _optional(item.span), str(item.origin), item.sure]
            for item in document.fields
        ],
        "runs": [number for run in document.map.runs for number in (run.start, run.raw, run.length)],
        "lines": document.map.lines,
        "pages": [[page.number, page.label, *_pair(page.raw)] for page in document.map.pages],
        "warnings": document.warnings,
        "stems": document.stems or written_counts(*line_counts(document.text)),
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def decode_byline(details: str) -> Byline:
    """Return the byline of a document, much faster than ``decode_document``."""
    value = json.loads(details.partition(',"blocks":')[0] + "}")  # a string would have its quotes escaped
    return Byline(value["title"], tuple(value["authors"]), value["year"])


_KINDS = {str(kind): kind for kind in BlockKind}  #: faster than calling the enumeration


def decode_document(details: str, text: str, source: str) -> Document:
    """Return the document of which ``encode_document`` made ``details``, with its ``text`` and file name."""
    value = json.loads(details)
    runs = value["runs"]
    return Document(
        id=value["id"],
        source=source,
        format=value["format"],
        title=value["title"],
        authors=tuple(value["authors"]),
        journal=value["journal"],
        year=value["year"],
        doi=value["doi"],
        licence=value["licence"],
        text=text,
        blocks=tuple(Block(Span(a, b), _KINDS[kind], part) for a, b, kind, part in value["blocks"]),
        sections=tuple(Section(title, level, Span(a, b)) for title, level, a, b in value["sections"]),
        tables=tuple(_table_of(item) for item in value["tables"]),
        fields=tuple(
            Field(name, stated, _span(span), Origin(origin), sure)
            for name, stated, span, origin, sure in value["fields"]
        ),
        map=SourceMap(
            tuple(map(Run, runs[::3], runs[1::3], runs[2::3])),
            tuple(value["lines"]),
            tuple(Page(number, label, Span(a, b)) for number, label, a, b in value["pages"]),
        ),
        warnings=tuple(value["warnings"]),
        stems=value["stems"],
    )


def _pair(span: Span) -> list[int]:
    return [span.start, span.end]


def _optional(span: Span | None) -> list[int] | None:
    return None if span is None else _pair(span)


def _span(pair: list[int] | None) -> Span | None:
    return None if pair is None else Span(*pair)


def _flat(spans: tuple[Span, ...]) -> list[int]:
    return [number for span in spans for number in (span.start, span.end)]


def _spans(flat: list[int]) -> tuple[Span, ...]:
    return tuple(map(Span, flat[::2], flat[1::2]))


def _table(table: Table) -> dict[str, object]:
    return {
        "span": _pair(table.span),
        "label": table.label,
        "caption": _optional(table.caption),
        "header": _flat(table.header),
        "rows": [[*_pair(row.span), *_flat(row.cells)] for row in table.rows],
    }


def _table_of(value: dict[str, Any]) -> Table:
    return Table(
        span=Span(*value["span"]),
        label=value["label"],
        caption=_span(value["caption"]),
        header=_spans(value["header"]),
        rows=tuple(Row(Span(row[0], row[1]), _spans(row[2:])) for row in value["rows"]),
    )
