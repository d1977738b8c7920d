"""Paths of files that are not modules: the index, the web app and its settings, the seed papers.

In a checkout the app and the seeds are at the top; a wheel carries them in ``qa/_bundle``.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from index.errors import UsageError
from index.place import Place
from index.postgres.address import Database, is_address

#: Environment variable with the index folder, for the command line and the web app.
INDEX_VARIABLE = "LOCCIT_INDEX"
#: Set to 0, PDFs that are added and files that are uploaded are not kept.
KEEP_VARIABLE = "LOCCIT_KEEP_FILES"
#: Set to 0, thresholds fitted to the user's own questions are not used.
CALIBRATION_VARIABLE = "LOCCIT_CALIBRATION"

_PACKAGE = Path(__file__).resolve().parents[1]


def index_place(text: str | None = None) -> Place:
    """Return where the index is: at ``text``, else at LOCCIT_INDEX, else in the user's data folder.

    Raises:
        UsageError: it is a file, or an invalid address of a database.
    """
    named = text or os.environ.get(INDEX_VARIABLE, "")
    if is_address(named):
        return Database.parse(named)
    return index_folder(Path(text) if text else None)


def index_option(place: Place) -> str:
    """Return the option that names ``place`` in a command to be copied; empty for the usual index."""
    with suppress(UsageError):  # what LOCCIT_INDEX names cannot be an index, so it is not this one
        if _absolute(place) == _absolute(index_place()):
            return ""
    return f" --index {shlex.quote(str(place))}"


def _absolute(place: Place) -> Place:
    return place.absolute() if isinstance(place, Path) else place


def folder_of(place: Place) -> Path:
    """Return ``place``.

    Raises:
        UsageError: it is a database.
    """
    if isinstance(place, Database):
        what = f"{place}: this command works with an index in a folder only."
        raise UsageError(what, "docs/how-to/postgresql.md lists the commands that use a database.")
    return place


def index_folder(chosen: Path | None = None) -> Path:
    """Return the index folder: ``chosen``, else what LOCCIT_INDEX names, else one in the user's data folder.

    Raises:
        UsageError: it is a file, or a database, which this command cannot use yet.
    """
    named = os.environ.get(INDEX_VARIABLE)
    if chosen is None and is_address(named or ""):
        return folder_of(Database.parse(named or ""))
    if chosen is None and not named:
        from platformdirs import user_data_path

        return user_data_path("loccit", appauthor=False) / "index"
    folder = chosen or Path(named or "")
    if folder.is_file():
        raise UsageError(f"{folder}: a file, not a folder.", "Name the folder of an index with --index.")
    return folder


def keeps_files() -> bool:
    """Tell whether files are kept, by LOCCIT_KEEP_FILES."""
    return os.environ.get(KEEP_VARIABLE, "1") != "0"


def calibrates() -> bool:
    """Tell whether thresholds fitted to the user's own questions are used, by LOCCIT_CALIBRATION."""
    return os.environ.get(CALIBRATION_VARIABLE, "1") != "0"


def app_file() -> Path:
    """Return the script of the web app, ``app.py``; its ``.streamlit`` folder is beside it."""
    return _root() / "app.py"


def seeds_folder() -> Path:
    """Return the folder with the seed papers and ``manifest.toml``."""
    return _root() / "seeds"


def _root() -> Path:
    bundle = _PACKAGE / "_bundle"
    return bundle if bundle.is_dir() else _PACKAGE.parent
