"""Opening an index: one verified, read-only generation of it.

    <index>/LOCK  CURRENT  gen-00000007/{manifest.json, passages.sqlite, ...}  pins/  pending/

``CURRENT`` names a generation and the sha256 of its manifest; the manifest has the
checksum of every other file. All are compared before a file is used.
``index.store.publish`` writes.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from index.errors import IndexDamaged, IndexMissing
from index.files import bytes_if_present, check, load_array, load_bytes, refusals
from index.store.lexical import Lexical
from index.store.manifest import MANIFEST, Manifest, decode
from index.store.pins import pin
from index.store.rows import Passages, Rows
from index.store.vectors import Vectors, cosines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from index.store.pins import Pin
    from index.text import Byline, Document, Sentence, Span

CURRENT = "CURRENT"
ROWS = "passages.sqlite"
VECTORS = "vectors.faiss"
SENTENCE_VECTORS = "sentence-vectors.npy"
PASSAGE_DOCUMENTS = "passage-documents.npy"
SENTENCE_STARTS = "sentence-starts.npy"
_FOLDER = re.compile(r"gen-(\d{8})")
_POINTER = re.compile(rb"gen-(\d{8}) ([0-9a-f]{64})\n")
_ATTEMPTS = 100  #: to open an index that is published anew during each of them


class Index:
    """A snapshot of one generation; never changes. Thread-safe.

    Opening it loads no encoder. ``close`` lets the generation be collected.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, warnings: tuple[str, ...] = (), held: Pin | None = None
    ) -> None:
        """Compare every checksum and open the files of the generation in ``folder``.

        Raises:
            IndexDamaged: a file is missing, cut or changed.
            StorageError: the system refuses to read.
        """
        self.folder = folder  #: of this generation
        self.manifest = manifest
        self.warnings = warnings  #: shown to people; empty if the index is intact
        self._pin = held
        with ThreadPoolExecutor(max_workers=4) as pool:  # hashing releases the interpreter lock
            for done in [pool.submit(check, folder, record) for record in manifest.files]:
                done.result()
        #: the stored form of the papers, of which the next generation is built
        self.rows = Rows(folder / ROWS)
        #: documents by id, in order of id; decoded on access
        self.documents: Mapping[str, Document] = self.rows.documents
        self.passages: Passages = self.rows.passages  #: by position
        self.names: Mapping[str, str] = self.rows.names  #: title or file name by document id
        self.lexical = Lexical(folder)
        self.vectors = Vectors(load_bytes(folder / VECTORS))
        #: one L2-normalised row per sentence, shape (sentences, dimension), memory-mapped
        self.sentence_vectors: NDArray[np.float32] = load_array(folder / SENTENCE_VECTORS)
        self._passage_documents = load_array(folder / PASSAGE_DOCUMENTS)
        self._sentence_starts = load_array(folder / SENTENCE_STARTS)
        self._check_sizes()

    def _check_sizes(self) -> None:
        counts = self.manifest.counts
        by_passage = (len(self._passage_documents), len(self._sentence_starts) - 1)
        sizes = (len(self.vectors), self.lexical.passages, *by_passage, *self.sentence_vectors.shape)
        expected = (*(counts.passages,) * 4, counts.sentences, self.manifest.model.dimension)
        if self.rows.counts() != counts or sizes != expected:
            raise IndexDamaged(f"{self.folder}: the sizes of its files do not match the manifest.")

    @cached_property
    def bylines(self) -> Mapping[str, Byline]:
        """Title, authors and year of each document by id."""
        return self.rows.bylines()

    @property
    def generation(self) -> int:
        """Number of the generation."""
        return self.manifest.generation

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document, much faster than ``documents[...]``."""
        return self.rows.text(document_id)

    def quote(self, document_id: str, span: Span) -> str:
        """Return the characters of a document that ``span`` covers; raises like ``text``."""
        return span.of(self.text(document_id))

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row in ``sentence_vectors``."""
        return self.rows.sentences_of(position)

    def opening(self, document_id: str, count: int) -> list[Span]:
        """Return the first ``count`` sentences of a document."""
        return self.rows.opening(document_id, count)

    def nearest_sentences(
        self, vector: NDArray[np.float32], positions: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return, for each passage of ``positions``, the cosine of ``vector`` with its nearest sentence.

        A passage without a sentence of its own (a part of a long sentence) gets -1.
        Shapes ``(dimension,)``, ``(n,)`` and ``(n,)``.
        """
        starts, ends = self._sentence_starts[positions], self._sentence_starts[positions + 1]
        best = np.full(len(positions), -1.0, np.float32)
        some = np.flatnonzero(ends > starts)
        if len(some):
            lengths = ends[some] - starts[some]
            firsts = np.cumsum(lengths) - lengths  # where the rows of each passage start among those gathered
            rows = np.arange(lengths.sum()) + np.repeat(starts[some] - firsts, lengths)
            best[some] = np.maximum.reduceat(cosines(self.sentence_vectors[rows], vector), firsts)
        return best

    def allowed(self, documents: frozenset[str]) -> NDArray[np.bool_]:
        """Return, by position, whether the passage is from one of ``documents`` (ids)."""
        chosen = np.array([key in documents for key in self.names], dtype=bool)
        if not len(chosen):
            return np.zeros(0, dtype=bool)
        result: NDArray[np.bool_] = chosen[self._passage_documents]
        return result

    def close(self) -> None:
        """Close the files and let the generation be collected."""
        self.rows.close()
        if self._pin:
            self._pin.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_index(folder: Path) -> Index:
    """Open the current generation of the index in ``folder``, verified.

    If it is damaged, the newest intact generation before it is opened instead and
    ``Index.warnings`` says so.

    Raises:
        IndexMissing: nothing was ever published there.
        IndexDamaged: no generation is intact.
        FormatMismatch: another version of Loccit wrote it.
        StorageError: the system refuses to read.
    """
    for _ in range(_ATTEMPTS):
        pointer = read_pointer(folder)
        try:
            return _open_newest(folder, pointer)
        except IndexDamaged:
            if read_pointer(folder) == pointer:  # otherwise a writer published and collected meanwhile
                raise
    raise IndexDamaged(f"{folder}: the index changes faster than it can be opened.", "Try again.")


def _open_newest(folder: Path, pointer: tuple[int, str] | None) -> Index:
    """Open the generation that ``pointer`` names, or else the newest intact one."""
    order = sorted(generations(folder), reverse=True)
    problems: list[str] = []
    if not order and not pointer:
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one: loccit build FOLDER")
    if pointer and pointer[0] not in order:
        problems.append(f"{folder / CURRENT} names generation {pointer[0]}, which does not exist.")
        if read_pointer(folder) != pointer:  # collected meanwhile
            raise IndexDamaged(problems[0])
    elif pointer and names_its_manifest(folder, pointer):
        # Generations newer than the current one were rolled back: they come last.
        before = [number for number in order if number < pointer[0]]
        order = [pointer[0], *before, *(number for number in order if number > pointer[0])]
    else:
        problems.append(f"{folder / CURRENT} is damaged.")
    for number in order:
        try:
            return open_generation(folder, number, problems, pinned=True)
        except IndexDamaged as error:
            problems.append(error.message)
            if read_pointer(folder) != pointer:
                raise
    raise IndexDamaged(problems[0])


def open_generation(
    folder: Path, number: int, problems: Sequence[str] = (), *, pinned: bool = False
) -> Index:
    """Open one generation, verified; ``problems`` say why no newer one is used.

    Without ``pinned``, the lock must be held, or the generation may be collected while it is open.

    Raises:
        IndexDamaged, FormatMismatch, StorageError: as ``open_index``.
    """
    place = generation_folder(folder, number)
    held = pin(folder, number) if pinned else None
    try:
        manifest, _ = read_manifest(place)
        if manifest.generation != number:
            raise IndexDamaged(f"{place / MANIFEST}: manifest of another generation, {manifest.generation}.")
        warnings = tuple(f"{text} Using generation {number} of {manifest.created}." for text in problems)
        return Index(place, manifest, warnings, held)
    except BaseException:
        if held:
            held.release()
        raise


def read_manifest(place: Path) -> tuple[Manifest, str]:
    """Return the manifest in the folder ``place`` of a generation, and the sha256 of its bytes.

    Raises:
        IndexDamaged: it is missing or changed.
        FormatMismatch: another version of Loccit wrote it.
        StorageError: the system refuses to read.
    """
    path = place / MANIFEST
    data = bytes_if_present(path)
    if data is None:
        raise IndexDamaged(f"{path}: the file is missing.")
    return decode(data, str(path)), hashlib.sha256(data).hexdigest()


def read_pointer(folder: Path) -> tuple[int, str] | None:
    """Return the current generation and the sha256 of its manifest; None if ``CURRENT`` is unusable."""
    pointer = _POINTER.fullmatch(bytes_if_present(folder / CURRENT) or b"")
    return (int(pointer[1]), pointer[2].decode()) if pointer else None


def pointer_bytes(number: int, digest: str) -> bytes:
    """Return the contents of ``CURRENT``."""
    return f"gen-{number:08d} {digest}\n".encode()


def names_its_manifest(folder: Path, pointer: tuple[int, str]) -> bool:
    """Return whether the generation in ``CURRENT`` has the sha256 in ``CURRENT``.

    A damaged manifest counts as a match, because opening it reports the damage. An
    intact manifest with another checksum means that ``CURRENT`` is damaged.
    """
    try:
        return read_manifest(generation_folder(folder, pointer[0]))[1] == pointer[1]
    except IndexDamaged:
        return True


def current_generation(folder: Path) -> int | None:
    """Return the generation in ``CURRENT``; None if that is missing or damaged."""
    pointer = read_pointer(folder)
    return pointer[0] if pointer and names_its_manifest(folder, pointer) else None


def generation_folder(folder: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return folder / f"gen-{number:08d}"


def generations(folder: Path) -> list[int]:
    """Return the numbers of the generations on disk, intact or not, in order."""
    with refusals(folder):
        if not folder.is_dir():
            return []
        return sorted(int(name[1]) for item in folder.iterdir() if (name := _FOLDER.fullmatch(item.name)))
