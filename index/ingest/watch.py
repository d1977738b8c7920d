"""Watching a folder: its index is built now, and again after each change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from index.embed.encoder import Encoder
from index.errors import IndexLocked, LoccitError, StorageError
from index.files import require_folder
from index.ingest.build import build
from index.ingest.report import BuildReport
from index.library.zotero import DATABASE
from index.store.target import Target

_QUIET = 500  #: milliseconds without a change before a build starts, so that copies are complete
_AT_LAST = 10_000  #: milliseconds after which it starts in any case
_AGAIN = 2_000  #: milliseconds before a build that could not write is repeated


def changes(folder: Path, index: Path, library: Sequence[Path] = ()) -> Iterator[bool]:
    """Yield True after changes in ``folder`` or ``library``, batched, and False every ``_AGAIN`` without one.

    The first value is True: something may have changed before the watch began. Hidden
    files and the folder ``index`` of the index itself, if it is inside ``folder``, do not count.

    Raises:
        UsageError: ``folder`` does not exist, or is not a folder.
        KeyboardInterrupt: the user pressed Ctrl-C.
    """
    from watchfiles import watch

    here, own = folder.resolve(), index.resolve()

    def counts(_change: object, name: str) -> bool:
        path = Path(name)
        parts = path.relative_to(here).parts if path.is_relative_to(here) else ()
        return not path.is_relative_to(own) and not any(part.startswith(".") for part in parts)

    batches = watch(
        here, watch_filter=counts, debounce=_AT_LAST, step=_QUIET, rust_timeout=_AGAIN, yield_on_timeout=True
    )
    seen = _stamps(library)
    for number, batch in enumerate(batches):
        check_folder(folder)
        before, seen = seen, _stamps(library)  # editors replace files, so a watch on one would end
        yield number == 0 or bool(batch) or seen != before


def _stamps(library: Sequence[Path]) -> list[tuple[int, int] | None]:
    """Return time of change and size of each file, None for one that cannot be seen."""
    stamps: list[tuple[int, int] | None] = []
    for path in library:
        try:
            status = (path / DATABASE if path.is_dir() else path).stat()
            stamps.append((status.st_mtime_ns, status.st_size))
        except OSError:
            stamps.append(None)
    return stamps


def check_folder(folder: Path) -> None:
    """Raise a ``UsageError`` unless ``folder`` is a folder."""
    require_folder(folder, "Give the folder of the papers.")


def builds(
    folder: Path,
    into: Path | Target,
    changed: Iterable[bool],
    *,
    encoder: Encoder,
    workers: int = 2,
    library: Sequence[Path] = (),
) -> Iterator[BuildReport | LoccitError]:
    """Yield the result of building ``into`` from ``folder``: now, and for each True in ``changed``.

    An error does not end the watch. A build that could not write is repeated at the
    next item of ``changed``. A result that repeats the one before is not yielded.
    """

    def built() -> BuildReport | LoccitError:
        try:
            return build([folder], into, encoder=encoder, workers=workers, library=library)
        except LoccitError as error:
            return error

    result = built()
    yield result
    for again in changed:
        if again or isinstance(result, IndexLocked | StorageError):
            before, result = result, built()
            if _complaints(result) != _complaints(before) or getattr(result, "published", False):
                yield result


def _complaints(result: BuildReport | LoccitError) -> tuple[str, ...]:
    if isinstance(result, LoccitError):
        return (str(result),)
    return (*(str(outcome.error) for outcome in result.outcomes if outcome.error), *result.library)
