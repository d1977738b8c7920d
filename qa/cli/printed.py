"""What the commands print for people: answers, passages, tables, build reports, papers and indexes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from index.ingest.report import Became, BuildReport
from index.place import Place
from index.text import Document
from qa.records import Answer, Citation, Status
from qa.show.citation import Reference, Style, in_words
from qa.show.evidence import Cell, EvidenceTable, said
from qa.show.present import confidence_word, counted, headline, per_cent, place_of, place_words, where
from qa.show.terminal import out, say, visible

# Answers


def show_answer(answer: Answer, cited: Mapping[str, Reference], style: Style) -> None:
    """Print how the question was understood, and the quotes with their places, or the closest passages.

    The references follow, each after its citation key; ``cited`` is by paper.
    """
    if answer.resolved_question != " ".join(answer.question.split()):
        say(f"Understood as: {answer.resolved_question}", "dim")
    if answer.status in (Status.NOT_FOUND, Status.POSSIBLE):
        line = headline(answer)
        say(line if line.endswith("?") else f"{line}.", "bold")
    for reason in answer.reasons:
        say(reason)
    for citation in answer.citations:
        out().print()
        out().print(Text(f"[{citation.number}] ", style="bold").append_text(_quote(citation)))
        say(f"    {_place_line(citation)}", "dim")
    if cited:
        say("\nReferences:", "dim")
    for paper in cited.values():
        say(f"  {paper.key}: {in_words(paper, style)}", "dim")
    if answer.nearby:
        say("\nClosest passages:", "dim")
    for near in answer.nearby:
        place = where(near.title or near.source, near.section, place_of(near))
        say(f"  · {_short(near.quote, 200)}\n    {place}", "dim")


def _quote(citation: Citation) -> Text:
    """Return a quote, its short answer reversed, or a table row with its column heads and caption."""
    if (table := citation.table) is not None:
        caption = f"\n    {table.caption}" if table.caption else ""
        return Text(visible("  |  ".join(table.labelled) + caption), style="not bold")
    quote = visible(citation.quote)
    text = Text(f"“{quote}”", style="not bold")
    if citation.short is not None and quote == citation.quote:  # else the offsets are others
        start = 1 + citation.short.start - citation.span.start
        text.stylize("bold reverse", start, start + citation.short.end - citation.short.start)
    return text


def _place_line(citation: Citation) -> str:
    place = where(citation.title or citation.source, citation.section, place_of(citation))
    label = f"{citation.table.label} · " if citation.table and citation.table.label else ""
    word = confidence_word(citation.confidence).lower()
    return f"{label}{place} · {word} confidence ({per_cent(citation.confidence)}%)"


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def show_hits(hits: Sequence[Mapping[str, Any]]) -> None:
    """Print passages as a table, best first; a passage that was not ranked has no score."""
    table = _table("#", "score", "words", "meaning")
    table.add_column("place", overflow="fold", ratio=2)
    table.add_column("passage", overflow="fold", ratio=4)
    for hit in hits:
        spot = place_words(hit["page"], None, hit["line"], None)
        place = where(hit["title"] or hit["source"], hit["section"], spot)
        score = "–" if hit["score"] is None else f"{hit['score']:.2f}"
        numbers = (hit["rank"], score, f"{hit['lexical']:.1f}", f"{hit['dense']:.2f}")
        table.add_row(*_cells(*numbers, _short(place, 90), _short(hit["quote"], 160)))
    out().print(table)


def show_table(table: EvidenceTable) -> None:
    """Print a row per paper with its quote for each question, if it has one."""
    printed = _table("paper", *map(visible, table.questions), lines=True)
    for row in table.rows:
        printed.add_row(Text(visible(row.dated)), *map(_cell, row.cells))
    out().print(printed)
    for line in said(table):
        say(line, "dim")


def _cell(cell: Cell) -> Text:
    """Return quotes with place and confidence; a sure one has no word before that."""
    if cell.citation is None:
        return Text(cell.word, style="italic dim")
    word = "" if cell.sure else f"{cell.word}, "
    quotes = []
    for citation in cell.citations:
        place = where("", citation.section, place_of(citation))
        under = f"{visible(place)}\n{word}confidence {citation.confidence:.2f}".strip()
        quotes.append(_quote(citation).append(f"\n{under}", style="dim"))
    return Text("\n\n").join(quotes)


def _table(*heads: str, lines: bool = False) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_lines=lines)
    for head in heads:
        table.add_column(head, overflow="fold")
    return table


def _cells(*cells: object) -> Iterator[Text]:
    """Return the cells of a row; a line break in the name of a file would tear it apart."""
    return (Text(visible(str(cell)).replace("\n", "<U+000A>")) for cell in cells)


# Papers and indexes


def show_build(report: BuildReport, place: Place) -> None:
    """Print what became of each file that needs attention, and what the index holds now."""
    _show_files(report)
    for line in report.library:
        say(f"library   {line}", "yellow")
    for line in report.differences:
        say(f"differs   {line}")
    for warning in report.warnings:
        say(warning, "yellow")
    changes = f"{len(report.added)} new, {len(report.removed)} removed"
    changes += f", {len(report.set_aside)} set aside" if report.set_aside else ""
    papers = counted(len(report.added) + len(report.unchanged), "paper")
    say(
        f"{'Published' if report.published else 'Nothing changed in'} generation {report.generation}: "
        f"{papers} ({changes}), {counted(report.passages, 'passage')}, "
        f"{counted(report.sentences, 'sentence')}, {report.seconds:.1f} s."
    )
    say(f"Index: {place}")


def _show_files(report: BuildReport) -> None:
    for outcome in report.outcomes:
        if outcome.error is not None:
            say(f"refused   {outcome.error}", "red")
        elif outcome.became is Became.DUPLICATE:
            say(f"copy      {outcome.path}: {outcome.warnings[0]}; it is used if that is removed")
        elif outcome.warnings and outcome.became is not Became.SET_ASIDE:
            say(f"warnings  {outcome.path.name}", "yellow")
            for warning in outcome.warnings:
                say(f"          {warning}", "yellow")
    for one in report.set_aside:
        if one.id in report.new_aside:
            say(f"set aside {one.source}: {one.reason}. {one.undo}")
    for first, second in report.new_versions:
        say(f"versions  {first} and {second}: nearly the same text, different in meaning; both are used")
    for skipped in report.skipped:
        say(f"skipped   {skipped.path}: {skipped.reason}")


def show_reading(document: Document) -> None:
    """Print the front matter, each fact with its origin and certainty, sections, tables and warnings."""
    facts = {"title": document.title, "authors": ", ".join(document.authors), "journal": document.journal}
    facts |= {"year": str(document.year or ""), "doi": document.doi, "licence": document.licence}
    found = {field.name: f" ({field.origin}, {field.sure:.0%})" for field in reversed(document.fields)}
    found["authors"] = found.get("author", "")
    for name, fact in facts.items():
        say(f"{name:<10} {fact + found.get(name, '') if fact else '(not stated)'}")
    pages = f"{counted(len(document.map.pages), 'page')}, " if document.map.pages else ""
    say(f"format     {document.format}, {pages}{counted(len(document.text), 'character')}")
    say("sections")
    for section in document.sections:
        if section.title:
            say(f"  {'  ' * section.level}{section.title}")
    for table in document.tables:
        say(f"table      {table.label or '(no label)'}: {counted(len(table.rows), 'row')}")
    for warning in document.warnings:
        say(f"warning    {warning}")


def show_overview(held: Mapping[str, Any]) -> None:
    """Print what an index holds, as ``qa.show.shelf.overview`` returns it, and the reader."""
    facts = ("index", "generation", "created", "model", "fingerprint", "reader")
    for key in (*facts, "papers", "passages", "sentences", "bytes", "kept_files"):
        say(f"{key.replace('_', ' '):<12} {held[key]}")
    say(f"thresholds   {held['calibration'] or 'as shipped'}")
    if held.get("calibration_warning"):
        say(f"             {held['calibration_warning']}", "yellow")
    table = _table("paper", "file", "year", "DOI", "pages", "passages", "warnings")
    for paper in held["documents"]:
        cells = (*(paper[key] for key in ("year", "doi", "pages", "passages")), len(paper["warnings"]))
        names = paper["title"] or paper["source"], ", ".join((paper["file"], *paper["copies"]))
        table.add_row(*_cells(*names, *(cell or "" for cell in cells)))
    out().print(table)
    for one in held["generations"]:
        papers, passages = counted(one["papers"], "paper"), counted(one["passages"], "passage")
        holds = one["problem"] or f"{papers}, {passages}, {one['bytes']} bytes"
        say(f"generation   {one['number']}{' (current)' * one['current']}: {one['created']} {holds}")
    for one in held["set_aside"]:
        say(f"set aside    {one['file']}: {one['reason']}. {one['undo']}")
    for warning in held["warnings"]:
        say(warning, "yellow")
