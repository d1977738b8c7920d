"""Example questions for a first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.store.open import Index

#: Questions on the seed papers, by the start of the paper's id.
_ON_SEEDS = {
    "7d02ec8241c6": ("When was MMF restarted?", "Which drugs was the man taking for his myopathy?"),
    "dbba43cf2bda": ("What was the woman's CK on admission?", "What did the muscle biopsy show?"),
}
#: Questions that most papers answer.
_GENERAL = (
    "What are the conclusions?",
    "How many patients were included?",
    "Which limitations are mentioned?",
    "How was the diagnosis made?",
)


def examples(index: Index) -> list[str]:
    """Return four questions: on the seed papers if ``index`` holds them all, else general ones."""
    held = {key[:12] for key in index.names}
    questions = [question for key in _ON_SEEDS for question in _ON_SEEDS[key]]
    return questions if held >= _ON_SEEDS.keys() else list(_GENERAL)
