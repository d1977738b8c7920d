"""Understands a question: which words carry it, what kind of answer it wants, whom it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from index.errors import QuestionError
from index.read.frequency import zipf
from index.terms import terms as terms_of
from index.terms import weighted_terms
from index.terms import words as words_of
from index.text import Span
from qa.understand.numbered import Mention, kinds_chosen_among, named_in
from qa.understand.several import of_each
from qa.understand.subjects import Subject, asked_about, impersonal

#: Longest question taken, in code points.
LONGEST = 2_000
#: How rare in English a word is, 0 to 1, from which on it tells a topic.
TELLING = 0.25


class Wanted(StrEnum):
    """The kind of answer that a question wants."""

    TIME = "time"  #: a date, a duration, a moment
    AGE = "age"
    DOSE = "dose"
    PERCENT = "percent"
    NUMBER = "number"  #: a count or a measured value
    REASON = "reason"
    PERSON = "person"
    PLACE = "place"
    YES_NO = "yes/no"
    ANY = "any"


_WANTED = (
    (
        Wanted.AGE,
        r"\bhow old\b|\bwhat age\b|\bwhat (?:is|was) (?:the |her |his |their )?(?:[\w'\u2019-]+ ){0,2}age\b",
    ),
    (
        Wanted.DOSE,
        r"\b(?:what|which|how (?:much|many|high|large|big)).{0,60}\bdos(?:e|es|age|ing)\b|^dos(?:e|age)\b",
    ),
    (
        Wanted.PERCENT,
        r"\bpercent(?:age)?s?\b|\bwhat (?:proportion|fraction|share)\b"
        r"|\bhow (?:common|prevalent|frequent)\b",
    ),
    (
        Wanted.TIME,
        r"\bhow (?:long|soon|often|quickly|fast|early|late|recently)\b|\bwhen\b"
        r"|\b(?:what|which) (?:date|day|year|month|time)"
        r"|\bhow many (?:days|weeks|months|years|hours|minutes)\b"
        r"|\b(?:duration|interval|time (?:to|from|between|course))\b",
    ),
    (
        Wanted.NUMBER,
        r"\bhow (?:many|much|high|low|large|big|elevated|heavy|tall|severe)\b"
        r"|\b(?:level|value|count|number|titer|titre|score"
        r"|concentration|rate|ratio|size|range|weight|temperature|pressure|result|reading|incidence"
        r"|prevalence)s?\b",
    ),
    (
        Wanted.REASON,
        r"\bwhy\b|\bhow come\b|\bwhat (?:\w+ ){0,3}(?:reason|cause|rationale)|\bfor what reason\b",
    ),
    (Wanted.PERSON, r"^\s*who\b|\bwhom\b|\bwhose\b"),
    (
        Wanted.PLACE,
        r"^\s*where\b"
        r"|\b(?:what|which) (?:country|city|hospital|university|institution|cent(?:er|re)|site)\b",
    ),
    (
        Wanted.YES_NO,
        r"^\s*(?:and |but |so )?(?:is|are|was|were|did|do|does|has|have|had|can|could|should|would|will|may"
        r"|might|must)(?:n't)?\b",
    ),
)
_WANTED_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WANTED)
_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty"
    r"|sixty|several|few)"
)
_TIME_UNIT = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?)"
_HELD = {
    Wanted.TIME: rf"(?:\d|\b{_NUMBER_WORD})[\s-]*(?:\w+[\s-])?{_TIME_UNIT}\b|\b(?:19|20)\d\d\b"
    r"|\b(?:daily|weekly|monthly|yearly|annually|today|yesterday|immediately|once|twice"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d)",
    Wanted.AGE: r"\b\d+[\s-]*(?:years?|months?|weeks?|days?)[\s-]*old\b|\baged? (?:of )?\d"
    r"|\b(?:mean|median) age\b",
    Wanted.DOSE: r"\d\s?(?:m?g|\u00b5g|\u03bcg|mcg|IU|U|units?|m?[lL]|mmol|mEq|MBq|Gy|ppm|%)\b(?:/\w+)?",
    Wanted.PERCENT: r"\d\s?%|\bper ?cent\b|\b\d+ (?:of|out of) (?:the )?\d+\b|\b\d+/\d+\b"
    r"|\b\d+ (?:in|per) [\d,]+",
    Wanted.NUMBER: rf"\d|\b{_NUMBER_WORD}\b",
    Wanted.REASON: r"\b(?:because|due to|owing to|as a result|caused? by|secondary to|attribut\w+|led to"
    r"|lead(?:s|ing)? to|therefore|thus|hence|in order to|so that|given (?:the|that|his|her)|reasons?|since"
    r"|explain\w*|prompting"
    r"|result(?:s|ed|ing)? (?:in|from)|account(?:s|ed) for|prevent|avoid|offset|rationale"
    r"|to (?:rule out|reduce|ensure|assess|confirm|minimi[sz]e))\b",
    Wanted.PERSON: r"\b[A-Z][a-z]+ (?:[A-Z]\.? ?)*[A-Z][a-z]+|\bDr\b"
    r"|\b(?:physician|surgeon|team|nurse|author)s?\b",
    Wanted.PLACE: r"\b(?:in|at|from|near|to)(?: the)? [A-Z][\w-]+",
}
_HELD_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _HELD.items()}
_COUNTED = re.compile(
    r"\b(?:two|three|both|these|all|each|every)(?: of the)?(?: two| three)? (patients?|cases?|papers?"
    r"|reports?)\b",
    re.IGNORECASE,
)
_SEARCHED = re.compile(r"[^\s?!;]+")
#: Words that ask or point, and so cannot be expected in an answer.
ASKING = frozenset(
    terms_of(
        "what which who whom whose when where why how did does do was were is are has had many much long "
        "old often"
        " patient patients case cases paper papers report reports reported article articles study authors "
        "author describe described"
        " mention mentioned state stated say says given give tell show list name person lady pt pts each "
        "both every all either please according find found about kind type"
        " there any level levels value values result results number reason"
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands."""

    document_id: str
    span: Span


@dataclass(frozen=True, slots=True)
class Question:
    """A standalone question, understood."""

    text: str
    searched: str  #: the same without age and sex of a person it names, which decide only between papers
    terms: tuple[str, ...]  #: stems of the words an answer may share, in order, without repeats
    shares: tuple[float, ...]  #: how much each term counts: the parts of a compound share one word's weight
    specific: tuple[float, ...]  #: how rare the word of each term is in English: 0 common, 1 a rare name
    compounds: tuple[tuple[str, frozenset[str]], ...]  #: hyphenated words: ("il6", {"il", "6"})
    wanted: Wanted
    subject: Subject
    every_paper: bool  #: wants an answer from each paper: "both patients"
    numbered: tuple[Mention, ...] = ()  #: what it names by number: "patient 5", "the second reaction"
    among: frozenset[str] = frozenset()  #: stems of what it chooses among: "which patients"
    compared: str = ""  #: the superlative, where values of several are wanted for it: "highest"
    listing: bool = False  #: wants all of several things: "Which drugs were given?"
    abbreviations: bool = True  #: whether abbreviations and what they stand for count as the same
    before: str = ""  #: what was asked and quoted before, where this question may lean on it
    cited: Place | None = None  #: where the last quote stands, if so

    @property
    def rare(self) -> dict[str, float]:
        """How rare the word of each term is in English, see ``specific``."""
        return dict(zip(self.terms, self.specific, strict=True))


def asked_in(text: str) -> str:
    """Return the question that ``text`` holds, with single spaces.

    Raises:
        QuestionError: there is nothing to look for, or more than ``LONGEST`` characters.
    """
    asked = " ".join(text.split())
    if any("\ud800" <= character <= "\udfff" for character in asked):
        raise QuestionError("the question is not text: it holds halves of characters.", "Type it as UTF-8.")
    if not asked:
        raise QuestionError("the question is empty.", "Ask in a sentence, such as “What was the dose?”")
    if len(asked) > LONGEST:
        raise QuestionError(f"the question has {len(asked)} characters.", f"Shorten it to {LONGEST} at most.")
    if not any(character.isalnum() for character in asked):
        raise QuestionError(f"“{asked[:40]}” holds no word.", "Ask in words.")
    return asked


def understand(text: str) -> Question:
    """Return the question in ``text``.

    Raises:
        QuestionError: there is nothing to look for, or more than ``LONGEST`` characters.
    """
    asked = asked_in(text)
    searched = _COUNTED.sub(r"\1", impersonal(asked))
    weights = weighted_terms(searched)
    terms = tuple(term for term in weights if term not in ASKING) or tuple(weights)
    specific = _specific(searched)
    numbered = named_in(asked)
    several = (one.nouns for one in numbered if len(one.numbers) > 1)
    return Question(
        text=asked,
        searched=searched,
        terms=terms,
        shares=tuple(weights[term] for term in terms),
        specific=tuple(specific.get(term, 0.0) for term in terms),
        compounds=tuple(_compounds(searched)),
        wanted=wanted_of(asked),
        subject=asked_about(asked),
        every_paper=of_each(asked),
        numbered=numbered,
        among=kinds_chosen_among(asked).union(*several),
    )


def _specific(text: str) -> dict[str, float]:
    """Return how rare the word of each term is: 0 at a Zipf frequency of 6 ("very") or more, 1 at 2 or less.

    A number counts as common.
    """
    specific: dict[str, float] = {}
    for word in dict.fromkeys(words_of(text)):
        rare = 0.0 if word.isdigit() else min(max((6.0 - zipf(word)) / 4.0, 0.0), 1.0)
        for term in terms_of(word):
            specific[term] = max(specific.get(term, 0.0), 0.0 if term.isdigit() else rare)
    return specific


def telling_words(question: Question) -> str:
    """Return the words of the question that an answer may share, as typed."""
    words = [word for word in _SEARCHED.findall(question.searched) if not ASKING.issuperset(terms_of(word))]
    return " ".join(words) or question.text


def _compounds(text: str) -> Iterator[tuple[str, frozenset[str]]]:
    for word in dict.fromkeys(words_of(text)):
        parts = terms_of(word)
        if len(parts) > 2:
            yield parts[0], frozenset(parts[1:])


def wanted_of(text: str) -> Wanted:
    """Return the kind of answer that a question wants."""
    return next((kind for kind, pattern in _WANTED_PATTERNS if pattern.search(text)), Wanted.ANY)


def holds(wanted: Wanted, text: str) -> bool | None:
    """Tell whether ``text`` holds something of the wanted kind; None where that cannot be told."""
    pattern = _HELD_PATTERNS.get(wanted)
    return None if pattern is None else pattern.search(text) is not None


def held_spans(wanted: Wanted, text: str) -> list[tuple[int, int]]:
    """Return where ``text`` holds things of the wanted kind, as (start, end)."""
    pattern = _HELD_PATTERNS.get(wanted)
    return [match.span() for match in pattern.finditer(text)] if pattern else []
