"""Encoders: the bundled model, its graph, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.embed.encoder import BUNDLED, BUNDLED_SHA256, ModelFiles, SentenceEncoder, load_encoder, model_of
from index.embed.onnx import OnnxEncoder, question_encoder
from index.errors import IndexDamaged, ModelMismatch, UsageError
from index.ingest.build import build
from index.store.open import ENCODER, TOKENIZER, open_index
from tests.index_fakes import build_papers, write_papers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ODD = [
    "",
    " \n\t",
    "\x00\u202e\ufeff",
    "\U0001f642" * 400,
    "a" * 5000,
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8",
    "TNF-\u03b1 \u2265 2.0 \u00b5g/mL (p<0.001)",
    "[CLS] [SEP] [MASK] [PAD]",
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_encoder()


@pytest.fixture(scope="module")
def built(encoder: SentenceEncoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``papers`` and their ``index``, built with the bundled model."""
    folder = tmp_path_factory.mktemp("genuine")
    build([write_papers(folder / "papers")], folder / "index", encoder=encoder)
    return folder


@pytest.fixture(scope="module")
def graph(built: Path) -> OnnxEncoder:
    with open_index(built / "index") as index:
        encoder = question_encoder(index)
        assert isinstance(encoder, OnnxEncoder)
        return encoder


def texts_of(seeds: Path, count: int) -> list[str]:
    found = " ".join(path.read_text(encoding="utf-8") for path in sorted(seeds.glob("*.txt"))).split()
    chance = random.Random(1)
    starts = [chance.randrange(len(found)) for _ in range(count)]
    return [" ".join(found[start : start + chance.choice([1, 4, 9, 15, 40, 300])]) for start in starts]


def test_the_bundled_model_is_described_without_torch() -> None:
    code = (
        "import sys, json; from index.embed.encoder import load_encoder; e = load_encoder(); "
        "n = e.count_pieces(['one two', '']); "
        "print(json.dumps([e.name, e.dimension, e.max_pieces, n, e.fingerprint, "
        "sorted({'torch', 'transformers', 'onnxruntime'} & set(sys.modules))]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name, dimension, pieces, counts, fingerprint, loaded = json.loads(done.stdout)
    assert (name, dimension, pieces, counts, loaded) == (BUNDLED, 384, 256, [4, 2], [])
    assert fingerprint == load_encoder().fingerprint
    assert load_encoder().files.hashes["model.safetensors"] == BUNDLED_SHA256


def test_vectors_are_normalised_and_in_the_order_of_the_texts(encoder: SentenceEncoder) -> None:
    texts = ["short", "a longer text about ferritin in runners", "mid length", ""]
    vectors = encoder.encode(texts)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert encoder.encode([text])[0] == pytest.approx(vector, abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_the_graph_gives_the_same_vectors(encoder: SentenceEncoder, graph: OnnxEncoder, seeds: Path) -> None:
    texts = texts_of(seeds, 40) + ODD
    assert np.abs(graph.encode(texts) - encoder.encode(texts)).max() <= 1e-5
    assert graph.count_pieces(texts) == encoder.count_pieces(texts)


def test_the_graph_is_exported_once_and_kept_by_later_generations(
    encoder: SentenceEncoder, built: Path
) -> None:
    first = built / "index" / "gen-00000001" / ENCODER
    write_papers(
        built / "papers", {"new.txt": "Tea\n\nAbstract\n\nGreen tea was drunk by eleven men every morning.\n"}
    )
    build([built / "papers"], built / "index", encoder=encoder)
    with open_index(built / "index") as index:
        assert index.generation == 2
        kept = index.folder / ENCODER
        assert kept.read_bytes() == first.read_bytes()
        assert kept.stat().st_ino != first.stat().st_ino  # what damages the one leaves the other whole
        asked = question_encoder(index, BUNDLED)
        assert isinstance(asked, OnnxEncoder)
        assert asked.encode(["Who drank tea?"]) == pytest.approx(encoder.encode(["Who drank tea?"]), abs=1e-5)


def test_asking_with_another_model_is_refused_with_both_named(tmp_path: Path) -> None:
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    with open_index(tmp_path / "index") as index:
        with pytest.raises(ModelMismatch) as caught:
            question_encoder(index, BUNDLED)
        assert index.manifest.model.fingerprint[:12] in str(caught.value)
        assert load_encoder().fingerprint[:12] in str(caught.value)
        with pytest.raises(UsageError, match="words"):
            question_encoder(index)  # made by a model that is not on this machine


def copied(encoder: SentenceEncoder, folder: Path) -> Path:
    """Copy the model; its weights are linked instead."""
    shutil.copytree(encoder.files.folder, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").symlink_to(encoder.files.folder / "model.safetensors")
    return folder


def test_the_fingerprint_depends_on_tokenizer_pooling_and_settings(
    encoder: SentenceEncoder, tmp_path: Path
) -> None:
    folder = copied(encoder, tmp_path / "model")
    assert load_encoder(str(folder)).fingerprint == encoder.fingerprint
    assert load_encoder(str(folder)).name == str(folder)
    seen = {encoder.fingerprint}
    for name in ("tokenizer.json", "1_Pooling/config.json", "sentence_bert_config.json", "modules.json"):
        whole = (folder / name).read_text()
        (folder / name).write_text(whole + " ")
        seen.add(load_encoder(str(folder)).fingerprint)
        (folder / name).write_text(whole)
    (folder / "README.md").write_text("other words")
    assert load_encoder(str(folder)).fingerprint == encoder.fingerprint
    assert len(seen) == 5


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _module(folder: Path, **fields: str) -> None:
    """Append a module to the model in ``folder``."""
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": len(modules), "name": "9", "path": "9_Dense", **fields})
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "9_Dense").mkdir()
    (folder / "9_Dense" / "pytorch_model.bin").write_bytes(b"\x80\x04N.")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        *((_without(name), name) for name in ("model.safetensors", "tokenizer.json", "modules.json")),
        (_without("config.json"), "config.json"),
        (lambda folder: _module(folder, type="custom.Code"), r"custom\.Code"),
        (lambda folder: _module(folder, type="sentence_transformers.models.Dense"), "pickle"),
    ],
)
def test_models_that_are_incomplete_or_could_run_code_are_refused(
    encoder: SentenceEncoder, tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    folder = copied(encoder, tmp_path / "model")
    change(folder)
    with pytest.raises(UsageError, match=reason):
        load_encoder(str(folder))


def test_a_damaged_graph_is_an_error(encoder: SentenceEncoder, tmp_path: Path) -> None:
    (tmp_path / ENCODER).write_bytes(b"no graph")
    with pytest.raises(IndexDamaged):
        OnnxEncoder(tmp_path / ENCODER, encoder.files.folder / TOKENIZER, model_of(encoder))


def test_changed_weights_of_the_bundled_model_are_refused(encoder: SentenceEncoder, tmp_path: Path) -> None:
    folder = copied(encoder, tmp_path / "model")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ModelMismatch, match=BUNDLED_SHA256):
        ModelFiles(folder, BUNDLED).check()


@pytest.mark.parametrize("name", ["no/such-model", "no such model", "../x", ""])
def test_an_unknown_model_is_a_one_line_error(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_encoder(name)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
