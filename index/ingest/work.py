"""Gets papers ready for a new generation: read, cut up and embedded, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import FileEmpty, GarbledText, LoccitError
from index.ingest.catalogue import given
from index.ingest.papers import file_id, reading_fingerprint
from index.ingest.pending import Embedded, Pending
from index.ingest.recall import recalled
from index.ingest.selection import Selection
from index.read import may_be_paper
from index.read.passages import passages_of
from index.store.paper_rows import PaperRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from index.embed.encoder import Encoder
    from index.files import Disk
    from index.store.open import Index
    from index.text import Document

_READ_AHEAD = 32  #: papers handed to the readers at once


class Progress(Protocol):
    """Is told how far a build is.

    Stages: "papers" (read and embedded), "texts" (embedded, of the paper at hand),
    "saving" (0 or 1 of 1).
    """

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note."""


class Outcome(Protocol):
    """What a reader says about one file: a document or an error."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def document(self) -> Document | None:
        """The paper in it; None if it was refused."""

    @property
    def error(self) -> LoccitError | None:
        """Why it was refused."""


#: Reads files, so many at once, and yields an outcome for each in the order given.
Read = Callable[[Sequence[Path], int], Iterator[Outcome]]


class Became(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"  #: the index holds it already
    DUPLICATE = "duplicate"  #: a file before it has the same bytes
    SET_ASIDE = "set aside"  #: another file of the same paper is better structured
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file."""

    path: Path
    became: Became
    document_id: str | None  #: None where it was refused
    warnings: tuple[str, ...] = ()  #: what could not be read or repaired, if it was read just now
    error: LoccitError | None = None  #: why it was refused


def read_papers(paths: Sequence[Path], workers: int) -> Iterator[Outcome]:
    """Read files with this project's own readers."""
    from index.read import read_many

    return read_many(paths, workers=workers)


def no_progress(stage: str, done: int, total: int) -> None:
    """Take no note."""


@dataclass
class Work:
    """One build's preparation. ``select`` is called once, with the index's lock held."""

    folder: Path
    encoder: Encoder
    disk: Disk
    read: Read = read_papers
    progress: Progress = no_progress
    workers: int = 2
    _base: Index | None = None
    _by_name: dict[str, str] = field(default_factory=dict)
    _outcomes: dict[Path, FileOutcome] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.reading = reading_fingerprint()
        self.pending = Pending(self.folder, self.reading, self.encoder.fingerprint, self.disk)

    @property
    def outcomes(self) -> tuple[FileOutcome, ...]:
        """What became of each file, in order of path."""
        return tuple(self._outcomes[path] for path in sorted(self._outcomes))

    def select(self, paths: Sequence[Path], base: Index | None, *, keep: bool) -> Selection:
        """Read and embed what is not ready yet; return all papers of the new generation.

        ``keep`` adds the papers that ``base`` holds to those in ``paths``.
        """
        held = given(base) if base else {}
        self._base = base
        self._by_name = {source: key for key, (source, _) in held.items()}
        sources = {key: source for key, (source, _) in held.items()} if keep else {}
        names: dict[str, str] = {}
        unread: dict[Path, str | None] = {}  # by file, the id that it would have
        for path in paths:
            # Without an id, a file is read, and reading it says what is wrong.
            key = file_id(path) if may_be_paper(path) else None
            if key is None or key not in names:
                ready = key is not None and self._is_ready(key, path, base, held)
                if key is not None and ready:
                    sources[key] = path.name
                    self._note(path, Became.UNCHANGED if key in held else Became.ADDED, key)
                else:
                    unread[path] = key
            else:
                self._note(path, Became.DUPLICATE, key)
            if key is not None:  # of several names for the same bytes, the first in order is kept
                names[key] = min(path.name, names.get(key, path.name), *self._kept(key, held, keep))
        self._read(self._still_unread(unread, sources), sources, held)
        sources.update({key: names[key] for key in sources if key in names})
        self._embed_again(base, sources)
        selection = Selection(sources, base, self.pending, frozenset(self._fresh)).chosen()
        self._note_aside(selection)
        return selection

    def _note_aside(self, selection: Selection) -> None:
        aside = selection.catalogue.aside
        for path, outcome in self._outcomes.items():
            one = aside.get(outcome.document_id or "")
            if one and outcome.became is not Became.DUPLICATE:
                self._note(path, Became.SET_ASIDE, one.id, (one.reason, *outcome.warnings))

    @staticmethod
    def _kept(key: str, held: dict[str, tuple[str, str]], keep: bool) -> tuple[str, ...]:
        return (held[key][0],) if keep and key in held else ()

    def _is_ready(self, key: str, path: Path, base: Index | None, held: dict[str, tuple[str, str]]) -> bool:
        """Tell whether ``base`` or the pending work has the paper as it would be read now."""
        if base and key in held and self._read_alike(held[key][0], path, held[key][1]):
            return True
        found = self.pending.get(key)
        if found is None or not _alike(found.paper.source, path):
            return False
        self._fresh.add(key)
        return True

    def _still_unread(self, unread: Mapping[Path, str | None], sources: dict[str, str]) -> list[Path]:
        """Take from earlier generations what they have of ``unread``; return the others."""
        wanted = {key: path for path, key in unread.items() if key is not None}
        skip = self._base.generation if self._base else None
        for embedded in recalled(self.folder, self.encoder.fingerprint, wanted, self._read_alike, skip):
            key = embedded.paper.id
            self.pending.put(embedded)
            self._fresh.add(key)
            sources[key] = wanted[key].name
            self._note(wanted[key], Became.ADDED, key)
        return [path for path, key in unread.items() if key is None or key not in self._fresh]

    def _read_alike(self, source: str, path: Path, reading: str) -> bool:
        return reading == self.reading and _alike(source, path)

    def _read(self, paths: Sequence[Path], sources: dict[str, str], held: dict[str, tuple[str, str]]) -> None:
        self.progress("papers", 0, len(paths))
        for start in range(0, len(paths), _READ_AHEAD):
            for at, outcome in enumerate(self.read(paths[start : start + _READ_AHEAD], self.workers), 1):
                try:
                    document = self._accept(outcome)
                except LoccitError as error:
                    self._outcomes[outcome.path] = FileOutcome(outcome.path, Became.REFUSED, None, (), error)
                else:
                    sources[document.id] = document.source
                    became = Became.UNCHANGED if document.id in held else Became.ADDED
                    self._note(outcome.path, became, document.id, document.warnings)
                self.progress("papers", start + at, len(paths))

    def _accept(self, outcome: Outcome) -> Document:
        """Embed the paper that was read, or raise why it cannot be used."""
        if outcome.document is None:
            raise outcome.error or FileEmpty(outcome.path.name, "nothing was read.", "Try another file.")
        self._embed(outcome.document, self.reading)
        return outcome.document

    def _embed(self, document: Document, reading: str) -> None:
        """Cut a paper up, embed what was not embedded before, and put it with the pending work."""
        passages, sentences = passages_of(document, self.encoder.count_pieces, self.encoder.max_pieces)
        if not passages:
            raise FileEmpty(
                document.source, "there is no sentence in it to quote.", "Give a paper with running text."
            )
        try:
            paper = PaperRows.of(document, passages, sentences, reading)
            document.text.encode()
        except UnicodeEncodeError as error:
            raise GarbledText(
                document.source, "its text holds halves of characters.", "Get the paper in another form."
            ) from error
        vectors = self._vectors(paper)
        self.pending.put(Embedded(paper, vectors[: len(passages)], vectors[len(passages) :]))
        self._fresh.add(document.id)

    def _vectors(self, paper: PaperRows) -> NDArray[np.float32]:
        """Return a vector per text of ``paper``, those it shares with its earlier form taken from there."""
        texts = paper.embedded_texts()
        known = self._known(paper)
        new = sorted(set(texts).difference(known))
        made = self.encoder.encode(new, progress=lambda done, total: self.progress("texts", done, total))
        known.update(zip(new, made, strict=True))
        return np.array([known[text] for text in texts], np.float32)

    def _known(self, paper: PaperRows) -> dict[str, NDArray[np.float32]]:
        """Return the vectors of the texts that the generation before has for this paper or its file name."""
        base = self._base
        if base is None or base.manifest.model.fingerprint != self.encoder.fingerprint:
            return {}
        known: dict[str, NDArray[np.float32]] = {}
        for key in sorted({paper.id, self._by_name.get(paper.source, paper.id)} & base.documents.keys()):
            earlier = Selection({key: paper.source}, base)
            vectors = (*earlier.passage_vectors(key), *earlier.sentence_vectors(key))
            known.update(zip(earlier.paper(key).embedded_texts(), vectors, strict=True))
        return known

    def _embed_again(self, base: Index | None, sources: dict[str, str]) -> None:
        """Cut up and embed what ``base`` holds, where it has another model. Nothing is read again."""
        if base is None or base.manifest.model.fingerprint == self.encoder.fingerprint:
            return
        held = Selection(sources, base)
        old = [key for key in sorted(sources) if key not in self._fresh]
        for at, key in enumerate(old):
            self.progress("papers", at, len(old))
            if self.pending.get(key):
                self._fresh.add(key)
            else:
                paper = held.paper(key)
                self._embed(paper.document(), paper.reading)
        self.progress("papers", len(old), len(old))

    def _note(self, path: Path, became: Became, key: str, warnings: tuple[str, ...] = ()) -> None:
        self._outcomes[path] = FileOutcome(path, became, key, warnings)


def _alike(source: str, path: Path) -> bool:
    """Tell whether two names make a reader take the same bytes for the same kind of paper."""
    return Path(source).suffix.lower() == path.suffix.lower()
