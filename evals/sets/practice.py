"""Questions to learn from, written on public papers that no question set tests.

``practice.jsonl`` has the form of ``evals.sets.case_reports``: questions in their authors'
own words, gold as hashes and offsets. The papers are public ones: case reports and
papers of many publishers as JATS XML, trial reports of Evidence Inference, abstracts
of PubMedQA. None of them has a question in a test half. Gold is every sentence or
row that answers by itself; unanswerable questions ask one paper for what it does not
tell, as "about" says.

The ``split`` of a question is what its paper is for: "reader"
(``evals.train.reader``) or "ranking" (``evals.train.rankers``), so that rankers and
confidence learn from papers that the reader has not read. The sha256 of the paper
tells which: see ``part_of``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from evals.sets import corpora, splits
from evals.sets.case_reports import case_of, read_questions, read_reports
from evals.sets.corpora import Corpus

if TYPE_CHECKING:
    from evals.sets.case_reports import Question
    from index.text import Document

NAME = "practice"
FOLDERS = ("case_reports_jats", "case_reports_pdf", "papers_pdf")


def part_of(paper: Document) -> str:
    """Return what ``paper`` is for, "reader" or "ranking".

    Public sets keep their own parts (``evals.sets.splits.part_of``); of other papers,
    the first digit of the hash decides.
    """
    if paper.format == "text":
        return "reader" if splits.part_of(paper.id) == "ranker" else "ranking"
    return "reader" if paper.id[0] < "a" else "ranking"


@lru_cache(maxsize=1)  # the parts of the set are loaded one after the other
def papers_in(data: Path) -> dict[str, Document]:
    """Return the papers that questions may be written on, by the name of their file or of their text.

    Raises:
        FileMissing, LoccitError: as ``evals.sets.case_reports.read_reports``.
    """
    sets = (corpora.evidence_inference(data), corpora.pubmedqa(data))
    texts = (paper for corpus in sets for paper in corpus.documents)
    return {paper.source: paper for paper in (*read_reports(data, FOLDERS), *texts)}


def load_practice(data: Path, part: str = "") -> Corpus:
    """Return the papers that have practice questions, and the questions on them.

    ``part`` names what the questions are for, all without it; the papers are all
    there in any case.

    Raises:
        FileMissing, FormatMismatch, QuoteError: as ``evals.sets.case_reports.load_case_reports``.
    """
    return _corpus(NAME, data, part)


def load_conversations(data: Path, part: str = "") -> Corpus:
    """Return the same papers, and conversations on some of them, each turn with those before as its history.

    ``part`` as for ``load_practice``. None is of a test half.

    Raises:
        FileMissing, FormatMismatch, QuoteError: as ``load_practice``.
    """
    return _corpus("conversations", data, part)


def _corpus(name: str, data: Path, part: str) -> Corpus:
    papers = _papers(data)
    cases = (case_of(question, papers) for question in _questions(name) if part in ("", question.split))
    # What a question is for is no half of a set to be measured on.
    return Corpus(name, tuple(papers.values()), tuple(replace(case, split="dev") for case in cases))


def _questions(name: str) -> tuple[Question, ...]:
    return read_questions(Path(str(resources.files("evals.sets"))) / f"{name}.jsonl")


def _papers(data: Path) -> dict[str, Document]:
    questions = _questions("practice")
    asked = {q.about for q in questions} | {gold.document for q in questions for gold in q.gold}
    return {name: paper for name, paper in papers_in(data).items() if paper.id in asked}
