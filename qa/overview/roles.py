"""What each sentence of a paper does: state the aim, a main finding, the conclusion, a limitation.

A multinomial logistic regression over the sentence's vector, the words of its headings and its place;
``python -m evals.train.roles`` trains it on the headings of structured abstracts and on questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.store.index import Index
from index.terms import terms as terms_of
from index.text import BlockKind, Document, Sentence
from qa.overview.softmax import Softmax, load


class Role(StrEnum):
    """What a sentence does in its paper."""

    ABOUT = "about"  #: aim, population or design
    FINDINGS = "findings"
    CONCLUSION = "conclusion"
    LIMITATIONS = "limitations"
    OTHER = "other"


FILE = "roles.json"
#: Fewest and most characters of a sentence that is quoted: what is shorter is rarely a sentence, and what is
#: longer is rarely one sentence.
SHORTEST, LONGEST = 40, 600
#: Words of headings, as stems; a sentence's headings are a feature for each of them.
HEADINGS = tuple(
    terms_of(
        "abstract background introduction objective aim purpose methods design patients participants case "
        "presentation results findings outcome discussion conclusion interpretation limitations strengths "
        "summary significance review statistical"
    )
)


@dataclass(frozen=True, slots=True)
class Body:
    """The sentences of a paper's running text, in reading order."""

    document: Document
    sentences: tuple[Sentence, ...]
    vectors: NDArray[np.float32]  #: one L2-normalised row per sentence

    def text(self, at: int) -> str:
        """Return the sentence at position ``at``."""
        return self.sentences[at].span.of(self.document.text)


def body_of(index: Index, document_id: str) -> Body:
    """Return the whole sentences of the paragraphs of a paper: no headings, captions, rows or notes."""
    document = index.documents[document_id]
    kept: dict[Sentence, int] = {}
    for position in index.positions_of(document_id):
        for row, sentence in index.sentences_of(position):
            if sentence.kind is BlockKind.PARAGRAPH and _whole(sentence.span.of(document.text)):
                kept.setdefault(sentence, row)
    ordered = sorted(kept, key=lambda sentence: sentence.span)
    rows = [kept[sentence] for sentence in ordered]
    return Body(document, tuple(ordered), index.sentence_vectors[np.array(rows, np.int64)])


def _whole(text: str) -> bool:
    """Tell whether ``text`` looks like one sentence of running text."""
    start = text.lstrip("“\"'([")
    letters = sum(character.isalpha() or character.isspace() for character in text)
    return (
        SHORTEST <= len(text) <= LONGEST
        and (start[:1].isupper() or start[:1].isdigit())
        and text.rstrip("”\"')]").endswith((".", "!", "?"))
        and letters >= 0.6 * len(text)  # neither an address nor a list of values
    )


def features(body: Body) -> NDArray[np.float64]:
    """Return one row per sentence: vector, likeness to the paper's mean, place, length, words of headings."""
    count = len(body.sentences)
    if not count:
        return np.zeros((0, body.vectors.shape[1] + 4 + len(HEADINGS)))
    mean = body.vectors.mean(axis=0)
    place = np.arange(count)
    length = np.array([len(sentence.span) for sentence in body.sentences])
    numbers = np.column_stack(
        [
            body.vectors @ (mean / np.linalg.norm(mean)),
            np.log1p(place) / 3,
            np.log1p(count - 1 - place) / 3,
            length / 300,
        ]
    )
    heads = np.array([_headings(body.document, sentence) for sentence in body.sentences])
    return np.hstack([body.vectors, numbers, heads]).astype(np.float64)


def _headings(document: Document, sentence: Sentence) -> list[float]:
    block = next(block for block in document.blocks if block.span.overlaps(sentence.span))
    held = {term for title in document.section_path(block.section) for term in terms_of(title)}
    return [float(term in held) for term in HEADINGS]


@lru_cache(maxsize=1)
def roles() -> Softmax:
    """Return the classifier as shipped."""
    return load(FILE, list(Role))


def confidence(share: float) -> float:
    """Return the estimated probability that a sentence with ``share`` for its role answers.

    Fitted on the 19 questions of the natural set's dev half that ``python -m evals.train.roles`` reports,
    whose papers the roles were not learned from: of their first sentences 74 % are right, of the first three
    46 %. The training was also chosen on these questions, so for others both may be lower.
    """
    slope, bias = roles().further["calibration"]
    odds = np.log(max(share, 1e-6) / max(1 - share, 1e-6))
    return float(1 / (1 + np.exp(-(slope * odds + bias))))


def about_sentence(index: Index, document_id: str) -> str:
    """Return the sentence that most likely says what a paper is about; empty if it has no whole sentence."""
    body = body_of(index, document_id)
    if not body.sentences:
        return ""
    about = roles().probabilities(features(body))[:, roles().classes.index(Role.ABOUT)]
    return body.text(int(about.argmax()))
