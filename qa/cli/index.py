"""The commands of ``loccit`` that make, keep and look into indexes; see ``qa.cli.main``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.cli.options import IndexOption, JsonOption, ModelOption, WorkersOption, stated_path
from qa.files.resources import index_folder

app = typer.Typer()


@app.command()
def build(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            parser=stated_path, help="Papers (.pdf, .xml, .txt, .md) or folders; the seed papers by default."
        ),
    ] = None,
    index: IndexOption = None,
    model: ModelOption = None,
    workers: WorkersOption = 2,
) -> None:
    """Make the index hold exactly the papers given.

    loccit build

    loccit build paper.pdf notes/ --index ~/trial-index
    """
    from qa.cli.index_commands import build_index

    build_index(paths, index_folder(index), model=model, workers=workers, add=False)


@app.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(parser=stated_path, help="Papers (.pdf, .xml, .txt, .md) or folders to add."),
    ],
    index: IndexOption = None,
    workers: WorkersOption = 2,
) -> None:
    """Add papers to the index.

    loccit add new-paper.pdf
    """
    from qa.cli.index_commands import build_index

    build_index(paths, index_folder(index), model=None, workers=workers, add=True)


@app.command()
def remove(
    papers: Annotated[list[str], typer.Argument(help="File name, title or id of each paper.")],
    index: IndexOption = None,
) -> None:
    """Take papers out of the index. Nothing is read or embedded anew.

    loccit remove 001_61e3d2fc1288ce0f.txt
    """
    from qa.cli.index_commands import remove_papers

    remove_papers(papers, index_folder(index))


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(parser=stated_path, help="The folder of papers to watch.")],
    index: IndexOption = None,
    model: ModelOption = None,
    workers: WorkersOption = 2,
) -> None:
    """Keep the index equal to a folder: build now, and again after each change, until Ctrl-C.

    As with build, papers from elsewhere leave the index.

    loccit watch ~/papers

    loccit watch ~/papers --index ~/papers-index
    """
    from qa.cli.index_commands import watch_folder

    watch_folder(folder, index_folder(index), model=model, workers=workers)


@app.command("export")
def export_(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    index: IndexOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file of that name.")] = False,
) -> None:
    """Write the index as one file, for another machine.

    loccit export myositis.loccit
    """
    from qa.cli.index_commands import export_file

    export_file(file, index_folder(index), replace=replace)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file that loccit export wrote.")],
    index: IndexOption = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Replace what the index holds; rollback undoes it."),
    ] = False,
) -> None:
    """Verify a file written by export and make it the index. The file's origin is yours to trust.

    loccit import myositis.loccit

    loccit import myositis.loccit --index ~/myositis-index
    """
    from qa.cli.index_commands import import_file

    import_file(file, index_folder(index), replace=replace)


@app.command()
def info(index: IndexOption = None, as_json: JsonOption = False) -> None:
    """Show what the index holds.

    loccit info --json
    """
    from qa.cli.index_commands import show_info

    show_info(index_folder(index), as_json=as_json)


@app.command()
def verify(
    receipt: Annotated[
        Path | None, typer.Argument(help="A receipt to replay; without one the index's files are checked.")
    ] = None,
    index: IndexOption = None,
) -> None:
    """Check every file of the index against its checksum, or replay a receipt.

    loccit verify

    loccit verify r.json
    """
    from qa.cli.ask import verify_receipt
    from qa.cli.index_commands import verify_index

    if receipt is None:
        verify_index(index_folder(index))
    else:
        verify_receipt(receipt, index_folder(index))


@app.command()
def rollback(index: IndexOption = None) -> None:
    """Go back to the generation before.

    loccit rollback
    """
    from qa.cli.index_commands import roll_back

    roll_back(index_folder(index))


@app.command()
def gc(index: IndexOption = None) -> None:
    """Delete generations that nobody uses any more.

    loccit gc
    """
    from qa.cli.index_commands import collect_garbage

    collect_garbage(index_folder(index))
