"""``loccit ask``, ``search``, ``table`` and ``chat``: questions in; quotes, passages or tables out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import IndexMissing, UsageError
from index.place import Place
from qa.cli.options import (
    AfterOption,
    AnswerFormat,
    CalibrationOption,
    CollectionOption,
    CrossEncoderOption,
    FormatOption,
    IndexOption,
    JsonOption,
    KeepFilesOption,
    ModelOption,
    PaperOption,
    QuestionArgument,
    QuestionsOption,
    ReaderOption,
    StyleOption,
    TableFormat,
    TagOption,
    stated_path,
)
from qa.cli.papers import build
from qa.files.questions import Entry, read_questions
from qa.records import Answer
from qa.settings import AskOptions
from qa.show.citation import Style
from qa.show.terminal import emit, note, warn

if TYPE_CHECKING:
    from index.store.index import Index
    from qa.answer import Answerer
    from qa.conversation import Conversations

app = typer.Typer()

ThresholdOption = Annotated[
    float | None,
    typer.Option(metavar="<number>", help="Lowest confidence of a sure answer.", min=0, max=1),
]
RightOption = Annotated[
    float | None,
    typer.Option(
        metavar="<share>",
        help="Set the threshold at which this share of sure answers should be right; at most 0.95.",
        min=0,
        max=1,
    ),
]
ReceiptOption = Annotated[
    Path | None, typer.Option(help="Write a receipt to this file; loccit verify replays it.")
]
AnnotateOption = Annotated[
    Path | None,
    typer.Option(
        parser=stated_path,
        metavar="<folder>",
        help="Write copies of the cited PDFs to this folder, with the quotes highlighted.",
    ),
]


@app.command()
def ask(
    *,
    question: QuestionArgument = None,
    file: QuestionsOption = None,
    after: AfterOption = None,
    paper: PaperOption = None,
    collection: CollectionOption = None,
    tag: TagOption = None,
    index: IndexOption,
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    right: RightOption = None,
    cross_encoder: CrossEncoderOption = None,
    reader: ReaderOption = None,
    calibration: CalibrationOption = True,
    receipt: ReceiptOption = None,
    form: FormatOption = None,
    style: StyleOption = Style.VANCOUVER,
    annotate: AnnotateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with verbatim quotes.

    The exit code is 1 if nothing was found, and 0 for answers and possible answers. With --file it is 0.
    With --file, answers are printed as JSON lines unless --format says otherwise.

    \b
    loccit ask "When was MMF restarted?"
    loccit ask "When was MMF restarted?" --format markdown --style apa
    loccit ask --file questions.jsonl --format bibtex > cited.bib
    loccit ask "And IVIG?" --after "When was MMF restarted?"
    loccit ask "When was MMF restarted?" --annotate marked/
    loccit ask --file questions.jsonl > answers.jsonl
    head -5 questions.jsonl | loccit ask --file -
    """
    if file is not None and (after or receipt):
        raise UsageError(
            "--after and --receipt cannot be combined with --file.",
            "Use “history” in the file instead of --after.",
        )
    if as_json and form not in (None, AnswerFormat.JSON):
        raise UsageError(f"--json cannot be combined with --format {form}.", "Give one of them.")
    entries = _entries("ask", question, file, after)
    options = AskOptions(model, threshold, right, cross_encoder, reader or "", calibration)
    if receipt is not None and receipt.is_dir():
        raise UsageError(f"{receipt}: a folder, not a file.", "Name a file for the receipt.")
    from qa.cli.formats import cited_in, write_answers
    from qa.cli.printed import show_answer
    from qa.conversation import Conversations
    from qa.receipts import write_receipt
    from qa.records import Status
    from qa.records import as_json as answer_json

    if annotate is not None:
        from qa.annotated import require_target

        require_target(annotate)
    with _opened(index, (paper, collection, tag), options) as (answerer, documents):
        conversations = Conversations(answerer, documents)
        if file is not None:
            return _ask_each(entries, conversations, answerer.index, form, style, annotate)
        conversation = conversations.after(entries[0].history)
        answer, _ = conversation.ask(answerer, entries[0].question, documents)
        if receipt is not None:
            write_receipt(receipt, answer, conversation, documents)
        if as_json:
            emit(answer_json(answer))
        elif form is None:
            show_answer(answer, cited_in([answer], answerer.index), style)
        else:
            write_answers([answer], answerer.index, form, style)
        _annotate(answerer.index, [answer], annotate)
    if answer.status is Status.NOT_FOUND:
        raise typer.Exit(1)


@app.command()
def search(
    *,
    question: QuestionArgument = None,
    file: QuestionsOption = None,
    limit: Annotated[
        int, typer.Option(metavar="<number>", help="How many passages to list.", min=1, max=1000)
    ] = 10,
    paper: PaperOption = None,
    collection: CollectionOption = None,
    tag: TagOption = None,
    index: IndexOption,
    model: ModelOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages most similar to a question.

    They are ordered by the ranking score of their best sentence, whether or not they answer the question.
    Scores are comparable within one question only and are not probabilities. Passages that were not ranked
    have no score (–, or null in JSON) and follow in the order of the hybrid search ("hybrid" in JSON).

    \b
    loccit search "muscle biopsy findings"
    loccit search "muscle biopsy findings" --json --limit 50
    """
    entries = _entries("search", question, file)
    options = AskOptions(model, reader="small", calibration=False)  # what is listed has no confidence
    from qa.cli.formats import hit_json
    from qa.cli.printed import show_hits
    from qa.conversation import Conversation

    with _opened(index, (paper, collection, tag), options) as (answerer, documents):

        def hits(query: str) -> list[dict[str, Any]]:
            return [hit_json(found) for found in answerer.search(query, limit=limit, documents=documents)]

        def result(entry: Entry) -> dict[str, Any]:
            query = Conversation(entry.history).standalone(answerer.index, entry.question, documents)
            return {"question": entry.question, "resolved_question": query, "hits": hits(query)}

        if file is not None:
            return _emit_each(entries, result)
        listed = hits(entries[0].question)
    return emit({"question": question, "hits": listed}) if as_json else show_hits(listed)


@app.command()
def table(
    *,
    questions: Annotated[list[str], typer.Argument(metavar="QUESTION...", help="One question a column.")],
    form: Annotated[
        TableFormat,
        typer.Option("--format", help="In CSV, cells that look like formulas start with an apostrophe."),
    ] = TableFormat.TEXT,
    after: AfterOption = None,
    paper: PaperOption = None,
    collection: CollectionOption = None,
    tag: TagOption = None,
    index: IndexOption,
    model: ModelOption = None,
    reader: ReaderOption = None,
    calibration: CalibrationOption = True,
) -> None:
    """Ask each paper the same questions, as a table.

    A cell has the paper's best quote with its place and confidence, "possible" if it is not sure, or "not
    found in this paper". A sure cell has further quotes that are about as likely. CSV and JSON have one row
    per quote, or paper that does not answer; XLSX has both forms.

    \b
    loccit table "What was the CK on admission?"
    loccit table "Which steroid was given?" "At which dose?" --format xlsx > steroids.xlsx
    """
    from qa.understand.question import understand

    for question in questions:
        understand(question)
    if form is TableFormat.XLSX and sys.stdout.isatty():
        raise UsageError("A terminal cannot show XLSX.", "Write it to a file: --format xlsx > table.xlsx")
    from qa.cli.formats import write_table
    from qa.conversation import Conversation
    from qa.evidence_table import evidence_table
    from qa.show.progress import Progress, reporting

    options = AskOptions(model, reader=reader or "", calibration=calibration)
    with (
        _opened(index, (paper, collection, tag), options) as (answerer, documents),
        reporting(Progress.BARS) as report,
    ):
        conversation = Conversation(tuple(after or ()))
        asked = [conversation.standalone(answerer.index, question, documents) for question in questions]
        made = evidence_table(
            answerer,
            asked,
            documents=documents,
            progress=lambda done, total: report("papers asked", done, total),
        )
    write_table(made, form)


@app.command()
def chat(
    *,
    index: IndexOption,
    port: Annotated[
        int, typer.Option(metavar="<port>", help="Port on this machine.", min=1, max=65535)
    ] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    sign_in: Annotated[
        Path | None, typer.Option(help="Require sign-in, see docs/how-to/run-for-a-group.md for the file.")
    ] = None,
    keep_files: KeepFilesOption = True,
    calibration: CalibrationOption = True,
) -> None:
    """Start the web app and open it in a browser.

    It serves this machine only, at http://127.0.0.1:8501. If the folder holds no index, the seed papers are
    indexed first.

    \b
    loccit chat
    loccit chat --port 8600 --no-browser
    """
    from index.place import open_at
    from qa.web.server import serve

    try:
        open_at(index).close()
    except IndexMissing:
        if not isinstance(index, Path):  # others may use the database
            raise
        warn([f"No index in {index}. Building one from the seed papers."])
        build(index=index)
    serve(index, port, browser, sign_in, keep_files=keep_files, calibration=calibration)


def _entries(
    command: str, question: str | None, file: Path | None, after: Sequence[str] | None = None
) -> Sequence[Entry]:
    """Return the question given, or those of ``file``, before the index is opened.

    Raises:
        UsageError: neither or both are given, or the file cannot be used.
        QuestionError: the one question is empty, too long or not text.
    """
    from qa.understand.question import understand

    if question is not None and file is None:
        understand(question)
        return [Entry(None, question, tuple(after or ()))]
    if question is not None or file is None:
        what = "Both a question and --file were given." if file else "No question was given."
        raise UsageError(what, f'For example: loccit {command} "What was the dose?"')
    return read_questions(file)


@contextmanager
def _opened(
    place: Place, chosen: tuple[Sequence[str] | None, ...], options: AskOptions
) -> Iterator[tuple[Answerer, frozenset[str] | None]]:
    """Yield an answerer on the index at ``place`` and the ids of the papers chosen, or None for all papers.

    ``chosen`` are names of papers, of collections and of tags.
    """
    from index.embed.mpnet import is_unpacked
    from qa.rank.stages import reader_used
    from qa.session import find_papers, opened

    if reader_used(options.reader) == "large" and not is_unpacked():
        warn(["Unpacking the model of the large reader (440 MB). This happens once."])
    with opened(place, options) as answerer:
        warn(answerer.warnings)
        yield answerer, find_papers(answerer.index, *chosen)


def _ask_each(
    entries: Sequence[Entry],
    conversations: Conversations,
    index: Index,
    form: AnswerFormat | None,
    style: Style,
    annotate: Path | None,
) -> None:
    """Print the answers to all ``entries``: JSON lines as they come, or one text in another format.

    Then the papers are annotated, each with the quotes of all answers.

    Raises:
        UsageError: some questions could not be asked; the others were.
    """
    from qa.cli.formats import cited_in, write_answers
    from qa.records import as_json as answer_json
    from qa.show.export import with_references

    answers: list[Answer] = []

    def plain(entry: Entry) -> dict[str, Any]:
        answers.append(conversations.ask(entry.history, entry.question))
        if form is None:
            return answer_json(answers[-1])
        return with_references(answers[-1], cited_in(answers[-1:], index))

    try:
        if form in (None, AnswerFormat.JSON):
            return _emit_each(entries, plain)
        for entry in entries:
            try:
                answers.append(conversations.ask(entry.history, entry.question))
            except UsageError as error:
                warn([f"{entry.id}: {error}"])
        write_answers(answers, index, form, style)
    finally:
        _annotate(index, answers, annotate)
    _refuse(len(entries) - len(answers), len(entries), "See the lines above.")


def _emit_each(entries: Sequence[Entry], work: Callable[[Entry], dict[str, Any]]) -> None:
    """Emit one JSON line per entry: its result, or ``error`` if the question cannot be asked.

    Raises:
        UsageError: some questions could not be asked; the others were.
    """
    refused = 0
    for entry in entries:
        try:
            emit({"id": entry.id, **work(entry)})
        except UsageError as error:
            refused += 1
            emit({"id": entry.id, "question": entry.question, "error": str(error)})
    _refuse(refused, len(entries), "See “error” in their output lines.")


def _refuse(refused: int, total: int, remedy: str) -> None:
    if refused:
        raise UsageError(f"{refused} of {total} questions could not be asked.", remedy)


def _annotate(index: Index, answers: Sequence[Answer], into: Path | None) -> None:
    """Write annotated copies of the cited PDFs and say on standard error what became of each."""
    if into is None:
        return
    from qa.annotated import annotate
    from qa.show.present import counted

    for one in annotate(index, answers, into):
        if one.copy is not None:
            note(f"Annotated: {one.copy} ({counted(one.quotes, 'quote')})")
        warn([one.problem] if one.problem else [])
