"""Retrieval sets in BEIR's form: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/*.tsv``.

Thakur et al. 2021, "BEIR: a heterogenous benchmark for zero-shot evaluation of
information retrieval models". Whole documents are relevant, so that is what
retrieval is judged by; a quote is right if it is from a relevant document.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from evals.sets.corpora import Case, Corpus, Gold, document_of, read_entries
from index.text import Span

if TYPE_CHECKING:
    from pathlib import Path

    from index.text import Document

#: Which judgements are read, the first that is there; "test" is what others report.
_QRELS = ("test", "dev", "train")


def beir(folder: Path) -> Corpus:
    """Return the set in ``folder``.

    Raises:
        OSError: a file is missing.
        KeyError, ValueError: a line is not of that form.
    """
    documents: dict[str, Document] = {}
    for entry in read_entries(folder / "corpus.jsonl"):
        text = "\n\n".join(part for part in (entry.get("title", ""), entry["text"]) if part.strip())
        documents[str(entry["_id"])] = document_of(text, str(entry["_id"]), title=entry.get("title", ""))
    grades = _grades(folder)
    cases = []
    for entry in read_entries(folder / "queries.jsonl"):
        stated = grades.get(str(entry["_id"]), {})
        found = [(documents[key], grade) for key, grade in stated.items() if grade > 0 and key in documents]
        if found:
            gold = tuple(Gold(document.id, Span(0, len(document.text)), grade) for document, grade in found)
            cases.append(Case(str(entry["_id"]), entry["text"], answerable=True, gold=gold))
    different = {document.id: document for document in documents.values()}
    return Corpus(folder.name, tuple(different.values()), tuple(cases))


def _grades(folder: Path) -> dict[str, dict[str, int]]:
    """Return the grade of each judged document by query; lines are "query-id, corpus-id, score"."""
    files = [folder / "qrels" / f"{name}.tsv" for name in _QRELS]
    path = next((file for file in files if file.is_file()), files[0])
    grades: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            grades.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return grades
