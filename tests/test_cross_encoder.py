"""The other implementation of ``Ranker``: a cross-encoder from a local folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index.embed.encoder import question_encoder
from index.embed.model import model_files
from index.errors import UsageError
from index.store.open import open_index
from qa.answer import Answerer
from qa.cli.main import main
from qa.rank.select import CrossEncoderRanker
from qa.records import Status
from qa.settings import Settings

QUESTION = "When was mycophenolate restarted?"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small cross-encoder that has learned nothing."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("model")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        given = model_files().folder / name
        if given.is_file():
            shutil.copy(given, folder / name)
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_the_cross_encoder_decides_the_order_and_nothing_else(model: Path, seed_index: Path) -> None:
    ranker = CrossEncoderRanker(model)
    assert ranker.fingerprint == hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    with open_index(seed_index) as index:
        usual = Answerer(index, question_encoder(index))
        answerer = usual.ranked_by(ranker)
        found = answerer.gather(QUESTION)
        order = [item.score for item in found.ranked]
        assert order == sorted(order, reverse=True)
        asked = found.question
        direct = ranker.scores(asked, [item.candidate for item in found.ranked], np.zeros((0, 0)))
        assert order == pytest.approx(direct.tolist(), abs=1e-5)
        confidence = {item.candidate.sentence.span: item.confidence for item in found.ranked}
        learned = usual.configured(Settings(read=0)).gather(QUESTION)
        assert confidence == {
            item.candidate.sentence.span: pytest.approx(item.confidence) for item in learned.ranked
        }
        answer = answerer.ask(QUESTION)
        assert answer.receipt.ranker == ranker.fingerprint
        assert answer.status is not Status.NOT_FOUND or answer.confidence < answerer.threshold


def test_the_cross_encoder_option(model: Path, seed_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ask", QUESTION, "--index", str(seed_index), "--cross-encoder", str(model), "--json"]
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--threshold", "0"])
    assert left.value.code == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["citations"]
    assert answer["receipt"]["ranker"] == CrossEncoderRanker(model).fingerprint


def test_a_folder_without_a_model_is_refused_with_what_is_missing(tmp_path: Path, model: Path) -> None:
    with pytest.raises(UsageError, match=r"model\.safetensors"):
        CrossEncoderRanker(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(model, broken)
    (broken / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be loaded"):
        CrossEncoderRanker(broken)
