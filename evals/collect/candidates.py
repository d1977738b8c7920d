"""Sentences to mark as the answer to a question, chosen without the ranking that is to be measured.

If only sentences that the ranking puts first were offered, it would be measured by its own choices. So half
of them are those that share the question's words, half those nearest in meaning, and they stand in reading
order, paper by paper. A search in the papers offers every sentence with the words typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from index.embed.encoder import Encoder
from index.search import search
from index.store.index import Index
from index.text import Document, Span
from qa.quote.cite import section_of
from qa.rank.candidates import candidates_of, rarity
from qa.show.present import place_of, where
from qa.understand.question import understand

#: Sentences offered by words, and as many by meaning.
EACH = 10
#: Most sentences offered for words that were typed.
MOST = 40
#: Passages looked into.
PASSAGES = 40
#: Words of the papers that an unfinished word may stand for.
_ENDINGS = 20


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or table row of a paper."""

    document: Document
    span: Span

    @property
    def text(self) -> str:
        """As in the paper, with each run of white space as one space."""
        return " ".join(self.span.of(self.document.text).split())

    @property
    def place(self) -> str:
        """Section, and page or lines, in words."""
        where_in_file = place_of(self.document.map.place(self.span))
        return where("", section_of(self.document, self.span), where_in_file)

    @property
    def around(self) -> tuple[str, str]:
        """A little of the text before and after."""
        text, reach = self.document.text, 140
        before = text[max(self.span.start - reach, 0) : self.span.start]
        after = text[self.span.end : self.span.end + reach]
        return " ".join(before.split()), " ".join(after.split())


class Finder:
    """Finds sentences in the papers of an open index."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        self.index = index
        self._encoder = encoder
        self._words: list[tuple[str, int]] = []

    def offered(self, question: str) -> list[Sentence]:
        """Return the sentences to choose from for ``question``, in reading order.

        Raises:
            QuestionError: the question is empty or too long.
        """
        asked = understand(question)
        vector = self._encoder.encode([asked.searched])[0]
        hits = search(self.index, asked.searched, vector, limit=PASSAGES)
        held = candidates_of(self.index, asked, hits, vector)
        rare = rarity(self.index, asked)
        shared = np.array([sum(rare[term] for term in one.matched) for one in held])
        dense = np.array([one.dense for one in held])
        best = [*np.argsort(-shared, kind="stable")[:EACH], *np.argsort(-dense, kind="stable")[:EACH]]
        return _in_reading_order(Sentence(held[at].document, held[at].sentence.span) for at in best)

    def holding(self, typed: str) -> list[Sentence]:
        """Return sentences that hold all the words ``typed``, the last of which may be unfinished."""
        words = typed.casefold().split()
        if not words:
            return []
        asked = " ".join([*words, *self._endings(words[-1])])
        held = self.index.candidates(asked, self._encoder.encode([typed])[0], 10 * PASSAGES)
        likely = np.argsort(-held.lexical, kind="stable")
        found: list[Sentence] = []
        for position in held.positions[likely[held.lexical[likely] > 0]].tolist():
            for _, one in self.index.sentences_of(position):
                sentence = Sentence(self.index.documents[one.document_id], one.span)
                folded = sentence.text.casefold()
                if all(word in folded for word in words):
                    found.append(sentence)
            if len(found) >= MOST:
                break
        return _in_reading_order(found[:MOST])

    def _endings(self, start: str) -> list[str]:
        """Return the words of the papers that begin with ``start``, the most frequent first."""
        if not self._words:
            self._words = sorted(self.index.lexical.words, key=lambda one: -one[1])
        return [word for word, _ in self._words if word.casefold().startswith(start)][:_ENDINGS]


def _in_reading_order(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Return each sentence once: papers by name, their sentences as they stand."""
    places = {(one.document.name, one.document.id, one.span.start, one.span.end): one for one in sentences}
    return [places[place] for place in sorted(places)]
