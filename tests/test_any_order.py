"""After any adding, changing, renaming and removing, the answers are those of a full rebuild."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.ingest.build import add, build, remove
from index.search import search
from index.store.open import open_index
from qa.answer import Answerer
from qa.records import as_json
from qa.settings import Settings as AnswerSettings
from tests.index_fakes import PAPERS, TEA, WordEncoder, contents

QUESTIONS = (
    "How much ferritin was left within ten weeks?",
    "By how many minutes did melatonin lengthen sleep?",
    "Did outdoor time slow the growth of the eye?",
    "How many men drank green tea?",
    "How do I bake bread?",
)
TEXTS = {**PAPERS, **TEA}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "change", "rename", "remove", "rebuild"]), st.sampled_from(sorted(TEXTS))
    ),
    min_size=1,
    max_size=7,
)


def answers(folder: Path) -> list[object]:
    """Return the answer to each question, without the generation, and the contents of the index."""
    found: list[object] = []
    encoder = WordEncoder()
    with open_index(folder) as index:
        answerer = Answerer(index, encoder, settings=AnswerSettings(threshold=0.0))
        for question in QUESTIONS:
            found.append(search(index, question, encoder.encode([question])[0]))
            found.append(
                {key: value for key, value in as_json(answerer.ask(question)).items() if key != "receipt"}
            )
        found.append(contents(index))
    return found


def follow(folder: Path, steps: list[tuple[str, str]]) -> list[Path]:
    """Carry the steps out on an index; return the papers that it should hold."""
    held: dict[str, tuple[Path, str]] = {}  # by first name: where the paper is, and its id
    for number, (what, name) in enumerate(steps):
        if what in {"add", "change"}:
            text = f"{TEXTS[name]}\nThis was change {number}.\n" if what == "change" else TEXTS[name]
            path = folder / f"{number}" / name
            path.parent.mkdir()
            path.write_text(text, encoding="utf-8")
            key = add([path], folder / "index", encoder=WordEncoder()).outcomes[0].document_id or ""
            if name in held and held[name][1] != key:
                remove(frozenset({held[name][1]}), folder / "index")
            elif name in held:  # the same bytes under two names: the first in order counts
                path = min(held[name][0], path, key=lambda one: one.name)
            held[name] = path, key
        elif what == "remove" and name in held:
            remove(frozenset({held.pop(name)[1]}), folder / "index")
        elif what == "rename" and name in held:
            path, key = held[name]
            held[name] = path.rename(path.with_name(f"{number}-{name}")), key
        if what in {"rebuild", "rename"} and held:
            build([path for path, _ in held.values()], folder / "index", encoder=WordEncoder())
    return [path for path, _ in held.values()]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_answers_are_those_of_a_full_rebuild(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("steps")
    papers = follow(folder, steps)
    if papers:
        build(papers, folder / "fresh", encoder=WordEncoder())
        assert answers(folder / "index") == answers(folder / "fresh")
        assert len(answers(folder / "index")) == 2 * len(QUESTIONS) + 1
