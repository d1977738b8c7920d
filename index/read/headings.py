"""Recognises by their first words what lines are: headings, captions, front matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.read.byline import PLACE, YEAR
from index.read.structure import Draft
from index.text import BlockKind

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
_BACK = (
    "acknowledge?ments?|references|bibliography|literature cited|works cited|additional information"
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
_REFERENCES = re.compile(
    rf"{_NUMBER}(?:references(?: and notes)?|bibliography|literature cited|works cited)\s*[:.]?\s*",
    re.IGNORECASE,
)
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
#: A label of a structured abstract at the start of a line, set off by a mark or by its capitals.
_ABSTRACT_LABEL = re.compile(
    r"\s*(?P<label>(?:background|context|importance|introduction|rationale|aims?|objectives?|objective\(s\)"
    r"|purpose|aim of (?:the )?study|(?:study )?design|setting|participants|methods?|interventions?"
    r"|(?:patients?|materials?|subjects?)(?: and methods?)?|main outcomes?(?: measures?)?|measurements"
    r"|(?:main |principal )?results?|(?:main )?findings|case(?: (?:presentation|report|description|summary))?"
    r"|patient concerns|diagnos[ie]s|outcomes?|discussion|conclusions?|conclusion\(s\)|interpretation"
    r"|relevance|limitations|lessons?)(?: (?:and|&) \w+)?)"
    r"(?:\s*[:\u2014]\s*[A-Z\d]|(?<=[A-Z]{4})\s+[A-Z][a-z])",
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
_NUMBERED_ENTRY = re.compile(r"\s*(?:\[\d{1,3}\]|\(?\d{1,3}[.)])\s+\S")
_ENTRY_NUMBER = re.compile(r"\s*(?:\[\d{1,3}\]|\(?\d{1,3}[.)]|\d{1,3}(?=\s+[A-Z]))\s*")
_INITIALS_FIRST = re.compile(r"(?:[A-Z]\.[ -]?){1,3}[A-Z][\w'\u2019-]+(?:[,;]| and | et al)")
_TELLS = re.compile(r"\b(?:was|were|had|has|have|we|who)\b")
#: What entries of a list without a usual heading are taken for, and the fewest that make a list;
#: if all are numbered, two do.
_MAY_BE_ENTRIES = frozenset({BlockKind.FRONT, BlockKind.PARAGRAPH, BlockKind.NOTE, BlockKind.HEADING})
_FEWEST_ENTRIES = 3
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


def abstract_label(line: str) -> bool:
    """Return whether the line begins with a label of a structured abstract: "METHODS: We asked 40 men"."""
    match = _ABSTRACT_LABEL.match(line)
    if match is None or not line.strip()[:1].isupper():
        return False
    after = line[match.end("label") :].lstrip()
    # Without regard to case, [A-Z] is any letter: what no colon sets off is looked at again.
    return after[0] in ":\u2014" or (match["label"].isupper() and after[0].isupper())


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


def entry_number(text: str) -> bool:
    """Return whether ``text`` begins as a numbered entry of a list: "[3] ", "3. ", "3) "."""
    return _NUMBERED_ENTRY.match(text) is not None


def entry(text: str) -> bool:
    """Return whether ``text`` reads as one or more entries of a reference list: number, authors, a year."""
    rest = _ENTRY_NUMBER.sub("", text, count=1)
    return YEAR.search(text) is not None and (author_entry(rest) or _INITIALS_FIRST.match(rest) is not None)


def unheaded_references(texts: Sequence[tuple[BlockKind, str]]) -> set[int]:
    """Return the positions of entries of references that end a paper or a part of it under no usual heading.

    Args:
        texts: for each part of the paper its kind and its first line.
    """
    found: set[int] = set()
    run: list[int] = []
    for at, (kind, text) in enumerate([*texts, (BlockKind.HEADING, "")]):
        if kind in _MAY_BE_ENTRIES and entry(text):
            run.append(at)
            continue
        if kind is not BlockKind.HEADING:
            run.clear()
        numbered = [i for i in run if _ENTRY_NUMBER.match(texts[i][1])]
        listed = len(run) >= _FEWEST_ENTRIES or len(numbered) == len(run) > 1
        # "Patient A, seen in 2011, had gout." begins as an entry does.
        if listed and 3 * sum(_TELLS.search(texts[i][1]) is not None for i in run) <= len(run):
            found |= set(run)
        # A statement with a number before it is an entry even alone: a paper does not number its own.
        found |= {i for i in numbered if texts[i][0] is BlockKind.FRONT}
        run = []
    return found


def sentences(text: str) -> bool:
    """Return whether a text of front matter reads as sentences, as an abstract without a heading does.

    Addresses and names have more commas, and hardly any small words.
    """
    words = text.split()
    if len(words) < 12 or text.rstrip()[-1:] not in ".!?" or "@" in text or entry(text):
        return False
    if front_matter(text) or licence_text(text) or PLACE.search(text[:60]):
        return False
    small = sum(word.lower() in _SMALL for word in words)
    set_apart = sum(word[-1] in ",;" for word in words)
    return small >= 0.15 * len(words) and set_apart <= 0.2 * len(words)


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


def ends_entry(line: str) -> bool:
    """Return whether a line can end an entry of a reference list: with a full stop, a number, a link."""
    return _ENTRY_END.search(line) is not None
