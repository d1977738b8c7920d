"""Papers to a new generation of an index: the one place where the stages are joined.

A paper is known by the sha256 of its file. One that the index already holds is
neither read nor embedded again; one that an interrupted build had finished is
taken from its pending work. Papers stand in the order of their ids and each is
embedded by itself, so the order of adding them changes nothing. Of several files of
one paper the best is used (``index.ingest.editions``); the others are kept beside it.
"""

from __future__ import annotations

import time
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.embed.encoder import SentenceEncoder
from index.embed.onnx import export, require_same_model
from index.errors import IndexDamaged, IndexMissing, NothingToRead
from index.files import LocalDisk
from index.ingest.catalogue import SetAside, catalogue_of, given
from index.ingest.papers import find_papers
from index.ingest.selection import Selection
from index.ingest.work import Became, FileOutcome, Progress, Work, no_progress, read_papers
from index.read import SUFFIXES
from index.store.manifest import Model
from index.store.open import ENCODER, TOKENIZER, Index, open_index
from index.store.publish import Made, collect, publish, writing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from index.embed.encoder import Encoder
    from index.files import Disk
    from index.ingest.work import Read
    from index.store.manifest import Manifest

__all__ = ["Became", "BuildReport", "FileOutcome", "Progress", "add", "build", "remove"]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did."""

    generation: int  #: the current one now
    published: bool  #: False where nothing had changed
    outcomes: tuple[FileOutcome, ...]  #: in order of path
    added: tuple[str, ...]  #: document ids, in order; so for the next two
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    set_aside: tuple[SetAside, ...]  #: of all that the index was given, in order of id
    new_aside: tuple[str, ...]  #: ids of those among them that were not set aside before
    passages: int  #: in the whole index; so for the next
    sentences: int
    seconds: float
    warnings: tuple[str, ...]  #: about the index; those about papers are in ``outcomes``
    note: str = ""  #: what the index cannot do for itself, as questions without torch


def build(
    paths: Sequence[Path],
    folder: Path,
    *,
    encoder: Encoder,
    progress: Progress | None = None,
    workers: int = 2,
    wait: float = 0.0,
    change_model: bool = False,
    keep: bool = False,
    read: Read = read_papers,
    disk: Disk | None = None,
) -> BuildReport:
    """Make the index in ``folder`` hold exactly the papers under ``paths``.

    A build that would change nothing publishes nothing.

    Args:
        paths: files, and folders to search for files that may hold papers.
        folder: of the index; made if it is not there.
        encoder: the model; that of the index, unless ``change_model``.
        progress: is told how far the build is.
        workers: how many papers are read at once.
        wait: seconds to wait for another writer.
        change_model: embed everything anew if the index has another model.
        keep: hold the papers that are in the index already, too.
        read: reads papers.
        disk: where to write; the file system if None.

    Raises:
        FileMissing: one of ``paths`` does not exist; nothing was read.
        NothingToRead: no paper could be read; the index stays as it was.
        ModelMismatch: the index has another model; nothing was written.
        FormatMismatch: another version of Loccit wrote the index; nothing was written.
        IndexLocked: another process is writing.
        StorageError: the disk refused; the index stays as it was.
    """
    started = time.monotonic()
    disk = disk or LocalDisk()
    with writing(folder, wait, disk):
        base, warnings = _open_base(folder)
        with closing(base) if base else nullcontext():
            if base and not change_model:
                require_same_model(base, encoder)
            work = Work(folder, encoder, disk, read, progress or no_progress, workers)
            selection = work.select(find_papers(paths), base, keep=keep)
            if not selection.sources or not _any_read(work.outcomes):
                raise _nothing(paths, work.outcomes)
            if base and not warnings and _same(base, selection, encoder):
                manifest, published = base.manifest, False
            else:
                manifest, published = _publish(folder, base, selection, work, disk), True
            work.pending.clear()
            collect(folder, disk)
            return _report(
                manifest,
                selection,
                base,
                published=published,
                started=started,
                warnings=warnings,
                outcomes=work.outcomes,
            )


def add(
    paths: Sequence[Path],
    folder: Path,
    *,
    encoder: Encoder,
    progress: Progress | None = None,
    workers: int = 2,
    wait: float = 0.0,
    read: Read = read_papers,
    disk: Disk | None = None,
) -> BuildReport:
    """Add the papers under ``paths`` to those the index holds; otherwise as ``build``."""
    return build(
        paths,
        folder,
        encoder=encoder,
        progress=progress,
        workers=workers,
        wait=wait,
        keep=True,
        read=read,
        disk=disk,
    )


def remove(
    documents: frozenset[str], folder: Path, *, wait: float = 0.0, disk: Disk | None = None
) -> BuildReport:
    """Publish a generation without ``documents`` (ids), used or set aside. Nothing is read or embedded.

    A paper that was set aside for one of them is used again.

    Raises:
        IndexMissing: there is no index, or a document is not in it.
        IndexLocked: another process is writing.
        StorageError: the disk refused; the index stays as it was.
    """
    started = time.monotonic()
    disk = disk or LocalDisk()
    with writing(folder, wait, disk), open_index(folder) as base:
        held = given(base)
        unknown = sorted(documents - held.keys())
        if unknown:
            raise IndexMissing(f"{unknown[0]}: no such paper in the index.", "See the list: loccit info")
        left = {key: name for key, (name, _) in held.items() if key not in documents}
        selection = Selection(left, base).chosen()
        files = selection.files(_question_files(base))
        made = Made(base.manifest.model, base.generation, files, base.manifest.note)
        manifest = publish(folder, selection, made, disk)
        collect(folder, disk)
        return _report(manifest, selection, base, published=True, started=started, warnings=base.warnings)


def _open_base(folder: Path) -> tuple[Index | None, tuple[str, ...]]:
    """Return the generation to go on from, None for none, and what is wrong with it."""
    try:
        base = open_index(folder)
    except IndexMissing:
        return None, ()
    except IndexDamaged as error:
        return None, (f"{error.message} The index was built anew from the papers given.",)
    return base, base.warnings


def _any_read(outcomes: Sequence[FileOutcome]) -> bool:
    return any(outcome.became is not Became.REFUSED for outcome in outcomes)


def _nothing(paths: Sequence[Path], outcomes: Sequence[FileOutcome]) -> NothingToRead:
    refused = [str(outcome.error) for outcome in outcomes if outcome.error]
    where = ", ".join(map(str, paths)) or "the empty list of paths"
    remedy = f"Give files or folders with papers: {', '.join(SUFFIXES)}."
    if len(refused) == 1:
        return NothingToRead(refused[0])
    if refused:
        return NothingToRead(f"None of {len(refused)} files could be read; first: {refused[0]}")
    return NothingToRead(f"No papers in {where}.", remedy)


def _same(base: Index, selection: Selection, encoder: Encoder) -> bool:
    held = {key: name for key, (name, _) in given(base).items()}
    alike = base.manifest.model.fingerprint == encoder.fingerprint
    same = held == dict(selection.sources) and catalogue_of(base).aside == selection.catalogue.aside
    return alike and same and not selection.fresh


def _publish(folder: Path, base: Index | None, selection: Selection, work: Work, disk: Disk) -> Manifest:
    encoder = work.encoder
    work.progress("saving", 0, 1)
    model = Model(encoder.name, encoder.fingerprint, encoder.dimension, encoder.max_pieces)
    same = base if base and base.manifest.model.fingerprint == model.fingerprint else None
    files, note = (_question_files(same), same.manifest.note) if same else _new_question_files(encoder)
    made = Made(model, base.generation if base else None, selection.files(files), note)
    manifest = publish(folder, selection, made, disk)
    work.progress("saving", 1, 1)
    return manifest


def _new_question_files(encoder: Encoder) -> tuple[dict[str, Path | bytes], str]:
    """Return the files that encode questions without torch, and a note where there can be none."""
    if not isinstance(encoder, SentenceEncoder):
        return {}, ""
    graph = export(encoder)
    if graph is None:
        return {}, "This model could not be turned into an ONNX graph: questions load torch, which is slower."
    return {ENCODER: graph, TOKENIZER: (encoder.files.folder / TOKENIZER).read_bytes()}, ""


def _question_files(base: Index) -> dict[str, Path | bytes]:
    names = (ENCODER, TOKENIZER)
    return {name: base.folder / name for name in names if base.manifest.file(name)}


def _report(
    manifest: Manifest,
    selection: Selection,
    base: Index | None,
    *,
    published: bool,
    started: float,
    warnings: tuple[str, ...],
    outcomes: tuple[FileOutcome, ...] = (),
) -> BuildReport:
    after, aside = selection.ids, selection.catalogue.aside
    before = frozenset(base.documents if base else ())
    before_aside = frozenset(catalogue_of(base).aside if base else ())
    return BuildReport(
        generation=manifest.generation,
        published=published,
        outcomes=outcomes,
        added=tuple(key for key in after if key not in before),
        unchanged=tuple(key for key in after if key in before),
        removed=tuple(sorted((before | before_aside) - selection.sources.keys())),
        set_aside=tuple(aside[key] for key in sorted(aside)),
        new_aside=tuple(sorted(aside.keys() - before_aside)),
        passages=manifest.counts.passages,
        sentences=manifest.counts.sentences,
        seconds=time.monotonic() - started,
        warnings=warnings,
        note=manifest.note,
    )
