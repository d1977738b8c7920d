"""Raised and lowered text: one rule for all readers, and no number that the source does not have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.read import read
from index.read.jats.article import read_jats
from index.read.open import ENGINES
from index.read.raised import Level, Run, set_out
from index.read.text.plain import read_plain
from index.text import Document, MappedText, Span
from tests.make_pdf import LEFT, Sheet, Words, column, pdf

#: A line as runs: text on the line; "^" and raised text; "_" and lowered text.
Source = tuple[str, ...]
LINES: list[tuple[Source, str]] = [
    (("Neutrophils were 0.8 \u00d7 10", "^9", "/L then."), "Neutrophils were 0.8 \u00d7 10^9/L then."),
    (("About 5\u201310 x10", "^7", " cells"), "About 5\u201310 x10^7 cells"),
    (("The dose was 10", "^-6", " M."), "The dose was 10^-6 M."),
    (("The area was 1.73 m", "^2", " and 20 cm", "^3", "."), "The area was 1.73 m^2 and 20 cm^3."),
    (("He got 80 mg/m", "^2", " a day"), "He got 80 mg/m^2 a day"),
    (("It rose by 9 m/s", "^2", "."), "It rose by 9 m/s^2."),
    (("A rate of 5 mL\u00b7kg", "^-1", "\u00b7min", "^-1", "."), "A rate of 5 mL\u00b7kg^-1\u00b7min^-1."),
    (("Given Ca", "^2+", " and SO", "_4", "^2-", " now"), "Given Ca^2+ and SO4^2- now"),
    (("The CD4", "^+", " count and R", "^2", " fell"), "The CD4+ count and R^2 fell"),
    (("Mortality was 12", "^3", " percent."), "Mortality was 12 [3] percent."),
    (("Mortality was 12%", "^3", " there."), "Mortality was 12% [3] there."),
    (("It lasted 20 hours", "^15", " or 4 mg", "^6", "."), "It lasted 20 hours [15] or 4 mg [6]."),
    (("It fell to 450.", "^12,13", " Then it rose."), "It fell to 450. [12,13] Then it rose."),
    (("It was seen in 7,", "^4", " and in 9."), "It was seen in 7, [4] and in 9."),
    (("The CD4", "^3", " count was low"), "The CD4 [3] count was low"),
    (("It held CO", "_2", ", H", "_2", "O, C", "_6", "H", "_12", "O", "_6"), "It held CO2, H2O, C6H12O6"),
    (("The base was 5", "_2", " and log", "_2", "8 here"), "The base was 5_2 and log2 8 here"),
    (("It was the 1", "^st", " day at 37", "^0", "C"), "It was the 1st day at 37^0C"),
    (("Uptake of ", "^18", "F was low"), "Uptake of 18F was low"),
    (("He took 1", "^1", "/2 pills"), "He took 1 1/2 pills"),
]  # fmt: skip
#: Widths of Helvetica's glyphs other than 556, in thousandths of the font size.
WIDTHS = {
    **dict.fromkeys(" .,/tfI", 278), **dict.fromkeys("ijl", 222), "m": 833, "M": 833,
    "r": 333, "-": 333, "(": 333, ")": 333, "\u00b7": 278, "+": 584, "\u00d7": 584, "%": 889, "w": 722,
    **dict.fromkeys("cksvxyz", 500), **dict.fromkeys("NCHRUD", 722), "T": 611, "F": 611, "O": 778, "G": 778,
    **dict.fromkeys("ABSK", 667),
}  # fmt: skip


def marked(line: Source, tags: dict[str, tuple[str, str]]) -> str:
    """Return a line, "^" and "_" replaced by what opens and closes raised and lowered text."""
    return "".join(f"{tags[r[0]][0]}{r[1:]}{tags[r[0]][1]}" if r[0] in tags else r for r in line)


HTML = {"^": ("<sup>", "</sup>"), "_": ("<sub>", "</sub>")}
PANDOC = {"^": ("^", "^"), "_": ("~", "~")}


def markdown(*lines: str) -> Document:
    return read_plain(("# Counts\n\n## Results\n\n" + "\n\n".join(lines) + "\n").encode(), "paper.md")


def jats(*lines: str) -> Document:
    paragraphs = "".join(f"<p>{line}</p>" for line in lines)
    return read_jats(
        f"<article><body><sec><title>A</title>{paragraphs}</sec></body></article>".encode(), "a.xml"
    )


def words(line: Source, y: float, size: float = 10.0) -> list[Words]:
    """Return a line of a PDF: raised and lowered runs are smaller."""
    placed, x = [], 72.0
    for run in line:
        script = run[0] in "^_"
        text, own = (run[1:], 0.65 * size) if script else (run, size)
        rise = {"^": 0.35 * size, "_": -0.2 * size}.get(run[0], 0.0)
        placed.append(Words(text, x, y + rise, own))
        x += own * sum(WIDTHS.get(character, 556) for character in text) / 1000
    return placed


def printed(path: Path, lines: list[Source], engine: str) -> Document:
    rows = [word for i, line in enumerate(lines) for word in words(line, 560 - 30 * i)]
    path.write_bytes(pdf([Sheet([*column(LEFT, 72, 700), *rows])]))
    return read(path, engine=engine)


@pytest.mark.parametrize(("line", "text"), LINES, ids=[text for _, text in LINES])
def test_markup_is_read_by_one_rule(line: Source, text: str) -> None:
    assert text in jats(marked(line, HTML)).text
    assert text in markdown(marked(line, HTML)).text
    pandoc = marked(line, PANDOC)
    if " ^" not in pandoc and "~8" not in pandoc:  # Pandoc marks no script there
        assert text in markdown(pandoc).text


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pdf_is_read_by_the_same_rule(tmp_path: Path, engine: str) -> None:
    for at in range(0, len(LINES), 10):
        document = printed(tmp_path / "paper.pdf", [line for line, _ in LINES[at : at + 10]], engine)
        for line, text in LINES[at : at + 10]:
            assert text in document.text, line


@pytest.mark.parametrize(("size", "rise"), [(6, 1.5), (6, 4), (8.9, 3.5), (10, 2), (10, 4)])
@pytest.mark.parametrize("engine", ENGINES)
def test_raised_numbers_of_any_size(tmp_path: Path, engine: str, size: float, rise: float) -> None:
    shown = [("At 212 x 10", ""), ("9", "^"), ("/L in 14", ""), ("7,8", "^"), (" of 40 patients.", "")]
    script, line = f"{rise} Ts /F1 {size} Tf", "0 Ts /F1 10 Tf"
    text = " ".join(f"{script if raised else line} ({words}) Tj" for words, raised in shown)
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf([Sheet(column(LEFT, 72, 700), extra=f"BT 72 500 Td {text} ET".encode())]))
    assert "At 212 x 10^9/L in 14 [7,8] of 40 patients." in read(path, engine=engine).text


def test_the_characters_and_their_marks_lead_to_their_place() -> None:
    source = (
        "<article><body><sec><title>A</title><p>At 0.8 \u00d7 10<sup>9</sup>/L.</p></sec></body></article>"
    )
    document = read_jats(source.encode(), "a.xml")
    at = document.text.index("^9")
    assert {span.of(source) for span in document.map.raw_spans(Span(at, at + 2))} == {"9"}


REF = '<xref ref-type="bibr" rid="r">{}</xref>'


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f"was 12{REF.format(3)} percent", "was 12 [3] percent"),
        (f"was 10<sup>{REF.format(3)}</sup> percent", "was 10 [3] percent"),
        (f"was 12{REF.format('<sup>3</sup>')} percent", "was 12 [3] percent"),
        (f"shown.{REF.format(3)},{REF.format(4)} The", "shown. [3,4] The"),
        (f"shown<sup>{REF.format(1)}{REF.format(2)}</sup> by", "shown [1,2] by"),
        (f"shown<sup>{REF.format(1)}</sup>-<sup>{REF.format(2)}</sup> by", "shown [1-2] by"),
        (f"shown [{REF.format(1)}, {REF.format(2)}] by", "shown [1, 2] by"),
        (f"shown ({REF.format('Bee 2001')}) by", "shown (Bee 2001) by"),
        (f"shown.<sup>[{REF.format(1)}]</sup> The", "shown. [1] The"),
        ("at 7.4<xref ref-type='table-fn' rid='t'>1</xref> now", "at 7.4 [1] now"),
        ("<math><msup><mn>10</mn><mn>9</mn></msup></math> cells", "10^9 cells"),
        ("<math><mn>2</mn><mfrac><mn>1</mn><mn>3</mn></mfrac></math> of", "1/3 of"),
        ("x<sup>2</sup><sub>1</sub>", "x^2_1"),
    ],
)
def test_jats_says_what_is_cited(source: str, text: str) -> None:
    assert text in jats(f"It {source}.").text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("10^9/L to 10^12/L", "10^9/L to 10^12/L"),
        ("~5-~6 weeks and ~~no~~", "~5-~6 weeks and ~~no~~"),
        ("Notes[^1][^2] here", "Notes[^1][^2] here"),
        ("up 2\\^3\\^ and a<sup>*</sup>, b<sup>*</sup>", "up 2\\^3\\^ and a*, b*"),
        ("10\u2079/L and Ca\u00b2\u207a", "10\u2079/L and Ca\u00b2\u207a"),
        ("was 12<sup>[3](#ref3)</sup> percent", "was 12 [3] percent"),
        ('was 12<sup class="ref">3</sup>(see below)', "was 12 [3](see below)"),
    ],
)
def test_what_marks_nothing_in_markdown_stays(source: str, text: str) -> None:
    assert text in markdown(f"It {source}.").text


LINE_TEXT = st.sampled_from(
    ["a 12", " of 7.5", "10", "bone", " x 10", "m", " 3, ", "2.", "B", ")", "/4", "-5", "C", "8 g"]
)
SCRIPT_TEXT = st.sampled_from(
    ["2", "12", "3,4", "5-7", "-1", "2+", "+", "a", "0", "9", "12a", "1,2,b", "2024"]
)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """A line whose neighbouring runs are on different levels."""
    line, last = ["It was " + draw(LINE_TEXT)], ""
    for _ in range(draw(st.integers(1, 6))):
        level = draw(st.sampled_from([level for level in ("", "^", "_") if level != last]))
        line.append(level + draw(SCRIPT_TEXT if level else LINE_TEXT))
        last = level
    return (*line, " there") if last else tuple(line)


def check(document: Document, lines: list[Source]) -> None:
    """Require that each number of the text is in one run of the source."""
    runs = [run.lstrip("^_") if run[0] in "^_" else run for line in lines for run in line]
    digits = {number for run in runs for number in re.findall(r"\d+", run)}
    assert set(re.findall(r"\d+", document.text)) <= digits, document.text
    decimals = {number for run in runs for number in re.findall(r"\d+\.\d+", run)}
    assert set(re.findall(r"\d+\.\d+", document.text)) <= decimals, document.text


@given(lines=st.lists(sources(), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_no_number_of_marked_up_text_is_joined(lines: list[Source]) -> None:
    check(jats(*(marked(line, HTML) for line in lines)), lines)
    check(markdown(*(marked(line, HTML) for line in lines)), lines)


@pytest.mark.parametrize("engine", ENGINES)
@given(lines=st.lists(sources(), min_size=8, max_size=14))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_number_of_a_pdf_is_joined(tmp_path: Path, engine: str, lines: list[Source]) -> None:
    check(printed(tmp_path / "paper.pdf", lines, engine), lines)


def test_a_line_without_raised_text_is_left_as_it_is() -> None:
    runs = [Run(MappedText.raw("was 12 ")), Run(MappedText.raw("(3) here", 7))]
    assert set_out(runs).text == "was 12 (3) here"
    assert (
        set_out([Run(MappedText.raw("1"), Level.RAISED), Run(MappedText.raw("Clinic", 1))]).text == "1Clinic"
    )
