"""Asks every case of a set and judges the answers by the gold.

A quote is right if it shares at least one character with a gold span of the same
paper. A refused question counts as a miss of every answer metric, so that refusing
cannot improve them. The figures are in ``evals.measure.metrics``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from time import perf_counter
from typing import Any

from evals.measure.places import Place, Quoted, answers, place_of, quoted
from evals.measure.ranking import Ranking, Units, first_relevant, judged, ordered
from evals.measure.short_answers import exact_match, token_f1
from evals.measure.zscores import ranked_by_sum
from evals.sets.cases import Case, Gold
from index.errors import QuestionError
from index.search import Hit
from qa.answer import Answerer
from qa.conversation import Conversations
from qa.rank.candidates import Candidate
from qa.rank.evidence import Evidence, Ranked, surely_about
from qa.records import Citation, Status

#: Passages of the search that "held" looks at.
HELD = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one case, without any text of a paper. None: does not apply to this case."""

    set: str
    id: str
    type: str
    digest: str  #: of question, history and gold; tells whether a case was changed
    answerable: bool
    followup: bool  #: it has a history
    status: str
    confidence: float
    presence: float  #: probability that the papers answer
    first_right: bool  #: the first quote is right
    right: bool  #: by the rule of the case: the first quote, or one from each paper with gold
    among_three: bool  #: one of the first three quotes is right
    ranked_first: bool  #: the sentence ranked first is right, shown or not
    ranked_three: bool  #: one of the three sentences ranked first is right
    held: bool  #: one of the ten passages that the search puts first holds gold
    zscore_first: bool  #: the sentence that a plain sum of z-scores ranks first is right
    place_right: bool | None  #: paper, section and page or lines of the first quote are those of gold
    passage_rank: int | None  #: of the first passage with gold, from 1; None beyond the tenth
    retrieval: dict[str, float] | None  #: see ``evals.measure.ranking.judged``
    marked: bool  #: a short answer is marked
    exact: float | None  #: it equals an accepted one
    overlap: float | None  #: its token F1
    seconds: float | None  #: None in a baseline, which is from another machine

    @property
    def shown(self) -> bool:
        """Whether a quote is shown, as an answer or as a possible one."""
        return self.status != Status.NOT_FOUND

    @property
    def sure(self) -> bool:
        """Whether an answer is given."""
        return self.shown and self.status != Status.POSSIBLE

    @property
    def best_right(self) -> bool:
        """Whether the quote that ``confidence`` is about is right, shown or withheld."""
        return self.first_right if self.shown else self.ranked_first

    @property
    def correct(self) -> bool:
        """Whether a right quote comes first for an answerable question, and no answer for another."""
        return self.right if self.answerable else not self.sure


@dataclass(frozen=True, slots=True)
class Outcome:
    """The judgement of one case, and what it rests on."""

    judged: Judged
    split: str
    question: str
    history: tuple[str, ...]
    resolved: str
    short: str | None
    accepted: tuple[str, ...]  #: short answers
    citations: tuple[Quoted, ...]
    gold: tuple[Place, ...]
    withheld: Place | None  #: of a refusal: the sentence ranked first
    ranking: Ranking
    stages: dict[str, float] = field(default_factory=dict)  #: seconds
    basis: str = "ranked"  #: of the confidence, see ``basis_of``


def measure(
    answerer: Answerer,
    cases: Sequence[Case],
    progress: Callable[[int, int], None] | None = None,
    *,
    name: str = "",
    unit: str = "passage",
) -> list[Outcome]:
    """Return the outcome of each case of the set called ``name``, in order.

    ``progress`` receives the number of cases done, and of all; retrieval is judged by ``unit``, "passage" or
    "document".
    """
    units = Units(answerer.index, unit)
    conversations = Conversations(answerer)
    outcomes = []
    for number, case in enumerate(cases, 1):
        outcomes.append(_outcome(answerer, case, _reply(answerer, case, conversations), units, name))
        if progress:
            progress(number, len(cases))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the program made of a question."""

    resolved: str
    status: str = Status.NOT_FOUND
    confidence: float = 0.0
    presence: float = 0.0
    citations: tuple[Citation, ...] = ()
    hits: tuple[Hit, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    by_sum: tuple[Ranked, ...] = ()  #: the candidates in the order of the baseline
    stages: dict[str, float] = field(default_factory=dict)
    basis: str = "none"


def _reply(answerer: Answerer, case: Case, conversations: Conversations) -> _Reply:
    """Ask; a question that is rejected, such as one without a word, counts as refused."""
    # Outside the timing: a user's earlier question has been answered when the follow-up comes.
    conversation = conversations.after(case.history)
    began = perf_counter()
    try:
        gathered = conversation.gather(answerer, case.question)
    except QuestionError:
        return _Reply(conversation.standalone(answerer.index, case.question))
    evidence = gathered.evidence
    deciding = perf_counter()
    answer = answerer.decide(case.question, evidence, documents=gathered.documents)
    decided = perf_counter()
    conversations.keep(conversation.with_answer(answer))
    resolving = deciding - began - sum(evidence.seconds.values())
    return _Reply(
        resolved=gathered.resolved,
        status=str(answer.status),
        confidence=answer.confidence,
        presence=answer.presence,
        citations=answer.citations,
        hits=evidence.hits,
        ranked=evidence.ranked,
        by_sum=ranked_by_sum(answerer, evidence, gathered.documents),
        stages={"resolve": resolving, **evidence.seconds, "decide": decided - deciding},
        basis=basis_of(evidence),
    )


def basis_of(evidence: Evidence) -> str:
    """Return what the confidence is from.

    "ranked": the calibrator; "capped": the same, kept below the threshold because the sentence may not be
    about what the question names by number; "looked up": the paper's front matter or its sentences' roles;
    "none": nothing was read.
    """
    if evidence.stated is not None:
        return "looked up"
    if not evidence.ranked:
        return "none"
    return "ranked" if surely_about(evidence.ranked[0], evidence.question) else "capped"


def _outcome(answerer: Answerer, case: Case, reply: _Reply, units: Units, name: str) -> Outcome:
    index = answerer.index
    quotes = tuple(quoted(index.documents[c.document_id], c, case.gold) for c in reply.citations)
    marked = reply.citations[0].short if reply.citations else None
    short = index.quote(reply.citations[0].document_id, marked) if marked else None
    ranking = units.ranking(ordered(reply.hits, reply.ranked), case.gold)
    withheld = reply.ranked[0].candidate if reply.ranked and not reply.citations else None
    return Outcome(
        judged=_judged(case, reply, quotes, short, ranking, name),
        split=case.split,
        question=case.question,
        history=case.history,
        resolved=reply.resolved,
        short=short,
        accepted=case.short,
        citations=quotes,
        gold=tuple(
            place_of(index.documents[gold.document_id], gold.span)
            for gold in case.gold
            if gold.document_id in index.documents
        ),
        withheld=place_of(withheld.document, withheld.sentence.span) if withheld else None,
        ranking=ranking,
        stages=reply.stages,
        basis=reply.basis,
    )


def _judged(
    case: Case, reply: _Reply, quotes: Sequence[Quoted], short: str | None, ranking: Ranking, name: str
) -> Judged:
    first = bool(quotes) and quotes[0].right
    wanted = {gold.document_id for gold in case.gold}
    given = {quote.document for quote in quotes if quote.right}
    ranked = [_right(case.gold, item.candidate) for item in reply.ranked[:3]]
    held = (hit.passage for hit in reply.hits if hit.rank <= HELD)
    return Judged(
        set=name,
        id=case.id,
        type=case.type,
        digest=digest(case),
        answerable=case.answerable,
        followup=bool(case.history),
        status=reply.status,
        confidence=reply.confidence,
        presence=reply.presence,
        first_right=first,
        right=given == wanted and bool(wanted) if case.papers == "several" else first,
        among_three=any(quote.right for quote in quotes[:3]),
        ranked_first=any(ranked[:1]),
        ranked_three=any(ranked),
        held=any(answers(case.gold, passage.document_id, passage.span) for passage in held),
        zscore_first=any(_right(case.gold, item.candidate) for item in reply.by_sum[:1]),
        place_right=quotes[0].place_right if quotes and case.answerable else None,
        passage_rank=first_relevant(ranking),
        retrieval=judged(ranking),
        marked=short is not None,
        exact=exact_match(short or "", case.short),
        overlap=token_f1(short or "", case.short),
        seconds=sum(reply.stages.values()),
    )


def _right(gold: Sequence[Gold], candidate: Candidate) -> bool:
    return answers(gold, candidate.document.id, candidate.sentence.span)


def digest(case: Case) -> str:
    """Return a short hash of question, history and gold."""
    gold = [[place.document_id, place.span.start, place.span.end] for place in case.gold]
    content = json.dumps([case.question, case.history, case.papers, case.answerable, case.short, gold])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def as_row(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as a JSON object: the fields of its judgement beside its own."""
    row = asdict(outcome)
    ranking = row.pop("ranking")
    row["gold_places"] = row.pop("gold")
    return {
        **row.pop("judged"),
        **row,
        "correct": outcome.judged.correct,
        "passages": list(ranking["found"][:HELD]),
    }


def judged_of(row: dict[str, Any]) -> Judged:
    """Return the judgement in a row of a report or a baseline; a field that it lacks is None.

    Raises:
        KeyError: the row is of neither.
    """
    needed = {name: row[name] for name in ("set", "id", "digest", "status", "answerable")}
    return Judged(**{**{item.name: row.get(item.name) for item in fields(Judged)}, **needed})
