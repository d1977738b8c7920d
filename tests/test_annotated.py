"""Annotated copies: highlights where the quotes are, originals untouched, one line for each that fails."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter

import index
import qa
from index.errors import DamagedFile, PasswordNeeded, Signed, UsageError
from index.pages.highlights import Highlight, highlighted
from index.pages.places import Box
from index.store.open import open_index
from qa.annotated import SURE, UNSURE
from qa.answer import Answerer
from qa.rank.stages import Stages
from qa.records import Answer, Status
from qa.settings import Settings
from tests.answering import plain_weights
from tests.commands import Loccit, one_line
from tests.index_fakes import TEA, WordEncoder, write_papers
from tests.make_pdf import Sheet, column, pdf

FIRST = (
    "A case of weak thighs in a woman who rowed",
    "",
    "A woman of 34 years could not climb stairs without help at all.",
    "Prednisone was given at a dose of 60 mg daily for six weeks and",
    "then the dose was cut to 40 mg daily. She was well after a year.",
)
SECOND = ("Troponin of the woman was 1,250 ng/L on admission to the ward.", "She rowed again in May of 2020.")
DOSE, TROPONIN = "Which dose of prednisone was given?", "What was the troponin of the woman on admission?"
#: The signature field of a signed file; its value is object 7.
FIELD = b"/AcroForm << /SigFlags 3 /Fields [<< /FT /Sig /T (s) %s >>] >>"
LINE = Box(1, 0.1, 0.1, 0.5, 0.12)


def case(
    rotate: int = 0, entries: bytes = b"", catalog: bytes = b"", objects: tuple[bytes, ...] = ()
) -> bytes:
    """Return a PDF of two pages; ``entries`` are of both pages."""
    sheets = [Sheet(column(lines, 72, 700), rotate=rotate, entries=entries) for lines in (FIRST, SECOND)]
    return pdf(sheets, catalog=catalog, objects=objects)


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Answerer]:
    """Answers from an index of one PDF and one text file."""
    folder = write_papers(tmp_path / "papers", TEA)
    (folder / "case.pdf").write_bytes(case())
    index.build(folder, tmp_path / "index", encoder=WordEncoder(), keep_files=False)
    with open_index(tmp_path / "index") as opened:
        yield Answerer(opened, WordEncoder(), stages=Stages(plain_weights()), settings=Settings())


def notes(data: bytes) -> list[tuple[int, str]]:
    """Return the page number and the note of each highlight."""
    pages = enumerate(PdfReader(io.BytesIO(data)).pages, 1)
    found = [(number, one.get_object()) for number, page in pages for one in page.get("/Annots", ())]
    assert all(one["/Subtype"] == "/Highlight" and one["/T"] == "Loccit" for _, one in found)
    return [(number, str(one["/Contents"])) for number, one in found]


def coloured(data: bytes, page: int, colour: str) -> tuple[float, float, float, float] | None:
    """Render a page; return the area that has ``colour`` as shares of its sides, None if there is none."""
    image = pypdfium2.PdfDocument(data)[page - 1].render(scale=2).to_numpy()[:, :, :3]
    wanted = [int(colour[at : at + 2], 16) for at in (4, 2, 0)]  # rendered as blue, green, red
    rows, columns = (abs(image.astype(int) - wanted).max(axis=2) <= 3).nonzero()
    if not len(rows):
        return None
    high, wide = image.shape[:2]
    return columns.min() / wide, rows.min() / high, columns.max() / wide, rows.max() / high


def test_quotes_are_highlighted_in_a_copy_with_question_and_confidence(
    papers: Answerer, tmp_path: Path
) -> None:
    answers = [papers.ask(DOSE), papers.ask(TROPONIN)]
    assert [answer.status for answer in answers] == [Status.ANSWERED, Status.ANSWERED]
    (one,) = qa.annotate(papers, answers, tmp_path / "out")
    assert (one.source, one.problem) == ("case.pdf", "")
    assert one.copy == tmp_path / "out" / "case-annotated.pdf"
    copy = one.copy.read_bytes()
    assert (tmp_path / "papers" / "case.pdf").read_bytes() == case()
    assert copy.startswith(case())
    cited = [(answer, citation) for answer in answers for citation in answer.citations]
    assert one.quotes == len({citation.span for _, citation in cited})
    for answer, citation in cited:
        line = f"{answer.question}\nAnswer: quote {citation.number}, confidence "
        line += f"{round(100 * citation.confidence)}%"
        assert any(page == citation.page and line in note for page, note in notes(copy))
    left, top, right, bottom = coloured(copy, 2, SURE) or (0, 0, 0, 0)
    assert (left, top) == pytest.approx((72 / 612, 1 - 710 / 792), abs=0.01)
    assert bottom == pytest.approx(1 - 697 / 792, abs=0.01)
    assert right < 0.65
    assert coloured(case(), 2, SURE) is None


def test_possible_answers_have_another_colour_and_say_so(papers: Answerer, tmp_path: Path) -> None:
    answer = replace(papers.ask(TROPONIN), status=Status.POSSIBLE)
    (one,) = qa.annotate(papers, [answer], tmp_path / "out")
    assert one.copy
    copy = one.copy.read_bytes()
    assert all("Possible answer, not sure: quote " in note for _, note in notes(copy))
    assert coloured(copy, 2, UNSURE)
    assert coloured(copy, 2, SURE) is None


def test_no_file_is_replaced(papers: Answerer, tmp_path: Path) -> None:
    answer = papers.ask(DOSE)
    copies = [qa.annotate(papers, [answer], tmp_path / "papers")[0].copy for _ in range(2)]
    assert [copy and copy.name for copy in copies] == ["case-annotated.pdf", "case-annotated-2.pdf"]
    assert (tmp_path / "papers" / "case.pdf").read_bytes() == case()


def problems(papers: Answerer, answers: list[Answer], into: Path) -> dict[str, str]:
    results = qa.annotate(papers, answers, into)
    assert all(one.copy is None and one.quotes == 0 for one in results)
    return {one.source: one.problem for one in results}


def test_what_cannot_be_annotated_is_said_and_the_rest_goes_on(papers: Answerer, tmp_path: Path) -> None:
    dose, tea = papers.ask(DOSE), papers.ask("Who drank green tea every morning?")
    assert [one.copy is None for one in qa.annotate(papers, [tea, dose], tmp_path / "out")] == [True, False]
    file = tmp_path / "papers" / "case.pdf"
    file.write_bytes(case(rotate=90))
    said = problems(papers, [tea, dose], tmp_path / "out")
    assert said["tea.txt"] == "Not annotated: tea.txt: not a PDF."
    assert "case.pdf: this paper’s file has changed since it was read" in said["case.pdf"]
    file.unlink()
    assert "no longer where it was read" in problems(papers, [dose], tmp_path / "out")["case.pdf"]
    (tmp_path / "index" / "originals.json").unlink()
    assert "does not know where" in problems(papers, [dose], tmp_path / "out")["case.pdf"]


def test_a_folder_is_needed_for_the_copies(papers: Answerer, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="a file, not a folder"):
        qa.annotate(papers, [papers.ask(DOSE)], tmp_path / "out")


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [b"", b"/CropBox [50 100 500 700]"])
def test_highlights_lie_where_the_boxes_are_on_turned_and_cropped_pages(rotate: int, crop: bytes) -> None:
    data = highlighted(
        "case.pdf", case(rotate, crop), [Highlight((replace(LINE, page=2),), "A note: ä, 医", SURE)]
    )
    assert notes(data) == [(2, "A note: ä, 医")]
    area = coloured(data, 2, SURE)
    assert area == pytest.approx((LINE.left, LINE.top, LINE.right, LINE.bottom), abs=0.01)
    assert coloured(data, 1, SURE) is None


def test_annotations_of_the_file_stay_and_many_are_added() -> None:
    kept = b"/Annots [<< /Subtype /Highlight /T (Loccit) /Rect [9 9 20 20] /Contents (Kept) >>]"
    notes_of_many = [f"{'No. ' * 400}{number}" for number in range(150)]
    data = highlighted("case.pdf", case(0, kept), [Highlight((LINE,), note, SURE) for note in notes_of_many])
    assert [note for page, note in notes(data) if page == 1] == ["Kept", *notes_of_many]
    texts = [[page.extract_text() for page in PdfReader(io.BytesIO(one)).pages] for one in (data, case())]
    assert texts[0] == texts[1]


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(case()))
    writer.encrypt(user_password="", owner_password="owner")
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (encrypted(), PasswordNeeded),
        (case(catalog=FIELD % b"/V 7 0 R", objects=(b"<< /Type /Sig /Contents <30820a> >>",)), Signed),
        (b"%PDF-1.7 no more than this", DamagedFile),
        (case().replace(b"/Type /Pages", b"/Type /Nope"), DamagedFile),
    ],
    ids=["encrypted", "signed", "cut", "no pages"],
)
def test_files_that_must_not_or_cannot_be_changed_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"case\.pdf: .*\. .+\."):
        highlighted("case.pdf", data, [Highlight((LINE,), "", SURE)])


def test_an_empty_field_for_a_signature_is_no_signature() -> None:
    assert notes(highlighted("case.pdf", case(catalog=FIELD % b""), [Highlight((LINE,), "Note", SURE)]))


# The command


def test_the_command_says_on_standard_error_what_was_annotated(
    loccit: Loccit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_papers(tmp_path / "papers", TEA)
    (folder / "case.pdf").write_bytes(case())
    assert loccit("build", folder, "--index", tmp_path / "index", "--no-keep-files").code == 0
    monkeypatch.chdir(tmp_path)
    ask: tuple[Any, ...] = ("ask", "--index", tmp_path / "index", "--annotate", "out")
    output = loccit(*ask, DOSE, "--json")
    assert json.loads(output.out)["citations"][0]["source"] == "case.pdf"
    assert output.err.startswith("Annotated: out/case-annotated.pdf (")
    (tmp_path / "questions.jsonl").write_text(
        "".join(json.dumps({"id": i, "question": text}) + "\n" for i, text in enumerate((DOSE, TROPONIN)))
    )
    output = loccit(*ask, "--file", "questions.jsonl")
    assert output.out.count("\n") == 2
    noted = "\n".join(note for _, note in notes((tmp_path / "out/case-annotated-2.pdf").read_bytes()))
    assert DOSE in noted
    assert TROPONIN in noted
    (folder / "case.pdf").unlink()
    output = loccit(*ask, DOSE)
    assert output.code == 0
    assert output.err.count("\n") == 1
    assert output.err.startswith("Not annotated: case.pdf: this paper’s file is no longer where it was read.")
    refused = one_line(loccit(*ask[:-1], "questions.jsonl", DOSE), 2)
    assert refused.startswith("loccit: questions.jsonl: a file, not a folder.")
