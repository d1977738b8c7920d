"""Question sets by name or file, each with the papers that it is asked on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from evals.sets import corpora, feedback, own
from evals.sets.cases import SPLITS, Case, Corpus, placed, read_cases, read_entries
from evals.sets.names import NAMES
from evals.sets.splits import part_of, some
from index.errors import UsageError, why_unreadable
from index.files import require_folder
from index.place import Place
from index.text import Document
from qa.files.feedback import judgements
from qa.files.resources import index_place

_FORM = "See evals/sets/README.md for its form."


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions, and the papers that they are asked on."""

    name: str
    cases: tuple[Case, ...]
    documents: tuple[Document, ...] | None = None  #: None: those of an index
    unit: str = "passage"  #: what retrieval is judged by, "passage" or "document"
    on_seeds: bool = False  #: without an index given, asked of the seed papers, not of the usual index

    def on(self, papers: Mapping[str, Document]) -> tuple[Case, ...]:
        """Return the cases with each gold placed in ``papers``, by id.

        Raises:
            UsageError: gold names a paper or a quote that is not there.
        """
        if self.documents is not None:
            return self.cases
        return tuple(placed(case, papers) for case in self.cases)


def load(
    named: str,
    data: Path | None,
    split: str,
    *,
    papers: int | None,
    limit: int | None,
    index: Place | None = None,
) -> QuestionSet:
    """Return the set called ``named``, or in the file or folder of that name.

    Args:
        named: one of ``NAMES``, or a path.
        data: folder of the public sets.
        split: "dev", "test" or "all".
        papers: most papers taken from a set that brings its own.
        limit: most questions taken, chosen by hash.
        index: the index that the feedback is about; None for the usual one.

    Raises:
        UsageError: the set or the split does not exist, or the form of the file is unknown.
    """
    if split not in (*SPLITS, "all"):
        raise UsageError(f"there is no split “{split}”.", "Choose dev, test or all.")
    try:
        chosen = _read(named, data, index)
    except OSError as error:
        where = error.filename or named
        raise UsageError(f"{where}: {why_unreadable(error)}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"a question lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{named}: not a question set ({what}).", _FORM) from error
    chosen = _some(chosen, papers) if papers is not None else chosen
    cases = tuple(case for case in chosen.cases if split in ("all", case.split))
    if not cases:
        raise UsageError(f"{named}: no questions of the split “{split}”.", "Choose another.")
    if limit is not None:  # always the same ones, in their order
        kept = {case.id for case in some(cases, limit)}
        cases = tuple(case for case in cases if case.id in kept)
    return replace(chosen, cases=cases)


def _read(named: str, data: Path | None, index: Place | None) -> QuestionSet:
    if named == "seeds":
        return QuestionSet(named, read_cases(own.question_file(named)), on_seeds=True)
    if named == "feedback":
        return QuestionSet(named, feedback.cases_of(judgements(index or index_place())))
    if named not in NAMES:
        return _from_file(Path(named))
    if named in ("case_reports", "natural", "conversations"):
        own.question_file(named)  # papers are of no use without the questions
    remedy = "Name the folder of the public sets with --data DIR or LOCCIT_BENCH."
    if data is None:
        raise UsageError(f"{named}: the papers of this set are not part of Loccit.", remedy)
    require_folder(data, remedy)
    return _with_papers(_PUBLIC[named](data), "document" if named == "pubmedqa" else "passage")


_PUBLIC: dict[str, Callable[[Path], Corpus]] = {
    "case_reports": own.load_case_reports,
    "natural": own.load_natural,
    # The other conversations have trained the reader.
    "conversations": lambda data: own.load_practice(data, "ranking", "conversations"),
    "evidence_inference": corpora.evidence_inference,
    "pubmedqa": corpora.pubmedqa,
    "squad2": lambda data: replace(corpora.squad_file(data / "squad2_part.json"), name="squad2"),
}


def _from_file(path: Path) -> QuestionSet:
    if not path.exists():
        known = f"Give a file, or one of {', '.join(NAMES)}."
        raise UsageError(f"{path}: does not exist, and no set has this name.", known)
    if path.is_dir():
        if not (path / "corpus.jsonl").is_file():
            what = f"{path}: a folder without corpus.jsonl, so not a set in the form of BEIR."
            raise UsageError(what, "Give a question file, or the folder of such a set.")
        return _with_papers(corpora.beir(path), "document")
    if path.suffix == ".json":
        data = json.loads(path.read_bytes())
        if isinstance(data.get("data"), list):
            return _with_papers(corpora.squad_file(path))
        return _with_papers(corpora.pubmedqa_entries(path.stem, data), "document")
    entries = [entry for _, entry in read_entries(path)]
    if entries and all("context" in entry for entry in entries):
        return _with_papers(corpora.on_contexts(path.stem, entries))
    return QuestionSet(path.stem, read_cases(path))


def _with_papers(corpus: Corpus, unit: str = "passage") -> QuestionSet:
    """Return a corpus as a set; a question without a split is in the half of its paper."""
    cases = []
    for case in corpus.cases:
        document = case.gold[0].document_id if case.gold else case.about or case.id
        half = "test" if part_of(document) == "test" else "dev"  # training never reads the papers of "test"
        cases.append(replace(case, split=case.split or half))
    return QuestionSet(corpus.name, tuple(cases), corpus.documents, unit)


def _some(chosen: QuestionSet, papers: int) -> QuestionSet:
    """Return the set with at most ``papers`` of its papers, by id, and the questions asked on those."""
    if chosen.documents is None:
        return chosen
    kept = sorted(chosen.documents, key=lambda document: document.id)[:papers]
    ids = {document.id for document in kept}
    cases = tuple(
        case
        for case in chosen.cases
        if {gold.document_id for gold in case.gold} <= ids and (case.gold or case.about in ("", *ids))
    )
    return replace(chosen, documents=tuple(kept), cases=cases)
