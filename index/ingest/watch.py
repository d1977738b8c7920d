"""A folder of papers kept in an index: built now, and again after each change in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import IndexLocked, LoccitError, StorageError
from index.files import require_folder
from index.ingest.build import BuildReport, build

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from index.embed.encoder import Encoder

#: Milliseconds without a change after which a build starts: a paper that is being copied is not read half.
_QUIET = 500
#: Milliseconds after which it starts even so.
_AT_LAST = 10_000
#: Milliseconds after which a build that could not write is tried again.
_AGAIN = 2_000


def changes(folder: Path, index: Path) -> Iterator[bool]:
    """Yield True after changes in ``folder``, several within a short time as one; False now and then.

    The first is True whatever happened: something may have before the watch began.
    Hidden files and the index itself, should it lie there, do not count.

    Raises:
        UsageError: ``folder`` does not exist, or is not a folder.
        KeyboardInterrupt: the user has had enough.
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
    for number, batch in enumerate(batches):
        check_folder(folder)
        yield number == 0 or bool(batch)


def check_folder(folder: Path) -> None:
    """Raise a ``UsageError`` unless ``folder`` is one."""
    require_folder(folder, "Give the folder that the papers are in.")


def builds(
    folder: Path, index: Path, changed: Iterable[bool], *, encoder: Encoder, workers: int = 2
) -> Iterator[BuildReport | LoccitError]:
    """Yield what came of building ``index`` from ``folder``: now, and for each True in ``changed``.

    An error ends nothing. A build that could not write is tried again at the next
    item of ``changed``, True or False. What says the same as the one before is not
    yielded.
    """
    result = _built(folder, index, encoder, workers)
    yield result
    for again in changed:
        if again or isinstance(result, IndexLocked | StorageError):
            before, result = result, _built(folder, index, encoder, workers)
            if _told(result) != _told(before) or (isinstance(result, BuildReport) and result.published):
                yield result


def _built(folder: Path, index: Path, encoder: Encoder, workers: int) -> BuildReport | LoccitError:
    try:
        return build([folder], index, encoder=encoder, workers=workers)
    except LoccitError as error:
        return error


def _told(result: BuildReport | LoccitError) -> tuple[str, ...]:
    """Return the complaints of a result, to compare it with another by."""
    if isinstance(result, LoccitError):
        return (str(result),)
    return tuple(str(outcome.error) for outcome in result.outcomes if outcome.error)
