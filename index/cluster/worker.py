"""What a worker of a cluster does: read and embed one paper after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from threading import Lock

from index.embed.encoder import Encoder, load_encoder
from index.errors import FormatMismatch, LoccitError, ModelMismatch, UsageError
from index.ingest.papers import reading_fingerprint
from index.ingest.pending import Embedded
from index.ingest.work import embed, split
from index.read.open import document_of
from index.read.sandbox import Server
from index.segments.paper import PaperRows

SAME = "Install the same Loccit, with the same packages, on all machines of the cluster."
_loading = Lock()


@dataclass(frozen=True, slots=True)
class Kind:
    """What the client and the workers have in common, so that a paper becomes the same everywhere."""

    loccit: str  #: version
    reading: str  #: see ``index.ingest.papers.reading_fingerprint``
    name: str  #: of the model, by which a worker finds it
    model: str  #: its fingerprint

    @classmethod
    def of(cls, encoder: Encoder) -> Kind:
        """Return what this process has."""
        return cls(version("loccit"), reading_fingerprint(), encoder.name, encoder.fingerprint)


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read on the client, which alone need see it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """A paper that was read and embedded, or why it was refused."""

    result: Embedded | LoccitError
    warnings: tuple[str, ...] = ()


def prepare(paper: File | PaperRows, kind: Kind) -> Done:
    """Read and embed a paper in this process, which is a worker; of rows, embed the texts only.

    Raises:
        FormatMismatch, ModelMismatch, UsageError: this worker cannot do as the client would.
    """
    from distributed import get_worker

    worker = get_worker()
    encoder = _encoder(kind, str(worker.address), worker.state.nthreads)
    try:
        if isinstance(paper, PaperRows):
            return Done(embed(split(paper.document(), paper.reading, encoder), encoder))
        document = document_of(paper.data, paper.name, run=_reader().run)
        return Done(embed(split(document, kind.reading, encoder), encoder), document.warnings)
    except LoccitError as error:
        return Done(error)


@cache
def _reader() -> Server:
    """Return the process that reads PDFs for this worker; it ends with it."""
    from index.read.pdf.paper import CHILD

    return Server(CHILD)


def _encoder(kind: Kind, address: str, threads: int) -> Encoder:
    """Return the encoder of this process, after comparing what it has with the client's.

    Args:
        kind: of the client.
        address: of this worker, for errors.
        threads: how many the encoder may use.
    """
    here = version("loccit"), reading_fingerprint()
    if here != (kind.loccit, kind.reading):
        ours, theirs = (
            f"{name} (reading {reading[:12]})" for name, reading in (here, (kind.loccit, kind.reading))
        )
        raise FormatMismatch(f"Worker {address} has Loccit {ours}, this machine {theirs}.", SAME)
    with _loading:  # tasks run in threads
        try:
            encoder = _loaded(kind.name, threads)
        except LoccitError as error:
            raise UsageError(f"Worker {address}: {error.message}", error.remedy) from error
    if encoder.fingerprint != kind.model:
        ours, theirs = encoder.fingerprint[:12], kind.model[:12]
        raise ModelMismatch(
            f"Worker {address} has another {kind.name} ({ours}) than this machine ({theirs}).", SAME
        )
    return encoder


@cache
def _loaded(name: str, threads: int) -> Encoder:
    return load_encoder(name, threads)
