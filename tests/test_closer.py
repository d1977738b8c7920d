"""The large reader: its files, what it reads in front of a passage, and the stage that it is part of."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from evals.sets.corpora import document_of
from evals.train.reader import SIZES, Training
from evals.train.reader_files import save, start_from
from evals.train.reader_net import ReaderNet, large_net
from index.embed.model import model_files
from index.embed.mpnet import is_installed
from index.errors import UsageError
from index.store.index import Index
from index.text import Span
from qa.answer import Answerer
from qa.rank import closer, features
from qa.rank.candidates import candidates_of
from qa.rank.closer import AROUND, excerpts, read_again
from qa.rank.identity import LONGEST, identified, identity_of
from qa.rank.reader import Asked, Reader, Reading, Text, batch_of
from qa.rank.rerank import Choice, Read, beside, chosen, joined
from qa.rank.retrieve import retrieve
from qa.rank.stages import Stages, reader_used, shipped
from qa.session import opened
from qa.settings import READER_VARIABLE, AskOptions, Settings
from qa.understand.question import understand
from tests.answering import plain_weights
from tests.index_fakes import WordEncoder

TEXT = "She was admitted with fever. Prednisone 40 mg daily was started. Six weeks later she was well."
SENTENCES = (Span(0, 28), Span(29, 64), Span(65, len(TEXT)))


# The files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of the kind of the large one, with random weights."""
    from transformers import MPNetConfig, MPNetModel

    made = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(3)
    config = MPNetConfig(
        vocab_size=30_527,
        hidden_size=32,
        num_hidden_layers=6,
        num_attention_heads=2,
        intermediate_size=48,
    )
    MPNetModel(config, add_pooling_layer=False).save_pretrained(made)
    shutil.copy(model_files().folder / "tokenizer.json", made)
    return made


def trained(folder: Path) -> ReaderNet:
    """The tiny network with low-rank differences as if it had been trained."""
    net = large_net(folder, 2)
    torch.manual_seed(5)
    for weight in net.trained().values():
        weight.data.copy_((torch.randn_like(weight) * 0.2).half().float())
    return net


def scores(net: ReaderNet, tokenizer: object, asked: Asked, texts: Sequence[Text]) -> list[list[float]]:
    batch = batch_of(tokenizer, [(asked, text) for text in texts])  # type: ignore[arg-type]  # duck
    ids, mask, types, sentence = (
        torch.from_numpy(array) for array in (batch.ids, batch.mask, batch.types, batch.sentence)
    )
    with torch.no_grad():
        found: list[list[float]] = net.scores(net(ids, mask, types), mask * (1 - types), sentence, 3).tolist()
    return found


def test_the_files_of_a_large_reader_read_as_the_network_does(folder: Path, tmp_path: Path) -> None:
    net, files = trained(folder), (tmp_path / "large.onnx", tmp_path / "large.safetensors")
    save(net, large_net(folder, 0), folder / "model.safetensors", files, {})
    reader = Reader(*files, folder)
    assert reader.identified
    texts = [Text("A case", TEXT, SENTENCES), Text("", TEXT[:28], SENTENCES[:1])]
    expected = scores(net, reader.tokenizer, Asked("Which dose?", "Was she ill?"), texts)
    for reading, row in zip(reader.read("Which dose?", texts, "Was she ill?"), expected, strict=True):
        assert reading.scores == pytest.approx(row[: len(reading.scores)], abs=2e-3)


def test_a_run_starts_from_the_files_of_an_earlier_one(folder: Path, tmp_path: Path) -> None:
    net, files = trained(folder), (tmp_path / "large.onnx", tmp_path / "large.safetensors")
    save(net, large_net(folder, 0), folder / "model.safetensors", files, {})
    again = large_net(folder, 2)
    start_from(again, files[1], folder / "model.safetensors")
    assert all(torch.equal(again.trained()[name], weight) for name, weight in net.trained().items())


def test_a_stopped_training_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    def step(training: Training) -> None:
        training.step(sum((weight**2).sum() for weight in training.trained.values()))  # type: ignore[arg-type]

    torch.manual_seed(1)
    first = Training(large_net(folder, 2), SIZES["large"], tmp_path / "state.pt")
    step(first)
    first.at = 64
    first.save()
    resumed = Training(large_net(folder, 2), SIZES["large"], tmp_path / "state.pt")
    step(first)
    step(resumed)
    assert (resumed.at, resumed.steps) == (64, 2)
    for name, weight in first.trained.items():
        assert torch.allclose(weight, resumed.trained[name]), name
        assert torch.allclose(first.mean[name], resumed.mean[name]), name


# What identifies a paper


def opening(text: str) -> list[Span]:
    starts = [0, *(at + 2 for at in range(len(text)) if text.startswith(". ", at))]
    return [Span(start, end) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def test_the_sentence_that_introduces_the_patient_identifies_a_paper() -> None:
    text = "Fever is common. We report a 61-year-old man with fever. He got better."
    paper = document_of(text, "fever", title="A case of fever")
    assert identity_of(paper, opening(text)) == ("We report a 61-year-old man with fever.",)


def test_a_paper_without_a_title_is_identified_by_its_first_long_sentence() -> None:
    first = "We compared two doses of a drug for fever in one hundred adults at two hospitals."
    text = f"Background. {first} They were followed for a year."
    assert identity_of(document_of(text, "doses"), opening(text)) == (first,)
    assert identity_of(document_of(text, "doses", title="Two doses"), opening(text)) == ()


def test_a_long_sentence_is_cut_at_a_word() -> None:
    text = "We saw a 61-year-old man " + "with fever " * 40
    (part,) = identity_of(document_of(text, "fever", title="Fever"), opening(text))
    assert len(part) <= LONGEST
    assert text.startswith(f"{part} ")


def test_a_passage_that_says_it_itself_is_left_as_it_is() -> None:
    text = Text("A case", TEXT, SENTENCES)
    assert identified(text, (TEXT[:28],)) == text
    assert identified(text, ("A potter.",)).context == "A potter.\nA case"
    assert identified(text, ("A potter.",)).sentences == SENTENCES


# The stage


class LikesDoses(Reader):
    """Likes sentences with "mg", and keeps what it read."""

    def __init__(self) -> None:
        self.fingerprint, self.identified = "1" * 64, True
        self.texts: list[Text] = []

    def read(self, question: str, texts: Sequence[Text], before: str = "") -> list[Reading]:
        self.texts += texts
        return [
            Reading(
                np.array([3.0 if "mg" in span.of(text.text) else -3.0 for span in text.sentences]),
                (None,) * len(text.sentences),
            )
            for text in texts
        ]


def test_the_best_sentences_are_read_again_with_what_identifies_their_paper(cases: Index) -> None:
    question = understand("Which dose of prednisone was the woman given?")
    vector = WordEncoder().encode([question.searched])[0]
    hits = retrieve(cases, question, vector, limit=20)
    candidates = candidates_of(cases, question, hits, vector)
    choice = chosen(candidates, np.zeros(len(candidates)), 4)
    small = [
        Reading(np.full(len(text.sentences), -1.0), (None,) * len(text.sentences)) for text in choice.texts
    ]
    columns = joined(
        np.zeros((len(candidates), len(features.NAMES))),
        np.zeros(len(candidates)),
        choice,
        small,
        beside(candidates, None),
    )
    scores = np.array([float(place == (2, 0)) for place in choice.places])
    reader = LikesDoses()
    third = read_again(reader, cases, question, candidates, Read(choice, columns, []), scores, 1)
    (text,) = reader.texts
    assert text.text in choice.texts[2].text
    assert text.text.startswith(choice.texts[2].sentences[0].of(choice.texts[2].text))
    assert "year-old" in text.context + text.text
    seen = dict(zip(closer.NAMES, third.features.T, strict=True))
    assert third.features.shape == (len(text.sentences), len(closer.NAMES))
    assert set(seen["skimmed"]) == {-1.0}
    assert seen["read"].tolist() == [3.0 if "mg" in span.of(text.text) else -3.0 for span in text.sentences]
    sentences = [candidates[i].text for i in third.kept]
    assert sentences == [span.of(text.text) for span in text.sentences]


def test_the_closest_sentences_are_read_with_their_neighbours() -> None:
    text = "".join(f"Sentence number {at} of the passage, which is of about fifty. " for at in range(9))
    spans = tuple(Span(at, at + 59) for at in range(0, len(text), 60))
    choice = Choice(
        texts=(Text("A case", text, spans), Text("A case", text, spans)),
        starts=(100, 2000),
        kept=np.arange(18),
        places=tuple((number, at) for number in (0, 1) for at in range(9)),
    )
    scores = np.zeros(18)
    scores[[1, 9 + 7]] = 2, 3  # the second sentence of the first passage, the last but one of the second
    read = excerpts(choice, scores, 2)
    for (number, at), row in zip(read.places, read.kept, strict=True):
        original = choice.texts[choice.places[row][0]].sentences[choice.places[row][1]].of(text)
        assert read.texts[number].sentences[at].of(read.texts[number].text) == original
    assert all(len(one.text) <= AROUND for one in read.texts)
    assert {1, 16} <= set(read.kept.tolist())


def test_a_sentence_longer_than_the_room_around_it_is_read_alone() -> None:
    text = "A very long sentence " * 40 + "A short one."
    spans = (Span(0, 840), Span(840, len(text)))
    choice = Choice((Text("", text, spans),), (0,), np.arange(2), ((0, 0), (0, 1)))
    assert excerpts(choice, np.array([1.0, 0.0]), 1).kept.tolist() == [0]
    assert excerpts(choice, np.array([0.0, 1.0]), 1).kept.tolist() == [1]


def test_sentences_that_touch_are_read_as_one_text() -> None:
    choice = Choice((Text("", TEXT, SENTENCES),), (50,), np.arange(3), ((0, 0), (0, 1), (0, 2)))
    read = excerpts(choice, np.array([3.0, 2.0, 1.0]), 3)
    assert [one.text for one in read.texts] == [TEXT]
    assert read.starts == (50,)


# Which reader answers


def test_the_largest_installed_reader_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(READER_VARIABLE, raising=False)
    for installed, name in ((True, "large"), (False, "small")):
        monkeypatch.setattr("qa.rank.stages.is_installed", lambda installed=installed: installed)
        assert reader_used() == name


def test_a_reader_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.rank.stages.is_installed", lambda: True)
    monkeypatch.setenv(READER_VARIABLE, "small")
    assert reader_used() == "small"
    monkeypatch.setenv(READER_VARIABLE, "huge")
    with pytest.raises(UsageError, match="no reader “huge”"):
        reader_used()


def test_a_reader_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.embed.mpnet.PACKAGES", ("no-such-package",))
    with pytest.raises(UsageError, match="no-such-package is missing"):
        shipped("large")


def test_without_the_third_stage_nothing_is_read_closely(cases: Index) -> None:
    answerer = Answerer(cases, WordEncoder(), stages=Stages(plain_weights()))
    assert answerer.settings.closely == 0
    assert answerer.configured(Settings(closely=4)).settings.closely == 0


@pytest.mark.skipif(not is_installed(), reason="the model of the large reader is not installed")
def test_the_large_reader_decides_as_shipped(seed_index: Path) -> None:
    with opened(seed_index, AskOptions(reader="large")) as answerer:
        assert answerer.reader == "large"
        evidence = answerer.gather("What was the woman's CK on admission?")
        first = evidence.ranked[0]
        assert "9641" in first.candidate.text
        small = answerer.configured(Settings(closely=0))
        assert small.reader == "small"
        assert small.fingerprint != answerer.fingerprint
