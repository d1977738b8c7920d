"""Papers to a new generation of an index.

A paper is identified by the sha256 of its file. Papers that the index holds are neither
read nor embedded again, nor are those that an interrupted build finished. Papers are
ordered by id, so the order of adding them changes nothing. Of several files of one paper
the best is used (``index.ingest.editions``); the others are set aside.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from index.embed.encoder import Encoder, model_of, require_same_model
from index.errors import IndexDamaged, IndexMissing, NothingToRead, OlderFormat
from index.files import LOCAL_DISK, Disk
from index.ingest.catalogue import Catalogue, catalogue_of
from index.ingest.library import with_entries, with_libraries
from index.ingest.papers import Skipped, find_papers
from index.ingest.report import Became, BuildReport, FileOutcome, Progress
from index.ingest.selection import Selection
from index.ingest.work import Prepare, Read, Work
from index.read import SUFFIXES, read_many
from index.store.index import Index
from index.store.manifest import Manifest
from index.store.publish import Origin
from index.store.target import Folder, Target, target_of

_TOLD = 20  #: refused files that an error names at most


def build(
    paths: Sequence[Path],
    into: Path | Target,
    *,
    encoder: Encoder,
    progress: Progress | None = None,
    workers: int = 2,
    wait: float = 0.0,
    change_model: bool = False,
    keep: bool = False,
    library: Sequence[Path] = (),
    read: Read = read_many,
    prepare: Prepare | None = None,
    disk: Disk = LOCAL_DISK,
) -> BuildReport:
    """Make the index hold exactly the papers under ``paths``.

    A build that changes nothing publishes nothing.

    Args:
        paths: files, and folders to search for papers; of Zotero's data folder, the files of its items.
        into: folder of the index, created if needed; or where else it is kept.
        encoder: the model; that of the index, unless ``change_model``.
        progress: see ``Progress``.
        workers: number of papers read at once.
        wait: seconds to wait for another writer.
        change_model: embed everything again if the index has another model.
        keep: also hold the papers that the index already holds.
        library: .bib and CSL-JSON files, and data folders of Zotero, that describe the papers.
        read: reads papers.
        prepare: reads and embeds papers elsewhere, in place of ``read``.
        disk: where to write, if it is kept in a folder.

    Raises:
        FileMissing: one of ``paths`` does not exist; nothing was read.
        UsageError: one of ``library`` does not exist, or is none; nothing was read.
        NothingToRead: no paper could be read; the index is unchanged.
        ModelMismatch, FormatMismatch: the index has another model or format; nothing was written.
        IndexLocked: another process is writing.
        StorageError: the disk refused; the index is unchanged.
    """
    started = time.monotonic()
    target = Folder(into, disk) if isinstance(into, Path) else into
    folder = target.folder
    with target.writing(wait):
        base, warnings = _open_base(target, keep=keep)
        with closing(base) if base else nullcontext():
            if base and not change_model:
                require_same_model(base, encoder)
            progress = progress or (lambda stage, done, total: None)
            work = Work(
                folder, base, encoder, disk, read=read, prepare=prepare, progress=progress, workers=workers
            )
            files, libraries = with_libraries(paths, library)
            found = find_papers(files, folder)
            work.refuse(found.refused)
            selection = work.select(found.files, keep=keep)
            if not selection.sources or all(one.became is Became.REFUSED for one in work.outcomes):
                raise _nothing_to_read(paths, work.outcomes, found.skipped)
            selection, said, differing = with_entries(selection, libraries, folder, work.outcomes)
            published = not base or bool(warnings) or _changed(base, selection, encoder)
            if base and not published:
                manifest = base.manifest
            else:
                progress("saving", 0, 1)
                made = Origin(model_of(encoder), base.generation if base else None, selection.files())
                manifest = target.publish(selection, made, base)
                progress("saving", 1, 1)
            work.pending.clear()
            target.collect()
            report = _report(manifest, selection, base, published, started, warnings, work.outcomes)
            return replace(report, skipped=tuple(found.skipped), library=said, differences=differing)


#: Like ``build``, but the papers that the index holds already stay in it.
add = partial(build, keep=True)


def remove(
    documents: frozenset[str], of: Path | Target, files: Mapping[str, frozenset[str]] | None = None
) -> BuildReport:
    """Publish a generation without ``documents`` (ids), used or set aside. Nothing is read or embedded.

    A paper that was set aside for one of them is used again. ``files`` are names of single
    files to forget, by document id; the document stays while another file has the same bytes.

    Raises:
        IndexMissing: there is no index, or a document is not in it.
        IndexLocked: another process is writing.
        StorageError: the disk refused; the index is unchanged.
    """
    started = time.monotonic()
    target = target_of(of)
    with target.writing(), target.open() as base:
        held = base.given()
        unknown = sorted(documents - held.keys())
        if unknown:
            raise IndexMissing(f"{unknown[0]}: the index has no such paper.", "List its papers: loccit info")
        copies = catalogue_of(base).copies
        names = {key: (source, *copies.get(key, ())) for key, (source, _) in held.items()}
        for key, gone in (files or {}).items():
            names[key] = tuple(name for name in names[key] if name not in gone)
        left = {key: kept for key, kept in names.items() if kept and key not in documents}
        selection = Selection.named(left, base).chosen()
        made = Origin(base.manifest.model, base.generation, selection.files())
        manifest = target.publish(selection, made, base)
        target.collect()
        return _report(manifest, selection, base, True, started, base.warnings, ())


def _open_base(target: Target, *, keep: bool) -> tuple[Index | None, tuple[str, ...]]:
    """Return the generation to build on, None if there is none, and what is wrong with it."""
    try:
        base = target.open()
    except IndexMissing:
        return None, ()
    except OlderFormat as error:
        if keep:  # the papers it holds would be lost
            raise
        return None, (f"{error.message} It was built again from the given papers.",)
    except IndexDamaged as error:
        return None, (f"{error.message} The index was rebuilt from the given papers.",)
    return base, base.warnings


def _nothing_to_read(
    paths: Sequence[Path], outcomes: Sequence[FileOutcome], skipped: Sequence[Skipped]
) -> NothingToRead:
    refused = [str(outcome.error) for outcome in outcomes if outcome.error]
    if len(refused) == 1:
        return NothingToRead(refused[0])
    if refused:
        listed, more = " ".join(refused[:_TOLD]), len(refused) - _TOLD
        told = f"{listed} {more} more were refused." if more > 0 else listed
        return NothingToRead(f"None of {len(refused)} files could be read. {told}")
    where = ", ".join(map(str, paths)) or "the empty list of paths"
    remedy = f"Give files or folders with papers: {', '.join(SUFFIXES)}."
    first = f" {skipped[0].path}: {skipped[0].reason}." if skipped else ""
    others = f" {len(skipped) - 1} more files were skipped." if len(skipped) > 1 else ""
    return NothingToRead(f"No papers in {where}.{first}{others}", remedy)


def _changed(base: Index, selection: Selection, encoder: Encoder) -> bool:
    return (
        bool(selection.fresh)
        or base.manifest.model.fingerprint != encoder.fingerprint
        or {key: source for key, (source, _) in base.given().items()} != selection.sources
        or catalogue_of(base).aside != selection.catalogue.aside
        or catalogue_of(base).copies != selection.copies
        or catalogue_of(base).versions != selection.catalogue.versions
        or base.entries != selection.entries
    )


def _report(
    manifest: Manifest,
    selection: Selection,
    base: Index | None,
    published: bool,
    started: float,
    warnings: tuple[str, ...],
    outcomes: tuple[FileOutcome, ...],
) -> BuildReport:
    used, aside = selection.ids, selection.catalogue.aside
    before = frozenset(base.documents if base else ())
    catalogue = catalogue_of(base) if base else Catalogue()
    aside_before = frozenset(catalogue.aside)
    versions = sorted(selection.catalogue.versions - catalogue.versions)
    return BuildReport(
        generation=manifest.generation,
        published=published,
        outcomes=outcomes,
        added=tuple(key for key in used if key not in before),
        unchanged=tuple(key for key in used if key in before),
        removed=tuple(sorted((before | aside_before) - selection.sources.keys())),
        set_aside=tuple(aside[key] for key in sorted(aside)),
        new_aside=tuple(sorted(aside.keys() - aside_before)),
        passages=manifest.counts.passages,
        sentences=manifest.counts.sentences,
        seconds=time.monotonic() - started,
        warnings=warnings,
        new_versions=tuple((selection.sources[one], selection.sources[other]) for one, other in versions),
    )
