"""What the commands of ``qa.cli.main`` do: the edge where questions come in and answers go out as text.

Those about the index are in ``qa.cli.index_commands``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.text import Text

from index.errors import UsageError
from qa.files.questions import answer_each, read_questions
from qa.records import as_json as answer_json
from qa.settings import AskOptions
from qa.show.terminal import emit, err, out, visible, warn
from qa.understand.question import understand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.store.open import Index
    from index.text import Document
    from qa.rank.evidence import RankedPassage

# Asking


def ask_one(
    question: str,
    folder: Path,
    options: AskOptions,
    *,
    history: Sequence[str],
    papers: Sequence[str] | None,
    as_json: bool,
    receipt: Path | None,
) -> None:
    """Answer one question."""
    understand(question)  # this and the next before the index is opened
    if receipt is not None and receipt.is_dir():
        raise UsageError(f"{receipt}: a folder, not a file.", "Name a file for the receipt.")
    from qa.conversation import Conversation
    from qa.receipts import write_receipt
    from qa.session import find_papers, opened
    from qa.show.printed import show_answer

    with opened(folder, options) as answerer:
        warn(answerer.index.warnings)
        documents = find_papers(answerer.index, papers)
        conversation = Conversation(tuple(history)).recalled(answerer, documents)
        answer, _ = conversation.ask(answerer, question, documents)
    if receipt is not None:
        write_receipt(receipt, answer, conversation, documents)
    if as_json:
        emit(answer_json(answer))
    else:
        show_answer(answer)


def ask_file(
    file: Path,
    folder: Path,
    options: AskOptions,
    *,
    papers: Sequence[str] | None,
) -> None:
    """Answer each question of a JSON lines file, one JSON object a line.

    A line whose history is that of an earlier line and its question goes on from that line's answer.
    """
    from qa.conversation import Conversations
    from qa.session import find_papers, opened

    entries = read_questions(file)
    with opened(folder, options) as answerer:
        warn(answerer.index.warnings)
        documents = find_papers(answerer.index, papers)
        conversations = Conversations(answerer, documents)
        answer_each(entries, lambda question, history: answer_json(conversations.ask(history, question)))


def search_one(
    question: str,
    folder: Path,
    *,
    limit: int,
    model: str | None,
    papers: Sequence[str] | None,
    as_json: bool,
) -> None:
    """List the passages nearest to a question."""
    understand(question)
    from qa.session import find_papers, opened
    from qa.show.printed import show_hits

    with opened(folder, AskOptions(model)) as answerer:
        warn(answerer.index.warnings)
        documents = find_papers(answerer.index, papers)
        hits = answerer.search(question, limit=limit, documents=documents)
        found = [_hit_json(answerer.index, hit) for hit in hits]
    if as_json:
        emit({"question": question, "hits": found})
    else:
        show_hits(found)


def search_file(
    file: Path, folder: Path, *, limit: int, model: str | None, papers: Sequence[str] | None
) -> None:
    """Search for each question of a JSON lines file, one JSON object a line."""
    from qa.conversation import Conversation
    from qa.session import find_papers, opened

    entries = read_questions(file)
    with opened(folder, AskOptions(model)) as answerer:
        warn(answerer.index.warnings)
        documents = find_papers(answerer.index, papers)

        def result(question: str, history: Sequence[str]) -> dict[str, Any]:
            standalone = Conversation(tuple(history)).standalone(answerer.index, question, documents)
            hits = answerer.search(standalone, limit=limit, documents=documents)
            return {
                "question": question,
                "resolved_question": standalone,
                "hits": [_hit_json(answerer.index, hit) for hit in hits],
            }

        answer_each(entries, result)


def _hit_json(index: Index, ranked: RankedPassage) -> dict[str, Any]:
    hit = ranked.hit
    document = index.documents[hit.passage.document_id]
    place = document.map.place(hit.passage.span)
    return {
        "rank": ranked.rank,
        "score": ranked.score,
        "hybrid": hit.score,
        "lexical": hit.lexical,
        "dense": hit.dense,
        "document_id": document.id,
        "source": document.source,
        "title": document.title,
        "section": " > ".join(document.section_path(hit.passage.section)),
        "page": place.page,
        "line": place.line,
        "span": {"start": hit.passage.span.start, "end": hit.passage.span.end},
        "quote": hit.passage.span.of(document.text),
    }


# Looking


def show_reading(file: Path, *, text: bool) -> None:
    """Show how one paper is understood."""
    from index.read import read

    document = read(file)
    if text:
        sys.stdout.write(document.text + "\n")
        return
    for line in _reading_lines(document):
        out().print(Text(visible(line)), soft_wrap=True)


def _reading_lines(document: Document) -> Iterator[str]:
    yield f"title      {document.title or '(not stated)'}"
    yield f"authors    {', '.join(document.authors) or '(not stated)'}"
    for name in ("journal", "year", "doi", "licence"):
        yield f"{name:<10} {getattr(document, name) or '(not stated)'}"
    pages = len(document.map.pages) or "no"
    yield f"format     {document.format}, {pages} pages, {len(document.text)} characters"
    yield "sections"
    for section in document.sections:
        if section.title:
            yield f"  {'  ' * section.level}{section.title}"
    for table in document.tables:
        yield f"table      {table.label or '(no label)'}: {len(table.rows)} rows"
    for warning in document.warnings:
        yield f"warning    {warning}"


# Further


def verify_receipt(receipt: Path, folder: Path) -> None:
    """Replay a receipt and compare."""
    from qa.receipts import replay
    from qa.session import opened

    with opened(folder) as answerer:
        warn(answerer.index.warnings)
        out().print(Text(visible(replay(receipt, answerer))))


def start_chat(folder: Path, *, port: int, open_browser: bool, sign_in: Path | None = None) -> None:
    """Build the seed papers if there is no index, then serve the web app."""
    from index.errors import IndexMissing
    from index.store.open import open_index
    from qa.cli.index_commands import build_index

    try:
        open_index(folder).close()
    except IndexMissing:
        err().print(Text("No index yet: building one from the seed papers."))
        build_index(None, folder, model=None, workers=2, add=False)
    from qa.web.server import serve

    serve(folder, port, open_browser, sign_in)
