"""Questions to vectors without torch: the model as an ONNX graph, run by onnxruntime.

The graph holds the network, its pooling and the normalisation; the generation of
the index holds the graph, so asking needs no model package either.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.embed.encoder import SentenceEncoder, load_encoder
from index.errors import IndexDamaged, ModelMismatch
from index.store.open import ENCODER, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from index.embed.encoder import Encoder
    from index.store.open import Index

#: Largest difference of any component from sentence-transformers that an exported graph may have.
TOLERANCE = 1e-5
_BATCH = 16
_PROBES = (
    "",
    "What was the creatine kinase on admission?",
    "IL-6, TNF-\u03b1 and anti-HMG-CoA reductase antibodies (1.5\u20132.0 ng/mL)",
    "\u65e5\u672c\u8a9e \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac na\u00efve \U0001f642",
    "The patient was discharged after treatment with corticosteroids. " * 60,
)


class OnnxEncoder:
    """onnxruntime behind ``Encoder``. Safe in several threads."""

    def __init__(
        self, graph: Path, tokenizer: Path, *, name: str, fingerprint: str, dimension: int, max_pieces: int
    ) -> None:
        """Open a graph and a tokenizer, whose checksums have been compared.

        Raises:
            IndexDamaged: onnxruntime refuses the graph.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self.max_pieces = max_pieces
        self._whole = Tokenizer.from_file(str(tokenizer))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_file(str(tokenizer))
        self._cut.enable_truncation(max_pieces)
        self._cut.enable_padding(**_padding(self._cut))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Threads that spin between two questions would keep a chat server's cores busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors share no other base
            raise IndexDamaged(f"{graph}: {error}.", "Rebuild the index.") from error

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """See ``Encoder.encode``."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            found = self._cut.encode_batch([texts[i] for i in chosen])
            inputs = {
                "input_ids": np.array([item.ids for item in found], np.int64),
                "attention_mask": np.array([item.attention_mask for item in found], np.int64),
            }
            vectors[chosen] = self._session.run(None, inputs)[0]
            if progress:
                progress(start + len(chosen), len(order))
        return vectors

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """See ``Encoder.count_pieces``."""
        return [len(found) for found in self._whole.encode_batch(list(texts))]


def _padding(tokenizer: Any) -> dict[str, Any]:  # noqa: ANN401 - tokenizers are imported late
    stated = tokenizer.padding or {}
    return {key: stated[key] for key in ("pad_id", "pad_token", "pad_type_id", "direction") if key in stated}


def export(encoder: SentenceEncoder) -> bytes | None:
    """Return the encoder as an ONNX graph; None where that fails or gives other vectors.

    Takes some ten seconds. The graph's vectors are compared with the encoder's own
    on a few odd texts before it is returned.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="loccit-") as folder:
            path = Path(folder) / ENCODER
            _export(encoder, path)
            exported = OnnxEncoder(
                path,
                encoder.files.folder / TOKENIZER,
                name=encoder.name,
                fingerprint=encoder.fingerprint,
                dimension=encoder.dimension,
                max_pieces=encoder.max_pieces,
            )
            difference = np.abs(exported.encode(_PROBES) - encoder.encode(_PROBES)).max()
            return path.read_bytes() if difference <= TOLERANCE else None
    except Exception:
        return None


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

    found = encoder.model.tokenizer(["one text", "another one"], padding=True, return_tensors="pt")
    rows, columns = torch.export.Dim("rows", min=1, max=4096), torch.export.Dim("columns", min=2, max=32_768)
    inputs = (found["input_ids"].to(encoder.model.device), found["attention_mask"].to(encoder.model.device))
    with warnings.catch_warnings(), quiet_about_torchvision(), torch.no_grad():
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


@contextmanager
def quiet_about_torchvision() -> Iterator[None]:
    """Drop what the exporter says about operators for pictures, which no text model has; nothing else."""
    logger = logging.getLogger("torch.onnx._internal.exporter._registration")

    def wanted(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("torchvision is not installed")

    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)


def question_encoder(index: Index, model: str | None = None) -> Encoder:
    """Return the encoder for questions to ``index``: its own graph where it has one, else torch.

    ``model`` is what the user asked for, None where nothing was said.

    Raises:
        ModelMismatch: the index was built with another model.
        UsageError: the model is not on this machine.
    """
    built = index.manifest.model
    has_graph = index.manifest.file(ENCODER) is not None
    if model is not None or not has_graph:
        encoder = load_encoder(model if model is not None else built.name)
        require_same_model(index, encoder)
        if not has_graph:
            return encoder
    return OnnxEncoder(
        index.folder / ENCODER,
        index.folder / TOKENIZER,
        name=built.name,
        fingerprint=built.fingerprint,
        dimension=built.dimension,
        max_pieces=built.max_pieces,
    )


def require_same_model(index: Index, encoder: Encoder) -> None:
    """Refuse to ask ``index`` with vectors of another model.

    Raises:
        ModelMismatch: it was built with another one; both are named.
    """
    built = index.manifest.model
    if encoder.fingerprint != built.fingerprint:
        raise ModelMismatch(
            f"The index was built with {built.name} ({built.fingerprint[:12]}), "
            f"not with {encoder.name} ({encoder.fingerprint[:12]}).",
            f"Ask with the model it was built with, or rebuild it: loccit build --model {encoder.name}",
        )
