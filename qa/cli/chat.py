"""``loccit chat``: the web app on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from index.errors import IndexMissing
from qa.cli.options import IndexOption
from qa.cli.papers import build
from qa.show.terminal import warn

app = typer.Typer()


@app.command()
def chat(
    *,
    index: IndexOption,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    sign_in: Annotated[
        Path | None, typer.Option(help="Require sign-in, as configured in this file (docs/SIGN_IN.md).")
    ] = None,
) -> None:
    """Start the web app and open it in a browser.

    It serves this machine only, at http://127.0.0.1:8501. If there is no index, the seed papers are indexed
    first.

    \b
    loccit chat
    loccit chat --port 8600 --no-browser
    """
    from index.store.open import open_index
    from qa.web.server import serve

    try:
        open_index(index).close()
    except IndexMissing:
        warn([f"No index in {index}. Building one from the seed papers."])
        build(index=index)
    serve(index, port, browser, sign_in)
