"""Reads the library that a path names: a .bib or CSL-JSON file, or Zotero's data folder."""

from __future__ import annotations

from pathlib import Path

from index.errors import UsageError, why_unreadable
from index.library.bibtex import read_bibtex
from index.library.csl import read_csl
from index.library.record import Library
from index.library.zotero import DATABASE, is_zotero, read_zotero

_LARGEST = 200 * 2**20  #: bytes of a library file


def read_library(path: Path, roots: tuple[Path, ...] = ()) -> Library:
    """Return the library at ``path``; what cannot be read of it is among its ``problems``.

    ``roots``: see ``index.library.zotero.read_zotero``.

    Raises:
        UsageError: there is no file, or one that is no library.
    """
    folder = path.parent if path.name == DATABASE else path
    if is_zotero(folder):
        library = read_zotero(folder, roots)
        return Library(folder / DATABASE, (), (library,), read=False) if isinstance(library, str) else library
    remedy = "Give a .bib file, a CSL-JSON file, or Zotero's data folder."
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: larger than {_LARGEST >> 20} MB.", remedy)
        text, note = _decoded(path.read_bytes())
    except (OSError, ValueError) as error:
        why = why_unreadable(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path}: {why}.", remedy) from error
    is_json = path.suffix.lower() == ".json" or text.lstrip()[:1] in ("[", "{")
    records, problems = (read_csl if is_json else read_bibtex)(text)
    if not records:
        problems.append("no entry can be read; what was known before is kept")
    said = tuple(f"{path.name}: {one}" for one in (*note, *problems))
    return Library(path, tuple(records), said, read=bool(records))


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text, and a note if it is not in UTF-8."""
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        note = f"byte {error.start} is not UTF-8; the file is read as Windows-1252, check its accents"
        return data.decode("cp1252", "replace"), (note,)
