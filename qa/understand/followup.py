"""Follow-ups: a question that leans on earlier ones is made to stand alone, without a language model.

Three things are carried over: the person spoken of, the thing spoken of, and,
for a fragment ("And her AST?"), the frame of the question before. A question
that leans on nothing is left as it is. The result is shown to the person who
asked, who may change it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.read.frequency import zipf
from qa.understand.question import Wanted, wanted_of
from qa.understand.several import capital, of_each
from qa.understand.subjects import MENTION, NOBODY, Subject, asked_about, owns

_OPENING = re.compile(
    r"^\s*(?:(?:and|but|so|ok(?:ay)?|then|also)\b[\s,]*)*(?:(?:what|how) about\b"
    r"|same for\b)?[\s,]*(?:and\b)?\s*",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|did|do|does|has|have|had|can|could|should|would|will|may|might|must"
    r"|show(?:ed|s)?"
    r"|happen(?:ed|s)?|mean(?:s|t)?|recommend\w*|say|said|get|got|give|given|take|took|taken|cause[ds]?"
    r"|tell|list|name|compare)\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:the )?other (?:patient|case|person|one|woman|man)(?P<of>['\u2019]s)?\b", re.IGNORECASE
)
_PRONOUNS = (
    (re.compile(r"\b(?:she|he)\b", re.IGNORECASE), "{who}"),
    (re.compile(r"\b(?:her|his|their)\b(?= *[A-Za-z0-9])", re.IGNORECASE), "{who}'s"),
    (re.compile(r"\b(?:her|him)\b", re.IGNORECASE), "{who}"),
)
_THING = re.compile(
    r"\b(?:it|this|that|these|those|they"
    r"|them)\b(?! (?:patient|case|paper|report|study|woman|man|take|takes|took|safe|possible"
    r"|normal|common|known|true|recommended|necessary))",
    re.IGNORECASE,
)
_ONE = re.compile(r"\b(?P<which>(?:the|an) (?:\w+ )?)ones?\b", re.IGNORECASE)
_LEANING = re.compile(
    r"\b(?:too|also|as well|instead|then|later|afterwards?|again|earlier|before that|after that|the same)\b",
    re.IGNORECASE,
)
#: What a thing has that is asked for without naming the thing.
_VALUES = (
    r"ranges?|units?|dos(?:e|age)s?|results?|values?|levels?|dates?|durations?|reasons?|causes?|limits?"
    r"|cut-?offs?"
)
_ATTRIBUTE = re.compile(rf"^(?:the |its |their )?(?:reference|normal)? ?(?:{_VALUES})$", re.IGNORECASE)
_VALUE_OF = re.compile(rf"\b(?:{_VALUES}|findings?|shows?|showed|shown|reveal\w*)\b", re.IGNORECASE)
_WH = re.compile(
    r"^(?:(?:in|from|for|at|on|by|with|to|of|since|until|under) )?(?:what|which|when|where|why|who|whom"
    r"|how)\b",
    re.IGNORECASE,
)
#: A question whose verb is none of ``_VERB``: "What helped him?", "Who diagnosed her?"
_ASKED = re.compile(
    r"^(?:what|which|who)\b.*\b(?:\w{3,}ed|became|began|brought|came|fell|felt|found|gave|grew|held|kept"
    r"|led|left|lost|made|met|rose|saw|sent|thought|went|wrote)\b",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"^(?P<head>(?:what|which|how (?:high|low|large|much|big)) (?:was|were|is|are) )(?P<focus>[^?,]+?)"
    r"(?P<tail> (?:on|at|in|during|after|before|for|when|upon|by) [^?]*)?\?*$",
    re.IGNORECASE,
)
_PAPER = re.compile(
    r"\b(?:the|this|that) (?:[\w-]+ ){0,3}?(?:paper|article|report|study"
    r"|case report)\b(?: (?:on|about|by|of|with) [^?,]+)?",
    re.IGNORECASE,
)
_ABOUT_PAPER = re.compile(
    r"\b(?:wrote|written|published|c[oa]me out|appear(?:ed)?|authors?|doi|licen[cs]e|journal|received"
    r"|accepted|corresponding)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_][\w'\u2019-]*")
_NO_FOCUS = frozenset(
    """a an the of in on at for to from by with and or is are was were be been did do does done has have
    had can could should would will may might must what which who whom whose when where why how much
    many long old it its this that these those he she his her him they them their there any some other
    patient patients woman man female male case paper year-old show shown showed find found give given
    get got take taken took look like happen happened mean report reported presence performed seen
    tested measured raised elevated positive negative detected start started stop stopped stand
    stands means called work works worked use used uses
    taking going doing having being getting came come next first last""".split()  # noqa: SIM905 - a list would take a hundred lines
)


_PRESENT = re.compile(r"\b(?:is|are|does|do|has|have|can|could|should|may|might|would|will)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:was|were|did|had)\b", re.IGNORECASE)
_PREPOSITIONS = "in|on|for|of|with|about|at|after|before|during|from|to|by|against|without"
_PREPOSITION = re.compile(rf"({_PREPOSITIONS}) \S", re.IGNORECASE)
#: Words of a fragment without a verb that the list of verbs knows; what is longer has some other verb.
_LONGEST_WH = 3
_LONGEST_NOUN = 7
#: Zipf frequency above which a word at the edge of a run does not belong to the thing.
_COMMON = 5.2
#: Zipf frequency below which a word names a topic of its own.
_SPECIFIC = 4.4
#: Characters of the last quote that are read beside a question, at most.
LONGEST_QUOTE = 320


@dataclass(frozen=True, slots=True)
class Context:
    """What the earlier questions of a conversation leave behind for the next one."""

    question: str = ""  #: the last one, standing alone
    person: str = ""  #: "the woman", "the 61-year-old"; empty where none was named
    thing: str = ""  #: "muscle biopsy"


def resolve(question: str, history: Sequence[str], people: Sequence[Subject] = ()) -> str:
    """Return ``question`` so that it stands alone after the questions in ``history``.

    Args:
        question: as asked.
        history: earlier questions of the conversation, as asked, oldest first.
        people: whom the indexed papers report on, where they are few: lets "the
            other patient" be named by age.
    """
    return resolve_in(context_of(history, people), question, people)


def just_before(history: Sequence[str], quote: str = "") -> str:
    """Return what was said just before, for the reader: the last two questions of ``history``, and ``quote``.

    As they were asked: what the rules make of a short one may lead astray. ``quote`` answered the last.
    """
    return " ".join(" ".join((*history[-2:], quote[:LONGEST_QUOTE])).split())


def leans(question: str, standalone: str) -> bool:
    """Tell whether ``standalone``, as ``resolve`` made it of ``question``, took something over."""
    return standalone.casefold() != " ".join(question.split()).casefold()


def in_general(question: str) -> bool:
    """Tell whether ``question`` asks what holds, not what was found or done once."""
    return bool(_PRESENT.search(question)) and not _PAST.search(question)


def changes_person(context: Context, question: str) -> bool:
    """Tell whether ``question`` is about somebody else than the person of ``context``."""
    return bool(_OTHER.search(question)) or asked_about(question).conflicts(asked_about(context.person))


def context_of(history: Sequence[str], people: Sequence[Subject] = ()) -> Context:
    """Return what the questions in ``history`` leave behind; arguments as for ``resolve``."""
    context = Context()
    for earlier in history:
        if earlier.strip():
            asked = resolve_in(context, earlier, people)
            context = Context(asked, _person(asked) or context.person, _thing(asked) or context.thing)
    return context


def resolve_in(context: Context, question: str, people: Sequence[Subject] = ()) -> str:
    """Return ``question`` so that it stands alone in ``context``; ``people`` as for ``resolve``."""
    asked = " ".join(question.split())
    if not context.question or not any(c.isalnum() for c in asked):
        return asked
    asked = _name_other(asked, context, people)
    body = asked[_OPENING.match(asked).end() :].strip() if _OPENING.match(asked) else asked  # type: ignore[union-attr]
    opened = len(body) < len(asked)
    bare = body.rstrip("?.! ")
    if not bare:
        return context.question
    only_person = re.fullmatch(rf"(?:(?:in|for|of|with) )?(?:{MENTION.pattern})", bare, re.IGNORECASE)
    if only_person or (of_each(bare) and not _VERB.search(bare)):
        return _swap_person(context.question, bare)
    longest = _LONGEST_WH if _WH.match(bare) else _LONGEST_NOUN
    if not _VERB.search(bare) and not _ASKED.search(bare) and len(bare.split()) <= longest:
        return _fragment(bare, context)
    full = _pronouns(body if opened else asked, context)
    if of_each(full):  # of other people too: only what "it" is may come from before
        return capital(full)
    if context.thing and _wants_thing(full) and context.thing.lower() not in full.lower():
        full = f"{full.rstrip('?.! ')} ({context.thing})?"
    leans = (
        opened or full != asked or _says_little(asked) or _LEANING.search(asked) or _OTHER.search(question)
    )
    if leans and context.person and asked_about(full) == NOBODY and not _PAPER.search(full):
        full = f"{full.rstrip('?.! ')}, in {context.person}?"
    return capital(full)


def _wants_thing(question: str) -> bool:
    """Tell whether ``question`` is of something that it does not name, as "What was the dose?" is.

    "Did the woman survive?" names whom it is about, and that is enough.
    """
    of_person = asked_about(question) != NOBODY and not _VALUE_OF.search(question)
    return _says_little(question) and not of_person


def _says_little(question: str) -> bool:
    """Tell whether ``question`` has one telling word and no specific one, as "What was the dose?" has.

    A question for someone's age needs nothing else.
    """
    if wanted_of(question) is Wanted.AGE:
        return False
    words = [word for word in _WORD.findall(MENTION.sub(" ", question)) if word.lower() not in _NO_FOCUS]
    return len(words) < 2 and not any(word.isupper() or zipf(word) < _SPECIFIC for word in words)


def _name_other(asked: str, context: Context, people: Sequence[Subject]) -> str:
    """Put a person for "the other patient": the one of ``people`` who is not the last spoken of."""
    if not _OTHER.search(asked) or not context.person:
        return asked
    last = asked_about(context.person)
    others = [person for person in people if person.conflicts(last)]
    if len(others) == 1 and others[0].sex:
        age = f"{others[0].age}-year-old " if others[0].age else ""
        name = f"the {age}{'woman' if others[0].sex == 'female' else 'man'}"
    elif last.sex:
        name = "the man" if last.sex == "female" else "the woman"
    else:
        return asked
    return _OTHER.sub(lambda match: name + (match.group("of") or ""), asked)


def _swap_person(question: str, fragment: str) -> str:
    """Return ``question`` asked of the person in ``fragment``."""
    who = re.sub(r"^(?:in|for|of|with) ", "", fragment, flags=re.IGNORECASE)
    who = re.sub(r"['\u2019]s$", "", who)
    who = who[:1].lower() + who[1:]
    who = {"she": "the woman", "her": "the woman", "he": "the man", "his": "the man", "him": "the man"}.get(
        who, who
    )
    swapped, count = MENTION.subn(lambda match: who + ("'s" if owns(match) else ""), question)
    if count:
        return capital(swapped)
    return f"{question.rstrip('?.! ')}, in {who}?"


def _fragment(bare: str, context: Context) -> str:
    """Return a whole question for a fragment without a verb."""
    if _WH.match(bare):  # "From which site?" asks on about the same thing
        return f"{capital(bare)}: {context.question}"
    if _ATTRIBUTE.match(bare):  # "And the reference range?"
        return f"{context.question.rstrip('?.! ')}, and {bare}?"
    if swapped := _swap_phrase(context.question, bare):  # "And on the blood?"
        return swapped
    noun = _pronouns(bare, context)
    named = asked_about(noun) != NOBODY
    owner = "" if named or not context.person else f"{context.person}'s "
    noun = re.sub(r"^(?:the|a|an|any|some) ", "", noun, flags=re.IGNORECASE) if owner else noun
    frame = _FRAME.match(context.question)
    if frame and not re.search(r"\b(?:on|at|in|during|after|before|later)\b", noun):
        return f"{frame.group('head')}{owner}{noun}{frame.group('tail') or ''}?"
    return _swap_thing(context, noun) or capital(f"{owner}{noun}?")


def _swap_thing(context: Context, noun: str) -> str:
    """Return the last question with ``noun`` for the thing it was about; "" where it does not name it."""
    if not context.thing:
        return ""
    found = re.search(
        rf"(?:\b(?:the|a|an) )?{re.escape(context.thing)}(?![\w-])", context.question, re.IGNORECASE
    )
    if found is None:
        return ""
    owned = context.question[: found.start()].rstrip().lower().endswith(("'s", "\u2019s", " her", " his"))
    put = re.sub(r"^(?:the|a|an|any|some) ", "", noun, flags=re.IGNORECASE) if owned else noun
    if context.person and f"of {context.person}" in context.question[found.end() :]:
        put = re.sub(rf"^{re.escape(context.person)}'s ", "the ", put)  # whose it is is said already
    return capital(context.question[: found.start()] + put + context.question[found.end() :])


def _swap_phrase(question: str, fragment: str) -> str:
    """Return ``question`` with ``fragment`` for its last phrase of the same preposition; "" if none."""
    opened = _PREPOSITION.match(fragment)
    if opened is None:
        return ""
    pattern = rf"\b{opened.group(1)} (?:(?! (?:{_PREPOSITIONS}) )[^?,])+"
    places = list(re.finditer(pattern, question, re.IGNORECASE))
    if not places:
        return f"{question.rstrip('?.! ')}, {fragment}?"
    return f"{question[: places[-1].start()]}{fragment}{question[places[-1].end() :]}"


def _pronouns(text: str, context: Context) -> str:
    """Put names for pronouns whose bearer is known from earlier questions."""
    if context.person and not asked_about(text).conflicts(asked_about(context.person)):
        for pattern, form in _PRONOUNS:
            text = pattern.sub(form.format(who=context.person), text)
    if _ABOUT_PAPER.search(text) and (paper := _PAPER.search(context.question)):
        return _THING.sub(paper.group(), text, count=1)
    if context.thing and context.thing.lower() not in text.lower():
        text = _ONE.sub(rf"\g<which>{context.thing}", text)
        article = "the " if context.thing[:2].islower() else ""
        text = _THING.sub(article + context.thing, text, count=1)
    return text


def _person(question: str) -> str:
    """Return the person whom ``question`` names, as "the ..."; "" if none, or by pronoun only."""
    for match in MENTION.finditer(question):
        found = re.sub(r"['\u2019]s$", "", match.group())
        if found.lower() in {"she", "her"}:
            return "the woman"
        if found.lower() in {"he", "his", "him"}:
            return "the man"
        return "the " + re.sub(r"^(?:the|this|that) ", "", found, flags=re.IGNORECASE)
    return ""


def _thing(question: str) -> str:
    """Return the rarest run of telling words in ``question``: what it is about."""
    runs: list[list[str]] = [[]]
    at = 0
    cleaned = MENTION.sub(" | ", question)
    for match in _WORD.finditer(cleaned):
        word = match.group()
        if (
            word.lower() in _NO_FOCUS
            or not word[0].isalpha()
            or re.search(r"[|,;:?]", cleaned[at : match.start()])
        ):
            runs.append([])
        if word.lower() not in _NO_FOCUS and word[0].isalpha():
            runs[-1].append(word)
        at = match.end()
    runs = [run for run in runs if run]
    if not runs:
        return ""
    run = min(runs, key=lambda run: min(zipf(word) for word in run))
    while len(run) > 1 and (zipf(run[-1]) >= _COMMON or run[-1].endswith("ed")):
        run = run[:-1]
    while len(run) > 1 and zipf(run[0]) >= _COMMON:
        run = run[1:]
    return " ".join(run)
