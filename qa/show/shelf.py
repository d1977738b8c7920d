"""The papers and generations of an index as plain data, for pages and ``loccit info``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from index.errors import FormatMismatch, IndexDamaged, LoccitError
from index.ingest.catalogue import catalogue_of
from index.ingest.originals import kept_size
from index.ingest.report import Became, FileOutcome
from index.library.compare import differences
from index.place import Place, open_at
from index.store.index import Index
from index.store.manifest import Manifest
from index.store.open import generation_folder, generations, read_manifest, read_pointer
from index.text import Document
from qa.files.names import file_names
from qa.show.present import View, byline, counted, utc_words
from qa.show.progress import time_left
from qa.understand.language import other_language

_BECAME = {
    Became.ADDED: "Added",
    Became.UNCHANGED: "Already here",
    Became.DUPLICATE: "Same file twice",
    Became.SET_ASIDE: "Not used",
    Became.REFUSED: "Not added",
}
_SAMPLE = 2000  #: characters used to detect a paper's language, and skipped before as front matter
_MOST_WARNINGS = 20  #: warnings shown per paper; a garbled one can have thousands


def matching(index: Index, words: str) -> list[str]:
    """Return the ids of the papers whose name or file name contains all ``words``, sorted by name."""
    wanted, names, given = words.casefold().split(), index.names, index.given()
    ids = [key for key in names if all(word in f"{names[key]} {given[key][0]}".casefold() for word in wanted)]
    return sorted(ids, key=lambda key: (names[key].casefold(), key))


def listing(index: Index) -> list[View]:
    """Return title and year of each paper, sorted by name."""
    names, bylines = index.names, index.bylines
    ids = sorted(names, key=lambda key: (names[key].casefold(), key))
    return [{"id": key, "name": names[key], "year": bylines[key].year} for key in ids]


def table(index: Index) -> list[View]:
    """Return a row per paper, sorted by name. Decodes every paper, which takes milliseconds for each."""
    return [_table_row(row, index.documents[row["id"]]) for row in listing(index)]


def _table_row(row: View, document: Document) -> View:
    return row | {
        "untitled": not document.title,
        "authors": ", ".join(document.authors),
        "pages": len(document.map.pages) or None,
        "notes": len(document.warnings),
        "file": document.source,
    }


def removal_words(index: Index, document_id: str) -> str:
    """Return what removing a paper changes, in words; empty unless another file of it is used instead."""
    others = sorted(one.source for one in catalogue_of(index).aside.values() if one.better == document_id)
    return f"Once this is removed, the same paper from {' or '.join(others)} is quoted." if others else ""


def details(index: Index, key: str) -> View:
    """Return everything known about a paper, and what removing it changes."""
    document = index.documents[key]
    worse = [one.source for one in catalogue_of(index).aside.values() if one.better == key]
    sentences = sum(len(index.sentences_of(position)) for position in index.positions_of(key))
    facts = [
        ("File", document.source),
        ("Pages", str(len(document.map.pages)) if document.map.pages else "no pages"),
        ("Sentences and table rows", str(sentences)),
        ("Language", other_language(document.text[_SAMPLE : 2 * _SAMPLE] or document.text) or "English"),
        ("Tables", str(len(document.tables))),
        ("Licence", document.licence),
        ("Identical files", ", ".join(catalogue_of(index).copies.get(key, ()))),
        ("Not used", ", ".join(f"{source} (the same paper, less structured)" for source in worse)),
        *_library_facts(index, key),
    ]
    return {
        "id": key,
        "name": document.name,
        "byline": byline(document),
        "doi": document.doi,
        "removal": removal_words(index, key),
        "facts": [[name, value] for name, value in facts if value],
        "warnings": list(document.warnings[:_MOST_WARNINGS]),
        "more": max(len(document.warnings) - _MOST_WARNINGS, 0),
    }


def _library_facts(index: Index, key: str) -> list[tuple[str, str]]:
    """Return what only the user's library says about a paper, and what the paper prints otherwise."""
    entry = index.documents[key].entry
    if entry is None:
        return []
    printed = differences(index.paper(key).document(), entry)
    return [
        ("Citation key", entry.key),
        ("Collections", ", ".join(entry.collections)),
        ("Tags", ", ".join(entry.tags)),
        ("Differs", "; ".join(printed)),
    ]


def outcomes_view(outcomes: Sequence[FileOutcome], refused: Sequence[LoccitError]) -> View:
    """Return the outcome of each uploaded file; ``refused`` holds the errors of files that were not read."""
    rows = [
        _row(one.path.name, _BECAME[one.became], one.error, one.warnings[:_MOST_WARNINGS])
        | {"id": one.document_id if one.became is Became.ADDED else None}
        for one in outcomes
    ]
    rows += [_row(str(getattr(error, "path", "")), _BECAME[Became.REFUSED], error) for error in refused]
    return {"view": "outcomes", "rows": rows}


def card(index: Index, key: str, about: str) -> View:
    """Return what a new paper is introduced by; ``about`` is a sentence of it."""
    document = index.documents[key]
    pages = len(document.map.pages)
    return {
        "name": document.name,
        "untitled": not document.title,
        "byline": byline(document),
        "about": about,
        "pages": counted(pages, "page") if pages else "",
    }


def _row(name: str, became: str, error: LoccitError | None, warnings: Sequence[str] = ()) -> View:
    notes = [str(error)] if error else list(warnings)
    return {"name": name, "became": became, "good": error is None, "notes": notes}


def in_words(stages: Mapping[str, tuple[int, int]], seconds: float) -> tuple[float, str]:
    """Return how much of a build is done after so many ``seconds``, from 0 to 1, and that in words.

    ``stages`` has the last report of each stage, see ``index.ingest.report.Progress``.
    """
    if "saving" in stages:
        return 1.0, "Saving"
    (done, papers), (ready, texts) = (stages.get(stage, (0, 0)) for stage in ("papers", "texts"))
    if not papers:
        return 0.0, "Looking at the files"
    words = [f"{done} of {counted(papers, 'paper')} ready to search"]
    if texts:
        words.append(f"{ready:,} of {texts:,} passages and sentences prepared" + " so far" * (papers > 1))
    if left := time_left(seconds, *((done, papers) if papers > 1 else (ready, texts))):
        words.append(left)
    # The total of the texts grows with each paper read, so of several papers it says nothing on the whole.
    return (done / papers if papers > 1 else ready / max(texts, 1)), " · ".join(words)


def waiting_view(
    waiting: Sequence[Path], seen: Mapping[Path, LoccitError | None], refused: Sequence[LoccitError]
) -> View:
    """Return the progress of each file while papers are being added.

    ``seen`` are the files read so far, with their error or None; ``refused`` the errors of files not read.
    """
    rows = [_row(path.name, *_stage(path, seen)) for path in waiting]
    for row in rows:
        row["good"] = None if row["good"] else False  # nothing is in the index yet
    return {"view": "outcomes", "rows": [*rows, *outcomes_view((), refused)["rows"]]}


def _stage(path: Path, seen: Mapping[Path, LoccitError | None]) -> tuple[str, LoccitError | None]:
    error = seen.get(path)
    if error:
        return _BECAME[Became.REFUSED], error
    return "Read, being prepared" if path in seen else "Waiting", None


def history_view(folder: Path) -> tuple[View, int | None]:
    """Return the kept generations, newest first, and the one that a rollback leads to, if any.

    Raises:
        StorageError: the system refuses to read.
    """
    rows: list[View] = []
    previous: int | None = None
    kept = generations(folder)
    for number, current, manifest, problem in _generations(folder):
        row = {"number": number, "current": current, "when": "", "holds": problem}
        if manifest:
            counts, size = manifest.counts, f"{manifest.size / 1e6:.0f} MB"
            row["when"] = utc_words(manifest.created)
            row["holds"] = (
                f"{counted(counts.documents, 'paper')}, {counted(counts.passages, 'passage')}, {size}"
            )
            if current and manifest.previous in kept:
                previous = manifest.previous
        rows.insert(0, row)
    return {"view": "history", "rows": rows}, previous


def overview(place: Place) -> View:
    """Return counts, model, size, papers and generations of the index at ``place``.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, StorageError: it cannot be opened.
    """
    with open_at(place) as index:
        manifest = index.manifest
        catalogue, files = catalogue_of(index), file_names(index)
        return {
            "index": str(place),
            "generation": index.generation,
            "created": manifest.created,
            "model": manifest.model.name,
            "fingerprint": manifest.model.fingerprint,
            "papers": manifest.counts.documents,
            "passages": manifest.counts.passages,
            "sentences": manifest.counts.sentences,
            "bytes": index.size,
            "kept_files": kept_size(index.beside),
            "generations": _kept_generations(place, index),
            "warnings": list(index.warnings),
            "documents": [
                {
                    "id": key,
                    "source": document.source,
                    "file": files[key],
                    "copies": list(catalogue.copies.get(key, ())),
                    "versions": sorted(files[other] for other in catalogue.versions_of(key)),
                    "format": document.format,
                    "title": document.title,
                    "authors": list(document.authors),
                    "journal": document.journal,
                    "year": document.year,
                    "doi": document.doi,
                    "licence": document.licence,
                    "pages": len(document.map.pages) or None,
                    "characters": len(document.text),
                    "passages": len(index.positions_of(key)),
                    "tables": len(document.tables),
                    "warnings": list(document.warnings),
                    "library": dict(_library_facts(index, key)),
                }
                for key, document in index.documents.items()
            ],
            "set_aside": [
                {
                    "id": one.id,
                    "source": one.source,
                    "file": files[one.id],
                    "better": one.better,
                    "reason": one.reason,
                    "undo": one.undo,
                }
                for one in catalogue.aside.values()
            ],
        }


def _kept_generations(place: Place, index: Index) -> list[View]:
    """Return the generations on disk; of a database, the one that is open."""
    if isinstance(place, Path):
        return [_generation(*one) for one in _generations(place)]
    return [_generation(index.generation, True, index.manifest, "") | {"bytes": index.size}]


def _generation(number: int, current: bool, manifest: Manifest | None, problem: str) -> View:
    return {
        "number": number,
        "current": current,
        "created": manifest.created if manifest else "",
        "papers": manifest.counts.documents if manifest else 0,
        "passages": manifest.counts.passages if manifest else 0,
        "bytes": manifest.size if manifest else 0,
        "problem": problem,
    }


def _generations(folder: Path) -> Iterator[tuple[int, bool, Manifest | None, str]]:
    """Yield each generation on disk, oldest first: number, whether current, manifest or its problem."""
    pointer = read_pointer(folder)
    for number in generations(folder):
        current = pointer is not None and pointer[0] == number
        try:
            manifest, _ = read_manifest(generation_folder(folder, number))
        except (IndexDamaged, FormatMismatch) as error:
            yield number, current, None, error.message
        else:
            yield number, current, manifest, ""
