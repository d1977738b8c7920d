"""The project's own questions on public papers: case reports, natural, practice, conversations.

The papers are not in this repository. ``DIR/case_reports_jats`` and the folders beside it
hold them as JATS XML; the trial reports of Evidence Inference and the abstracts of PubMedQA
come from their own files. The question files hold offsets and hashes, no text of a paper.
All loaders raise a ``LoccitError`` if a paper is missing or has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

from evals.sets import corpora
from evals.sets.cases import Corpus, placed, read_cases
from index.errors import FileMissing, UsageError
from index.read import read
from index.text import Document

REPORTS = "case_reports_jats"
PRACTICE = (REPORTS, "case_reports_pdf", "papers_pdf")


def question_file(name: str) -> Path:
    """Return the file of the project's question set called ``name``.

    Raises:
        UsageError: this installation does not have it.
    """
    path = Path(str(resources.files("evals.sets"))) / f"{name}.jsonl"
    if not path.is_file():
        raise UsageError(
            f"{name}: these questions are not in the installed package.",
            "Run loccit eval from a checkout of the source.",
        )
    return path


def read_reports(data: Path, folders: Sequence[str] = (REPORTS,)) -> tuple[Document, ...]:
    """Return the JATS papers in ``folders`` of ``data``, by file name."""
    paths: list[Path] = []
    for folder in folders:
        here = sorted((data / folder).glob("*.xml"))
        if not here:
            raise FileMissing(str(data / folder), "no XML files.", "Name its parent folder with --data.")
        paths += here
    return tuple(read(path) for path in paths)


def load_case_reports(data: Path, path: Path | None = None) -> Corpus:
    """Return all case reports and the questions in ``path``, by default the committed set.

    Unanswerable questions were searched for in all reports, so the set is used with all of them.
    """
    reports = read_reports(data)
    known = {report.id: report for report in reports}
    cases = read_cases(path or question_file("case_reports"))
    return Corpus("case_reports", reports, tuple(placed(case, known) for case in cases))


def load_natural(data: Path) -> Corpus:
    """Return questions as people type them, with the case and trial reports that they are asked of."""
    cases = read_cases(question_file("natural"))
    asked = {gold.document_id for case in cases for gold in case.gold} | {case.about for case in cases}
    every = (*read_reports(data), *corpora.evidence_inference(data).documents)
    papers = {paper.id: paper for paper in every if paper.id in asked}
    return Corpus("natural", tuple(papers.values()), tuple(placed(case, papers) for case in cases))


def load_practice(data: Path, part: str = "", name: str = "practice") -> Corpus:
    """Return all practice papers and the questions on them, or only those that train ``part``.

    Args:
        data: folder of the public sets.
        part: "reader" or "ranking"; empty for both.
        name: "conversations" for those on the same papers, each turn a case with its history.
    """
    cases = [case for case in read_cases(question_file(name)) if part in ("", case.split)]
    papers = practice_papers(data)
    # What a question trains is not a half of a set to be measured.
    mine = tuple(replace(placed(case, papers), split="dev") for case in cases)
    return Corpus(name, tuple(papers.values()), mine)


@lru_cache(maxsize=1)  # the parts are loaded one after another
def practice_papers(data: Path) -> dict[str, Document]:
    """Return the papers that have practice questions, by id."""
    cases = read_cases(question_file("practice"))
    asked = {gold.document_id for case in cases for gold in case.gold} | {case.about for case in cases}
    texts = (*corpora.evidence_inference(data).documents, *corpora.pubmedqa(data).documents)
    papers = (*read_reports(data, PRACTICE), *texts)
    return {paper.id: paper for paper in papers if paper.id in asked}
