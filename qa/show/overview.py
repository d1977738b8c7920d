"""What an index holds, as plain data for ``loccit info``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from index.errors import FormatMismatch, IndexDamaged
from index.ingest.catalogue import catalogue_of
from index.store.open import generation_folder, generations, open_index, read_manifest, read_pointer

if TYPE_CHECKING:
    from pathlib import Path


def overview(folder: Path) -> dict[str, Any]:
    """Return counts, model, size, papers and generations of the index in ``folder``.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, StorageError: it cannot be opened.
    """
    with open_index(folder) as index:
        manifest = index.manifest
        passages = Counter(passage.document_id for passage in index.passages)
        return {
            "index": str(folder),
            "generation": index.generation,
            "created": manifest.created,
            "model": manifest.model.name,
            "fingerprint": manifest.model.fingerprint,
            "papers": manifest.counts.documents,
            "passages": manifest.counts.passages,
            "sentences": manifest.counts.sentences,
            "bytes": sum(record.size for record in manifest.files),
            "note": manifest.note,
            "generations": _generations(folder),
            "warnings": list(index.warnings),
            "documents": [
                {
                    "id": key,
                    "source": document.source,
                    "format": document.format,
                    "title": document.title,
                    "authors": list(document.authors),
                    "journal": document.journal,
                    "year": document.year,
                    "doi": document.doi,
                    "licence": document.licence,
                    "pages": len(document.map.pages) or None,
                    "characters": len(document.text),
                    "passages": passages[key],
                    "tables": len(document.tables),
                    "warnings": list(document.warnings),
                }
                for key, document in index.documents.items()
            ],
            "set_aside": [
                {"id": one.id, "source": one.source, "better": one.better, "reason": one.reason}
                for one in catalogue_of(index).aside.values()
            ],
        }


def _generations(folder: Path) -> list[dict[str, Any]]:
    """Return what each generation on disk holds, by its manifest, or the problem with the manifest."""
    pointer = read_pointer(folder)
    held: list[dict[str, Any]] = []
    for number in generations(folder):
        one: dict[str, Any] = {"number": number, "current": pointer is not None and pointer[0] == number}
        one |= {"created": "", "papers": 0, "passages": 0, "bytes": 0, "problem": ""}
        try:
            manifest, _ = read_manifest(generation_folder(folder, number))
        except (IndexDamaged, FormatMismatch) as error:
            one["problem"] = error.message
        else:
            one |= {"papers": manifest.counts.documents, "passages": manifest.counts.passages}
            one |= {"created": manifest.created, "bytes": manifest.size}
        held.append(one)
    return held
