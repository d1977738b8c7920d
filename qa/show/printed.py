"""Answers and hits as people read them in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from qa.records import Status
from qa.show.present import confidence_word, per_cent, place_of, place_words, where
from qa.show.terminal import out, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qa.records import Answer, Citation


def show_answer(answer: Answer) -> None:
    """Print an answer: how it was understood, the quotes with their places, or what is nearest."""
    console = out()
    if answer.resolved_question != " ".join(answer.question.split()):
        console.print(Text(f"Understood as: {visible(answer.resolved_question)}", style="dim"))
    if answer.status is Status.NOT_FOUND:
        console.print(Text("Not in these papers.", style="bold"))
    for reason in answer.reasons:
        console.print(Text(visible(reason)))
    for citation in answer.citations:
        console.print()
        console.print(_quote_text(citation))
        console.print(Text(f"    {visible(place_line(citation))}", style="dim"))
    if answer.near_misses:
        console.print(Text("\nNearest passages (they do not answer):", style="dim"))
    for near in answer.near_misses:
        place = where(near.title or near.source, near.section, place_of(near))
        console.print(Text(f"  · {visible(_short(near.quote))}\n    {visible(place)}", style="dim"))


def _quote_text(citation: Citation) -> Text:
    text = Text(f"[{citation.number}] ", style="bold")
    if citation.table is not None:
        text.append(_row_text(citation))
        return text
    quote, short = visible(citation.quote), citation.short
    if short is None or quote != citation.quote:
        return text.append(f"“{quote}”", style="not bold")
    start, end = short.start - citation.span.start, short.end - citation.span.start
    text.append("“" + quote[:start], style="not bold")
    text.append(quote[start:end], style="bold reverse")
    text.append(quote[end:] + "”", style="not bold")
    return text


def _row_text(citation: Citation) -> Text:
    table = citation.table
    if table is None:
        return Text()
    heads = table.header if len(table.header) == len(table.cells) else ("",) * len(table.cells)
    parts = [f"{head}: {cell}" if head else cell for head, cell in zip(heads, table.cells, strict=True)]
    return Text(
        visible("  |  ".join(parts) + (f"\n    {table.caption}" if table.caption else "")), style="not bold"
    )


def place_line(citation: Citation) -> str:
    """Return where a quote stands, as one line for people."""
    place = where(citation.title or citation.source, citation.section, place_of(citation))
    label = f"{citation.table.label} · " if citation.table and citation.table.label else ""
    word = confidence_word(citation.confidence).lower()
    return f"{label}{place} · {word} confidence ({per_cent(citation.confidence)}%)"


def _short(text: str, most: int = 200) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def show_hits(hits: Sequence[dict[str, Any]]) -> None:
    """Print passages as a table, best first; a passage that was not read has no score."""
    table = Table(show_edge=False, pad_edge=False)
    for head in ("#", "score", "words", "meaning", "place", "passage"):
        table.add_column(
            head, overflow="fold", ratio=4 if head == "passage" else 2 if head == "place" else None
        )
    for hit in hits:
        spot = place_words(hit["page"], None, hit["line"], None)
        place = where(hit["title"] or hit["source"], hit["section"], spot)
        score = "–" if hit["score"] is None else f"{hit['score']:.2f}"
        numbers = [score, f"{hit['lexical']:.1f}", f"{hit['dense']:.2f}"]
        cells = [str(hit["rank"]), *numbers, _short(place, 90), _short(hit["quote"], 160)]
        table.add_row(*(Text(visible(cell)) for cell in cells))
    out().print(table)
