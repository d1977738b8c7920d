"""The parts of a question that asks for several things: two questions joined, or two sides to compare.

A part is asked as one asks on in a conversation: "What was the hemoglobin" and then "how was she treated".
"""

from __future__ import annotations

from dataclasses import dataclass

from qa.understand.several import of_each

#: Most parts into which a question is taken apart.
MOST = 3
_WH = frozenset(("what", "which", "when", "where", "why", "who", "whom", "whose", "how"))
_AUXILIARY = frozenset(
    ("is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could", "should", "will")
)
_ADVERBS = frozenset(("when", "where", "why"))
#: What can follow an auxiliary at the beginning of a question, but not in a list of verbs.
_SUBJECT = frozenset(
    """the a an this that these those there any all both each he she it they his her its their patient
    patients""".split()  # noqa: SIM905 - a list would take ten lines
)
#: What begins a question behind a comma; "which" and "who" begin clauses there.
_AFTER_COMMA = frozenset(("what", "how"))
#: Words within which the verb of a question follows its "which": "in which of the two arms was".
_REACH = 6
_AGAINST = ("with", "against", "versus", "vs", "to", "and")
_PREPOSITIONS = frozenset(
    ("of", "in", "after", "for", "with", "at", "on", "among", "during", "before", "from", "by")
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A question taken apart."""

    questions: tuple[str, ...]  #: in order; one where it asks for one thing
    apart: bool = False  #: the sides of a comparison: none leans on the one before


def parts_of(question: str) -> Parts:
    """Return the parts of ``question``, each a question.

    A question about each of several papers is not taken apart: they are asked one by one.
    """
    text = " ".join(question.split())
    if of_each(text):
        return Parts((text,))
    sides = _sides(text)
    return Parts(sides, apart=True) if sides else Parts(_joined(text))


def _bare(token: str) -> str:
    return token.strip(",;.?!()").lower()


def _joined(text: str) -> tuple[str, ...]:
    """Return the questions that "and", a comma, a semicolon or a question mark joins."""
    tokens = text.split()
    words = list(map(_bare, tokens))
    starts = [0]
    for at in range(1, len(words)):
        ended = tokens[at - 1].endswith(("?", ";"))
        ended |= tokens[at - 1].endswith(",") and words[at] in _AFTER_COMMA
        joined = words[at - 1] == "and" and at - 1 > starts[-1]
        if (ended or joined) and _begins(words[at:]) and _begins(words, phrase=True):
            starts.append(at)
    if len(starts) == 1 or len(starts) > MOST:
        return (text,)
    ends = [at - (words[at - 1] == "and") for at in starts[1:]]
    parts = [tokens[start:end] for start, end in zip(starts, [*ends, len(tokens)], strict=True)]
    if _verb_at(parts[0]) is None:
        at = int(_bare(parts[0][0]) in _PREPOSITIONS)
        verb = _verb_at(parts[1])
        if verb is not None and len(parts[0]) <= at + 2:  # "When and how was it restarted?"
            parts[0] = [*parts[0][:-1], parts[0][-1].rstrip(","), *parts[1][verb:]]
        elif at:  # "With what kind of lamp and for how long was it hardened?"
            return (text,)
    return tuple(f"{' '.join(part).rstrip(',;?')}?" for part in parts)


def _verb_at(part: list[str]) -> int | None:
    return next((at for at, token in enumerate(part) if _bare(token) in _AUXILIARY), None)


def _begins(words: list[str], *, phrase: bool = False) -> bool:
    """Tell whether a question begins here: "how" with its verb or alone, or a verb and who it is about.

    ``phrase``: "which steroid" is enough, as its verb may follow later.
    """
    if words[0] in _AUXILIARY:
        return len(words) > 1 and words[1] in _SUBJECT
    at = 1 if words[0] in _PREPOSITIONS and words[1:2] else 0
    if words[at] not in _WH:
        return False
    if words[at] in _ADVERBS and len(words) > at + 1:  # "when the patient was seen" is no question
        return words[at + 1] in _AUXILIARY or (phrase and words[at + 1] == "and")
    return phrase or len(words) == at + 1 or not _AUXILIARY.isdisjoint(words[at + 1 : at + 1 + _REACH])


def _sides(text: str) -> tuple[str, ...]:
    """Return a question for each side of "Compare the CK after A with that after B"; none for others."""
    tokens = text.rstrip("?.! ").split()
    words = list(map(_bare, tokens))
    if words[:1] == ["compare"]:
        at = next((words.index(joint) for joint in _AGAINST if joint in words), len(words))
        first, second = tokens[1:at], tokens[at + 1 :]
    elif words[:1] == ["how"] and "compare" in words and words[1] in _AUXILIARY:
        at = words.index("compare")
        if words[at + 1 : at + 2] and words[at + 1] not in _AGAINST[:-1]:
            return ()
        first, second = tokens[2:at], tokens[at + 2 :]
    else:
        return ()
    cut = next((i for i in range(len(first) - 1, 0, -1) if _bare(first[i]) in _PREPOSITIONS), None)
    if (
        cut is None or not second or _bare(first[0]) in _WH
    ):  # no value of something: whole things are compared
        return ()
    return tuple(f"What was {' '.join(side)}?" for side in (first, _completed(first, cut, second)))


def _completed(first: list[str], cut: int, second: list[str]) -> list[str]:
    """Return the second side with what it leaves unsaid: "the CK of A" with "B", or with "that of B"."""
    head = first[:cut]
    if _bare(second[0]) in ("that", "those"):
        return [*head, *second[1:]]
    if _bare(second[0]) in _PREPOSITIONS:
        return [*head, *second]
    shared = ({_bare(word) for word in head} - _SUBJECT) & {_bare(word) for word in second}
    return second if shared else [*first[: cut + 1], *second]
