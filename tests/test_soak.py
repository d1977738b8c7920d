"""A short soak test: nothing fails or grows while an index is rebuilt and asked, and leaks are detected."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.bench.soak import soak
from index.store.index import Index
from index.store.open import generations
from qa.answer import Answerer
from qa.rank.stages import Stages
from tests.answering import plain_weights
from tests.index_fakes import WordEncoder, write_papers


def answerer(index: Index) -> Answerer:
    return Answerer(index, WordEncoder(), stages=Stages(plain_weights()))


@pytest.mark.slow
def test_nothing_grows_in_a_sound_run(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    found = soak(tmp_path / "index", [papers], WordEncoder(), rounds=12, every=0.2, answerer=answerer)
    assert found["held"], found
    assert len(found["rounds"]) == 12
    assert found["rounds"][-1]["asked"] > 12
    assert len(generations(tmp_path / "index")) <= 5  # two of them because they are being read


def test_leaks_and_wrong_answers_are_detected(tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    held = []

    def leaking(index: Index) -> Answerer:
        held.append(papers.joinpath("sleep.txt").open())
        return answerer(index)

    found = soak(tmp_path / "index", [papers], WordEncoder(), rounds=8, every=0.1, answerer=leaking)
    for file in held:
        file.close()
    assert not found["held"]
    assert found["grown"]["files"] > 1

    def mute(index: Index) -> Answerer:
        raise ValueError("mute")

    found = soak(tmp_path / "other", [papers], WordEncoder(), rounds=8, every=0.0, answerer=mute)
    assert not found["held"]
    assert "mute" in found["problems"][0]
