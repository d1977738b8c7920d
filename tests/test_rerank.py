"""The second stage of ranking: what is read for a question, and how it changes the order."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from index.embed.model import model_files
from index.errors import FormatMismatch
from index.store.index import Index
from index.text import Span
from qa.rank import rerank
from qa.rank.candidates import Candidate, candidates_of
from qa.rank.reader import GRAPH, Asked, Mark, Reader, Reading, Text, batch_of, load_reader
from qa.rank.rerank import beside, chosen, joined, load_reranker
from qa.rank.retrieve import retrieve
from qa.settings import Settings
from qa.understand.question import Place, understand
from tests.answering import paper
from tests.index_fakes import WordEncoder

TEXT = Text(
    "A woman with myositis\nCase presentation",
    "Her creatine kinase was 9641 unit/L. She was given mycophenolate. It was stopped after six weeks.",
    (Span(0, 36), Span(37, 65), Span(66, 97)),
)
OTHER = Text("", "The weather in the valley is mild.", (Span(0, 34),))
SHIPPED = Path(str(resources.files("qa.rank")))


def test_a_batch_matches_a_hand_built_one() -> None:
    """Each piece has its sentence; pieces of question and context have none."""
    texts = (Text("Title", "One two. Three.", (Span(0, 8), Span(9, 15))), Text("", "B", ()))
    pairs = [(Asked("What was it?"), texts[0]), (Asked("A?"), texts[1])]
    batch = batch_of(model_files().tokenizer, pairs)
    assert batch.mask.sum(axis=1).tolist() == [13, 6]  # [CLS] a ? [SEP] b [SEP]
    assert batch.types[0].tolist() == [0] * 6 + [1] * 7
    assert batch.sentence[0].tolist() == [-1] * 7 + [0, 0, 0, 1, 1, -1]
    assert set(batch.sentence[1].tolist()) == {-1}
    inside = [offset for offset in batch.offsets[0] if offset[0] >= 0]
    assert inside == [(0, 3), (4, 7), (7, 8), (9, 14), (14, 15)]


def test_the_earlier_question_is_between_question_and_text() -> None:
    tokenizer = model_files().tokenizer
    batch = batch_of(tokenizer, [(Asked("When?", "Who left?"), Text("Title", "One.", (Span(0, 4),)))])
    pieces = [tokenizer.id_to_token(number) or "" for number in batch.ids[0]]
    first, *others = " ".join(pieces).split(" [SEP]")
    assert first == "[CLS] when ?"
    assert others == [" who left ?", " title one .", ""]
    assert batch.types[0].tolist() == [0] * 4 + [1] * 8
    assert batch.sentence[0].tolist() == [-1] * 9 + [0, 0, -1]


def test_long_text_is_cut_at_its_end() -> None:
    long = "word " * 500
    text = Text("", long, (Span(0, 1000), Span(2400, 2500)))
    (reading,) = load_reader().read("Which word?", [text])
    assert np.isfinite(reading.scores).tolist() == [True, False]
    assert reading.marks[1] is None


PNEUMONIA = Text(
    "Pneumonia in a farmer\nCase report",
    "A 61-year-old farmer presented with cough and fever. Chest radiography showed an infiltrate in the "
    "left lower lobe. He was treated with doxycycline 100 mg twice daily. The fever resolved within three "
    "days, and he was discharged on day 7. Serology for Q fever was positive at 1:1024.",
    (Span(0, 52), Span(53, 115), Span(116, 167), Span(168, 236), Span(237, 280)),
)
#: Plain questions on made-up texts, with the sentence that answers. Chance would find six of them.
PLAIN = (
    (TEXT, "What was the creatine kinase?", 0),
    (TEXT, "What was she given?", 1),
    (TEXT, "Which drug did she receive?", 1),
    (TEXT, "Which medication did the woman get?", 1),
    (TEXT, "What treatment did she have?", 1),
    (TEXT, "When was mycophenolate stopped?", 2),
    (PNEUMONIA, "How old was the man?", 0),
    (PNEUMONIA, "What did the X-ray show?", 1),
    (PNEUMONIA, "Which antibiotic did he get?", 2),
    (PNEUMONIA, "What was the dose?", 2),
    (PNEUMONIA, "What was the treatment?", 2),
    (PNEUMONIA, "When could he go home?", 3),
    (PNEUMONIA, "How quickly did the temperature settle?", 3),
    (PNEUMONIA, "Which test gave the diagnosis?", 4),
)


def test_the_reader_finds_the_sentence_that_answers_most_plain_questions() -> None:
    found = [
        int(np.argmax(load_reader().read(question, [text])[0].scores)) == best
        for text, question, best in PLAIN
    ]
    assert sum(found) >= 11


@pytest.mark.parametrize("question", ["What was the creatine kinase?", "When was mycophenolate stopped?"])
def test_a_text_about_something_else_answers_less(question: str) -> None:
    here, elsewhere = load_reader().read(question, [TEXT, OTHER])
    assert max(here.scores) > elsewhere.scores[0]


@pytest.mark.parametrize(
    ("before", "question", "best"),
    [
        ("Who was reported?", "And how old?", 0),
        ("Which antibiotic did he get?", "And the dose?", 2),
        ("Did he have a fever?", "How long did it last?", 3),
        ("Was blood tested for Q fever?", "Was it positive?", 4),
    ],
)
def test_a_follow_up_is_read_after_earlier_questions(before: str, question: str, best: int) -> None:
    (reading,) = load_reader().read(question, [PNEUMONIA], before)
    assert int(np.argmax(reading.scores)) == best


def test_earlier_questions_complete_a_follow_up() -> None:
    def serology_before_imaging(before: str) -> float:
        scores = load_reader().read("What did it show?", [PNEUMONIA], before)[0].scores
        return float(scores[4] - scores[1])

    assert serology_before_imaging("Was serology done?") > serology_before_imaging("Was he X-rayed?") + 0.5


def test_a_text_gets_the_same_scores_in_any_batch() -> None:
    question = "What was the creatine kinase?"
    (alone,) = load_reader().read(question, [TEXT])
    beside = load_reader().read(question, [OTHER, TEXT, OTHER, OTHER, TEXT, OTHER])[1]
    assert beside.scores == pytest.approx(alone.scores, abs=1e-3)


def test_highlights_are_inside_their_sentence() -> None:
    for reading, text in zip(load_reader().read("What was it?", [TEXT, OTHER]), (TEXT, OTHER), strict=True):
        for mark, sentence in zip(reading.marks, text.sentences, strict=True):
            assert mark is not None
            assert sentence.contains(mark.span)
            assert 0 <= mark.confidence <= 1


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    base = model_files().folder
    shipped = Path(str(resources.files("index.embed").joinpath(GRAPH)))
    graph = tmp_path / GRAPH
    graph.write_bytes(shipped.read_bytes() + b"\0")
    with pytest.raises(FormatMismatch, match=r"minilm\.onnx"):
        Reader(graph, SHIPPED / "reader.safetensors", base)
    shutil.copy(base / "tokenizer.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"another model")
    with pytest.raises(FormatMismatch, match=r"model\.safetensors"):
        Reader(shipped, SHIPPED / "reader.safetensors", tmp_path)


def found(index: Index, text: str) -> list[Candidate]:
    question = understand(text)
    vector = WordEncoder().encode([question.searched])[0]
    return candidates_of(index, question, retrieve(index, question, vector, limit=20), vector)


def test_the_passages_of_the_best_sentences_are_chosen(cases: Index) -> None:
    candidates = found(cases, "What was the ferritin of the woman?")
    scores = np.array([1.0 if "Ferritin" in c.text else -float(i) for i, c in enumerate(candidates)])
    choice = chosen(candidates, scores, 2)
    assert len(choice.texts) == 2
    best = int(np.argmax(scores))
    assert best in choice.kept
    assert len({candidates[i].hit.position for i in choice.kept}) == 2
    for i, (text, sentence) in zip(choice.kept, choice.places, strict=True):
        place = choice.texts[text].sentences[sentence]
        assert place.of(choice.texts[text].text) == candidates[i].text
        assert place.moved(choice.starts[text]) == candidates[i].sentence.span


def test_marks_are_moved_to_their_paper(cases: Index) -> None:
    candidates = found(cases, "What was the ferritin of the woman?")
    choice = chosen(candidates, np.arange(len(candidates), dtype=float), 3)
    readings = [
        Reading(np.zeros(len(text.sentences)), tuple(Mark(place, 1.0) for place in text.sentences))
        for text in choice.texts
    ]
    marks = choice.marks(readings)
    assert [mark and mark.span for mark in marks] == [candidates[i].sentence.span for i in choice.kept]


def test_feature_columns_computed_by_hand(cases: Index) -> None:
    candidates = found(cases, "What was the ferritin of the woman?")
    features = np.zeros((len(candidates), len(rerank.NAMES) - 6))
    scores = np.arange(len(candidates), dtype=float)
    choice = chosen(candidates, scores, 1)
    readings = [Reading(np.full(len(choice.texts[0].sentences), -np.inf), (None,) * len(choice.kept))]
    readings[0].scores[0] = 0.0
    columns = joined(features, scores, choice, readings, beside(candidates, None))
    first, read, share = columns[:, -6:-3].T
    assert not columns[:, -3:].any()  # nothing was quoted before
    assert first.tolist() == scores[choice.kept].tolist()
    assert read.tolist() == [0.0] + [-rerank.LIMIT] * (len(choice.kept) - 1)
    assert share[0] == pytest.approx(0.5, abs=1e-3)


def test_distance_of_a_sentence_to_the_last_quote(cases: Index) -> None:
    candidates = found(cases, "What was the ferritin of the woman?")
    here = max(
        (c.document.id for c in candidates), key=lambda key: sum(c.document.id == key for c in candidates)
    )
    inside = sorted((c for c in candidates if c.document.id == here), key=lambda c: c.sentence.span.start)
    middle = inside[1]
    near = beside(candidates, Place(here, middle.sentence.span))
    for candidate, (same, after, before) in zip(candidates, near, strict=True):
        if candidate.document.id != here:
            assert (same, after, before) == (0, 0, 0)
        elif candidate is middle:
            assert (same, after, before) == (1, 0, 0)
        elif candidate.sentence.span.start > middle.sentence.span.start:
            assert 0 < after <= 1
            assert (same, before) == (0, 0)
        else:
            assert 0 < before <= 1
            assert (same, after) == (0, 0)
    after = [near[candidates.index(one)][1] for one in inside[2:]]
    assert after == sorted(after, reverse=True)  # the next is nearest


def test_the_passage_of_the_last_quote_is_always_read(cases: Index) -> None:
    candidates = found(cases, "What was the ferritin of the woman?")
    scores = -np.arange(len(candidates), dtype=float)
    last = candidates[-1]
    assert last.hit.position not in {candidates[i].hit.position for i in chosen(candidates, scores, 1).kept}
    choice = chosen(candidates, scores, 1, cited=Place(last.document.id, last.sentence.span))
    assert {candidates[i].hit.position for i in choice.kept} == {last.hit.position}


def test_the_shipped_reranker_fits_the_program() -> None:
    shipped = load_reranker()
    assert shipped.weights.ranker.names == rerank.NAMES
    assert 0 < shipped.weights.threshold < 1
    assert np.isfinite(shipped.weights.ranker.weights).all()
    stated = json.loads((SHIPPED / "rerank.json").read_text())
    assert stated["report"]["questions"]["ranker"] > 100
    assert Settings().read > 0


def test_more_of_the_named_paper_is_searched(cases: Index) -> None:
    question = understand("What was the ferritin of the potter with eosinophilic pneumonia?")
    vector = WordEncoder().encode([question.searched])[0]
    few = retrieve(cases, question, vector, limit=4)
    more = retrieve(cases, question, vector, limit=4, deeper=5)
    assert more[:4] == few
    assert 4 < len(more) <= 9
    assert {hit.passage.document_id for hit in more[4:]} == {paper(cases, "lung.txt").id}
