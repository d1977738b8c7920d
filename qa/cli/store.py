"""``loccit info``, ``verify``, ``rollback``, ``gc``, ``export`` and ``import``: the index on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import FormatMismatch, IndexDamaged, LoccitError, UsageError
from index.place import Place, beside
from qa.cli.options import IndexOption, JsonOption
from qa.files.resources import folder_of
from qa.show.terminal import emit, say, warn

if TYPE_CHECKING:
    from index.store.manifest import Manifest

app = typer.Typer()


@app.command()
def info(*, index: IndexOption, as_json: JsonOption = False) -> None:
    """Show what the index holds, the reader and the thresholds.

    \b
    loccit info
    loccit info --json
    """
    from qa.cli.printed import show_overview
    from qa.rank.stages import reader_used
    from qa.show.shelf import overview

    held = {**overview(index), "reader": reader_used(), **_calibration(index)}
    return emit(held) if as_json else show_overview(held)


def _calibration(place: Place) -> dict[str, str | None]:
    """Return which thresholds are kept beside the index at ``place``, and what is to be said of them."""
    from qa.calibration import in_words, judged, load
    from qa.files.resources import calibrates
    from qa.session import opened
    from qa.settings import AskOptions

    try:
        kept = load(beside(place))
    except UsageError as error:
        return {"calibration": None, "calibration_warning": str(error)}
    if kept is None:
        return {"calibration": None}
    warnings = ["Not used: LOCCIT_CALIBRATION is 0."]
    if calibrates():
        try:
            with opened(place, AskOptions(calibration=False)) as answerer:  # what ask would use
                _, *warnings = judged(kept, answerer, beside(place))
        except LoccitError as error:
            warnings = [str(error)]  # no question can be asked
    return {"calibration": in_words(kept.calibration), "calibration_warning": " ".join(warnings) or None}


@app.command()
def verify(
    *,
    receipt: Annotated[Path | None, typer.Argument(help="A receipt written by loccit ask --receipt.")] = None,
    index: IndexOption,
) -> None:
    """Check the index's files, or replay a receipt.

    Compares every file of every generation with its checksum. With a receipt, asks its question again and
    compares the answers byte for byte.

    \b
    loccit verify
    loccit verify receipt.json
    """
    if receipt is None:
        return _verify_files(folder_of(index, "A server checks its own files: data checksums, pg_amcheck."))
    from qa.receipts import replay
    from qa.session import opened
    from qa.settings import AskOptions

    with opened(index, AskOptions(calibration=False)) as answerer:  # the receipt states its own
        warn(answerer.warnings)
        return say(replay(receipt, answerer))


@app.command()
def rollback(*, index: IndexOption) -> None:
    """Go back to the previous generation of the index.

    This undoes the last build, add, remove or import. loccit info lists the generations.

    \b
    loccit rollback
    """
    from index.store.upkeep import rollback as roll_back

    folder = folder_of(index, "A database keeps no earlier generation: use its backups.")
    say(f"Generation {roll_back(folder)} is now current.")


@app.command()
def gc(*, index: IndexOption) -> None:
    """Delete generations that are no longer needed.

    The current generation, the two before it and those in use are kept.

    \b
    loccit gc
    """
    from index.ingest.removed import forgetting
    from index.store.upkeep import gc as collect
    from qa.show.present import counted

    folder = folder_of(index, "A database is cleaned by its server: autovacuum.")
    with forgetting(folder):
        deleted = collect(folder)
    say(f"Deleted {counted(len(deleted), 'generation')}.")


@app.command("export")
def export_(
    *,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    index: IndexOption,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write the index to one file, to copy it to another machine.

    \b
    loccit export myositis.loccit
    loccit export myositis.loccit --replace
    """
    from index.copying import export_from
    from index.place import current_at

    manifest = export_from(index, file, replace=replace)
    current = current_at(index)
    if isinstance(index, Path) and (current is None or current[0] != manifest.generation):
        warn([f"The current generation is damaged; generation {manifest.generation} was exported instead."])
    say(f"Exported {_contents(manifest)} to {file} ({file.stat().st_size:,} bytes).")


@app.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="A file written by loccit export.")],
    index: IndexOption,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the papers of the index; loccit rollback undoes it.")
    ] = False,
) -> None:
    """Make an exported file the index.

    Verifies the file's checksums first. They do not show who made the file: import only files you trust.

    \b
    loccit import myositis.loccit
    loccit import myositis.loccit --index ~/myositis-index
    loccit import myositis.loccit --index postgresql://loccit_writer@db.example.org/papers
    """
    from index.copying import import_to

    manifest = import_to(index, file, replace=replace)
    say(f"Verified and imported {_contents(manifest)} as generation {manifest.generation}.")
    say(f"Index: {index}")


def _contents(manifest: Manifest) -> str:
    from qa.show.present import counted

    numbers = {"paper": manifest.counts.documents, "passage": manifest.counts.passages}
    numbers["sentence"] = manifest.counts.sentences
    return ", ".join(counted(number, noun) for noun, number in numbers.items())


def _verify_files(folder: Path) -> None:
    """Compare every file of every generation with its checksum and print the result for each.

    Raises:
        FormatMismatch: another version of Loccit wrote a generation, and nothing is damaged.
        IndexDamaged: a generation, or the file that names the current one, is damaged.
    """
    from index.store.open import current_generation
    from index.store.upkeep import pointer_damage
    from index.store.upkeep import verify as verify_generations

    problems = verify_generations(folder)
    for generation, problem in sorted(problems.items()):
        say(f"generation {generation}: {problem.message if problem else 'intact'}")
    damaged = [number for number, problem in problems.items() if isinstance(problem, IndexDamaged)]
    foreign = [problem for problem in problems.values() if isinstance(problem, FormatMismatch)]
    if foreign and not damaged:
        raise foreign[0]
    pointer = pointer_damage(folder)
    if pointer:
        say(pointer)
    current = current_generation(folder)
    if damaged and not pointer and problems.get(current or 0) is None:
        say("The current generation is intact. The damaged ones are deleted once three newer ones exist.")
    elif pointer or damaged:
        what = (
            f"{len(damaged)} of {len(problems)} generations are damaged" if damaged else "CURRENT is damaged"
        )
        raise IndexDamaged(f"{folder}: {what}.", "Build it again from the papers: loccit build FOLDER")
