"""Question sets that bring their own texts: SQuAD, BEIR, PubMedQA, Evidence Inference, K-QA.

None of them is in this repository: each loader reads a file or folder that the user names.
The documents have exactly the texts of the set, so its offsets hold.
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.sets.cases import Case, Corpus, Gold, case_of, read_entries, sha256_of
from index.text import Block, BlockKind, Document, MappedText, Section, SourceMap, Span

_HEAD = re.compile(r"(?:TITLE|ABSTRACT|BODY)[^a-z\n]*:\s*")


def document_of(text: str, name: str, *, title: str = "") -> Document:
    """Return ``text``, unchanged, as a document.

    Each line is a block; lines like ``ABSTRACT.METHODS:`` are headings.
    """
    blocks: list[Block] = []
    heads: list[tuple[str, int, int]] = [("", 0, 0)]
    at = 0
    for line in text.split("\n"):
        span = Span(at, at + len(line))
        at += len(line) + 1
        if not line.strip():
            continue
        kind = BlockKind.PARAGRAPH
        if _HEAD.fullmatch(line):
            kind = BlockKind.HEADING
            part, _, rest = line.strip(": ").partition(".")
            heads.append(((rest or part).capitalize(), 1, span.start))
        elif heads[-1][0] == "Title":
            kind = BlockKind.TITLE
            title = title or line.strip()
        blocks.append(Block(span, kind, len(heads) - 1))
    ends = [start for _, _, start in heads[1:]] + [len(text)]
    return Document(
        id=sha256_of(text),
        source=name,
        format="text",
        title=title,
        text=text,
        blocks=tuple(blocks),
        sections=tuple(Section(t, n, Span(s, e)) for (t, n, s), e in zip(heads, ends, strict=True)),
        map=SourceMap(tuple(MappedText.raw(text).runs())),
    )


def evidence_inference(folder: Path) -> Corpus:
    """Return trial reports, one document each, and questions on the effect of A compared with B on C."""
    data = json.loads((folder / "evidence_inference.json").read_bytes())["data"]
    return _squad("evidence_inference", (paper["paragraphs"] for paper in data), join=False)


def squad_file(path: Path) -> Corpus:
    """Return a set in SQuAD 1.1 or 2.0 form; up to 40 paragraphs of an article make one document."""
    articles: dict[str, list[Any]] = defaultdict(list)
    for article in json.loads(path.read_bytes())["data"]:
        articles[article.get("title", "")] += article["paragraphs"]
    groups = [whole[at : at + 40] for whole in articles.values() for at in range(0, len(whole), 40)]
    return _squad(path.stem, groups, join=True)


def _squad(name: str, groups: Iterable[Sequence[Any]], *, join: bool) -> Corpus:
    """Return a document per group of paragraphs; ``join``: answers are short and stand at their offsets."""
    documents: dict[str, Document] = {}
    cases: list[Case] = []
    for number, paragraphs in enumerate(groups):
        document = document_of("\n".join(p["context"] for p in paragraphs), f"{name}-{number}")
        if document.id in documents:
            continue
        documents[document.id] = document
        at = 0
        for paragraph in paragraphs:
            for stated in paragraph["qas"]:
                answers = [] if stated.get("is_impossible") else stated["answers"]
                places = [(answer["text"], at + answer["answer_start"]) for answer in answers]
                key, question, kind = str(stated["id"]), stated["question"].strip(), stated.get("label", "")
                case = Case(key, question, answerable=False, gold=(), type=kind)
                cases.append(_answered(case, document, places, short=join))
            at += len(paragraph["context"]) + 1
    return Corpus(name, tuple(documents.values()), tuple(cases))


def _answered(
    case: Case, document: Document, answers: Sequence[tuple[str, int]], *, short: bool = True
) -> Case:
    """Return ``case`` with ``answers`` (text, offset) as gold and, if ``short``, as short answers."""
    wrong = [text for text, start in answers if document.text[start : start + len(text)] != text]
    if short and wrong:
        raise ValueError(f"{case.id}: gold text differs from its place")
    spans = dict.fromkeys(Span(start, start + len(text)) for text, start in answers)
    return replace(
        case,
        answerable=bool(spans),
        gold=tuple(Gold(document.id, span) for span in spans),
        short=tuple(dict.fromkeys(text for text, _ in answers)) if short else (),
        about=document.id,
    )


def on_contexts(name: str, entries: Sequence[Mapping[str, Any]]) -> Corpus:
    """Return flat SQuAD entries, each with its ``context``; each different text is a document.

    ``answers`` is a list as in SQuAD, or ``{"text": [...], "answer_start": [...]}``.

    Raises:
        KeyError, ValueError: an entry has another form, or an answer is not at its offset.
    """
    documents: dict[str, Document] = {}
    cases = []
    for number, entry in enumerate(entries, 1):
        made = document_of(entry["context"], f"{name}-{number}", title=entry.get("title", ""))
        document = documents.setdefault(made.id, made)
        stated = entry["answers"]
        if isinstance(stated, dict):
            answers = list(zip(stated["text"], stated["answer_start"], strict=True))
        else:
            answers = [(answer["text"], answer["answer_start"]) for answer in stated]
        cases.append(_answered(case_of({**entry, "answerable": False, "gold": []}), document, answers))
    return Corpus(name, tuple(documents.values()), tuple(cases))


def pubmedqa(folder: Path) -> Corpus:
    """Return abstracts, one document each, and the question of each; gold is the whole abstract."""
    return pubmedqa_entries("pubmedqa", json.loads((folder / "pubmedqa.json").read_bytes()))


def pubmedqa_entries(name: str, entries: Mapping[str, Any]) -> Corpus:
    """Return a set in PubMedQA's form: questions by the id of their abstract (Jin et al. 2019)."""
    documents: dict[str, Document] = {}
    cases: list[Case] = []
    for key, entry in entries.items():
        parts = zip(entry["LABELS"], entry["CONTEXTS"], strict=True)
        text = "\n\n".join(f"ABSTRACT.{label}:\n{part}" for label, part in parts)
        document = document_of(text, f"pubmed-{key}")
        documents.setdefault(document.id, document)
        gold = Gold(document.id, Span(0, len(text)))
        decision = entry.get("final_decision", "")
        cases.append(Case(key, entry["QUESTION"], answerable=True, gold=(gold,), type=decision))
    return Corpus(name, tuple(documents.values()), tuple(cases))


def kqa(folder: Path) -> tuple[Case, ...]:
    """Return patients' questions that none of the papers used here answers."""
    return tuple(
        Case(f"kqa-{i}", entry.get("Question") or entry["question"], answerable=False, gold=())
        for i, (_, entry) in enumerate(read_entries(folder / "kqa" / "questions.jsonl"))
    )


def beir(folder: Path) -> Corpus:
    """Return a set in BEIR's form: ``corpus.jsonl``, ``queries.jsonl``, ``qrels/*.tsv`` (Thakur et al. 2021).

    Whole documents are relevant: a quote from a relevant document is right.

    Raises:
        OSError: a file is missing.
        KeyError, ValueError: a line has another form.
    """
    documents: dict[str, Document] = {}
    for _, entry in read_entries(folder / "corpus.jsonl"):
        text = "\n\n".join(part for part in (entry.get("title", ""), entry["text"]) if part.strip())
        documents[str(entry["_id"])] = document_of(text, str(entry["_id"]), title=entry.get("title", ""))
    grades = _grades(folder / "qrels")
    cases = []
    for _, entry in read_entries(folder / "queries.jsonl"):
        judged = grades.get(str(entry["_id"]), {}).items()
        relevant = [(documents[key], grade) for key, grade in judged if grade > 0 and key in documents]
        if relevant:
            gold = tuple(Gold(paper.id, Span(0, len(paper.text)), grade) for paper, grade in relevant)
            cases.append(Case(str(entry["_id"]), entry["text"], answerable=True, gold=gold))
    different = {document.id: document for document in documents.values()}
    return Corpus(folder.name, tuple(different.values()), tuple(cases))


def _grades(folder: Path) -> dict[str, dict[str, int]]:
    """Return the grade of each judged document by query, from "test", which others report, if it is there."""
    files = [folder / f"{name}.tsv" for name in ("test", "dev", "train")]
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    path = next(filter(Path.is_file, files), files[0])
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            grades[row["query-id"]][row["corpus-id"]] = int(row["score"])
    return grades
