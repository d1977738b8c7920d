"""An open index with its question encoder, ready to answer; and the names by which people call papers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from index.catalogue import catalogue_of
from index.errors import UsageError
from index.onnx_encoder import question_encoder
from index.store import open_index
from qa.answer import Answerer, Settings
from qa.chat import resolve
from qa.retrieve import paper_subjects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from index.store import Index
    from qa.records import Answer
    from qa.subjects import Subject

#: Up to how many papers are looked through for the people they report on.
FEW_PAPERS = 12


@contextmanager
def opened(folder: Path, *, model: str | None = None, threshold: float | None = None) -> Iterator[Answerer]:
    """Yield an answerer on the index in ``folder``; close it afterwards.

    Raises:
        IndexMissing, IndexDamaged, FormatMismatch, ModelMismatch, StorageError: it cannot be used.
    """
    with open_index(folder) as index:
        yield Answerer(index, question_encoder(index, model), settings=Settings(threshold=threshold))


def ask(
    answerer: Answerer,
    question: str,
    history: Sequence[str] = (),
    documents: frozenset[str] | None = None,
) -> Answer:
    """Return the answer to ``question`` as it is meant after the questions in ``history``.

    Raises:
        QuestionError: the question is empty or too long.
    """
    standalone = resolve(question, history, people_of(answerer.index, documents)) if history else None
    return answerer.ask(question, resolved=standalone, documents=documents)


def people_of(index: Index, documents: frozenset[str] | None = None) -> tuple[Subject, ...]:
    """Return whom the papers report on; () where there are too many papers to tell."""
    keys = [key for key in index.documents if documents is None or key in documents]
    if len(keys) > FEW_PAPERS:
        return ()
    return tuple(dict.fromkeys(person for key in keys for person in paper_subjects(index.documents[key])))


def find_papers(index: Index, names: Sequence[str] | None) -> frozenset[str] | None:
    """Return the ids of the papers called ``names``: file name, title, or the start of the id.

    Raises:
        UsageError: a name fits no paper, or several.
    """
    if not names:
        return None
    return frozenset(_find_paper(index, name) for name in names)


def _find_paper(index: Index, name: str) -> str:
    wanted = name.casefold().strip()
    exact, partial = [], []
    for key, document in index.documents.items():
        called = (document.source.casefold(), document.title.casefold(), key)
        if wanted and wanted in called:
            exact.append(key)
        elif wanted and (key.startswith(wanted) or any(wanted in text for text in called[:2])):
            partial.append(key)
    if not exact:  # a file set aside is called by its name; the one used for it answers
        aside = catalogue_of(index).aside.values()
        exact = [one.better for one in aside if wanted in (one.source.casefold(), one.id)][:1]
    found = exact or partial
    if len(found) != 1:
        what = "no paper is called" if not found else f"{len(found)} papers are called"
        raise UsageError(f"{what} “{name}”.", "See the names with: loccit info")
    return found[0]
