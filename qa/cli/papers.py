"""``loccit build``, ``add``, ``remove``, ``watch`` and ``read``: papers into the index and out of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import IndexMissing, UsageError
from index.ingest.report import BuildReport
from index.place import Place
from qa.cli.options import (
    BibOption,
    ClusterOption,
    IndexOption,
    KeepFilesOption,
    ModelOption,
    WorkersOption,
    stated_path,
)
from qa.show.progress import Progress, reporting
from qa.show.terminal import say

if TYPE_CHECKING:
    from index.embed.encoder import Encoder

app = typer.Typer()


@app.command()
def build(
    *,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            parser=stated_path,
            help="Papers (PDF, JATS XML, HTML, Word, Markdown, text) or folders; default: the seed papers.",
        ),
    ] = None,
    bib: BibOption = None,
    index: IndexOption,
    model: ModelOption = None,
    workers: WorkersOption = 2,
    cluster: ClusterOption = None,
    keep_files: KeepFilesOption = True,
) -> None:
    """Make the index hold exactly the papers given.

    Papers that the index already holds are not read again. Papers that are not given are removed. What --bib
    said of a paper is kept by later builds without it.

    \b
    loccit build                                  the two seed papers
    loccit build ~/papers                         all papers below a folder
    loccit build ~/papers --bib ~/library.bib     with titles and citation keys of your library
    loccit build ~/Zotero                         the papers of Zotero, with its collections and tags
    loccit build paper.pdf notes/ --index ~/trial-index
    loccit build ~/papers --cluster local:4       by four processes; see docs/how-to/cluster.md
    """
    from index.embed.encoder import load_encoder
    from index.ingest.build import build as build_papers
    from qa.files.resources import seeds_folder

    work = partial(build_papers, change_model=model is not None, workers=workers, library=bib or ())
    _run(work, paths or [seeds_folder()], index, load_encoder(model), cluster, keep_files)


@app.command()
def add(
    *,
    paths: Annotated[
        list[Path],
        typer.Argument(
            parser=stated_path, help="Papers (PDF, JATS XML, HTML, Word, Markdown, text) or folders."
        ),
    ],
    bib: BibOption = None,
    index: IndexOption,
    workers: WorkersOption = 2,
    cluster: ClusterOption = None,
    keep_files: KeepFilesOption = True,
) -> None:
    """Add papers to the index.

    \b
    loccit add new-paper.pdf
    loccit add new-paper.pdf --bib ~/library.bib
    loccit add ~/more-papers --workers 4
    loccit add ~/more-papers --cluster tcp://scheduler.example.org:8786
    """
    from index.embed.encoder import load_encoder
    from index.ingest.build import add as add_papers
    from index.place import open_at

    with open_at(index, salvage=True) as current:
        encoder = load_encoder(current.manifest.model.name)
    work = partial(add_papers, workers=workers, library=bib or ())
    _run(work, paths, index, encoder, cluster, keep_files)


@app.command()
def remove(
    *,
    papers: Annotated[list[str], typer.Argument(help="File name or path, title or id of each paper.")],
    index: IndexOption,
) -> None:
    """Remove papers from the index.

    No paper is read or embedded again. loccit info lists the names; loccit rollback undoes it. Of identical
    files, only the one named is removed.

    \b
    loccit remove 001_61e3d2fc1288ce0f.txt
    loccit remove 2021/paper.txt
    """
    from index.ingest.build import remove as remove_papers
    from index.ingest.removed import forgetting
    from index.place import open_at, target_at
    from qa.cli.printed import show_build
    from qa.files.names import find_paper

    files: dict[str, frozenset[str]] = {}
    with open_at(index, salvage=True) as current:
        named = [find_paper(current, name, aside=True) for name in papers]
    for one in named:
        files[one.id] = files.get(one.id, frozenset()) | {one.file}
    whole = frozenset(one.id for one in named if not one.file)
    single = {key: names for key, names in files.items() if key not in whole}
    target = target_at(index)
    with forgetting(target):
        report = remove_papers(whole, target, single)
    for name in sorted(name for key, names in single.items() if key not in report.removed for name in names):
        say(f"removed   {name}; an identical file stays in the index")
    show_build(report, index)


@app.command()
def watch(
    *,
    folder: Annotated[Path, typer.Argument(parser=stated_path, help="The folder of papers.")],
    bib: BibOption = None,
    index: IndexOption,
    model: ModelOption = None,
    workers: WorkersOption = 2,
    keep_files: KeepFilesOption = True,
) -> None:
    """Keep the index in sync with a folder until Ctrl-C.

    Builds the index now and after each change in the folder or the library. As with build, other papers are
    removed.

    \b
    loccit watch ~/papers
    loccit watch ~/papers --bib ~/library.bib
    loccit watch ~/papers --index ~/papers-index
    """
    from index.embed.encoder import load_encoder
    from index.ingest.originals import remember
    from index.ingest.report import BuildReport
    from index.ingest.watch import builds, changes, check_folder
    from index.place import open_at, target_at
    from qa.cli.printed import show_build

    check_folder(folder)
    if model is None:
        try:
            with open_at(index, salvage=True) as current:
                model = current.manifest.model.name
        except IndexMissing:
            pass  # the default model then
    target = target_at(index)
    try:
        events = changes(folder, target.folder, bib or ())
        encoder = load_encoder(model)
        for result in builds(folder, target, events, encoder=encoder, workers=workers, library=bib or ()):
            if isinstance(result, BuildReport):
                remember(target, result.outcomes, keep=keep_files)
                show_build(result, index)
                say(f"Watching {folder}. Press Ctrl-C to stop.")
            else:
                say(f"failed    {result}", "red")
    except KeyboardInterrupt:
        say("Stopped watching. The index keeps its papers.")


@app.command()
def read(
    *,
    file: Annotated[Path, typer.Argument(help="A PDF, JATS XML, HTML, Word, Markdown or text file.")],
    text: Annotated[bool, typer.Option("--text", help="Print the text that quotes are taken from.")] = False,
) -> None:
    """Show how Loccit reads a paper.

    Prints title, authors, sections, tables and warnings. The index does not change.

    \b
    loccit read paper.pdf
    loccit read paper.pdf --text
    """
    from index.read import read as read_paper
    from qa.cli.printed import show_reading

    document = read_paper(file)
    if text:
        sys.stdout.write(document.text + "\n")
    else:
        show_reading(document)


def _run(
    work: Callable[..., BuildReport],
    chosen: Sequence[Path],
    index: Place,
    encoder: Encoder,
    cluster: str | None,
    keep_files: bool,
) -> None:
    """Build or add, on the cluster if there is one; remember where the papers lie, print what became of each.

    Raises:
        UsageError: a file in ``chosen`` was refused; the others are in the index.
    """
    from index.cluster.client import preparing
    from index.ingest.originals import remember
    from index.place import target_at
    from qa.cli.printed import show_build

    target = target_at(index)
    connected = nullcontext() if cluster is None else preparing(cluster, encoder)
    with connected as prepare, reporting(Progress.BARS) as progress:
        report = work(chosen, target, encoder=encoder, progress=progress, prepare=prepare)
    remember(target, report.outcomes, keep=keep_files)
    show_build(report, index)
    refused = [outcome for outcome in report.outcomes if outcome.error and outcome.path in chosen]
    if refused:
        raise UsageError(
            f"{len(refused)} of {len(chosen)} paths could not be read; the other papers are in the index.",
            "See the lines that start with “refused”.",
        )
