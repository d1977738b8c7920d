"""From a question to passages: abbreviations are expanded, papers about other people are left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.search import Hit, search
from index.store.index import Index
from index.text import Document, Span
from qa.rank.candidates import abbreviations_of
from qa.rank.numbered import Fits, fits
from qa.rank.people import about
from qa.understand.abbreviations import other_forms
from qa.understand.question import Question, telling_words
from qa.understand.subjects import NOBODY

#: Search this many times the passages wanted where some will be left out.
WIDER = 4
#: A paper is the one asked about if ``MOSTLY`` of the ``BEST`` best hits are in it.
BEST, MOSTLY = 10, 4


def retrieve(
    index: Index,
    question: Question,
    vector: NDArray[np.float32],
    *,
    limit: int,
    documents: frozenset[str] | None = None,
    deeper: int = 0,
) -> list[Hit]:
    """Return the ``limit`` best passages for ``question``, best first.

    Searches twice where the papers found define abbreviations of the question:
    the second time with their other forms. Words that only ask or name a person
    are not searched for; where a person is named, papers on other people give way.
    Where the best passages are mostly of one paper, up to ``deeper`` more of that
    paper follow: the words that name a paper find all of it, and what is asked may
    stand in any part.
    """
    wider = limit if question.subject == NOBODY and not question.numbered else WIDER * limit
    wider += WIDER * deeper
    words = telling_words(question)
    hits = search(index, words, vector, limit=wider, documents=documents)
    papers = list(dict.fromkeys(hit.passage.document_id for hit in hits[:limit]))
    own = [pair for key in papers for pair in abbreviations_of(index.documents[key]).items()]
    expanded = " ".join([words, *other_forms(question, own)])
    if expanded != words:
        hits = search(index, expanded, vector, limit=wider, documents=documents)
    if question.subject != NOBODY:
        hits = [hit for hit in hits if about(*_stretch(index, hit), question.subject)]
    if question.numbered:
        hits = [hit for hit in hits if fits(*_stretch(index, hit), question.numbered) is not Fits.OTHER]
    return [*hits[:limit], *_of_one_paper(hits, limit)[:deeper]]


def _stretch(index: Index, hit: Hit) -> tuple[Document, Span]:
    """Return the paper of a hit, and where its passage stands in it."""
    return index.documents[hit.passage.document_id], hit.passage.span


def main_paper(hits: Sequence[Hit]) -> str:
    """Return the paper that at least half of the best hits are in, as the one asked about; "" without one."""
    paper, count = _foremost(hits)
    return paper if 2 * count >= BEST else ""


def _foremost(hits: Sequence[Hit]) -> tuple[str, int]:
    """Return the paper that most of the best hits are in, and how many; "" and 0 without hits."""
    papers = Counter(hit.passage.document_id for hit in hits[:BEST])
    return papers.most_common(1)[0] if papers else ("", 0)


def _of_one_paper(hits: list[Hit], limit: int) -> list[Hit]:
    """Return the hits from ``limit`` on in the paper that most of the best are in; none without one."""
    paper, count = _foremost(hits)
    return [hit for hit in hits[limit:] if hit.passage.document_id == paper] if count >= MOSTLY else []
