"""Paths of files that are not modules: the index, the web app and its settings, the seed papers.

In a checkout the app and the seeds are at the top; a wheel carries them in ``qa/_bundle``.
"""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

from index.errors import UsageError
from index.place import Place, beside
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

    The address of a database as it is shown, without password and options, stands for that in LOCCIT_INDEX.

    Raises:
        UsageError: it is a file, or an invalid address of a database.
    """
    usual = os.environ.get(INDEX_VARIABLE, "")
    named = text or usual
    if is_address(named):
        database = Database.parse(named)
        if named == str(database) and is_address(usual) and str(same := Database.parse(usual)) == named:
            return same
        return database
    if not named:
        from platformdirs import user_data_path

        return user_data_path("loccit", appauthor=False) / "index"
    folder = Path(named)
    if folder.is_file():
        raise UsageError(f"{folder}: a file, not a folder.", "Name the folder of an index with --index.")
    return folder


def kept_folder() -> Path:
    """Return the folder of what this machine keeps beside the index of ``index_place``."""
    return beside(index_place())


def index_option(place: Place) -> str:
    """Return the option that names ``place`` in a command to be copied; empty for the usual index."""
    with suppress(UsageError):  # what LOCCIT_INDEX names cannot be an index, so it is not this one
        if _absolute(place) == _absolute(index_place()):
            return ""
    return f" --index {shlex.quote(str(place))}"


def _absolute(place: Place) -> Place:
    return place.absolute() if isinstance(place, Path) else place


def folder_of(place: Place, instead: str) -> Path:
    """Return ``place``; ``instead`` says what does the same for a database.

    Raises:
        UsageError: it is a database.
    """
    if isinstance(place, Database):
        raise UsageError(f"{place}: this command works with an index in a folder only.", instead)
    return place


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
