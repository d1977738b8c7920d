"""Opens an index for questions, and finds papers by name."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.embed.encoder import question_encoder
from index.errors import UsageError
from index.ingest.catalogue import catalogue_of
from index.store.open import open_index
from qa.answer import Answerer
from qa.rank.select import CrossEncoderRanker
from qa.rank.stages import shipped
from qa.settings import USUAL, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.store.open import Index
    from qa.settings import AskOptions


@contextmanager
def opened(folder: Path, options: AskOptions = USUAL) -> Iterator[Answerer]:
    """Yield an answerer on the index in ``folder``; close it afterwards.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, ModelMismatch, StorageError: it cannot be used.
        UsageError: no threshold is known for that share, or the folder holds no cross-encoder.
    """
    with open_index(folder) as index:
        encoder = question_encoder(index, options.model)
        settings = Settings(threshold=options.threshold)
        answerer = Answerer(index, encoder, stages=shipped(options.reader), settings=settings)
        if options.cross_encoder is not None:
            answerer = answerer.ranked_by(CrossEncoderRanker(options.cross_encoder))
        yield answerer if options.right is None else answerer.as_sure(options.right)


def find_papers(index: Index, names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the ids of the papers called ``names``: file name, title, or the start of the id.

    Raises:
        UsageError: a name fits no paper, or several.
    """
    return frozenset(_find_paper(index, name) for name in names) if names else None


def _find_paper(index: Index, name: str) -> str:
    wanted = name.casefold().strip()
    exact, partial = [], []
    for key, document in index.documents.items():
        called = (document.source.casefold(), document.title.casefold(), key)
        if wanted and wanted in called:
            exact.append(key)
        elif wanted and (key.startswith(wanted) or any(wanted in text for text in called[:2])):
            partial.append(key)
    if not exact:  # the name of a file set aside stands for the paper used instead
        aside = catalogue_of(index).aside.values()
        exact = [one.better for one in aside if wanted in (one.source.casefold(), one.id)][:1]
    matches = exact or partial
    if len(matches) != 1:
        what = f"{len(matches)} papers are called" if matches else "no paper is called"
        raise UsageError(f"{what} “{name}”.", "See the names with: loccit info")
    return matches[0]
