"""Questions to begin with, for people who have not asked any yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.store.open import Index

#: Questions on papers that come with Loccit, by the beginning of the paper's id.
_ON_PAPERS = {
    "7d02ec8241c6": ("When was MMF restarted?", "Which drugs was the man taking for his myopathy?"),
    "dbba43cf2bda": ("What was the woman's CK on admission?", "What did the muscle biopsy show?"),
}
#: Questions that most papers answer.
_ON_ANY = (
    "What are the conclusions?",
    "How many patients were included?",
    "Which limitations are mentioned?",
    "How was the diagnosis made?",
)
_MOST = 4


def examples(index: Index) -> list[str]:
    """Return up to four questions that the papers of ``index`` may answer."""
    own = [question for key in index.names for question in _ON_PAPERS.get(key[:12], ())]
    if len(own) == _MOST:  # all papers that come with Loccit are there
        return own
    return list(_ON_ANY)
