"""Numbers that name one of several things: "patient 5", "Figure 3", "day 7", "the second reaction".

A mention is parsed from the tokens of a text and compared as a record. Numbers that measure ("5 mg"), grade
("stage 4") or belong to a name ("COVID-19", "IL-6") are none: hyphenated words are one token, and the words
before a grade are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.read.frequency import zipf
from index.terms import is_stop_word
from index.terms import terms as terms_of

#: Words that stand for the same kind of thing, the first for all of them.
_ALIKE = (
    ("patient", "case", "subject", "participant", "proband", "volunteer", "individual", "pt"),
    ("figure", "fig", "figs"),
    ("table", "tab"),
    ("animal", "mouse", "mice", "rat", "rabbit", "dog", "pig", "monkey"),
    ("sample", "specimen"),
)
#: Things that are known by their number in any paper.
_NUMBERED = "box scheme experiment episode isolate strain group arm cohort batch site visit cycle"
#: Units of time: "on day 7" and "after 7 days" are the same.
_TIMES = "day week month hour year"
#: Words before a number that grades or measures, and so names no single thing.
_GRADED = """type grade stage phase class level score category degree age factor version generation size top
    least most number no line about over under until since approximately after before than within between
    around above below against during without aged only up down another
    january february march april may june july august september october november december"""
_ORDINALS = tuple("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split())  # noqa: SIM905 - a list would take four lines
_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_IN_LETTERS = frozenset((*_ORDINALS, *_COUNTED))
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_TOKEN = re.compile(r"[^\W_]+(?:[-\u2010-\u2013'\u2019./][^\W_]+)*|[^\w\s]|_")
_LABEL = re.compile(r"(S?\d{1,6})(?:[A-Za-z]|st|nd|rd|th)?")
_RANGE = re.compile(r"(\d{1,4})[-\u2010-\u2013](\d{1,4})")
_NTH = re.compile(r"(\d{1,3})(?:st|nd|rd|th)", re.IGNORECASE)
_UNIT = re.compile(
    r"%|\u00b0|\w{1,5}/\w+|[mk\u00b5\u03bc]?[gGlLm]|kg|mcg|mm|cm|mmHg|IU|units?|percent|years?|cells"
)
#: Words that may stand between the noun and its number, and between numbers.
_BEFORE = frozenset(("no", "#", "number", "nr"))
_SHORTENED = frozenset(("no", "nr", "fig", "figs", "tab", "pt"))  # a full stop may follow
_BETWEEN = frozenset((",", "and", "or", "&", "to", "through", "versus", "vs", "with"))
_FARTHEST_NOUN = 3  #: tokens from a number back to its noun: "case no. 5"
_FARTHEST = 40  #: tokens that a list of numbers takes at most
_WIDEST = 50  #: numbers that a range may stand for
#: Zipf frequency from which on a word can be an everyday noun and not a name ("elobixibat 5").
_EVERYDAY = 3.0
_AFTER_ORDINAL = 2  #: words after an ordinal among which its noun is


def _stem(word: str) -> str:
    return next(iter(terms_of(word)), "")


_SAME = {_stem(word): _stem(group[0]) for group in _ALIKE for word in group}
TIMES = frozenset(map(_stem, _TIMES.split()))
KNOWN = frozenset(_SAME.values()) | TIMES | frozenset(map(_stem, _NUMBERED.split()))
#: Figures and tables, which papers caption.
FIGURE, TABLE = _stem("figure"), _stem("table")
_NAMELESS = frozenset(map(_stem, _GRADED.split()))
_PAPERS = frozenset(map(_stem, ("paper", "article", "report", "study", "document", "publication", "author")))
_SUPPLEMENT = frozenset(map(_stem, ("supplementary", "supplemental")))


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing named by its number."""

    nouns: frozenset[str]  #: stems of the words that may be its noun: one, or those after an ordinal
    numbers: frozenset[str]  #: without zeros in front; several in "patients 2 and 4"
    text: str  #: as written
    start: int
    end: int
    ordinal: bool = False  #: "the second reaction"
    counts: bool = False  #: a span of time, "7 days", which may be day 7 and excludes no other day

    @property
    def known(self) -> bool:
        """Whether such things are known by their number in any paper."""
        return not self.nouns.isdisjoint(KNOWN)

    def same_kind(self, other: Mention) -> bool:
        """Tell whether two things can be of one series."""
        return not self.nouns.isdisjoint(other.nouns)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def kind_of_thing(word: str) -> str:
    """Return the stem by which things called ``word`` are compared: "cases" are patients."""
    stem = _stem(word)
    return _SAME.get(stem, stem)


def mentions_in(text: str) -> tuple[Mention, ...]:
    """Return what ``text`` names by number, in order."""
    tokens = [_Token(match.group(), *match.span()) for match in _TOKEN.finditer(text)]
    telling = (at for at, token in enumerate(tokens) if _tells(token.text))
    places = sorted({place for at in telling for place in range(max(at - _FARTHEST_NOUN, 0), at + 1)})
    return tuple(mention for at in places if (mention := _mention(text, tokens, at)))


def _tells(token: str) -> bool:
    """Tell whether a token can be a number, in digits or letters: most words of a paper cannot."""
    return any(map(str.isdigit, token)) or token in _ROMAN or token.lower() in _IN_LETTERS


def named_in(question: str) -> tuple[Mention, ...]:
    """Return the things that ``question`` names by number, those of one kind together."""
    named: list[Mention] = []
    for mention in mentions_in(question):
        everyday = zipf(mention.text.split()[0]) >= _EVERYDAY
        if mention.counts or not (mention.known or mention.ordinal or everyday):
            continue
        if mention.ordinal and not mention.nouns.isdisjoint(_PAPERS):
            continue  # by its place in the list, see ``qa.overview.papers``
        at = next((at for at, other in enumerate(named) if other.same_kind(mention)), None)
        if at is None:
            named.append(mention)
        else:
            other = named[at]
            both, text = other.numbers | mention.numbers, f"{other.text}, {mention.text}"
            named[at] = replace(other, nouns=other.nouns & mention.nouns, numbers=both, text=text)
    return tuple(named)


def kinds_chosen_among(question: str) -> frozenset[str]:
    """Return what "which patients" and "which group" choose among: the stems of the words after "which"."""
    tokens = [match.group() for match in _TOKEN.finditer(question)]
    at = next((at for at, token in enumerate(tokens) if token.lower() == "which"), len(tokens))
    after = [token for token in tokens[at + 1 : at + 1 + _AFTER_ORDINAL] if token.isalpha()]
    return frozenset(kind_of_thing(token) for token in after if not is_stop_word(token)) - {""}


def numbers_of(token: str, *, roman: bool = False) -> tuple[str, ...]:
    """Return the numbers that one word stands for as a label: "5", "3A", "S2", "1-3"; else none."""
    if span := _RANGE.fullmatch(token):
        low, high = int(span.group(1)), int(span.group(2))
        return tuple(map(str, range(low, high + 1))) if low < high <= low + _WIDEST else ()
    if label := _LABEL.fullmatch(token):
        return (_plain(label.group(1)),)
    return (str(_ROMAN.index(token) + 1),) if roman and token in _ROMAN else ()


def _plain(number: str) -> str:
    head = number[:1] if number[:1] == "S" else ""
    return head + str(int(number.removeprefix("S")))


def _mention(text: str, tokens: Sequence[_Token], at: int) -> Mention | None:
    word = tokens[at].text
    if number := _ordinal(word):
        return _after_ordinal(text, tokens, at, number)
    if word.isalpha() and len(word) > 1 and not is_stop_word(word) and _stem(word) not in _NAMELESS:
        return _labelled(text, tokens, at)
    if (word.isdigit() or word.lower() in _COUNTED) and at + 1 < len(tokens):
        noun = kind_of_thing(tokens[at + 1].text) if tokens[at + 1].text.isalpha() else ""
        if noun in TIMES:
            count = str(int(word)) if word.isdigit() else str(_COUNTED.index(word.lower()) + 1)
            span = tokens[at].start, tokens[at + 1].end
            return Mention(frozenset((noun,)), frozenset((count,)), text[slice(*span)], *span, counts=True)
    return None


def _ordinal(word: str) -> str:
    """Return "2" for "second" and "2nd"; else ""."""
    if word.lower() in _ORDINALS:
        return str(_ORDINALS.index(word.lower()) + 1)
    match = _NTH.fullmatch(word)
    return str(int(match.group(1))) if match else ""


def _after_ordinal(text: str, tokens: Sequence[_Token], at: int, number: str) -> Mention | None:
    nouns: list[str] = []
    end = tokens[at].end
    for token in tokens[at + 1 : at + 1 + _AFTER_ORDINAL]:
        if not token.text[0].isalpha() or is_stop_word(token.text) or token.text.lower() in _COUNTED:
            break
        nouns.append(kind_of_thing(token.text))
        end = token.end
    if not nouns or (at and tokens[at - 1].text.lower() in (*_COUNTED, "per", "a") and nouns):
        return None  # "two thirds", "per second"
    span = tokens[at].start, end
    return Mention(frozenset(nouns), frozenset((number,)), text[slice(*span)], *span, ordinal=True)


def _labelled(text: str, tokens: Sequence[_Token], at: int) -> Mention | None:
    """Return the mention whose noun is at ``at``: "patients 2 and 4", "case no. 3", "Figure 2A"."""
    noun = kind_of_thing(tokens[at].text)
    known = noun in KNOWN
    first = at + 1
    while first < len(tokens) and (
        tokens[first].text.lower() in _BEFORE
        or (tokens[first].text == "." and tokens[first - 1].text.lower() in _SHORTENED)
    ):
        first += 1
    if first >= len(tokens):
        return None
    numbers = list(numbers_of(tokens[first].text, roman=known))
    if not numbers or (not known and _measured(tokens, first)):
        return None
    last = first
    for following, more in _listed(tokens, first):
        numbers += more
        last = following
    if at and _stem(tokens[at - 1].text) in _SUPPLEMENT:
        at -= 1
        numbers = ["S" + number.removeprefix("S") for number in numbers]
    span = tokens[at].start, tokens[last].end
    return Mention(frozenset((noun,)), frozenset(numbers), text[slice(*span)], *span)


def _measured(tokens: Sequence[_Token], at: int) -> bool:
    """Tell whether the number at ``at`` has a unit or counts what follows, or is a year."""
    if len(tokens[at].text) == 4 and tokens[at].text.startswith(("19", "20")):
        return True
    after = tokens[at + 1].text if at + 1 < len(tokens) else ""
    plural = after.isalpha() and after.islower() and after.endswith("s") and not is_stop_word(after)
    return plural or _UNIT.fullmatch(after) is not None


def _listed(tokens: Sequence[_Token], at: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the further numbers of a list or range that begins at ``at``, with their positions.

    What stands in brackets after a number is passed over: "compounds 1 (8 mg) and 2".
    """
    words = [token.text.lower() for token in tokens[at : at + _FARTHEST]]
    here = 0
    while True:
        joint = (
            words.index(")", here) + 1
            if words[here + 1 : here + 2] == ["("] and ")" in words[here:]
            else here + 1
        )
        after = joint + 1 + (words[joint : joint + 2] in ([",", "and"], [",", "or"]))
        if words[joint : joint + 1] == [] or words[joint] not in _BETWEEN or after >= len(words):
            return
        numbers = numbers_of(tokens[at + after].text)
        if not numbers or _measured(tokens, at + after):
            return
        if words[joint] in ("to", "through"):
            numbers = numbers_of(f"{words[here]}-{words[after]}") or numbers
        here = after
        yield at + here, numbers
