"""What the reader learns from: questions with the passages to read for them.

A group is one question with its own passage, hard negatives, or both; where no
passage of the group answers, saying so is what is to be learned. Groups come from
public sets with gold spans; documents are cut into passages exactly as the index
cuts them.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evals.sets.corpora import Case, Corpus, Gold, document_of
from index.read.passages import passages_of
from index.terms import terms
from index.text import Span
from qa.rank.reader import Asked, Text
from qa.understand.abbreviations import definitions
from qa.understand.followup import just_before, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.read.passages import PieceCounter

    #: Says how likely each of some texts is to answer a question: the higher the likelier.
    Judge = Callable[[Asked, Sequence[Text]], Sequence[float]]

#: Share of the groups without their own passage, in sets that accept short answers: those tell what answers,
#: so that the passages left do not.
ALONE = 0.12
#: Share of those whose passages are of other papers, as where the paper asked about is not there.
ELSEWHERE = 0.4
#: Share of the questions on a paper that come after another one on it, which they do not lean on.
AFTER_ANOTHER = 0.12
#: Share of the follow-ups that are read standing alone, as the rules of ``qa.understand.followup`` make them.
STANDING_ALONE = 0.25
#: Share of the follow-ups that are read with the quote that answered the question before, and of those
#: with another one, as where that was answered wrong.
QUOTED, MISQUOTED = 0.65, 0.12
#: Passages nearest by words among which the negatives are drawn.
NEAREST = 12
#: How many of those a judge looks at.
JUDGED = 6


@dataclass(frozen=True, slots=True)
class Marked:
    """A passage of which it is known what answers."""

    text: Text
    right: tuple[bool, ...]  #: a sentence: does it answer
    short: Span | None  #: the decisive words, in the text; None where the set marks whole sentences


@dataclass(frozen=True, slots=True)
class Group:
    """One question and the passages read for it."""

    corpus: str
    asked: Asked
    texts: tuple[Marked, ...]


class Pool:
    """The passages of a corpus, and those nearest to a question by words (BM25)."""

    def __init__(self, corpus: Corpus, count_pieces: PieceCounter, max_pieces: int) -> None:
        self.corpus = corpus
        self.text_of = {document.id: document.text for document in corpus.documents}
        self.texts: list[Text] = []
        self.places: list[tuple[str, Span]] = []  #: document and span of each
        self.of: dict[str, list[int]] = defaultdict(list)
        for document in corpus.documents:
            passages, sentences = passages_of(document, count_pieces, max_pieces)
            short_forms = definitions(document.text)
            inside: dict[int, list[Span]] = defaultdict(list)
            for sentence in sentences:
                inside[sentence.passage].append(sentence.span)
            for at, passage in enumerate(passages):
                self.of[document.id].append(len(self.texts))
                spans = tuple(within(span, passage.span) for span in inside[at])
                self.texts.append(Text(passage.context, passage.span.of(document.text), spans, short_forms))
                self.places.append((document.id, passage.span))
        self._postings, self._idf, self._length = _postings(self.texts)

    def nearest(self, question: str, among: Sequence[int] | None = None) -> list[int]:
        """Return the passages nearest to ``question`` by words, best first, of those ``among`` if given."""
        scores = np.zeros(len(self.texts))
        for term in set(terms(question)):
            if term in self._postings:
                where, counts = self._postings[term]
                norm = counts + 1.5 * (0.25 + 0.75 * self._length[where])
                scores[where] += self._idf[term] * counts * 2.5 / norm
        if among is not None:
            chosen = np.array(among)
            return [int(chosen[i]) for i in np.argsort(-scores[chosen], kind="stable")[:NEAREST]]
        return [int(i) for i in np.argsort(-scores, kind="stable")[:NEAREST]]

    def marked(self, at: int, case: Case, *, spans: bool) -> Marked:
        """Return passage ``at`` with the golds of ``case`` marked; ``spans`` if they are short answers."""
        text = self.texts[at]
        document, place = self.places[at]
        golds = [
            within(g.span, place) for g in case.gold if g.document_id == document and g.span.overlaps(place)
        ]
        right = tuple(any(g.overlaps(s) for g in golds) for s in text.sentences)
        short = next(iter(golds), None) if spans else _short_in(text.text, golds, case.short)
        return Marked(text, right, short)

    def own(self, case: Case) -> list[int]:
        """Return the passages that hold a gold span of ``case``."""
        return [
            at
            for gold in case.gold
            for at in self.of[gold.document_id]
            if self.places[at][1].overlaps(gold.span)
        ]


def _short_in(text: str, golds: Sequence[Span], short: Sequence[str]) -> Span | None:
    """Return the place of the first accepted short answer that stands in a gold sentence."""
    for answer in short:
        for gold in golds:
            if (at := gold.of(text).find(answer)) >= 0:
                return Span(gold.start + at, gold.start + at + len(answer))
    return None


def within(span: Span, place: Span) -> Span:
    """Return the part of ``span`` that lies in ``place``, counted from the start of that."""
    return Span(max(span.start, place.start) - place.start, min(span.end, place.end) - place.start)


def _postings(
    texts: Sequence[Text],
) -> tuple[dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]], dict[str, float], NDArray[np.float64]]:
    found: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    lengths = np.zeros(len(texts))
    for at, text in enumerate(texts):
        counts = Counter(terms(f"{text.context} {text.text}"))
        lengths[at] = sum(counts.values())
        for term, count in counts.items():
            found[term][0].append(at)
            found[term][1].append(count)
    arrays = {term: (np.array(w), np.array(c, float)) for term, (w, c) in found.items()}
    total = len(texts)
    idf = {
        term: float(np.log(1 + (total - len(w) + 0.5) / (len(w) + 0.5))) for term, (w, _) in arrays.items()
    }
    return arrays, idf, lengths / max(lengths.mean(), 1.0)


def groups(
    pool: Pool, cases: Sequence[Case], chance: random.Random, *, spans: bool, judge: Judge | None = None
) -> Iterator[Group]:
    """Yield a group a case: its passage with none to three negatives, or, now and then, negatives alone.

    ``spans`` says that golds are the decisive words rather than whole sentences.
    Passages that hold an accepted short answer are no negatives. Those that ``judge``
    takes for the likeliest to answer are drawn first (Xiong et al. 2021).
    """
    others: dict[str, list[str]] = defaultdict(list)
    earlier = {(*case.history, case.question): case for case in pool.corpus.cases}
    for case in cases:
        others[_paper_of(case)].append(case.question)
    for case in cases:
        own = pool.own(case)
        quote = _quote_before(pool, case, earlier, chance)
        asked = _asked(case, others[_paper_of(case)], quote, chance, follows=not spans)
        words = f"{asked.question} {asked.before}"
        # In a long paper the hard negatives are its own other passages.
        papers = [] if spans else pool.of.get(_paper_of(case), [])
        alone = not own or (bool(case.short) and chance.random() < ALONE)
        if alone and papers and chance.random() < ELSEWHERE:
            near = [at for at in pool.nearest(words) if at not in papers]
        else:
            near = pool.nearest(words, papers or None)
        short = [answer.lower() for answer in case.short] if spans else []
        wrong = [
            at for at in near if at not in own and not any(s in pool.texts[at].text.lower() for s in short)
        ]
        if judge is not None and len(wrong) > 1:
            first = wrong[:JUDGED]
            judged = judge(asked, [pool.texts[at] for at in first])
            near = wrong = [first[i] for i in np.argsort(-np.array(judged), kind="stable")]
        most = (1, 2, 3) if judge else (1, 2, 2)
        count = chance.choice((1, 2)) if alone else chance.choice((0, 1, 1) if spans else most)
        # The nearest come first: most of the draws fall on them.
        drawn = (
            wrong[:3]
            if len(wrong) <= 3
            else sorted(wrong, key=lambda at: chance.random() * (1 + near.index(at)))
        )
        chosen = drawn[:count] if alone else [chance.choice(own), *drawn[:count]]
        texts = tuple(pool.marked(at, case, spans=spans) for at in chosen)
        if texts and all(found.text.sentences for found in texts) and (alone or any(texts[0].right)):
            yield Group(pool.corpus.name, asked, texts)


def _paper_of(case: Case) -> str:
    return case.gold[0].document_id if case.gold else case.about


def _quote_before(
    pool: Pool, case: Case, earlier: Mapping[tuple[str, ...], Case], chance: random.Random
) -> str:
    """Return the quote that was shown before a follow-up: mostly what answered, at times another, or none."""
    last = earlier.get(case.history)
    if last is None:
        return ""
    draw = chance.random()
    if last.gold and draw < QUOTED:
        gold = last.gold[0]
        return gold.span.of(pool.text_of[gold.document_id])
    if draw > 1 - MISQUOTED:
        near = pool.nearest(last.question, pool.of.get(_paper_of(case)))
        if near and (text := pool.texts[near[0]]).sentences:
            return chance.choice(text.sentences).of(text.text)
    return ""


def _asked(case: Case, others: Sequence[str], quote: str, chance: random.Random, *, follows: bool) -> Asked:
    """Return what is asked in ``case``: a follow-up as it is, after what was said before, or standing alone.

    ``quote`` is what was shown for the question before. ``follows`` lets a question that stands alone come
    after one of ``others`` on its paper now and then.
    """
    if case.history:
        if chance.random() < STANDING_ALONE:
            return Asked(resolve(case.question, case.history))
        return Asked(case.question, just_before(case.history, quote))
    before = chance.choice(others) if follows and chance.random() < AFTER_ANOTHER else ""
    return Asked(terse(case.question, chance), "" if before == case.question else before)


def terse(question: str, chance: random.Random) -> str:
    """Return ``question``, now and then as a list of its telling words, as people type to a search box."""
    if chance.random() > 0.06:
        return question
    left = [word for word in question.rstrip("?").split() if terms(word)]
    return " ".join(left) if len(left) > 1 else question


def natural_questions(path: Path) -> Corpus:
    """Return questions asked of a search engine, a passage each that holds the answer.

    The set is nq-open-oracle of "Lost in the Middle" (Liu et al. 2023).
    """
    documents, cases = {}, []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            found = json.loads(line)
            passage = next(context for context in found["ctxs"] if context.get("isgold"))
            at = next((p for a in found["answers"] if (p := passage["text"].find(a)) >= 0), None)
            if at is None:
                continue
            answer = next(a for a in found["answers"] if passage["text"].startswith(a, at))
            document = document_of(passage["text"].replace("\n", " "), f"nq-{number}", title=passage["title"])
            documents[document.id] = document
            gold = Gold(document.id, Span(at, at + len(answer)))
            cases.append(
                Case(
                    f"nq-{number}",
                    found["question"],
                    answerable=True,
                    gold=(gold,),
                    short=tuple(found["answers"]),
                )
            )
    return Corpus("natural_questions", tuple(documents.values()), tuple(cases))
