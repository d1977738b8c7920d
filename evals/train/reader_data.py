"""What the reader learns from: questions, each with a group of passages.

A group is one question with the passage that answers it, hard negatives, or both. If no
passage of the group answers, the reader learns to say so. Groups come from sets with gold
spans; documents are cut into passages as the index cuts them.
"""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evals.sets.cases import Case, Corpus, Gold
from evals.sets.corpora import document_of
from index.files import LOCAL_DISK
from index.read.passages import PieceCounter, passages_of
from index.segments.arrays import Arrays, write_arrays
from index.segments.lexical import Lexical, lexical_arrays
from index.segments.order import Order
from index.terms import terms
from index.text import Span
from qa.rank.closer import excerpts
from qa.rank.identity import identified, identity_of
from qa.rank.reader import Asked, Reader, Text
from qa.rank.rerank import Choice
from qa.settings import DEFAULT
from qa.understand.abbreviations import definitions
from qa.understand.followup import just_before, resolve

#: Scores how likely each of some texts is to answer a question.
Judge = Callable[[Asked, Sequence[Text]], Sequence[float]]

#: Share of the groups without their own passage, in sets with accepted short answers: a passage that
#: contains none of them surely does not answer.
ALONE = 0.12
#: Share of those whose passages are of other papers, as if the right paper were missing.
ELSEWHERE = 0.4
#: Share of the standalone questions that come after another question on their paper.
AFTER_ANOTHER = 0.12
#: Share of the follow-ups that are read as ``qa.understand.followup`` resolves them.
STANDING_ALONE = 0.25
#: Share of the follow-ups read with the quote that answered the question before, and with another one.
QUOTED, MISQUOTED = 0.65, 0.12
#: Share of the questions cut down to their content words, as people type them into a search box.
TERSE = 0.06
#: Share of the questions with a typing error.
MISTYPED = 0.06
#: Share of the groups with a passage of another paper too, and of those without the papers' identity.
FROM_OTHERS, NAMELESS = 0.4, 0.1
#: Passages nearest by words from which the negatives are drawn, and how many of them a judge scores.
NEAREST, JUDGED = 12, 6
#: How many negatives beside a passage that answers: without a judge, with one, and where excerpts are chosen.
UNJUDGED, HARD, MANY = (1, 2, 2), (1, 2, 3), (3, 4, 4)
#: Share of the groups whose right sentence is read although it is not among the best.
FORCED = 0.6


@dataclass(frozen=True, slots=True)
class Marked:
    """A passage with what answers in it."""

    text: Text
    right: tuple[bool, ...]  #: for each sentence, whether it answers
    short: Span | None  #: the decisive words, in the text; None if the set marks whole sentences


@dataclass(frozen=True, slots=True)
class Group:
    """One question and the passages read for it."""

    corpus: str
    asked: Asked
    texts: tuple[Marked, ...]


class Pool:
    """The passages of a corpus, cut up and searched by words as an index does."""

    def __init__(self, corpus: Corpus, count_pieces: PieceCounter, max_pieces: int) -> None:
        self.corpus = corpus
        self.text_of = {document.id: document.text for document in corpus.documents}
        self.texts: list[Text] = []
        self.places: list[tuple[str, Span]] = []  #: document and span of each
        self.identity: dict[str, tuple[str, ...]] = {}  #: by document
        self.of: dict[str, list[int]] = defaultdict(list)
        for document in corpus.documents:
            passages, sentences = passages_of(document, count_pieces, max_pieces)
            short_forms = definitions(document.text)
            self.identity[document.id] = identity_of(document, [sentence.span for sentence in sentences])
            inside: dict[int, list[Span]] = defaultdict(list)
            for sentence in sentences:
                inside[sentence.passage].append(sentence.span)
            for at, passage in enumerate(passages):
                self.of[document.id].append(len(self.texts))
                spans = tuple(within(span, passage.span) for span in inside[at])
                self.texts.append(Text(passage.context, passage.span.of(document.text), spans, short_forms))
                self.places.append((document.id, passage.span))
        with tempfile.TemporaryDirectory() as folder:  # the files stay mapped after they are deleted
            arrays = lexical_arrays([[f"{text.context} {text.text}" for text in self.texts]])
            written = Arrays(Path(folder), write_arrays(Path(folder, "words"), arrays, LOCAL_DISK))
            self._lexical = Lexical([written], Order.of_one(len(self.texts)), Order.of_one(1))

    def nearest(self, question: str, among: Sequence[int] | None = None) -> list[int]:
        """Return the passages nearest to ``question`` by BM25, best first, of those ``among`` if given."""
        chosen = np.arange(len(self.texts)) if among is None else np.array(among)
        order = np.argsort(-self._lexical.scores(question)[chosen], kind="stable")
        return [int(at) for at in chosen[order][:NEAREST]]

    def marked(self, at: int, case: Case, *, spans: bool, identity: bool) -> Marked:
        """Return passage ``at`` with the gold of ``case`` marked.

        Args:
            at: position of the passage.
            case: whose gold is marked.
            spans: gold is a short answer.
            identity: put in front what identifies the paper.
        """
        text = self.texts[at]
        document, place = self.places[at]
        golds = [
            within(g.span, place) for g in case.gold if g.document_id == document and g.span.overlaps(place)
        ]
        right = tuple(any(g.overlaps(s) for g in golds) for s in text.sentences)
        short = next(iter(golds), None) if spans else _short_in(text.text, golds, case.short)
        return Marked(identified(text, self.identity[document]) if identity else text, right, short)

    def own(self, case: Case) -> list[int]:
        """Return the passages that hold a gold span of ``case``."""
        return [
            at
            for gold in case.gold
            for at in self.of[gold.document_id]
            if self.places[at][1].overlaps(gold.span)
        ]


def _short_in(text: str, golds: Sequence[Span], short: Sequence[str]) -> Span | None:
    """Return the place of the first accepted short answer that a gold sentence contains."""
    for answer in short:
        for gold in golds:
            if (at := gold.of(text).find(answer)) >= 0:
                return Span(gold.start + at, gold.start + at + len(answer))
    return None


def within(span: Span, place: Span) -> Span:
    """Return the part of ``span`` inside ``place``, as offsets from the start of ``place``."""
    return Span(max(span.start, place.start) - place.start, min(span.end, place.end) - place.start)


def groups(
    pool: Pool,
    cases: Sequence[Case],
    chance: random.Random,
    *,
    spans: bool,
    judge: Judge | None = None,
    identity: bool = False,
    negatives: Sequence[int] | None = None,
) -> Iterator[Group]:
    """Yield a group per case: its passage with up to four negatives, or at times negatives alone.

    ``spans`` says that gold is the decisive words, not whole sentences; passages that contain an
    accepted short answer are then not used as negatives. Negatives that ``judge`` scores highest
    are drawn first (Xiong et al. 2021). ``identity`` puts what identifies a paper in front of its passages.
    ``negatives`` are the numbers of them to draw from, instead of the usual ones.
    """
    others: dict[str, list[str]] = defaultdict(list)
    earlier = {(*case.history, case.question): case for case in pool.corpus.cases}
    for case in cases:
        others[_paper_of(case)].append(case.question)
    for case in cases:
        own = pool.own(case)
        quote = _quote_before(pool, case, earlier, chance)
        asked = _asked(case, others[_paper_of(case)], quote, chance, follows=not spans)
        alone = not own or (bool(case.short) and chance.random() < ALONE)
        near = _near(pool, case, f"{asked.question} {asked.before}", chance, alone=alone, spans=spans)
        short = [answer.lower() for answer in case.short] if spans else []
        wrong = [
            at for at in near if at not in own and not any(s in pool.texts[at].text.lower() for s in short)
        ]
        if judge is not None and len(wrong) > 1:
            first = wrong[:JUDGED]
            judged = judge(asked, [pool.texts[at] for at in first])
            wrong = [first[i] for i in np.argsort(-np.array(judged), kind="stable")]
        most = negatives or (HARD if judge else UNJUDGED)
        count = chance.choice((1, 2)) if alone else chance.choice((0, 1, 1) if spans else most)
        drawn = _drawn(wrong, chance)[:count]
        chosen = drawn if alone else [chance.choice(own), *drawn]
        if not alone and not spans and chance.random() < FROM_OTHERS:
            chosen += _elsewhere(pool, case, f"{asked.question} {asked.before}", chance)
        named = identity and chance.random() >= NAMELESS
        texts = tuple(pool.marked(at, case, spans=spans, identity=named) for at in chosen)
        if texts and all(marked.text.sentences for marked in texts) and (alone or any(texts[0].right)):
            yield Group(pool.corpus.name, asked, texts)


def read_closely(group: Group, reader: Reader, chance: random.Random) -> Group:
    """Return ``group`` as the third stage reads it: the best sentences for ``reader``, with their neighbours.

    The right sentence may not be among them, as when a question is asked: then no answer is right. It is
    added in a share of ``FORCED`` of those groups, since most would teach nothing else.
    """
    texts = [marked.text for marked in group.texts]
    places = tuple((at, sentence) for at, text in enumerate(texts) for sentence in range(len(text.sentences)))
    readings = reader.read(group.asked.question, texts, group.asked.before)
    scores = np.array([readings[at].scores[sentence] for at, sentence in places], np.float64)
    right = np.array([group.texts[at].right[sentence] for at, sentence in places])
    best = np.argsort(-scores, kind="stable")[: DEFAULT.closely]
    if right.any() and not right[best].any() and chance.random() < FORCED:
        scores[np.flatnonzero(right)[scores[right].argmax()]] = np.inf
    whole = Choice(tuple(texts), (0,) * len(texts), np.arange(len(places)), places)
    choice = excerpts(whole, scores, DEFAULT.closely)
    marked: list[Marked] = []
    for number, text in enumerate(choice.texts):
        rows = [row for row, place in zip(choice.kept, choice.places, strict=True) if place[0] == number]
        start, short = choice.starts[number], group.texts[places[rows[0]][0]].short
        held = short if short and Span(start, start + len(text.text)).contains(short) else None
        marked.append(Marked(text, tuple(map(bool, right[rows])), held and held.moved(-start)))
    return replace(group, texts=tuple(marked))


def _near(
    pool: Pool, case: Case, words: str, chance: random.Random, *, alone: bool, spans: bool
) -> list[int]:
    """Return the passages from which the negatives are drawn, nearest first.

    In a long paper the hard negatives are its own other passages.
    """
    paper = [] if spans else pool.of.get(_paper_of(case), [])
    if alone and paper and chance.random() < ELSEWHERE:
        return [at for at in pool.nearest(words) if at not in paper]
    return pool.nearest(words, paper or None)


def _elsewhere(pool: Pool, case: Case, words: str, chance: random.Random) -> list[int]:
    """Return a passage of another paper, which may hold the same kind of value.

    None where the question does not tell its paper from others: then that passage may answer as well.
    """
    papers = pool.of.get(_paper_of(case), [])
    near = pool.nearest(words)
    others = [at for at in near if at not in papers]
    return [chance.choice(others[:4])] if others and len(others) <= len(near) // 2 else []


def _drawn(wrong: Sequence[int], chance: random.Random) -> list[int]:
    """Return ``wrong`` in random order, the front mostly first; up to three keep their order."""
    if len(wrong) <= 3:
        return list(wrong)
    keys = [chance.random() * (1 + rank) for rank in range(len(wrong))]
    return [wrong[i] for i in np.argsort(keys, kind="stable")]


def _paper_of(case: Case) -> str:
    return case.gold[0].document_id if case.gold else case.about


def _quote_before(
    pool: Pool, case: Case, earlier: Mapping[tuple[str, ...], Case], chance: random.Random
) -> str:
    """Return the quote shown before a follow-up: mostly the right one, at times another or none."""
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
    """Return what the reader is asked for ``case``: a follow-up after what was said before, or resolved.

    ``quote`` was shown for the question before. ``follows`` lets a standalone question at times come
    after one of ``others`` on its paper.
    """
    if case.history:
        if chance.random() < STANDING_ALONE:
            return Asked(resolve(case.question, case.history))
        return Asked(case.question, just_before(case.history, quote))
    before = chance.choice(others) if follows and chance.random() < AFTER_ANOTHER else ""
    return Asked(_typed(case.question, chance), "" if before == case.question else before)


def _typed(question: str, chance: random.Random) -> str:
    """Return ``question`` as people type it: at times with an error, at times its content words alone."""
    words = question.split()
    long = [at for at, word in enumerate(words) if len(word) > 5 and word.isalpha()]
    if long and chance.random() < MISTYPED:
        at = chance.choice(long)
        word, cut = words[at], chance.randrange(1, len(words[at]) - 2)
        ends = (word[cut + 1 :], word[cut + 1] + word[cut] + word[cut + 2 :], word[cut] + word[cut:])
        words[at] = word[:cut] + chance.choice(ends)
    content = [word for word in " ".join(words).rstrip("?").split() if terms(word)]
    return " ".join(content if chance.random() < TERSE and len(content) > 1 else words)


def as_json(group: Group) -> dict[str, Any]:
    """Return a group as a JSON object; ``of_json`` reads it back."""
    texts = [
        {
            "c": marked.text.context,
            "t": marked.text.text,
            "s": [[span.start, span.end] for span in marked.text.sentences],
            "a": None if marked.text.abbreviations is None else dict(marked.text.abbreviations),
            "r": list(marked.right),
            "m": [marked.short.start, marked.short.end] if marked.short else None,
        }
        for marked in group.texts
    ]
    return {"c": group.corpus, "q": group.asked.question, "b": group.asked.before, "t": texts}


def of_json(entry: dict[str, Any]) -> Group:
    """Return the group that ``as_json`` wrote."""
    texts = tuple(
        Marked(
            Text(text["c"], text["t"], tuple(Span(*span) for span in text["s"]), text["a"]),
            tuple(text["r"]),
            Span(*text["m"]) if text["m"] else None,
        )
        for text in entry["t"]
    )
    return Group(entry["c"], Asked(entry["q"], entry["b"]), texts)


def natural_questions(path: Path) -> Corpus:
    """Return questions put to a search engine, each with a passage that contains the answer.

    The file is nq-open-oracle of "Lost in the Middle" (Liu et al. 2023).
    """
    documents, cases = {}, []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            entry = json.loads(line)
            passage = next(context for context in entry["ctxs"] if context.get("isgold"))
            text, name = passage["text"].replace("\n", " "), f"nq-{number}"
            places = ((answer, text.find(answer)) for answer in entry["answers"])
            answer, at = next((place for place in places if place[1] >= 0), ("", -1))
            if at < 0:
                continue
            document = document_of(text, name, title=passage["title"])
            documents[document.id] = document
            gold = (Gold(document.id, Span(at, at + len(answer))),)
            short = tuple(entry["answers"])
            cases.append(Case(name, entry["question"], answerable=True, gold=gold, short=short))
    return Corpus("natural_questions", tuple(documents.values()), tuple(cases))
