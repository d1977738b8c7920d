"""Opens an index for questions, and finds papers by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from index.embed.encoder import question_encoder
from index.errors import UsageError
from index.place import Place, open_at
from index.store.index import Index
from qa.answer import Answerer
from qa.calibration import apply
from qa.files.names import find_paper, labelled
from qa.rank.select import CrossEncoderRanker
from qa.rank.stages import shipped
from qa.settings import USUAL, AskOptions, Settings


@contextmanager
def opened(place: Place, options: AskOptions = USUAL) -> Iterator[Answerer]:
    """Yield an answerer on the index at ``place``; close it afterwards.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, ModelMismatch, StorageError: it cannot be used.
        UsageError: no threshold is known for that share, or the folder holds no cross-encoder.
    """
    with open_at(place) as index:
        yield answering(index, options)


def answering(index: Index, options: AskOptions = USUAL) -> Answerer:
    """Return an answerer on an open index and the calibration kept beside it; raises as ``opened``."""
    encoder = question_encoder(index, options.model)
    settings = Settings(threshold=options.threshold)
    answerer = Answerer(index, encoder, stages=shipped(options.reader), settings=settings)
    if options.cross_encoder is not None:
        answerer = answerer.ranked_by(CrossEncoderRanker(options.cross_encoder))
    if options.calibration:
        answerer = apply(answerer, index.beside)
    return answerer if options.right is None else answerer.as_sure(options.right)


def find_papers(
    index: Index,
    names: Sequence[str] | None,
    collections: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
) -> frozenset[str] | None:
    """Return the ids of the papers called ``names``, in one of the collections, and with one of the tags.

    None stands for all papers. For names see ``qa.files.names.find_paper``.

    Raises:
        UsageError: a name fits no paper, or several; no paper has that collection or tag, or all of them.
    """
    chosen = [frozenset(find_paper(index, name).id for name in names)] if names else []
    chosen += [labelled(index, "collection", collections)] if collections else []
    chosen += [labelled(index, "tag", tags)] if tags else []
    if not chosen:
        return None
    both = frozenset.intersection(*chosen)
    if not both:
        raise UsageError("No paper is in all that was chosen.", "Leave out --paper, --collection or --tag.")
    return both
