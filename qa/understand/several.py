"""Questions about each of several papers or patients, and the same asked of one of them."""

from __future__ import annotations

import re
from itertools import pairwise

_EVERY = re.compile(
    r"\b(?:each|every|both|all|either)(?: of the)?(?: two| three)? (?:\w+ )?(?:patients?|cases?|papers?"
    r"|reports?|stud(?:y|ies)|articles?|authors|women|men)\b"
    r"|\b(?:between|across|among) the (?:two |three )?(?:patients|cases|papers|reports|studies)\b"
    r"|\bcompare[ds]?\b(?=.*\b(?:patients|cases|papers|reports|studies)\b)"
    r"|\bthe two (?:patients|cases|papers|reports|articles|studies)\b"
    r"|\b(?:in|for|of) both\W*$|\b(?:do|did|have|what|which) .*\bthe (?:papers|reports|articles|studies)\b",
    re.IGNORECASE,
)
_ONE = r"(?:case report|patient|case|paper|report|study|article|woman|man)"
_SEVERAL = re.compile(
    r"\b(?:(?:each|every|both|all|either)(?: two| three)?(?: of the)?(?: two| three)?|the(?: two| three)?)"
    r" (?P<which>(?:\w+ )??)(?P<kind>case reports?|patients?|cases?|papers?|reports?|study|studies|articles?"
    r"|wom[ae]n|m[ae]n)(?P<owned>['\u2019]s?)?(?!\w)",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?P<where>in|for|of) both(?=\W*$)", re.IGNORECASE)
_AMONG = re.compile(rf"\b(?:between|across|among)(?= the {_ONE}\b)", re.IGNORECASE)
_AGREEING = re.compile(rf"\b(?P<verb>were|are|do|have)(?= the (?:\w+ )?{_ONE}\b)", re.IGNORECASE)
_SINGULAR_VERBS = {"were": "was", "are": "is", "do": "does", "have": "has"}
_SINGULAR_NOUNS = {"studies": "study", "women": "woman", "men": "man"}

_HEADS = (
    r"(?:patients?|cases?|(?:case )?reports?|papers?|stud(?:y|ies)|articles?|trials?|wom[ae]n|m[ae]n|girls?"
    r"|boys?|lady|gentleman|infant|newborn|neonate|baby|child|toddler|teenager|adolescent"
    r"|\d+[\s-]*year[\s-]*old)"
)
#: A word that may stand before the noun: not across "and", a comma or a preposition.
_MODIFIER = r"(?:(?!(?:and|or|the|a|an|of|in|with|was|were|is|are|did|do|does|had|has|have)\b)[^\s,;?]+)"
#: A person or paper by name: "the lymphoma patient".
_NAMED = re.compile(rf"\b(?:the|a|an) (?:{_MODIFIER} ){{0,6}}?{_HEADS}(?![\w-])", re.IGNORECASE)
_MEMBER = rf"(?:the|a|an) {_MODIFIER}(?: {_MODIFIER}){{0,4}}"
#: Several that share their noun: "the lymphoma, the lupus and the renal patients".
_SHARING = re.compile(
    rf"\b(?P<members>(?:{_MEMBER}, )*{_MEMBER}),? and (?P<last>{_MEMBER}) (?P<noun>patients|cases"
    r"|(?:case )?reports|papers|studies|articles|trials|women|men)(?![\w-])",
    re.IGNORECASE,
)
_ENDS_IN_HEAD = re.compile(rf"\b{_HEADS}$", re.IGNORECASE)
_ASKS = r"(?:how|what|which|when|where|who|why)"
#: What stands between two that are named beside each other: a new clause says what else is asked.
_JOINT = re.compile(
    rf"(?:(?P<last>,? and)|,)(?P<clause> (?:{_ASKS}|was|were|is|are|did|does|do)\b.*?)?"
    r"(?: (?:in|of|for|to|by|with|from|on|about))? *$",
    re.IGNORECASE,
)
_ONLY_ASKS = re.compile(rf" {_ASKS}(?: (?:was|were|is|did|does))?", re.IGNORECASE)
_AGREEING_ONE = re.compile(rf"\b(?P<verb>were|are|do|have)(?= {_NAMED.pattern[2:]})", re.IGNORECASE)


def of_named(text: str) -> tuple[str, ...]:
    """Return a question about several that it names one by one, as it is asked of each; empty for others.

    "How old were the man with A and the woman with B?" names two.
    """
    text = _SHARING.sub(_with_noun_each, text)
    found = list(_NAMED.finditer(text))
    joints = [
        joint
        for one, other in pairwise(found)
        if (joint := _JOINT.search(text, one.end(), other.start())) is not None
    ]
    if len(found) < 2 or len(joints) < len(found) - 1 or not joints[-1]["last"]:
        return ()
    if any(joint["clause"] and not joint["last"] for joint in joints):  # "In the trial, what did the man get"
        return ()
    before, end = text[: found[0].start()], len(text.rstrip(" ?."))
    ends = [*(joint.start() for joint in joints), end]
    own = [False, *(joint["clause"] and not _ONLY_ASKS.fullmatch(joint["clause"]) for joint in joints)]
    # "the man and the woman when they fell ill": what follows the last belongs to all, unless the first has
    # something of its own, or another is asked something else.
    shared = not any(own) and not text[found[0].end() : ends[0]].strip()
    after = text[found[-1].end() : end] if shared else ""
    asked = []
    for at, (one, until) in enumerate(zip(found, ends, strict=True)):
        lead = text[joints[at - 1].start("clause") + 1 : one.start()] if own[at] else before
        asked.append(lead + text[one.start() : until] + (after if until != end else ""))
    return tuple(f"{_AGREEING_ONE.sub(_singular, _capital(one)).strip()}?" for one in asked)


def _with_noun_each(match: re.Match[str]) -> str:
    """Return those who share a noun with that noun each, in the singular."""
    noun = match["noun"].lower()
    noun = _SINGULAR_NOUNS.get(noun) or noun.removesuffix("s")
    members = [*match["members"].split(", "), match["last"]]
    if any(_ENDS_IN_HEAD.search(member) for member in members):  # "the boy and the older patients"
        return match.group()
    named = [f"{member} {noun}" for member in members]
    return f"{', '.join(named[:-1])} and {named[-1]}"


def of_each(text: str) -> bool:
    """Tell whether a question wants an answer from each paper: "both patients", "the two reports"."""
    return _EVERY.search(text) is not None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _singular(match: re.Match[str]) -> str:
    return _SINGULAR_VERBS[match.group("verb").lower()]


def of_one(text: str) -> str:
    """Return a question about each of several as it is asked of one: "How old was the patient?"."""
    found = _SEVERAL.sub(_one, text)
    found = _BOTH.sub(r"\g<where> the case", found)
    found = _AMONG.sub("in", found)
    return _capital(_AGREEING.sub(_singular, found))


def _one(match: re.Match[str]) -> str:
    kind = match.group("kind").lower()
    singular = _SINGULAR_NOUNS.get(kind) or kind.removesuffix("s")
    return f"the {match.group('which')}{singular}{chr(39) + 's' if match.group('owned') else ''}"
