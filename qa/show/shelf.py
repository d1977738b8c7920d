"""The papers of an index and its history as plain data for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.errors import FormatMismatch, IndexDamaged
from index.ingest.build import Became
from index.ingest.catalogue import catalogue_of
from index.store.open import generation_folder, generations, read_manifest, read_pointer
from qa.show.present import counted, utc_words
from qa.show.sources import byline
from qa.understand.language import other_language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from index.errors import LoccitError
    from index.ingest.build import FileOutcome
    from index.store.open import Index
    from qa.show.present import View

_BECAME = {
    Became.ADDED: "Added",
    Became.UNCHANGED: "Already in the index",
    Became.DUPLICATE: "Duplicate file",
    Became.SET_ASIDE: "Set aside",
    Became.REFUSED: "Refused",
}
_SAMPLE = 2000  #: characters used to detect a paper's language, and skipped before as front matter
_MOST_WARNINGS = 20  #: warnings shown per paper; a garbled one can have thousands


def matching(index: Index, words: str) -> list[str]:
    """Return the ids of the papers whose name or file name contains all ``words``, sorted by name."""
    wanted, names = words.casefold().split(), index.names
    sources = {key: source for key, (source, _) in index.rows.readings().items()}
    ids = [key for key in names if all(word in f"{names[key]} {sources[key]}".casefold() for word in wanted)]
    return sorted(ids, key=lambda key: (names[key].casefold(), key))


def papers_view(index: Index, ids: Sequence[str]) -> View:
    """Return the papers ``ids`` with everything known about each."""
    aside: dict[str, list[str]] = {}
    for one in catalogue_of(index).aside.values():
        aside.setdefault(one.better, []).append(f"{one.source} (less structured)")
    return {"view": "papers", "papers": [_paper_view(index, key, aside) for key in ids]}


def removal_words(index: Index, document_id: str) -> str:
    """Return what removing a paper changes, in words."""
    others = sorted(one.source for one in catalogue_of(index).aside.values() if one.better == document_id)
    name = f"“{index.names[document_id]}”"
    if others:
        name += f" from {index.documents[document_id].source}"
    instead = f" The same paper from {' or '.join(others)} will be quoted instead." if others else ""
    return f"{name} will no longer be quoted.{instead} Existing answers do not change."


def _paper_view(index: Index, key: str, aside: Mapping[str, Sequence[str]]) -> View:
    document = index.documents[key]
    _, passages, _, sentences = index.rows.extent(key)
    facts = [
        ("File", document.source),
        ("Pages", str(len(document.map.pages)) if document.map.pages else "no pages"),
        ("Passages", str(passages)),
        ("Sentences and table rows", str(sentences)),
        ("Language", other_language(document.text[_SAMPLE : 2 * _SAMPLE] or document.text) or "English"),
        ("Tables", str(len(document.tables))),
        ("Licence", document.licence),
        ("Set aside", ", ".join(aside.get(key, ()))),
        ("Id", key[:16]),
    ]
    return {
        "id": key,
        "name": document.name,
        "untitled": not document.title,
        "byline": byline(document),
        "doi": document.doi,
        "facts": [[name, value] for name, value in facts if value],
        "warnings": list(document.warnings[:_MOST_WARNINGS]),
        "more": max(len(document.warnings) - _MOST_WARNINGS, 0),
    }


def outcomes_view(outcomes: Sequence[FileOutcome], refused: Sequence[LoccitError]) -> View:
    """Return the outcome of each uploaded file; ``refused`` holds the errors of files that were not read."""
    rows = [
        _row(one.path.name, _BECAME[one.became], one.error, one.warnings[:_MOST_WARNINGS]) for one in outcomes
    ]
    rows += [_row(str(getattr(error, "path", "")), _BECAME[Became.REFUSED], error) for error in refused]
    return {"view": "outcomes", "rows": rows}


def _row(name: str, became: str, error: LoccitError | None, warnings: Sequence[str] = ()) -> View:
    notes = [str(error)] if error else list(warnings)
    return {"name": name, "became": became, "good": error is None, "notes": notes}


def waiting_view(
    waiting: Sequence[Path], seen: Mapping[Path, LoccitError | None], refused: Sequence[LoccitError]
) -> View:
    """Return the progress of each file while papers are being added.

    Args:
        waiting: the files, in any order.
        seen: the files read so far, in that order, with their error or None; the last is being embedded.
        refused: the errors of files that were not read.
    """
    last = [*seen][-1] if seen else None
    rows = [_row(path.name, *_stage(path, seen, last)) for path in waiting]
    return {"view": "outcomes", "rows": [*rows, *outcomes_view((), refused)["rows"]]}


def _stage(
    path: Path, seen: Mapping[Path, LoccitError | None], last: Path | None
) -> tuple[str, LoccitError | None]:
    if path not in seen:
        return "Waiting", None
    error = seen[path]
    if error:
        return _BECAME[Became.REFUSED], error
    return "Embedding" if path == last else "Read", None


def history_view(folder: Path) -> tuple[View, int | None]:
    """Return the kept generations, newest first, and the one that a rollback leads to, if any.

    Raises:
        StorageError: the system refuses to read.
    """
    pointer = read_pointer(folder)
    rows: list[View] = []
    previous: int | None = None
    kept = generations(folder)
    for number in reversed(kept):
        current = pointer is not None and pointer[0] == number
        try:
            manifest, _ = read_manifest(generation_folder(folder, number))
        except (IndexDamaged, FormatMismatch) as error:
            rows.append({"number": number, "current": current, "when": "", "holds": error.message})
            continue
        counts = manifest.counts
        size = f"{manifest.size / 1e6:.0f} MB"
        holds = f"{counted(counts.documents, 'paper')}, {counted(counts.passages, 'passage')}, {size}"
        when = utc_words(manifest.created)
        rows.append({"number": number, "current": current, "when": when, "holds": holds})
        if current and manifest.previous in kept:
            previous = manifest.previous
    return {"view": "history", "rows": rows}, previous
