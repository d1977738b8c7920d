"""Texts to vectors: the seam between the index and embedding models.

``Encoder`` has two implementations: ``OnnxEncoder`` needs no torch and encodes papers and
questions with the two models that Loccit knows; ``SentenceEncoder`` runs any other model by
sentence-transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.embed.model import model_files
from index.embed.onnx import OnnxEncoder, known_network
from index.embed.sentence import SentenceEncoder, exported_network
from index.errors import ModelMismatch
from index.store.index import Index
from index.store.manifest import Model


class Encoder(Protocol):
    """Encodes texts as vectors."""

    @property
    def name(self) -> str:
        """Name of the model, for people."""

    @property
    def fingerprint(self) -> str:
        """Sha256 over the sha256s of weights, tokenizer, pooling and normalisation.

        Encoders with the same fingerprint give the same vectors up to rounding.
        """

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_pieces(self) -> int:
        """Pieces of a text, special tokens included, that the model reads; the rest is ignored."""

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """Return one L2-normalised vector per text, shape ``(len(texts), dimension)``.

        ``progress`` is called with the number of texts done and of all texts.
        """

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """Return the number of pieces of each text, special tokens included, untruncated."""


def load_encoder(model: str | None = None, threads: int = 0) -> OnnxEncoder | SentenceEncoder:
    """Return the encoder of ``model``; see ``model_files``, which may raise. Nothing is loaded yet.

    ``threads`` limits those of onnxruntime; 0 is one for each core. The vectors are the same.
    """
    files = model_files(model)
    network = known_network(files, threads)
    return OnnxEncoder(files, network) if network else SentenceEncoder(files)


def question_encoder(index: Index, model: str | None = None) -> Encoder:
    """Return the encoder for questions to ``index``, by onnxruntime wherever that is possible.

    The first time that another model than the two known ones is asked for, it is exported, which takes
    about ten seconds.

    Args:
        index: to ask.
        model: the model the user asked for; None for that of the index.

    Raises:
        ModelMismatch: the index was built with another model.
        UsageError: the model is not on this machine.
    """
    encoder = load_encoder(model if model is not None else index.manifest.model.name)
    require_same_model(index, encoder)
    if isinstance(encoder, SentenceEncoder) and (network := exported_network(encoder)):
        return OnnxEncoder(encoder.files, lambda: network)
    return encoder


def model_of(encoder: Encoder) -> Model:
    """Return the description of ``encoder`` that a manifest records."""
    return Model(encoder.name, encoder.fingerprint, encoder.dimension, encoder.max_pieces)


def require_same_model(index: Index, encoder: Encoder) -> None:
    """Raise ``ModelMismatch`` if ``index`` was built with another model than that of ``encoder``."""
    built = index.manifest.model
    if encoder.fingerprint != built.fingerprint:
        raise ModelMismatch(
            f"The index was built with {built.name} ({built.fingerprint[:12]}), "
            f"not with {encoder.name} ({encoder.fingerprint[:12]}).",
            f"Use the model of the index, or rebuild it: loccit build --model {encoder.name}",
        )
