"""What a question asks of the paper that it names: "the woman with tuberculosis" names, the rest asks.

A question put to many papers spends most of its words on which paper or patient
is meant. They find the paper; inside it they stand everywhere and would draw the
answer to sentences that introduce the patient.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.terms import terms as terms_of
from qa.candidates import shares_in
from qa.question import ASKING

if TYPE_CHECKING:
    from index.text import Document
    from qa.question import Question

#: Share of a paper's lines that hold a word from which on it counts as naming the paper, as its title's do.
EVERYWHERE = 0.3
_TOKEN = re.compile(r"[^\W_]+(?:[-\u2010\u2011/.'\u2019][^\W_]+)*|\S")
_LINKING = frozenset("a after an and at before by due during for from in of on the to under vs with".split())  # noqa: SIM905


def residual(question: Question, document: Document) -> str:
    """Return ``question`` without the words that name ``document``; "" if there are none, or no others."""
    naming = frozenset(terms_of(document.title)) - ASKING
    naming |= {t for t, share in shares_in(document, question.terms).items() if share >= EVERYWHERE} - ASKING
    words = _TOKEN.findall(question.text)
    stems = [frozenset(terms_of(word)) for word in words]
    dropped = [bool(found) and found <= naming for found in stems]
    if not any(dropped):
        return ""
    kept: list[str] = []
    for at, (word, gone) in enumerate(zip(words, dropped, strict=True)):
        linked = word.lower() in _LINKING and _next_gone(words, dropped, at)
        if not gone and not linked:
            kept.append(word)
    rest = {stem for word in kept for stem in terms_of(word)} - ASKING
    return re.sub(r" ([?.,;)])", r"\1", " ".join(kept)) if rest else ""


def _next_gone(words: list[str], dropped: list[bool], at: int) -> bool:
    """Tell whether the next word that does not link is dropped."""
    for word, gone in zip(words[at + 1 :], dropped[at + 1 :], strict=True):
        if word.lower() not in _LINKING:
            return gone
    return False
