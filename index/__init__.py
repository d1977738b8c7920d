"""Papers on disk to a searchable index.

    index.build(["papers/"], into="my-index")

Importing this package loads nothing heavy; the encoder is loaded by the first call that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import LoccitError as LoccitError

if TYPE_CHECKING:
    from index.embed.encoder import Encoder
    from index.ingest.report import BuildReport, Progress

__all__ = ["LoccitError", "add", "build", "remove"]


def build(
    paths: str | Path | Iterable[str | Path],
    into: str | Path,
    *,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
    keep: bool = False,
    library: Iterable[str | Path] = (),
    keep_files: bool = True,
) -> BuildReport:
    """Make the index in the folder ``into`` hold exactly the papers under ``paths``.

    Papers that the index already holds are neither read nor embedded again.

    Args:
        paths: files, and folders to search for papers.
        into: folder of the index; created if needed.
        encoder: embedding model; the bundled one if None.
        progress: called with stage, done and total as the build advances.
        keep: also hold the papers that the index already holds, as ``add`` does.
        library: .bib and CSL-JSON files with titles, authors and citation keys of the papers.
        keep_files: keep copies of the PDFs beside the index, so that their pages can always be shown.

    Raises:
        LoccitError: see ``index.ingest.build.build``.
    """
    from index.embed.encoder import load_encoder
    from index.ingest.build import build as build_index
    from index.ingest.originals import remember

    chosen, folder = (
        [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)],
        Path(into),
    )
    report = build_index(
        chosen,
        folder,
        encoder=encoder or load_encoder(),
        progress=progress,
        keep=keep,
        library=[Path(path) for path in library],
    )
    remember(folder, report.outcomes, keep=keep_files)
    return report


def add(
    paths: str | Path | Iterable[str | Path],
    into: str | Path,
    *,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Add the papers under ``paths`` to those the index holds; otherwise like ``build``."""
    return build(paths, into, encoder=encoder, progress=progress, keep=True)


def remove(documents: Iterable[str], folder: str | Path) -> BuildReport:
    """Remove papers from the index in ``folder``.

    Args:
        documents: document ids, as in ``BuildReport.added`` or ``Citation.document_id``.
        folder: of the index.

    Raises:
        LoccitError: see ``index.ingest.build.remove``.
    """
    from index.ingest.build import remove as remove_documents

    return remove_documents(frozenset(documents), Path(folder))
