"""Public question sets as documents and cases, with every gold span in place.

Nothing of them is in this repository: each loader reads a folder that the user
names (``--data`` or ``LOCCIT_BENCH``). Each set becomes documents whose text is
exactly the set's, so that its offsets hold.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index.text import Block, BlockKind, Document, MappedText, Section, SourceMap, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_HEAD = re.compile(r"(?:TITLE|ABSTRACT|BODY)[^a-z\n]*:\s*")


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that answers."""

    document_id: str
    span: Span
    grade: int = 1  #: how relevant, 1 or more; BEIR sets state it
    section: str | None = None  #: as the set states it; None where the paper's own map decides
    page: int | None = None  #: as above
    line: int | None = None  #: as above


@dataclass(frozen=True, slots=True)
class Case:
    """One question of a set."""

    id: str
    question: str
    answerable: bool
    gold: tuple[Gold, ...]
    type: str = ""
    history: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    split: str = ""
    papers: str = "one"  #: "several": an answer is wanted from each paper with gold
    about: str = ""  #: id of the paper that it was asked on, where known and not told by ``gold``


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents and the questions on them."""

    name: str
    documents: tuple[Document, ...]
    cases: tuple[Case, ...]


def document_of(text: str, name: str, *, title: str = "") -> Document:
    """Return ``text`` as a document, unchanged: a block a line, ``ABSTRACT.METHODS:`` lines as headings."""
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
        id=hashlib.sha256(text.encode()).hexdigest(),
        source=name,
        format="text",
        title=title,
        authors=(),
        journal="",
        year=None,
        doi="",
        licence="",
        text=text,
        blocks=tuple(blocks),
        sections=tuple(Section(t, n, Span(s, e)) for (t, n, s), e in zip(heads, ends, strict=True)),
        tables=(),
        fields=(),
        map=SourceMap(tuple(MappedText.raw(text).runs())),
        warnings=(),
    )


def evidence_inference(folder: Path) -> Corpus:
    """Trial reports, one document each; "What was the effect of A compared with B on C?"."""
    data = json.loads((folder / "evidence_inference.json").read_bytes())["data"]
    return _squad("evidence_inference", (paper["paragraphs"] for paper in data), join=False)


def squad_file(path: Path, *, papers: int | None = None) -> Corpus:
    """Return a set in SQuAD 1.1 or 2.0 form; the paragraphs of an article make one document."""
    data = json.loads(path.read_bytes())["data"]
    articles: dict[str, list[Any]] = {}
    for article in data:
        articles.setdefault(article.get("title", ""), []).extend(article["paragraphs"])
    groups = [part for paragraphs in articles.values() for part in _parts(paragraphs, 40)]
    return _squad(path.stem, groups[:papers], join=True)


def _parts(paragraphs: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(paragraphs), size):
        yield paragraphs[at : at + size]


def _squad(name: str, groups: Iterable[Sequence[Any]], *, join: bool) -> Corpus:
    documents: dict[str, Document] = {}
    cases: list[Case] = []
    for number, paragraphs in enumerate(groups):
        texts = [paragraph["context"] for paragraph in paragraphs]
        document = document_of("\n".join(texts), f"{name}-{number}")
        if document.id in documents:
            continue
        documents[document.id] = document
        at = 0
        for paragraph in paragraphs:
            cases += (_case(document, at, question, flat=join) for question in paragraph["qas"])
            at += len(paragraph["context"]) + 1
    return Corpus(name, tuple(documents.values()), tuple(cases))


def _case(document: Document, offset: int, found: dict[str, Any], *, flat: bool) -> Case:
    answers = [] if found.get("is_impossible") else found["answers"]
    spans = dict.fromkeys(
        Span(offset + a["answer_start"], offset + a["answer_start"] + len(a["text"])) for a in answers
    )
    for answer, span in zip(answers, spans, strict=False):
        if flat and len(spans) == len(answers) and span.of(document.text) != answer["text"]:
            raise ValueError(f"{found['id']}: gold text differs from its place")
    return Case(
        id=str(found["id"]),
        question=found["question"].strip(),
        answerable=bool(spans),
        gold=tuple(Gold(document.id, span) for span in spans),
        type=found.get("label", ""),
        short=tuple(dict.fromkeys(a["text"] for a in answers)) if flat else (),
        about=document.id,
    )


def pubmedqa(folder: Path) -> Corpus:
    """Return abstracts, one document each, and the question of each; gold is the whole abstract."""
    return pubmedqa_entries("pubmedqa", json.loads((folder / "pubmedqa.json").read_bytes()))


def pubmedqa_entries(name: str, entries: dict[str, Any]) -> Corpus:
    """Return a set in PubMedQA's form: questions by the id of their abstract (Jin et al. 2019)."""
    documents: dict[str, Document] = {}
    cases: list[Case] = []
    for key, entry in entries.items():
        parts = [
            f"ABSTRACT.{label}:\n{text}"
            for label, text in zip(entry["LABELS"], entry["CONTEXTS"], strict=True)
        ]
        document = document_of("\n\n".join(parts), f"pubmed-{key}")
        documents.setdefault(document.id, document)
        gold = Gold(document.id, Span(0, len(document.text)))
        decision = entry.get("final_decision", "")
        cases.append(Case(key, entry["QUESTION"], answerable=True, gold=(gold,), type=decision))
    return Corpus(name, tuple(documents.values()), tuple(cases))


def kqa(folder: Path) -> tuple[Case, ...]:
    """Return patients' questions that no paper here answers."""
    lines = (folder / "kqa" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    return tuple(
        Case(f"kqa-{i}", entry.get("Question") or entry["question"], answerable=False, gold=())
        for i, entry in enumerate(entries)
    )


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the cases of a JSON lines file such as ``evals/sets/seeds.jsonl``, gold by id and offsets."""
    return tuple(case_of(entry, _stated) for entry in read_entries(path))


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON lines file.

    Raises:
        ValueError: a line is not a JSON object.
    """
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("a line is not an object")
    return entries


def case_of(entry: dict[str, Any], place: Callable[[dict[str, Any]], Iterable[Gold]]) -> Case:
    """Return the case that ``entry`` describes; ``place`` gives the places of one gold object."""
    gold = tuple(found for stated in entry["gold"] for found in place(stated))
    return Case(
        id=str(entry["id"]),
        question=entry["question"],
        answerable=bool(entry.get("answerable", bool(gold))),
        gold=gold,
        type=entry.get("type", ""),
        history=tuple(entry.get("history", ())),
        short=tuple(entry.get("short", ())),
        split=entry.get("split", ""),
        papers=entry.get("papers", "one"),
    )


def _stated(gold: dict[str, Any]) -> tuple[Gold, ...]:
    return (gold_of(gold, gold["document"], Span(gold["start"], gold["end"])),)


def gold_of(stated: dict[str, Any], document_id: str, span: Span) -> Gold:
    """Return a place with what the set states of it."""
    return Gold(document_id, span, 1, stated.get("section"), stated.get("page"), stated.get("line"))
