"""What an index holds, as data for ``loccit info`` and the Papers page."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from index.catalogue import catalogue_of
from index.store import open_index

if TYPE_CHECKING:
    from pathlib import Path


def overview(folder: Path) -> dict[str, Any]:
    """Return counts, model, size and papers of the current generation.

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
