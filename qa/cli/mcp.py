"""``loccit mcp``: the papers as tools for assistants."""

from __future__ import annotations

from typing import Annotated

import typer

from qa.cli.options import CalibrationOption, IndexOption, ModelOption, ReaderOption
from qa.settings import AskOptions
from qa.show.terminal import note, warn

app = typer.Typer()


@app.command()
def mcp(
    *,
    index: IndexOption,
    model: ModelOption = None,
    reader: ReaderOption = None,
    calibration: CalibrationOption = True,
    http: Annotated[
        bool, typer.Option("--http", help="Serve HTTP on this machine only, instead of standard input.")
    ] = False,
    port: Annotated[
        int, typer.Option(metavar="<port>", help="Port on this machine, with --http.", min=1, max=65535)
    ] = 8502,
) -> None:
    """Let an assistant ask the papers (Model Context Protocol).

    The assistant starts this command. docs/how-to/mcp.md shows the settings of common assistants.

    \b
    loccit mcp
    loccit mcp --http --port 8502          http://127.0.0.1:8502/mcp
    """
    from qa.mcp import Tools, require_package, serve_http, server_of

    require_package()
    tools = Tools(index, AskOptions(model, reader=reader or "", calibration=calibration))
    warn(tools.current().warnings)
    try:
        if http:
            from qa.web.server import require_free

            require_free(port, "mcp --http")
            note(f"Serving http://127.0.0.1:{port}/mcp to this machine. Stop with Ctrl-C.")
            serve_http(tools, port)
        else:
            server_of(tools).run("stdio")
    finally:
        tools.close()
