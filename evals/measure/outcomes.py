"""Asks every case of a set and judges the answers against the gold places.

Right means: the quote shares at least one character with a gold span of the same
paper. A refused question counts as a miss of every answer metric, so that
refusing cannot make answers look better. The figures are in ``evals.measure.metrics``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from time import perf_counter
from typing import TYPE_CHECKING, Any

from evals.measure.places import Place, Quoted, answers, place_of, quoted
from evals.measure.ranking import Ranking, Units, first_relevant, judged, ordered
from evals.measure.short_answers import exact_match, token_f1
from evals.measure.zscores import ranked_by_sum
from index.errors import QuestionError
from qa.conversation import Conversations
from qa.records import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evals.sets.cases import Case, Gold
    from index.search import Hit
    from qa.answer import Answerer
    from qa.rank.candidates import Candidate
    from qa.rank.evidence import Ranked
    from qa.records import Citation

#: How many passages of the search alone "held" looks into.
HELD = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one case, without a word of any paper. None: not to be judged of this case."""

    set: str
    id: str
    type: str
    digest: str  #: of question, history and gold; a case that was changed is another one
    answerable: bool
    followup: bool  #: it has a history
    status: str
    confidence: float
    first_right: bool  #: the first quote answers
    right: bool  #: as the case wants it: the first quote, or a right one from each paper with gold
    among_three: bool  #: one of the first three quotes answers
    ranked_first: bool  #: the ranker's first sentence answers, shown or refused
    ranked_three: bool  #: one of its first three does
    held: bool  #: one of the ten passages that the search alone puts first holds gold
    zscore_first: bool  #: the sentence answers that a plain sum of z-scores puts first
    place_right: bool | None  #: the first quote's paper, section and page or lines are gold's
    passage_rank: int | None  #: rank of the first passage with gold, from 1; None beyond the tenth
    retrieval: dict[str, float] | None  #: see ``evals.measure.ranking.judged``
    marked: bool  #: a short answer is marked
    exact: float | None  #: it equals one accepted
    overlap: float | None  #: token F1 of the short answer
    seconds: float | None  #: None in a baseline: another machine's time says nothing

    @property
    def shown(self) -> bool:
        """Whether anything is quoted as an answer."""
        return self.status != Status.NOT_FOUND

    @property
    def best_right(self) -> bool:
        """Whether the quote that ``confidence`` speaks of answers, be it shown or withheld."""
        return self.first_right if self.shown else self.ranked_first

    @property
    def correct(self) -> bool:
        """Whether the question was served: answered right, or refused where the papers do not answer."""
        return self.right if self.answerable else not self.shown


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case with all that a reader needs to see why it was judged so."""

    judged: Judged
    question: str
    history: tuple[str, ...]
    resolved: str
    short: str | None
    accepted: tuple[str, ...]  #: short answers
    citations: tuple[Quoted, ...]
    gold: tuple[Place, ...]
    withheld: Place | None  #: where nothing is quoted: the sentence that was ranked first
    ranking: Ranking
    stages: dict[str, float] = field(default_factory=dict)  #: seconds


def measure(
    answerer: Answerer,
    cases: Sequence[Case],
    progress: Callable[[int, int], None] | None = None,
    *,
    name: str = "",
    unit: str = "passage",
) -> list[Outcome]:
    """Return the outcome of each case, in order.

    Args:
        answerer: what is measured.
        cases: to be asked.
        progress: told how many cases are done, and of how many.
        name: of the set.
        unit: what retrieval is judged by, "passage" or "document".
    """
    units = Units(answerer.index, unit)
    outcomes = []
    conversations = Conversations(answerer)
    for number, case in enumerate(cases, 1):
        outcomes.append(_asked(answerer, case, units, name, conversations))
        if progress:
            progress(number, len(cases))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Said:
    """What the program made of a question."""

    resolved: str
    status: str = Status.NOT_FOUND
    confidence: float = 0.0
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    by_sum: tuple[Ranked, ...] = ()  #: the candidates in the order of the baseline
    stages: dict[str, float] = field(default_factory=dict)


def _asked(
    answerer: Answerer,
    case: Case,
    units: Units,
    name: str,
    conversations: Conversations,
) -> Outcome:
    said = _said(answerer, case, conversations)
    index = answerer.index
    quotes = tuple(quoted(index.documents[c.document_id], c, case.gold) for c in said.citations)
    marked = said.citations[0].short if said.citations else None
    short = index.quote(said.citations[0].document_id, marked) if marked else None
    ranking = units.ranking(ordered(said.hits, said.ranked), case.gold)
    return Outcome(
        judged=_judged(case, said, quotes, short, ranking, name),
        question=case.question,
        history=case.history,
        resolved=said.resolved,
        short=short,
        accepted=case.short,
        citations=quotes,
        gold=tuple(
            place_of(index.documents[gold.document_id], gold.span)
            for gold in case.gold
            if gold.document_id in index.documents
        ),
        withheld=_withheld(said),
        ranking=ranking,
        stages=said.stages,
    )


def _withheld(said: _Said) -> Place | None:
    if said.citations or not said.ranked:
        return None
    candidate = said.ranked[0].candidate
    return place_of(candidate.document, candidate.sentence.span)


def _judged(
    case: Case, said: _Said, quotes: Sequence[Quoted], short: str | None, ranking: Ranking, name: str
) -> Judged:
    first = bool(quotes) and quotes[0].right
    wanted = {gold.document_id for gold in case.gold}
    got = {quote.document for quote in quotes if quote.right}
    ranked = [_right(case.gold, item.candidate) for item in said.ranked[:3]]
    held = (hit.passage for hit in said.hits if hit.rank <= HELD)
    return Judged(
        set=name,
        id=case.id,
        type=case.type,
        digest=digest(case),
        answerable=case.answerable,
        followup=bool(case.history),
        status=said.status,
        confidence=said.confidence,
        first_right=first,
        right=got == wanted and bool(wanted) if case.papers == "several" else first,
        among_three=any(quote.right for quote in quotes[:3]),
        ranked_first=any(ranked[:1]),
        ranked_three=any(ranked),
        held=any(answers(case.gold, passage.document_id, passage.span) for passage in held),
        zscore_first=any(_right(case.gold, item.candidate) for item in said.by_sum[:1]),
        place_right=quotes[0].place_right if quotes and case.answerable else None,
        passage_rank=first_relevant(ranking),
        retrieval=judged(ranking),
        marked=short is not None,
        exact=exact_match(short or "", case.short),
        overlap=token_f1(short or "", case.short),
        seconds=sum(said.stages.values()),
    )


def _said(answerer: Answerer, case: Case, conversations: Conversations) -> _Said:
    """Ask; a question that is refused unread, as one without a word is, counts as not answered."""
    # The question before has been answered by the time a follow-up is asked: its time is not counted.
    conversation = conversations.after(case.history)
    began = perf_counter()
    try:
        gathered = conversation.gather(answerer, case.question)
    except QuestionError:
        return _Said(conversation.standalone(answerer.index, case.question))
    evidence = gathered.evidence
    deciding = perf_counter()
    resolving = deciding - began - sum(evidence.seconds.values())
    answer = answerer.decide(case.question, evidence, documents=gathered.documents)
    decided = perf_counter()
    conversations.keep(conversation.with_answer(answer))
    return _Said(
        resolved=gathered.resolved,
        status=str(answer.status),
        confidence=answer.confidence,
        citations=answer.citations,
        hits=evidence.hits,
        ranked=evidence.ranked,
        by_sum=ranked_by_sum(answerer, evidence, gathered.documents),
        stages={"resolve": resolving, **evidence.seconds, "decide": decided - deciding},
    )


def _right(gold: Sequence[Gold], candidate: Candidate) -> bool:
    return answers(gold, candidate.document.id, candidate.sentence.span)


def digest(case: Case) -> str:
    """Return a hash of what is asked and of what is right, short enough to be read."""
    gold = [[place.document_id, place.span.start, place.span.end] for place in case.gold]
    asked = json.dumps([case.question, case.history, case.papers, case.answerable, case.short, gold])
    return hashlib.sha256(asked.encode()).hexdigest()[:12]


def as_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as an object for JSON; places and texts beside each other, as format 1 had them."""
    found = asdict(outcome)
    judgement = found.pop("judged")
    ranking = found.pop("ranking")
    gold = found.pop("gold")
    return {
        **judgement,
        **found,
        "correct": outcome.judged.correct,
        "quotes": [quote.quote for quote in outcome.citations],
        "gold": [place.quote for place in outcome.gold],
        "gold_places": gold,
        "passages": list(ranking["found"][:HELD]),
    }


def judged_of(row: dict[str, Any]) -> Judged:
    """Return the judgement in a row of a report or a baseline; what an older one lacks is None.

    Raises:
        KeyError: the row is none of either.
    """
    needed = {"id": row["id"], "status": row["status"], "answerable": row["answerable"]}
    return Judged(**{**{item.name: row.get(item.name) for item in fields(Judged)}, **needed})
