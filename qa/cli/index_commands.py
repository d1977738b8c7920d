"""What the commands of ``qa.cli.index`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from index.errors import UsageError
from qa.show.terminal import emit, out, visible, warn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.ingest.build import BuildReport
    from index.store.manifest import Manifest


def build_index(
    paths: Sequence[Path] | None, folder: Path, *, model: str | None, workers: int, add: bool
) -> None:
    """Build or extend the index and report what became of each file.

    Raises:
        UsageError: a file named in ``paths`` was refused; the others are in the index.
    """
    from index.embed.encoder import load_encoder
    from index.ingest.build import add as add_papers
    from index.ingest.build import build
    from index.store.open import open_index
    from qa.files.originals import remember
    from qa.files.resources import seeds_folder
    from qa.show.progress import Progress, reporting

    chosen = list(paths or [seeds_folder()])
    if add and model is None:
        with open_index(folder) as index:
            model = index.manifest.model.name
    encoder = load_encoder(model)
    with reporting(Progress.BARS) as progress:
        if add:
            report = add_papers(chosen, folder, encoder=encoder, progress=progress, workers=workers)
        else:
            report = build(
                chosen,
                folder,
                encoder=encoder,
                progress=progress,
                workers=workers,
                change_model=model is not None,
            )
    remember(folder, report.outcomes)
    _show_report(report, folder)
    refused = [outcome for outcome in report.outcomes if outcome.error and outcome.path in chosen]
    if refused:
        raise UsageError(
            f"{len(refused)} of {len(chosen)} paths could not be read; the rest is in the index.",
            "See the lines “refused” above.",
        )


def _show_report(report: BuildReport, folder: Path) -> None:
    from index.ingest.build import Became

    console = out()
    for outcome in report.outcomes:
        if outcome.error is not None:
            console.print(Text(f"refused   {visible(str(outcome.error))}", style="red"))
        elif outcome.warnings and outcome.became is not Became.SET_ASIDE:
            console.print(Text(f"warnings  {visible(outcome.path.name)}", style="yellow"))
            for warning in outcome.warnings:
                console.print(Text(f"          {visible(warning)}", style="yellow"))
    for one in report.set_aside:
        if one.id in report.new_aside:
            console.print(Text(f"set aside {visible(one.source)}: {visible(one.reason)}"))
    for warning in (*report.warnings, *([report.note] if report.note else [])):
        console.print(Text(visible(warning), style="yellow"))
    papers = len(report.added) + len(report.unchanged)
    done = "Published" if report.published else "Nothing has changed: still"
    console.print(
        Text(
            f"{done} generation {report.generation}: {papers} papers ({len(report.added)} new, "
            f"{len(report.removed)} removed{_aside(report)}), {report.passages} passages, "
            f"{report.sentences} sentences, {report.seconds:.1f} s."
        )
    )
    console.print(Text(f"Index: {folder}"))


def _aside(report: BuildReport) -> str:
    return f", {len(report.set_aside)} more set aside" if report.set_aside else ""


def remove_papers(names: Sequence[str], folder: Path) -> None:
    """Take papers out of the index."""
    from index.ingest.build import remove
    from index.ingest.catalogue import catalogue_of
    from index.store.open import open_index
    from qa.session import find_papers

    with open_index(folder) as index:
        aside = {one.source: one.id for one in catalogue_of(index).aside.values()}
        used = find_papers(index, [name for name in names if name not in aside]) or frozenset()
        ids = used | {aside[name] for name in names if name in aside}
    _show_report(remove(ids, folder), folder)


def watch_folder(folder: Path, index: Path, *, model: str | None, workers: int) -> None:
    """Build now and after each change in ``folder``, and say what came of it, until interrupted."""
    from index.embed.encoder import load_encoder
    from index.ingest.build import BuildReport
    from index.ingest.watch import builds, changes, check_folder

    check_folder(folder)
    encoder = load_encoder(model or _model_of(index))
    console = out()
    try:
        for result in builds(folder, index, changes(folder, index), encoder=encoder, workers=workers):
            if isinstance(result, BuildReport):
                _show_report(result, index)
                console.print(Text(f"Watching {visible(str(folder))}. Ctrl-C ends."))
            else:
                console.print(Text(f"failed    {visible(str(result))}", style="red"))
    except KeyboardInterrupt:
        console.print(Text("Stopped watching; the index stays as it is."))


def _model_of(folder: Path) -> str | None:
    """Return the name of the model of the index in ``folder``; None where there is no index."""
    from index.errors import IndexMissing
    from index.store.open import open_index

    try:
        with open_index(folder) as index:
            return index.manifest.model.name
    except IndexMissing:
        return None


def export_file(file: Path, folder: Path, *, replace: bool) -> None:
    """Write the index to one file."""
    from index.store.open import read_pointer
    from index.store.transfer import export_index

    manifest = export_index(folder, file, replace=replace)
    current = read_pointer(folder)
    if current is None or current[0] != manifest.generation:
        warn([f"The current generation is damaged: generation {manifest.generation} was exported."])
    out().print(Text(f"Exported {_holds(manifest)} to {visible(str(file))} ({file.stat().st_size} bytes)."))


def import_file(file: Path, folder: Path, *, replace: bool) -> None:
    """Make the index that the file holds the current one."""
    from index.store.transfer import import_index

    manifest = import_index(file, folder, replace=replace)
    out().print(Text(f"Verified and imported {_holds(manifest)} as generation {manifest.generation}."))
    out().print(Text(f"Index: {folder}"))


def _holds(manifest: Manifest) -> str:
    counts = manifest.counts
    return f"{counts.documents} papers, {counts.passages} passages, {counts.sentences} sentences"


def roll_back(folder: Path) -> None:
    """Make the generation before the current one."""
    from index.store.publish import rollback

    out().print(Text(f"Generation {rollback(folder)} is current now."))


def collect_garbage(folder: Path) -> None:
    """Delete generations that nobody uses."""
    from index.store.publish import gc

    out().print(Text(f"{len(gc(folder))} generations deleted."))


def verify_index(folder: Path) -> None:
    """Compare every file of every generation with its checksum.

    Raises:
        FormatMismatch: a generation is of another version of Loccit, and nothing worse is the matter.
        IndexDamaged: a generation, or what says which one is current, is damaged.
    """
    from index.errors import FormatMismatch, IndexDamaged
    from index.store.publish import pointer_damage, verify

    found = verify(folder)
    for generation, problem in sorted(found.items()):
        out().print(Text(f"generation {generation}: {visible(problem.message) if problem else 'intact'}"))
    problems = [problem for problem in found.values() if problem]
    foreign = next((problem for problem in problems if isinstance(problem, FormatMismatch)), None)
    if foreign and all(isinstance(problem, FormatMismatch) for problem in problems):
        raise foreign
    pointer = pointer_damage(folder)
    if pointer:
        out().print(Text(visible(pointer)))
    if pointer or problems:
        raise IndexDamaged(f"{folder}: not all generations are intact.", "Rebuild the index: loccit build")


def show_info(folder: Path, *, as_json: bool) -> None:
    """Show what the index holds."""
    from qa.show.overview import overview

    found = overview(folder)
    if as_json:
        emit(found)
        return
    console = out()
    for key in (
        "index",
        "generation",
        "created",
        "model",
        "fingerprint",
        "papers",
        "passages",
        "sentences",
        "bytes",
    ):
        console.print(Text(f"{key:<12} {visible(str(found[key]))}"))
    table = Table(show_edge=False, pad_edge=False)
    for head in ("paper", "year", "DOI", "pages", "passages", "warnings"):
        table.add_column(head, overflow="fold")
    for paper in found["documents"]:
        name = paper["title"] or paper["source"]
        cells = (name, paper["year"], paper["doi"], paper["pages"], paper["passages"], len(paper["warnings"]))
        table.add_row(*(Text(visible(str(cell or ""))) for cell in cells))
    console.print(table)
    for one in found["generations"]:
        holds = one["problem"] or f"{one['papers']} papers, {one['passages']} passages, {one['bytes']} bytes"
        words = (
            f"generation   {one['number']}{' (current)' if one['current'] else ''}: {one['created']} {holds}"
        )
        console.print(Text(visible(words)))
    for one in found["set_aside"]:
        console.print(Text(f"set aside    {visible(one['source'])}: {visible(one['reason'])}"))
    for warning in (*found["warnings"], *([found["note"]] if found["note"] else [])):
        console.print(Text(visible(warning), style="yellow"))
