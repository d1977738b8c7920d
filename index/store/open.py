"""Opening an index: one verified, read-only generation of it.

    <index>/LOCK  CURRENT  gen-00000007/{manifest.json, passages.sqlite, ...}  pins/  pending/

``CURRENT`` names a generation and the sha256 of its manifest; the manifest has the
checksum of every other file. All of them are compared before anything is used.
Writing is in ``index.store.publish``.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from index.errors import IndexDamaged, IndexMissing, StorageError
from index.files import check, load_array, load_bytes, refusals
from index.store.lexical import Lexical
from index.store.manifest import MANIFEST, Manifest, decode
from index.store.pins import pin
from index.store.rows import Passages, Rows
from index.store.vectors import Vectors, cosines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from index.store.pins import Pin
    from index.text import Document, Sentence, Span

CURRENT = "CURRENT"
ROWS = "passages.sqlite"
VECTORS = "vectors.faiss"
SENTENCE_VECTORS = "sentence-vectors.npy"
PASSAGE_DOCUMENTS = "passage-documents.npy"
SENTENCE_STARTS = "sentence-starts.npy"
ENCODER = "encoder.onnx"
TOKENIZER = "tokenizer.json"
_FOLDER = re.compile(r"gen-(\d{8})")
_POINTER = re.compile(rb"gen-(\d{8}) ([0-9a-f]{64})\n")
_REBUILD = "Rebuild it with: loccit build"


class Index:
    """A snapshot of one generation. Never changes; safe in several threads.

    Opening it loads no encoder. ``close`` lets the generation be collected.
    """

    def __init__(self, folder: Path, manifest: Manifest, warnings: tuple[str, ...] = ()) -> None:
        """Compare every checksum and open the files of the generation in ``folder``.

        Raises:
            IndexDamaged: a file is missing, cut or changed.
            StorageError: the system refuses to read.
        """
        self.folder = folder  #: of this generation
        self.manifest = manifest
        self.warnings = warnings  #: for people; empty when all is well
        self._pin: Pin | None = None
        _verify(folder, manifest)
        self._rows = Rows(folder / ROWS)
        #: documents by id, in order of id; decoded when asked for
        self.documents: Mapping[str, Document] = self._rows.documents
        self.passages: Passages = self._rows.passages  #: by position
        self.names: Mapping[str, str] = self._rows.names  #: document id -> title or file name, quickly
        self.lexical = Lexical(folder)
        self.vectors = Vectors(load_bytes(folder / VECTORS))
        #: one L2-normalised row per sentence, shape (sentences, dimension), memory-mapped
        self.sentence_vectors: NDArray[np.float32] = load_array(folder / SENTENCE_VECTORS)
        self._passage_documents = load_array(folder / PASSAGE_DOCUMENTS)
        self._sentence_starts = load_array(folder / SENTENCE_STARTS)
        self._check_sizes()

    @property
    def generation(self) -> int:
        """Number of the generation."""
        return self.manifest.generation

    def text(self, document_id: str) -> str:
        """Return the canonical text of a document, much quicker than ``documents[...]``.

        Raises:
            KeyError: there is no such document.
        """
        return self._rows.text(document_id)

    def quote(self, document_id: str, span: Span) -> str:
        """Return the characters of a document that ``span`` covers; raises as ``text``."""
        return span.of(self.text(document_id))

    def sentences_of(self, position: int) -> list[tuple[int, Sentence]]:
        """Return the sentences of the passage at ``position``, each with its row in ``sentence_vectors``."""
        return self._rows.sentences_of(position)

    def nearest_sentences(
        self, vector: NDArray[np.float32], positions: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return, for each passage of ``positions``, the cosine of ``vector`` with its nearest sentence.

        A passage without a sentence of its own (a part of a long one) gets -1.
        Shapes ``(dimension,)``, ``(n,)`` and ``(n,)``.
        """
        starts, ends = self._sentence_starts[positions], self._sentence_starts[positions + 1]
        best = np.full(len(positions), -1.0, np.float32)
        some = np.flatnonzero(ends > starts)
        if len(some):
            lengths = ends[some] - starts[some]
            firsts = np.cumsum(lengths) - lengths  # where each passage's rows begin among those gathered
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

    @property
    def rows(self) -> Rows:
        """The stored form of the papers, for building the next generation."""
        return self._rows

    def close(self) -> None:
        """Close the files and let the generation be collected."""
        self._rows.close()
        if self._pin:
            self._pin.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self, held: Pin | None) -> None:
        """Keep ``held`` until ``close``."""
        self._pin = held

    def _check_sizes(self) -> None:
        counts = self.manifest.counts
        shape = self.sentence_vectors.shape
        by_passage = (len(self._passage_documents), len(self._sentence_starts) - 1)
        found = (len(self.vectors), self.lexical.passages, *by_passage, *shape)
        wanted = (*(counts.passages,) * 4, counts.sentences, self.manifest.model.dimension)
        if self._rows.counts() != counts or found != wanted:
            raise IndexDamaged(f"{self.folder}: its files do not belong together.", _REBUILD)


def _verify(folder: Path, manifest: Manifest) -> None:
    """Compare all files with the manifest."""
    with ThreadPoolExecutor(max_workers=4) as pool:  # hashing releases the interpreter's lock
        for done in [pool.submit(check, folder, record) for record in manifest.files]:
            done.result()


def open_index(folder: Path) -> Index:
    """Open the current generation of the index in ``folder``, verified.

    Where that is damaged, the newest whole one before it is opened instead and
    ``Index.warnings`` says so.

    Raises:
        IndexMissing: nothing was ever published there.
        IndexDamaged: no generation is whole.
        FormatMismatch: another version of Loccit wrote it.
        StorageError: the system refuses to read.
    """
    for _ in range(100):  # a writer may publish and collect between our reading the name and the files
        pointer = read_pointer(folder)
        try:
            return _open_newest(folder, pointer)
        except IndexDamaged:
            if read_pointer(folder) == pointer:
                raise
    raise IndexDamaged(f"{folder}: the index changes faster than it can be opened.", "Try again.")


def _open_newest(folder: Path, pointer: tuple[int, str] | None) -> Index:
    order = sorted(generations(folder), reverse=True)
    problems: list[str] = []
    if not order and not pointer:
        raise IndexMissing(f"{folder}: there is no index yet.", "Build one with: loccit build FOLDER")
    if pointer and pointer[0] not in order:
        problems.append(f"{folder / CURRENT} names generation {pointer[0]}, which is not there.")
        if read_pointer(folder) != pointer:  # collected meanwhile
            raise IndexDamaged(problems[0], _REBUILD)
    elif pointer and names_its_manifest(folder, pointer):
        # Newer ones come last: they were rolled back.
        before = [number for number in order if number < pointer[0]]
        order = [pointer[0], *before, *(number for number in order if number > pointer[0])]
    else:
        problems.append(f"{folder / CURRENT} is damaged.")
    for number in order:
        try:
            return _open_one(folder, number, problems)
        except IndexDamaged as error:
            problems.append(error.message)
            if read_pointer(folder) != pointer:
                raise
    raise IndexDamaged(problems[0], _REBUILD)


def names_its_manifest(folder: Path, pointer: tuple[int, str]) -> bool:
    """Tell whether the generation and the sha256 in ``CURRENT`` agree, as far as can be told.

    A manifest is checked by itself; if it is whole and has another sum, then it is
    ``CURRENT`` that is damaged.
    """
    try:
        return read_manifest(generation_folder(folder, pointer[0]))[1] == pointer[1]
    except IndexDamaged:
        return True


def _open_one(folder: Path, number: int, problems: list[str]) -> Index:
    place = generation_folder(folder, number)
    held = pin(folder, number)
    try:
        manifest, _ = read_manifest(place)
        if manifest.generation != number:
            raise IndexDamaged(f"{place / MANIFEST}: it is that of another generation.", _REBUILD)
        warnings = tuple(f"{text} Generation {number} of {manifest.created} answers." for text in problems)
        index = Index(place, manifest, warnings)
    except BaseException:
        if held:
            held.release()
        raise
    index.hold(held)
    return index


def read_manifest(place: Path) -> tuple[Manifest, str]:
    """Return the manifest in the generation's folder ``place``, and the sha256 of its bytes.

    Raises:
        IndexDamaged: it is missing or changed.
        FormatMismatch: another version of Loccit wrote it.
    """
    path = place / MANIFEST
    try:
        with refusals(path):
            data = path.read_bytes()
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError | IsADirectoryError):
            raise IndexDamaged(f"{path}: the file is missing.", _REBUILD) from error
        raise
    return decode(data, str(path)), hashlib.sha256(data).hexdigest()


def current_generation(folder: Path) -> int | None:
    """Return the number in ``CURRENT``; None if that is missing or damaged."""
    pointer = read_pointer(folder)
    return pointer[0] if pointer and names_its_manifest(folder, pointer) else None


def read_pointer(folder: Path) -> tuple[int, str] | None:
    """Return the current generation and its manifest's sha256; None if ``CURRENT`` is missing or damaged.

    Raises:
        StorageError: the system refuses to read.
    """
    path = folder / CURRENT
    try:
        with refusals(path):
            found = _POINTER.fullmatch(path.read_bytes())
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise
    return (int(found[1]), found[2].decode()) if found else None


def pointer_bytes(number: int, digest: str) -> bytes:
    """Return the contents of ``CURRENT``."""
    return f"gen-{number:08d} {digest}\n".encode()


def generation_folder(folder: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return folder / f"gen-{number:08d}"


def generations(folder: Path) -> list[int]:
    """Return the numbers of the generations whose folders are there, in order; whole or not."""
    with refusals(folder):
        if not folder.is_dir():
            return []
        return sorted(int(found[1]) for item in folder.iterdir() if (found := _FOLDER.fullmatch(item.name)))
