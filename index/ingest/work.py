"""The preparation of a build: papers are read, split and embedded, each once."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Encoder
from index.errors import FileEmpty, GarbledText, LoccitError
from index.files import Disk
from index.ingest.catalogue import catalogue_of
from index.ingest.editions import edition_of, encoded
from index.ingest.papers import file_id, reading_fingerprint, reads_alike
from index.ingest.pending import Embedded, Pending
from index.ingest.report import Became, FileOutcome, Progress
from index.ingest.selection import Selection, recalled
from index.read import Outcome as Outcome
from index.read import may_be_paper
from index.read.open import name_of
from index.read.passages import passages_of
from index.segments.paper import PaperRows
from index.store.index import Index
from index.text import Document

#: Texts embedded together: many small papers cost what one with as many sentences costs. A large paper is
#: embedded by itself, so that an interrupted build loses little.
_TOGETHER = 256

#: Reads files with a number of workers and yields an outcome for each, in the given order, until closed.
Read = Callable[[Sequence[Path], int], Generator[Outcome, None, None]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of one paper elsewhere: it is embedded, or there was an error."""

    given: Path | PaperRows
    embedded: Embedded | None
    warnings: tuple[str, ...] = ()
    error: LoccitError | None = None


#: Reads and embeds papers elsewhere, embeds those that were read already, and yields what became of each, in
#: any order, until closed.
Prepare = Callable[[Iterable[Path | PaperRows]], Generator[Prepared, None, None]]


def split(document: Document, reading: str, encoder: Encoder) -> PaperRows:
    """Split a paper into passages that fit ``encoder``, and sentences.

    Raises:
        FileEmpty: it has no sentence.
        GarbledText: its text cannot be stored.
    """
    passages, sentences = passages_of(document, encoder.count_pieces, encoder.max_pieces)
    source = document.source
    if not passages:
        reason = "the paper has no sentence to quote."
        raise FileEmpty(source, reason, "Give a paper with running text.")
    try:
        document.text.encode()
        edition = edition_of(document, len(sentences))
        paper = PaperRows.of(document, passages, sentences, reading)
        return replace(paper, edition=encoded(edition), anchors=edition.anchors)
    except UnicodeEncodeError as error:
        reason = "the text contains unpaired surrogates."
        raise GarbledText(source, reason, "Get the paper in another format.") from error


def with_vectors(paper: PaperRows, vectors: Mapping[str, NDArray[np.float32]]) -> Embedded:
    """Return a paper with the vectors of its texts."""
    rows = np.array([vectors[text] for text in paper.embedded_texts()], np.float32)
    return Embedded(paper, rows[: len(paper.passages)], rows[len(paper.passages) :])


def embed(paper: PaperRows, encoder: Encoder) -> Embedded:
    """Embed all texts of a paper. Its vectors are those that it gets when embedded with other papers."""
    texts = sorted(frozenset(paper.embedded_texts()))
    return with_vectors(paper, dict(zip(texts, encoder.encode(texts), strict=True)))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A paper that is split and waits to be embedded."""

    path: Path | None  #: None if it was not read from a file
    paper: PaperRows
    warnings: tuple[str, ...]
    known: dict[str, NDArray[np.float32]]  #: vectors of its texts that the previous generation has
    new: frozenset[str]  #: its other texts


def _shortest(name: str) -> tuple[int, str]:
    """Sort key of the names of one paper: of equal names, all but one have a folder."""
    return name.count("/"), name


class Work:
    """The preparation of one build, with the lock of the index held. ``select`` is called once."""

    def __init__(
        self,
        folder: Path,
        base: Index | None,
        encoder: Encoder,
        disk: Disk,
        *,
        read: Read,
        prepare: Prepare | None,
        progress: Progress,
        workers: int,
    ) -> None:
        self.encoder = encoder
        self.progress = progress
        self.pending = Pending(folder, reading_fingerprint(), encoder.fingerprint, disk)
        self._folder = folder
        self._base = base
        self._same_model = base is not None and base.manifest.model.fingerprint == encoder.fingerprint
        self._held = base.given() if base else {}  # file name and reading by document id
        self._by_name = {source: key for key, (source, _) in self._held.items()}
        self._read_files = read
        self._prepare = prepare
        self._workers = workers
        self._ids: set[str] = set()  # of the papers of the new generation
        self._names: dict[str, set[str]] = {}  # names of the files with these bytes, by document id
        self._fresh: set[str] = set()  # ids of those in ``pending``
        self._outcomes: dict[Path, FileOutcome] = {}
        self._named: dict[Path, tuple[str, str]] = {}  # document id and name in ``_names``, by file
        self._waiting: list[_Waiting] = []  # split, not embedded
        self._count = {"papers": (0, 0), "texts": (0, 0)}  # done and all, by stage of ``Progress``

    @property
    def outcomes(self) -> tuple[FileOutcome, ...]:
        """What became of each file, in order of path."""
        return tuple(self._outcomes[path] for path in sorted(self._outcomes))

    def select(self, paths: Sequence[Path], *, keep: bool) -> Selection:
        """Read and embed what is not ready; return all papers of the new generation.

        ``keep`` adds the papers of the previous generation to those in ``paths``.
        """
        if keep:
            self._ids |= self._held.keys()
            copies = catalogue_of(self._base).copies if self._base else {}
            self._names |= {key: {source, *copies.get(key, ())} for key, (source, _) in self._held.items()}
        unread = self._recall(self._not_ready(paths))
        self._read(unread)
        # Files with the bytes of one that was refused for its name.
        left = (one for one in self._outcomes.values() if one.became is Became.DUPLICATE)
        if again := [one.path for one in left if one.document_id not in self._ids]:
            self._read(again)
        if self._base and not self._same_model:
            self._embed_again(self._base)
        names = {key: sorted(self._names[key], key=_shortest) for key in self._ids}
        selection = Selection.named(names, self._base, self.pending, frozenset(self._fresh)).chosen()
        aside = selection.catalogue.aside
        for path, outcome in self._outcomes.items():
            one = aside.get(outcome.document_id or "")
            if one and outcome.became is not Became.DUPLICATE:
                self._note(path, Became.SET_ASIDE, one.id, (one.reason, *outcome.warnings))
        return selection

    def _not_ready(self, paths: Sequence[Path]) -> dict[Path, str | None]:
        """Return the files that neither the previous generation nor pending work has, with their ids.

        The id is None for a file that cannot be a paper; reading it reports why.
        """
        seen: dict[str, Path] = {}
        unread: dict[Path, str | None] = {}
        for path in paths:
            key = file_id(path) if may_be_paper(path) else None
            if key is None:
                unread[path] = None
                continue
            name = name_of(path)
            if key in seen and name == name_of(seen[key]):
                name = f"{name_of(path.absolute().parent)}/{name}"
            self._names.setdefault(key, set()).add(name)
            self._named[path] = key, name
            if key in seen:
                self._note(path, Became.DUPLICATE, key, (f"the same file as {seen[key]}",))
            elif self._is_ready(key, path):
                self._ids.add(key)
                self._note(path, Became.UNCHANGED if key in self._held else Became.ADDED, key)
            else:
                unread[path] = key
            seen.setdefault(key, path)
        return unread

    def _is_ready(self, key: str, path: Path) -> bool:
        if key in self._held and reads_alike(*self._held[key], path):
            return True
        kept = self.pending.get(key)
        if kept and reads_alike(kept.paper.source, kept.paper.reading, path):
            self._fresh.add(key)
        return key in self._fresh

    def _recall(self, unread: dict[Path, str | None]) -> list[Path]:
        """Take from earlier generations what they have of ``unread``; return the other files."""
        wanted = {key: path for path, key in unread.items() if key is not None}
        skip = self._base.generation if self._base else None
        for embedded in recalled(self._folder, self.encoder.fingerprint, wanted, skip):
            self._put(embedded)
            self._note(wanted[embedded.paper.id], Became.ADDED, embedded.paper.id)
        return [path for path, key in unread.items() if key not in self._fresh]

    def _put(self, embedded: Embedded) -> None:
        self.pending.put(embedded)
        self._fresh.add(embedded.paper.id)
        self._ids.add(embedded.paper.id)

    def _read(self, paths: Sequence[Path]) -> None:
        self._tell("papers", more=len(paths))
        if self._prepare:
            self._receive(self._prepare(paths))
            return
        with closing(self._read_files(paths, self._workers)) as outcomes:
            for outcome in outcomes:
                try:
                    if outcome.document is None:
                        raise outcome.error or FileEmpty(outcome.path.name, "no text.", "Try another file.")
                    paper = self._split(outcome.document, reading_fingerprint(), outcome.path)
                except LoccitError as error:
                    self.refuse({outcome.path: error})
                    self._tell("papers", done=1)
                else:
                    self._wait(paper)
        self._embed()

    def _wait(self, paper: _Waiting) -> None:
        """Embed a paper with the next ones, or with those that wait, once there are enough."""
        self._waiting.append(paper)
        if sum(len(one.new) for one in self._waiting) >= _TOGETHER:
            self._embed()

    def _tell(self, stage: str, done: int = 0, more: int = 0) -> None:
        """Report that ``done`` more are done of a stage, and ``more`` more to do."""
        before, total = self._count[stage]
        self._count[stage] = before + done, total + more
        self.progress(stage, *self._count[stage])

    def refuse(self, errors: Mapping[Path, LoccitError]) -> None:
        """Note what could not be read."""
        for path, error in errors.items():
            self._outcomes[path] = FileOutcome(path, Became.REFUSED, None, (), error)
            if path in self._named:
                key, name = self._named[path]
                self._names[key].discard(name)

    def _split(self, document: Document, reading: str, path: Path | None) -> _Waiting:
        """Split a paper and find the texts to embed; raises as ``split``."""
        paper = split(document, reading, self.encoder)
        known = self._known(paper)
        new = frozenset(paper.embedded_texts()) - known.keys()
        self._tell("texts", more=len(new))
        return _Waiting(path, paper, document.warnings, known, new)

    def _embed(self) -> None:
        """Embed the papers that wait, all texts at once, and make them pending."""
        waiting, self._waiting = self._waiting, []
        new = sorted(frozenset[str]().union(*(one.new for one in waiting)))
        before, known = self._count["texts"]
        made = self.encoder.encode(new, progress=lambda done, _: self.progress("texts", before + done, known))
        vectors = dict(zip(new, made, strict=True))
        for one in waiting:
            self._take(one.path, with_vectors(one.paper, ChainMap(one.known, vectors)), one.warnings)
        self._tell("texts", done=sum(len(one.new) for one in waiting))  # a text of two papers counts twice
        self._tell("papers", done=len(waiting))

    def _receive(self, papers: Generator[Prepared, None, None]) -> None:
        """Make papers pending as they are embedded elsewhere."""
        with closing(papers):
            for one in papers:
                path = one.given if isinstance(one.given, Path) else None
                if one.embedded:
                    texts = len(frozenset(one.embedded.paper.embedded_texts()))
                    self._take(path, one.embedded, one.warnings)
                    self._tell("texts", done=texts, more=texts)
                elif one.error and path is not None:
                    self.refuse({path: one.error})
                elif one.error:
                    raise one.error
                self._tell("papers", done=1)

    def _take(self, path: Path | None, paper: Embedded, warnings: tuple[str, ...]) -> None:
        """Make a paper pending; ``path`` is None if it was not read from a file."""
        key = paper.paper.id
        self._put(paper)
        self._names.setdefault(key, {paper.paper.source})
        if path is not None:
            self._note(path, Became.UNCHANGED if key in self._held else Became.ADDED, key, warnings)

    def _known(self, paper: PaperRows) -> dict[str, NDArray[np.float32]]:
        """Return the vectors that the previous generation has for this paper or its file name, by text.

        Those of sentences are stored in less precision, so none of them becomes that of a passage.
        """
        passages: dict[str, NDArray[np.float32]] = {}
        sentences: dict[str, NDArray[np.float32]] = {}
        if self._base and self._same_model:
            keys = {paper.id, self._by_name.get(paper.source, paper.id)}
            for key in sorted(keys & self._base.documents.keys()):
                texts = self._base.paper(key).embedded_texts()
                of_passages, of_sentences = self._base.vectors_of(key)
                passages.update(zip(texts, of_passages, strict=False))
                sentences.update(zip(texts[len(of_passages) :], of_sentences, strict=True))
        own = frozenset(paper.passage_texts())
        return {text: vector for text, vector in sentences.items() if text not in own} | passages

    def _embed_again(self, base: Index) -> None:
        """Embed the papers of ``base``, which has another model. Nothing is read again."""
        old = sorted(self._ids - self._fresh)
        held = Selection({key: source for key, (source, _) in self._held.items()}, base)
        self._tell("papers", more=len(old))
        ready = {key for key in old if self.pending.get(key)}
        self._fresh |= ready
        self._tell("papers", done=len(ready))
        papers = (held.paper(key) for key in old if key not in ready)
        if self._prepare:
            self._receive(self._prepare(papers))
            return
        for paper in papers:
            self._wait(self._split(paper.document(), paper.reading, None))
        self._embed()

    def _note(self, path: Path, became: Became, key: str, warnings: tuple[str, ...] = ()) -> None:
        self._outcomes[path] = FileOutcome(path, became, key, warnings)
