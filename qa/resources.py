"""Where the files lie that are not modules: the web app, its settings, the seed papers.

In a checkout they stand at the top; a wheel carries them in ``qa/_bundle``.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def app_file() -> Path:
    """Return the script of the web app, ``app.py``; its ``.streamlit`` folder lies beside it."""
    return _root() / "app.py"


def seeds_folder() -> Path:
    """Return the folder with the seed papers and ``manifest.toml``."""
    return _root() / "seeds"


def _root() -> Path:
    bundle = _PACKAGE / "_bundle"
    return bundle if bundle.is_dir() else _PACKAGE.parent
