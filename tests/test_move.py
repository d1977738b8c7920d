"""Gold of question files follows the text of a paper that is read in another way."""

from __future__ import annotations

from evals.sets.cases import Case, Gold, sha256_of
from evals.sets.corpora import document_of
from evals.sets.move import Mover
from index.text import Document, Span

OLD = "Aims\nCounts were 109/L on day 2. The man was well. He had 5 visits.\nThe woman died. She was old."


def moved(new: str, quote: str, short: str = "") -> tuple[Document, Gold, list[str]]:
    paper = document_of(new, "paper.xml")
    start = OLD.index(quote)
    at = OLD.index(short, start) if short else 0
    gold = Gold(
        paper.id,
        Span(start, start + len(quote)),
        file="paper.xml",
        sha256=sha256_of(quote),
        short=(Span(at, at + len(short)),) if short else (),
    )
    mover = Mover({paper.id: OLD}, {paper.id: paper})
    case = mover.case(Case("q1", "Why?", answerable=True, gold=(gold,)))
    return paper, case.gold[0], mover.lost


def test_gold_moves_with_its_words_and_takes_in_what_was_put_between_them() -> None:
    new = OLD.replace("109/L", "10^9/L [3]").replace("Aims\n", "")
    paper, gold, lost = moved(new, "Counts were 109/L on day 2.", "day 2")
    assert lost == []
    assert gold.span.of(paper.text) == "Counts were 10^9/L [3] on day 2."
    assert gold.sha256 == sha256_of("Counts were 10^9/L [3] on day 2.")
    assert [span.of(paper.text) for span in gold.short] == ["day 2"]


def test_gold_behind_a_changed_line_moves() -> None:
    paper, gold, lost = moved(OLD.replace("5 visits", "five long visits"), "The woman died.")
    assert lost == []
    assert gold.span.of(paper.text) == "The woman died."


def test_gold_that_is_no_sentence_any_more_is_reported_and_left() -> None:
    _, gold, lost = moved(OLD.replace("The woman died. ", ""), "The woman died.")
    assert gold.span == Span(OLD.index("The woman"), OLD.index("The woman") + len("The woman died."))
    assert len(lost) == 1
    assert "q1" in lost[0]
