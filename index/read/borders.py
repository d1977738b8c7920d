"""Decides where sentences end in biomedical writing.

Takes back borders that its abbreviations, initials, species and brackets mislead a
general splitter to, and adds those missed because a common word stands in the
splitter's list of abbreviations ("disc.", "mass.").
"""

from __future__ import annotations

import re

from index.read.words import commonness

_CITATION = re.compile(
    r"(?:\s*\[\d[\d,;\s\u2013-]*\]|\(\d+(?:[,\u2013-]\s?\d+)*\))(?=\s|$)"  # "shown. [3] The", "shown.(3) The"
    r"|(?<=[^\d\s.][.?!])\d{1,3}(?:[,\u2013-]\d{1,3})*(?=\s|$)"  # a superscript: "shown.12,13 The"
    r"|(?<=\s(?:19|20)\d\d\.)\d{1,3}(?:[,\u2013-]\d{1,3})*(?=\s[A-Z])"  # the same behind a year
    r"|\s\d{1,3}(?:[,\u2013-]\s?\d{1,3})*(?=\s(?:[A-Z][a-z]+|A|I)\s|\s*$)"  # set off: "shown. 12 The"
)
_AHEAD = r"(?:^|[\s(\[])"
#: Ends after which a sentence goes on, whatever follows.
_NEVER = re.compile(
    rf"{_AHEAD}(?:i\. ?e|e\. ?g|cf|viz|vs|ca|approx|resp|incl|sp|subsp|var|[Ff]igs?|[Tt]abs?|[Rr]efs?|[Ee]qs?"
    r"|[Ss]uppl|Nos?|[Vv]ol|pp|[Dd]r|Drs|Prof|Mrs?|Ms|St|Inj|Cap|Syp|Syr|Ph|Sect|Chap|Dept|Univ|Mt|Gen|Eur)\.$"
    r"|^(?:(?:Supplementary )?(?:F(?:igure|IGURE|ig\.)|T(?:able|ABLE)|Scheme|Box|Case) ?)?"
    r"[A-Z]?\d{1,2}[a-z]?\.$"
)
#: Ends after which a sentence goes on unless a word follows that only begins one.
_SELDOM = re.compile(
    rf"{_AHEAD}(?:(?:[A-Z][a-z]?\.[ -]?)*[A-Z]|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|St\. ?Dev|Inc|Ltd|Co|Corp|Jr|Sr|max|min|avg|conc|temp|nos?|p|eds?)\.$"
)
#: Abbreviations that may well end a sentence: one that begins with a capital letter then follows.
_OFTEN = re.compile(
    rf"{_AHEAD}(?:et al|etc|a\. ?m|p\. ?m|i\. ?[vmpdn]|s\. ?c|p\. ?o|p\. ?r\. ?n|[bqt]\. ?i\. ?d|q\. ?d"
    r"|q\. ?h\. ?s|spp|wks?|yrs?|mos?|hrs?|secs?)\.$"
)
_UNIT_END = re.compile(
    r"\d\s?(?:[munkd\u00b5\u03bc]?(?:g|m|l|L|mol|M|s|Hz|U|IU)|h|hr|hrs|min|sec|Gy|cGy|mmHg|kPa|kDa|bp|kb|rpm|kcal|kJ|cm"
    r"|[a-zA-Z\u00b5\u03bc]+/[\w/]+|\u00b0C|C)\.$"
)
_LAST_WORD = re.compile(r"(?:^|[\s(\u2013/-])([a-z]{3,})[)\]\"'\u201d\u2019]*\.[)\]\"'\u201d\u2019]*$")
_STARTER = re.compile(
    r"[\"\u201c(]?(?:The|This|These|Those|That|There|Then|Thus|Therefore|They|Their|It|Its|We|Our|He|She|His|Her|In|On"
    r"|At|As|An|After|Also|All|Although|Among|Because|Before|Both|But|By|Despite|During|Each|Finally|For|Furthermore"
    r"|From|Given|However|If|Moreover|No|None|Of|One|Only|Overall|Patients?|Since|Some|Such|To|Two|Three|Under|Upon|When"
    r"|Whereas|Which|While|With|Within|Without)\b"
)
#: What begins with a lower-case letter and yet opens a sentence: "mTOR", "p53", "pH", "miR-21".
_LOWER_START = re.compile(r"[a-z]{1,4}[A-Z]|p\d|[\u03b1-\u03c9]-")
_CLASSED = re.compile(
    r"(?:hepatitis|vitamins?|influenza|types?|groups?|grades?|class|stage|panels?|factor|cohort|arm|phase|method|model"
    r"|protein|haemophilia|hemophilia|appendix|table|and|or) [A-Z]\.$",
    re.IGNORECASE,
)
#: How a sentence begins: a capital letter, a number of a list, either behind an opening mark.
_OPENING = re.compile(r"[(\[\"\u201c\u2018]?(?:[^\W\d_]|\d{1,2}[.)]\s|\([a-z0-9ivx]{1,3}\)\s)")
#: Zipf frequency from which a word is no abbreviation; a word of so many letters hardly ever is one.
_COMMON = 3.0
_LONG = 7
#: Characters looked at on either side of a border.
_REACH = 60
#: A bracket opened longer ago than this is taken for one that was never closed.
_BRACKET_REACH = 400


def past_citation(text: str, end: int) -> int:
    """Move a border behind the citation marks that belong to the sentence before."""
    while found := _CITATION.match(text, end):
        end = found.end()
    return end


def is_border(text: str, start: int, stop: int, end: int, *, proposed: bool) -> bool:
    """Tell whether a sentence from ``start`` with its full stop at ``stop`` ends at ``end``."""
    after = text[end : end + _REACH]
    if not after.strip():
        return True
    if not after[0].isspace():
        return False
    after = after.lstrip()
    if after[0].islower() and not _LOWER_START.match(after):
        return False
    before = text[max(start, stop - _REACH) : stop].lstrip()
    if _NEVER.search(before) or _in_bracket(text, start, end):
        return False
    if _SELDOM.search(before) and not _UNIT_END.search(before):
        return bool(_STARTER.match(after) or (_CLASSED.search(before) and after[0].isupper()))
    if _OFTEN.search(before):
        return _OPENING.match(after) is not None
    return proposed or end > stop or (_OPENING.match(after) is not None and _closes(before))


def _in_bracket(text: str, start: int, end: int) -> bool:
    """Tell whether a bracket opened inside the sentence is still open and is closed soon."""
    if end - start > _BRACKET_REACH:
        return False
    opened = text.count("(", start + 1, end) - text.count(")", start + 1, end)
    return opened > 0 and text.count(")", end, end + _BRACKET_REACH // 2) > text.count(
        "(", end, end + _BRACKET_REACH // 2
    )


def _closes(before: str) -> bool:
    """Tell whether a full stop behind these words ends a sentence though it was not proposed."""
    if before[-2:-1] in tuple(')]%"\u201d') or _UNIT_END.search(before):
        return True
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    return commonness(word.group(1)) >= (_COMMON if len(word.group(1)) < _LONG else 1.0)
