"""The parts of the speed benchmark: synthetic papers, timing, the report. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evals.bench.speed import SECTIONS, main
from evals.bench.speed_report import Section, Target, markdown
from evals.bench.synthetic import DIMENSION, PASSAGES, SENTENCES, Papers, queries, vectors_of
from evals.bench.timing import child, timed
from index.store.manifest import Model
from index.store.open import open_index
from index.store.publish import Origin, publish, writing


def test_synthetic_papers_make_a_whole_index(tmp_path: Path) -> None:
    papers = Papers(3)
    with writing(tmp_path):
        publish(tmp_path, papers, Origin(Model("synthetic", "0" * 64, DIMENSION, 256), None, {}))
    with open_index(tmp_path) as index:
        assert len(index.passages) == 3 * PASSAGES
        assert index.manifest.counts.sentences == 3 * PASSAGES * SENTENCES
        for position in range(0, len(index.passages), 17):
            passage = index.passages[position]
            text = index.quote(passage.document_id, passage.span)
            said = [index.quote(s.document_id, s.span) for _, s in index.sentences_of(position)]
            assert " ".join(said) == text
            document = index.documents[passage.document_id]
            assert document.sections[passage.section].span.contains(passage.span)
            assert document.map.place(passage.span).line
        rows = index.vectors.rows(np.arange(len(index.passages)))
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    assert len(set(papers.questions(5))) == 5
    assert papers.questions(5) == Papers(3).questions(5)


def test_synthetic_vectors_are_near_in_a_paper_and_far_between_papers() -> None:
    first, second = vectors_of(0)[0], vectors_of(1)[0]
    assert (first == vectors_of(0)[0]).all()
    inside, between = float((first @ first.T).mean()), float((first @ second.T).mean())
    assert between + 0.2 < inside < 0.9
    asked = queries(2, 20)
    assert asked.shape == (20, DIMENSION)
    assert (asked @ np.concatenate([first, second]).T).max(axis=1).min() > 0.5


def test_the_report_has_targets_and_tables() -> None:
    rows: tuple[dict[str, str | int | float], ...] = ({"passages": 100_000, "kind": "flat", "ms": 12.0},)
    targets = [Target("recall", value, 0.98, at_least=True) for value in (0.97, 0.99)]
    targets += [Target("time", value, 3, at_least=False) for value in (2.9, 3.1)]
    text = markdown([Section("faiss", "Vectors.", rows, tuple(targets))])
    assert "| recall | at least 0.98 | 0.97 | no |" in text
    assert "| recall | at least 0.98 | 0.99 | yes |" in text
    assert "| time | at most 3 | 2.9 | yes |" in text
    assert "| time | at most 3 | 3.1 | no |" in text
    assert "| 100,000 | flat | 12 |" in text


def test_steps_are_timed_and_processes_measured() -> None:
    seen: list[str] = []
    found = timed({"a": seen.append, "b": lambda question: None}, ["one", "two"], 1)
    assert seen == ["one", "two"]
    assert found.keys() == {"a", "b"}
    seconds, memory, said = child(["-c", "print('hello')"])
    assert said == "hello\n"
    assert seconds > 0
    assert 1 < memory < 100
    with pytest.raises(RuntimeError, match="ended with 3"):
        child(["-c", "raise SystemExit(3)"])


def test_each_section_can_be_asked_for_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    main(["--only", "faiss", "--sizes", "100", "200", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert said.count("## ") == 1
    rows = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))[0]["rows"]
    assert [row["passages"] for row in rows] == [120, 120, 240, 240]
    assert all(row["recall@10"] > 0.9 for row in rows)
    disk = [row["disk bytes per passage"] for row in rows]
    assert disk[0] < disk[1]
    assert set(SECTIONS) == {"help", "cold", "warm", "build", "change", "faiss"}
