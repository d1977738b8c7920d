"""Any sentence-transformers model: run by torch, and exported once for questions.

An exported graph holds the whole model with pooling and normalisation. It is kept in the
platform's cache folder under the fingerprint of the model and its own sha256.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import warnings
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embed.model import Embedding
from index.embed.mpnet import cache_folder
from index.embed.onnx import Network, OnnxEncoder, open_graph
from index.errors import LoccitError
from index.files import LOCAL_DISK, bytes_if_present

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


#: Largest accepted difference of any component between an exported graph and sentence-transformers.
TOLERANCE = 1e-5
#: Texts on which an exported graph is compared: empty, long, and with unusual characters.
_PROBES = (
    "",
    "What was the creatine kinase on admission?",
    "IL-6, TNF-\u03b1 and anti-HMG-CoA reductase antibodies (1.5\u20132.0 ng/mL)",
    "\u65e5\u672c\u8a9e \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac na\u00efve \U0001f642",
    "The patient was discharged after treatment with corticosteroids. " * 60,
)


class SentenceEncoder(Embedding):
    """``Encoder`` by sentence-transformers; the first ``encode`` loads torch."""

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

    def encoded(self, texts: list[str]) -> NDArray[np.float32]:
        """See ``Embedding``."""
        vectors: NDArray[np.float32] = self.model.encode(
            texts,
            batch_size=len(texts),
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return vectors


def exported_network(encoder: SentenceEncoder, cache: Path | None = None) -> Network | None:
    """Return the exported graph of ``encoder``, from the cache if it is there; None if it cannot be exported.

    An export is kept only if it gives the vectors of the encoder on a few unusual texts. In place of one
    that failed, an empty file is kept, so that it is not tried at each question.
    """
    cache = cache or cache_folder()
    name = f"encoder-{encoder.fingerprint[:16]}"
    for path in cache.glob(f"{name}-*.onnx"):
        graph = bytes_if_present(path)
        if graph is not None and path.stem == f"{name}-{hashlib.sha256(graph).hexdigest()}":
            return _network(graph) if graph else None
    graph = _checked_export(encoder)
    with suppress(OSError, LoccitError):  # an unwritable cache costs time at the next question, nothing else
        cache.mkdir(parents=True, exist_ok=True)
        LOCAL_DISK.write_atomically(cache / f"{name}-{hashlib.sha256(graph).hexdigest()}.onnx", [graph])
    return _network(graph) if graph else None


def _network(graph: bytes) -> Network:
    session = open_graph(graph)
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def _checked_export(encoder: SentenceEncoder) -> bytes:
    """Return the graph of ``encoder``; empty if the export fails or gives other vectors."""
    try:
        with tempfile.TemporaryDirectory(prefix="loccit-") as folder:
            path = Path(folder) / "encoder.onnx"
            _export(encoder, path)
            graph = path.read_bytes()
        made = OnnxEncoder(encoder.files, lambda: _network(graph))
        difference = np.abs(made.encode(_PROBES) - encoder.encode(_PROBES)).max()
    except Exception:  # of torch, of the exporter and of onnxruntime; torch answers without a graph
        return b""
    return graph if difference <= TOLERANCE else b""


def _export(encoder: SentenceEncoder, path: Path) -> None:
    import torch

    class Whole(torch.nn.Module):
        """Network, pooling and normalisation as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.model = encoder.model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return torch.nn.functional.normalize(self.model(features)["sentence_embedding"], dim=1)

    batch = encoder.model.tokenizer(["one text", "another one"], padding=True, return_tensors="pt")
    rows, columns = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("columns", min=2, max=32_768)
    inputs = (batch["input_ids"].to(encoder.model.device), batch["attention_mask"].to(encoder.model.device))
    # The exporter notes that it lacks image operators, which no text model has.
    logging.getLogger("torch.onnx._internal.exporter._registration").addFilter(
        lambda record: not record.getMessage().startswith("torchvision is not installed")
    )
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns about its own parts
        torch.onnx.export(
            Whole().eval(),
            inputs,
            str(path),
            dynamo=True,
            verbose=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_shapes=({0: rows, 1: columns}, {0: rows, 1: columns}),
            external_data=False,
        )
