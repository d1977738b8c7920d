"""Questions to vectors without torch: the model as an ONNX graph, run by onnxruntime.

The graph includes pooling and normalisation. It is a file of the index, so asking
needs no model package either.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.embed.encoder import SentenceEncoder, load_encoder, model_of
from index.errors import IndexDamaged, ModelMismatch
from index.store.open import ENCODER, TOKENIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from index.embed.encoder import Encoder
    from index.store.manifest import Model
    from index.store.open import Index

#: Largest accepted difference of any component between an exported graph and sentence-transformers.
TOLERANCE = 1e-5
_BATCH = 16  #: texts encoded at once
#: Texts on which an exported graph is compared: empty, long, and with unusual characters.
_PROBES = (
    "",
    "What was the creatine kinase on admission?",
    "IL-6, TNF-\u03b1 and anti-HMG-CoA reductase antibodies (1.5\u20132.0 ng/mL)",
    "\u65e5\u672c\u8a9e \u0395\u03bb\u03bb\u03b7\u03bd\u03b9\u03ba\u03ac na\u00efve \U0001f642",
    "The patient was discharged after treatment with corticosteroids. " * 60,
)


class OnnxEncoder:
    """``Encoder`` by onnxruntime. Thread-safe."""

    def __init__(self, graph: Path, tokenizer: Path, model: Model) -> None:
        """Open a graph of ``model`` and its tokenizer, whose checksums have been compared.

        Raises:
            IndexDamaged: onnxruntime refuses the graph.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        self.name = model.name
        self.fingerprint = model.fingerprint
        self.dimension = model.dimension
        self.max_pieces = model.max_pieces
        self._whole = Tokenizer.from_file(str(tokenizer))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_file(str(tokenizer))
        self._cut.enable_truncation(model.max_pieces)
        stated = self._cut.padding or {}
        kept = ("pad_id", "pad_token", "pad_type_id", "direction")
        self._cut.enable_padding(**{key: stated[key] for key in kept if key in stated})
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Threads that spin between two questions would keep the cores of a server busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the errors of onnxruntime share no other base
            raise IndexDamaged(f"{graph}: {error}.") from error

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """See ``Encoder.encode``."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            encodings = self._cut.encode_batch([texts[i] for i in chosen])
            inputs = {
                "input_ids": np.array([item.ids for item in encodings], np.int64),
                "attention_mask": np.array([item.attention_mask for item in encodings], np.int64),
            }
            vectors[chosen] = self._session.run(None, inputs)[0]
            if progress:
                progress(start + len(chosen), len(order))
        return vectors

    def count_pieces(self, texts: Sequence[str]) -> list[int]:
        """See ``Encoder.count_pieces``."""
        return [len(encoding) for encoding in self._whole.encode_batch(list(texts))]


def question_files(encoder: SentenceEncoder) -> dict[str, bytes]:
    """Return the files by name with which an index encodes questions without torch; none if export fails."""
    graph = export(encoder)
    if graph is None:
        return {}
    return {ENCODER: graph, TOKENIZER: (encoder.files.folder / TOKENIZER).read_bytes()}


def export(encoder: SentenceEncoder) -> bytes | None:
    """Return ``encoder`` as an ONNX graph; None if the export fails or gives other vectors.

    Takes about ten seconds. The graph is compared with the encoder on a few unusual texts.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="loccit-") as folder:
            path = Path(folder) / ENCODER
            _export(encoder, path)
            exported = OnnxEncoder(path, encoder.files.folder / TOKENIZER, model_of(encoder))
            difference = np.abs(exported.encode(_PROBES) - encoder.encode(_PROBES)).max()
            return path.read_bytes() if difference <= TOLERANCE else None
    except Exception:  # of torch, of the exporter and of onnxruntime; the index works without a graph
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


def question_encoder(index: Index, model: str | None = None) -> Encoder:
    """Return the encoder for questions to ``index``: its graph if it has one, otherwise torch.

    Args:
        index: to ask.
        model: the model the user asked for; None for that of the index.

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
    return OnnxEncoder(index.folder / ENCODER, index.folder / TOKENIZER, built)


def require_same_model(index: Index, encoder: Encoder) -> None:
    """Raise ``ModelMismatch`` if ``index`` was built with another model than that of ``encoder``."""
    built = index.manifest.model
    if encoder.fingerprint != built.fingerprint:
        raise ModelMismatch(
            f"The index was built with {built.name} ({built.fingerprint[:12]}), "
            f"not with {encoder.name} ({encoder.fingerprint[:12]}).",
            f"Use the model of the index, or rebuild it: loccit build --model {encoder.name}",
        )
