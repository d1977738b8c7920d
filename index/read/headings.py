"""Recognises by their first words what lines are: headings, captions, front matter."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from index.read.byline import PLACE
from index.read.structure import Draft
from index.text import BlockKind

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAIN = (
    "abstract|summary|introduction|background|objectives?|aims?|purpose"
    "|(?:patients?|materials?|subjects?|methods?)(?:,? (?:and|&) (?:patients?|materials?|methods?|results))?"
    "|methodology|experimental(?: section)?|study design|statistical analys[ei]s"
    "|results?(?:,? (?:and|&) (?:discussion|conclusions?))?|findings|limitations|strengths and limitations"
    "|case(?: (?:presentation|report|description|history|summary|study|series))?s?"
    "|(?:general |brief )?discussion(?:,? (?:and|&) conclusions?)?"
    "|literature review|review of (?:the )?literature"
    "|figure (?:legends?|captions?)|legends to figures|conclusions?|concluding remarks"
    "|summary and conclusions?|learning points|take[- ]home messages?"
)
_REFERENCE_LIST = (
    "(?:notes and )?references(?: and notes| cited)?|(?:reference|literature) list|list of references"
    "|bibliography|literature(?: cited)?|cited literature|works cited"
)
_BACK = (
    rf"acknowledge?ments?|{_REFERENCE_LIST}|additional information"
    "|disclosures?|conflicts? of interests?|competing (?:financial )?interests?"
    "|declaration of (?:competing )?interests?"
    "|declarations?|funding(?: (?:sources?|statement|information))?|financial (?:support|disclosure)"
    "|(?:data|code)(?: and materials?)? availability(?: statement)?|availability of data and materials?"
    "|authors?[\u2019']? (?:contributions?|information)|contributors|consent(?: for publication| to publish)?"
    "|(?:informed|patient) consent"
    "|ethic(?:al|s) (?:approval|statement|considerations?)(?: and consent to participate)?"
    "|supplementary (?:materials?|data|information)|supporting information"
    "|abbreviations?|list of abbreviations|publisher[\u2019']?s note|provenance and peer review"
    "|appendix(?: [A-Z0-9])?"
)
_NUMBER = r"\s*(?:\d+(?:\.\d+)*\.?|[IVX]+\.)?\s*"
_KNOWN = re.compile(
    rf"{_NUMBER}(?:(?:abstract|summary|body|main text)\s?[.:/-]\s?)?"  # "ABSTRACT.METHODS:"
    rf"(?:{_MAIN}|(?P<back>{_BACK}))\s*[:.]?\s*",
    re.IGNORECASE,
)
_REFERENCES = re.compile(rf"{_NUMBER}(?:{_REFERENCE_LIST})\s*[:.]?\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*(?P<number>\d{1,2}(?:\.\d{1,2})*)\.?\s+(?P<title>[A-Z][^\n]{2,100}?)\s*")
_RUN_IN = re.compile(
    r"\s*(?P<heading>(?P<number>\d{1,2}(?:\.\d{1,2})+)\.?\s+[A-Z][^.?!]{2,110}\.)\s+(?=[A-Z0-9(\"\u201c])"
)
_CAPTION = re.compile(
    r"\s*(?:Supplementary\s+)?(?:FIGURE|Figure|FIG|Fig|TABLE|Table|SCHEME|Scheme|BOX|Box|CHART|Chart)\.?\s*"
    r"[A-Z]?(?:\d+|[IVX]+)[A-Za-z]?\s*(?:[.:|\u2013\u2014-]|\s(?=[A-Z(])|(?<=\d)(?=[A-Z][a-z]{2})|$)"
)
_FRONT = re.compile(
    r"\s*(?:(?:key ?words?|categories|corresponding author|correspondence|how to cite|cite this article"
    r"|academic editor|edited by|reviewed by|copyright|doi|open access|citation|e-?mail|issn"
    r"|licen[cs]e(?=:))(?!\w)"
    r"|\u00a9|\(c\) ?\d|https?://"
    r"|(?:received|revised|accepted|published|review began|review ended|available online)\b[^.]{0,30}\d{4})",
    re.IGNORECASE,
)
_LICENCE = (
    "creative commons",
    "open access article",
    "unrestricted use",
    "all rights reserved",
    "terms of the",
)
_AUTHOR_ENTRY = re.compile(
    r"\s*(?:(?:[dv][aeiou]n?|del|der|den|le|la) )*[A-Z][\w'\u2019-]+"
    r"(?:,? (?:[A-Z]\.[ -]?|[A-Z]{1,3}\b ?){1,3}|, [A-Z]\w+)(?:[,;.&(]| and | et al|$)"
)
#: The beginning of an entry: its number, its authors: "[3] Bohan A,", "3. A. Bohan,".
_ENTRY = re.compile(
    rf"\s*(?:\[\d{{1,3}}\]|\(?\d{{1,3}}[.)]?(?=\s))?(?:{_AUTHOR_ENTRY.pattern}"
    r"|\s*(?:[A-Z]\.[ -]?){1,3}[A-Z][\w'\u2019-]+(?:[,;]| and | et al))"
)
_ENTRY_YEAR = re.compile(r"\b(?:19|20)\d\d[a-z]?\b")
#: A label of a structured abstract at the start of a line, set off by a mark or by its capitals.
_ABSTRACT_LABEL = re.compile(
    r"\s*(?P<label>background(?: (?:and|&) (?:aims?|objectives?|purpose))?|introduction|context|importance"
    r"|rationale|aims?(?: (?:and|&) (?:objectives?|background))?|objectives?|objective\(s\)|purpose"
    r"|aim of (?:the )?study|patients?(?: (?:and|&) methods?)?|materials? (?:and|&) methods?|methods?"
    r"|methods? (?:and|&) (?:materials?|results?)|(?:study )?design|setting|participants|interventions?"
    r"|main outcomes?(?: measures?| (?:and|&) measures?)?|(?:main |principal )?results?|(?:main )?findings"
    r"|case(?: (?:presentation|report|description|summary))?|interpretation"
    r"|discussion|conclusions?|conclusion\(s\)|limitations|patient concerns|diagnos[ie]s|outcomes?|lessons?)"
    r"(?:\s?[:\u2013\u2014]|\.(?=\s+[A-Z])|(?<=[A-Z]{4})(?=\s+[A-Z][a-z]))\s*(?=\S)",
    re.IGNORECASE,
)
_ENTRY_END = re.compile(r"(?:[.)\]]|\d|10\.\d{4,9}/\S+|https?:\S+)\s*$")
#: Words of sentences, rare in names and addresses.
_SMALL = frozenset({
    "a", "an", "as", "after", "are", "at", "be", "been", "but", "by", "can", "from", "had", "has", "have",
    "in", "is", "it", "its", "may", "not", "on", "or", "our", "that", "this", "to", "was", "we", "were",
    "which", "with",
})  # fmt: skip
#: Characters that a heading has at most.
_LONGEST = 160
#: Only the letters of a figure's panels: "(a) (b)".
PANELS = re.compile(r"\s*(?:\(?[a-hA-H]\)[\s,]*)+")


def _whole(pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
    line = line.strip()
    return pattern.fullmatch(line) if len(line) <= _LONGEST else None


def known_heading(line: str) -> bool:
    """Return whether the whole line is a usual section title, numbered or not."""
    return _whole(_KNOWN, line) is not None


def back_heading(line: str) -> bool:
    """Return whether the whole line opens a part after the paper proper."""
    match = _whole(_KNOWN, line)
    return match is not None and match["back"] is not None


def references_heading(line: str) -> bool:
    """Return whether the whole line opens the reference list."""
    return _whole(_REFERENCES, line) is not None


def label(line: str) -> bool:
    """Return whether the line is a few words and a colon: "Inclusion criteria:", "STUDY SETTING:"."""
    line = line.strip()
    return line.endswith(":") and len(line) <= _LONGEST and (line.isupper() or len(line.split()) <= 3)


def numbered_heading(line: str) -> int:
    """Return the level of a numbered heading such as "2.1. Aims" that fills the line; else 0."""
    match = _whole(_NUMBERED, line)
    if match is None or len(match["title"].split()) > 14:
        return 0
    sentence = match["title"][-1] in ".;,:" or re.search(r"[a-z]{2}[.?!] ", match["title"])
    return 0 if sentence else match["number"].count(".") + 1


def with_run_in_heading(draft: Draft) -> tuple[Draft, ...]:
    """Return the draft; a paragraph that opens with a numbered heading in two: heading and paragraph."""
    match = _RUN_IN.match(draft.text.text) if draft.kind is BlockKind.PARAGRAPH else None
    if match is None or len(match["heading"].split()) > 14:
        return (draft,)
    end = match.end("heading")
    heading = Draft(BlockKind.HEADING, draft.text[:end].strip(), level=match["number"].count(".") + 1)
    return heading, replace(draft, text=draft.text[end:].strip())


def caption(line: str) -> bool:
    """Return whether the line begins a caption of a figure, table, scheme or box."""
    return _CAPTION.match(line) is not None


def front_matter(line: str) -> bool:
    """Return whether the line begins as statements about the paper itself do."""
    return _FRONT.match(line) is not None


def licence_text(paragraph: str) -> bool:
    """Return whether a paragraph states a licence or copyright."""
    return any(phrase in paragraph.lower().replace("-", " ") for phrase in _LICENCE)


def author_entry(line: str) -> bool:
    """Return whether a line begins as an entry of a reference list without numbers: "Bohan A, Peter JB."."""
    return _AUTHOR_ENTRY.match(line) is not None


def reference_entry(text: str) -> bool:
    """Return whether a text reads as an entry of a reference list: number, if any, authors, and a year."""
    return _ENTRY.match(text) is not None and _ENTRY_YEAR.search(text) is not None


def unheaded_references(texts: Sequence[str]) -> set[int]:
    """Return the positions of blocks that are reference lists without a heading: two entries or more.

    Of three or more, a block or two between are odd entries, or the rest of one.
    """
    lists: list[list[int]] = []
    for at in (at for at, text in enumerate(texts) if reference_entry(text)):
        if lists and at - lists[-1][-1] <= 3:
            lists[-1].append(at)
        else:
            lists.append([at])
    return {
        at
        for entries in lists
        for at in (range(entries[0], entries[-1] + 1) if len(entries) > 2 else entries)
        if len(entries) > 2 or entries[-1] - entries[0] == 1
    }


def abstract_label(text: str) -> bool:
    """Return whether a text begins as a part of a structured abstract: "Methods: We", "RESULTS We"."""
    match = _ABSTRACT_LABEL.match(text)
    # With IGNORECASE, [A-Z] matches any letter: what only capitals set off is looked at again.
    return match is not None and (
        match.group().rstrip()[-1] in ":.\u2013\u2014"
        or (match["label"].isupper() and text[match.end()].isupper())
    )


def sentences(text: str) -> bool:
    """Return whether a text of front matter reads as sentences, as an abstract without a heading does.

    Addresses and names have more commas, and hardly any small words.
    """
    words = text.split()
    if len(words) < 12 or text.rstrip()[-1:] not in ".!?" or "@" in text or reference_entry(text):
        return False
    if front_matter(text) or licence_text(text) or PLACE.search(text[:60]):
        return False
    small = sum(word.lower() in _SMALL for word in words)
    set_apart = sum(word[-1] in ",;" for word in words)
    return small >= 0.15 * len(words) and set_apart <= 0.2 * len(words)


def ends_entry(line: str) -> bool:
    """Return whether a line can end an entry of a reference list: with a full stop, a number, a link."""
    return _ENTRY_END.search(line) is not None
