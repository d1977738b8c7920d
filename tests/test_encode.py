"""Encoders: the bundled model, its graph, and what is refused."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index.embed.encoder import load_encoder, question_encoder
from index.embed.model import BUNDLED, BUNDLED_SHA256, ModelFiles, batches, model_files
from index.embed.mpnet import is_installed
from index.embed.onnx import OnnxEncoder
from index.embed.sentence import SentenceEncoder, exported_network
from index.errors import IndexDamaged, ModelMismatch, UsageError
from index.store.open import open_index
from tests.index_fakes import build_papers, write_papers

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
    return SentenceEncoder(model_files())


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
    assert model_files().hashes["model.safetensors"] == BUNDLED_SHA256


def test_vectors_are_normalised_and_in_the_order_of_the_texts(encoder: SentenceEncoder) -> None:
    texts = ["short", "a longer text about ferritin in runners", "mid length", ""]
    vectors = encoder.encode(texts)
    assert vectors.shape == (4, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert encoder.encode([text])[0] == pytest.approx(vector, abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_papers_and_questions_are_encoded_as_by_sentence_transformers(
    encoder: SentenceEncoder, seeds: Path
) -> None:
    known = load_encoder()
    assert isinstance(known, OnnxEncoder)
    texts = texts_of(seeds, 40) + ODD
    assert np.abs(known.encode(texts) - encoder.encode(texts)).max() <= 1e-5
    assert known.count_pieces(texts) == encoder.count_pieces(texts)


def test_the_large_model_is_encoded_as_by_sentence_transformers(seeds: Path) -> None:
    if not is_installed():
        pytest.skip("all-mpnet-base-v2 is not installed")
    texts = [*texts_of(seeds, 3), *ODD[:3]]
    known = load_encoder("mpnet")
    assert isinstance(known, OnnxEncoder)
    assert np.abs(known.encode(texts) - SentenceEncoder(model_files("mpnet")).encode(texts)).max() <= 1e-5


def test_building_and_asking_load_no_torch_and_leave_no_model_in_the_index(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import index, qa\n"
        "papers, folder = map(Path, sys.argv[1:])\n"
        "index.build([papers], into=folder)\n"
        "with qa.open(folder) as opened: opened.ask('Who drank tea?')\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(write_papers(tmp_path / "papers")), str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    sizes = [path.stat().st_size for path in (tmp_path / "index").rglob("*") if path.is_file()]
    assert sum(sizes) < 1_000_000


def test_a_changed_graph_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: real(path) + b" " * (path.suffix == ".onnx"))
    with pytest.raises(IndexDamaged, match=r"minilm\.onnx"):
        load_encoder().encode(["tea"])


def test_another_model_is_exported_once(tmp_path: Path, encoder: SentenceEncoder) -> None:
    cache = tmp_path / "cache"
    network = exported_network(encoder, cache)
    assert network is not None
    (kept,) = cache.iterdir()
    texts = ["Who drank tea?", *ODD]
    asked = OnnxEncoder(encoder.files, lambda: network)
    assert np.abs(asked.encode(texts) - encoder.encode(texts)).max() <= 1e-5
    made = kept.stat().st_mtime_ns
    assert exported_network(encoder, cache) is not None
    assert kept.stat().st_mtime_ns == made
    kept.write_bytes(kept.read_bytes()[:-1])
    assert exported_network(encoder, cache) is not None  # the damaged one is not used
    assert kept.stat().st_mtime_ns != made


def test_a_model_that_cannot_be_exported_is_tried_once(
    tmp_path: Path, encoder: SentenceEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> None:
        raise RuntimeError("unsupported")

    monkeypatch.setattr("index.embed.sentence._export", refuses)
    assert exported_network(encoder, tmp_path) is None
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_size == 0
    monkeypatch.undo()
    assert exported_network(encoder, tmp_path) is None


def test_batches_hold_every_text_once_and_few_pieces() -> None:
    lengths = [3, 900, 256, 2, 40] * 30
    found = list(batches(lengths, 256))
    assert sorted(at for batch in found for at in batch) == list(range(len(lengths)))
    assert all(len(batch) * min(256, max(lengths[at] for at in batch)) <= 1024 for batch in found)
    assert max(map(len, found)) == 32


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
