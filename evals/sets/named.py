"""Question sets by name or file, each with the papers it is asked on.

The public sets are read from a folder that the user names (``--data`` or
``LOCCIT_BENCH``); nothing of them is in this repository.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.sets import corpora
from evals.sets.beir import beir
from evals.sets.jsonl import brings_texts, check_form, on_contexts, on_papers
from index.errors import UsageError, why_unreadable
from index.files import require_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from evals.sets.corpora import Case, Corpus
    from index.text import Document

SPLITS = ("dev", "test", "all")
#: Question sets by the name of ``--set``; the rest are files.
NAMES = ("seeds", "case_reports", "conversations", "evidence_inference", "pubmedqa", "squad2")
_FORM = "See evals/sets/README.md for its form."


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions, and the papers they are asked on."""

    name: str
    cases: tuple[Case, ...]
    documents: tuple[Document, ...] | None = None  #: None: those of the index given, or the seed papers
    unit: str = "passage"  #: what retrieval is judged by, "passage" or "document"
    entries: tuple[dict[str, Any], ...] = ()  #: as read; their gold gets its place once the papers are there

    def on(self, papers: Mapping[str, Document]) -> tuple[Case, ...]:
        """Return the cases with their gold in its place in ``papers``, by id.

        Raises:
            UsageError: gold names a paper or a quote that is not there.
        """
        if not self.entries:
            return self.cases
        chosen = {case.id for case in self.cases}
        return on_papers([entry for entry in self.entries if str(entry["id"]) in chosen], papers)


def load(named: str, data: Path | None, split: str, *, papers: int | None, limit: int | None) -> QuestionSet:
    """Return the set called ``named``, or in the file or folder of that name.

    Args:
        named: one of ``NAMES``, or a path.
        data: folder of the public sets.
        split: "dev", "test" or "all".
        papers: most papers taken from a set that brings its own.
        limit: most questions taken, chosen by hash.

    Raises:
        UsageError: the set or the split does not exist, or the set's form is not known.
    """
    if split not in SPLITS:
        raise UsageError(f"there is no split “{split}”.", "Choose dev, test or all.")
    try:
        found = _read(named, data)
    except OSError as error:
        where = error.filename or named
        raise UsageError(f"{where}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"a question lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{named}: not a question set ({what}).", _FORM) from error
    found = _some(found, papers) if papers is not None else found
    cases = tuple(case for case in found.cases if split in ("all", case.split))
    if not cases:
        raise UsageError(f"{named}: no questions of the split “{split}”.", "Choose another.")
    return replace(found, cases=_few(cases, limit) if limit is not None else cases)


def _read(named: str, data: Path | None) -> QuestionSet:
    if named == "seeds":
        return QuestionSet(named, corpora.read_cases(_here("seeds.jsonl")))
    if named in NAMES:
        remedy = "Name the folder of the public sets with --data DIR or LOCCIT_BENCH."
        if data is None:
            raise UsageError(f"{named}: a public set, which is not part of Loccit.", remedy)
        require_folder(data, remedy)
        return _PUBLIC[named](data)
    return _from_file(Path(named))


def _from_file(path: Path) -> QuestionSet:
    if not path.exists():
        known = f"Give a file, or one of {', '.join(NAMES)}."
        raise UsageError(f"{path}: does not exist, and no set has this name.", known)
    if path.is_dir():
        return _own(beir(path), "document")
    if path.suffix == ".json":
        data = json.loads(path.read_bytes())
        if isinstance(data.get("data"), list):
            return _own(corpora.squad_file(path))
        return _own(corpora.pubmedqa_entries(path.stem, data), "document")
    entries = corpora.read_entries(path)
    if brings_texts(entries):
        return _own(on_contexts(path.stem, entries))
    cases = tuple(corpora.case_of(entry, check_form) for entry in entries)
    if len({case.id for case in cases}) < len(cases):
        raise ValueError("two questions have the same id")
    return QuestionSet(path.stem, cases, entries=tuple(entries))


def _own(corpus: Corpus, unit: str = "passage") -> QuestionSet:
    """Return a corpus as a set, each question in the half of the documents that its own one is in."""
    return QuestionSet(corpus.name, tuple(_in_half(case) for case in corpus.cases), corpus.documents, unit)


def _in_half(case: Case) -> Case:
    """Return the case in the "test" half if training never reads the document it is asked on."""
    from evals.sets.splits import part_of

    if case.split:
        return case
    document = case.gold[0].document_id if case.gold else case.about or case.id
    return replace(case, split="test" if part_of(document) == "test" else "dev")


def _case_reports(data: Path) -> QuestionSet:
    from evals.sets.case_reports import load_case_reports

    return _own(load_case_reports(data, _here("case_reports.jsonl")))


def _conversations(data: Path) -> QuestionSet:
    from evals.sets.practice import load_conversations

    # Those of the other part have trained the reader.
    return _own(load_conversations(data, "ranking"))


_PUBLIC: dict[str, Callable[[Path], QuestionSet]] = {
    "case_reports": _case_reports,
    "conversations": _conversations,
    "evidence_inference": lambda data: _own(corpora.evidence_inference(data)),
    "pubmedqa": lambda data: _own(corpora.pubmedqa(data), "document"),
    "squad2": lambda data: replace(_own(corpora.squad_file(data / "squad2_part.json")), name="squad2"),
}


def _here(name: str) -> Path:
    return Path(str(resources.files("evals.sets"))) / name


def _some(found: QuestionSet, papers: int) -> QuestionSet:
    """Return the set with at most ``papers`` of its papers, by id, and the questions asked on those."""
    if found.documents is None:
        return found
    kept = sorted(found.documents, key=lambda document: document.id)[:papers]
    ids = {document.id for document in kept}
    cases = tuple(case for case in found.cases if _papers_of(case) <= ids)
    return replace(found, documents=tuple(kept), cases=cases)


def _papers_of(case: Case) -> set[str]:
    return {gold.document_id for gold in case.gold} or ({case.about} if case.about else set())


def _few(cases: Sequence[Case], limit: int) -> tuple[Case, ...]:
    """Return ``limit`` of the cases, always the same ones, in the order in which they stand."""
    order = sorted(cases, key=lambda case: hashlib.sha256(case.id.encode()).hexdigest())
    chosen = {case.id for case in order[:limit]}
    return tuple(case for case in cases if case.id in chosen)
