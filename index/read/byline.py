"""Finds the names of authors in a byline, whatever sets them apart: commas, raised marks, degrees, lines."""

from __future__ import annotations

import re

from index.text import Field, Origin, Span

#: Words of addresses and other statements, which no name has.
PLACE = re.compile(
    r"\b(?:departments?|universit\w+|hospitals?|institut\w+|cent(?:er|re)s?|school|college|facult\w+|laborator\w+|division"
    r"|clinic|academy|abstract|correspond\w+|received|accepted|published|e-?mail|street|road|article|editors?|reviewed)\b",
    re.IGNORECASE,
)
#: The kind of an article, printed near its title.
ARTICLE_KIND = re.compile(
    r"(?:original|research|review|case|short|brief|rapid|clinical|data|mini|systematic|special|study|letter|editorial"
    r"|open|invited)?[\s-]*(?:article|paper|reports?|review|note|communication|study|trial|letter|editorial|access"
    r"|research|series|protocol)s?",
    re.IGNORECASE,
)
#: Words and marks between names. A raised mark may be written "^1,2" or "^a^".
_BETWEEN = re.compile(
    r"\^[\w,*\u2020\u2021\u00a7]{1,6}\^?|[\d,;:&|/\n\t\u2022\u00b7*\u2020\u2021\u00a7\u00b6\u2016\u2217#\[\](){}"
    r"\u00b9\u00b2\u00b3\u2070-\u2079\ue000-\uf8ff]+|\s{3,}|\b(?:and|with|on behalf of)\b"
)
#: Academic degrees and memberships, without full stops.
_DEGREES = frozenset({
    "BA", "BDS", "BMBS", "BPharm", "BS", "BSc", "DDS", "DMD", "DNP", "DO", "DPhil", "DVM", "DrPH", "EdD",
    "Esq", "FAAN", "FACC", "FACP", "FACS", "FAHA", "FESC", "FRCP", "FRCPC", "FRCS", "JD", "LLM", "MA", "MBA",
    "MBBCh", "MBBS", "MBChB", "MD", "MDS", "MEd", "MHA", "MHS", "MPH", "MPhil", "MRCP", "MRCS", "MRes", "MS",
    "MSc", "PhD", "PharmD", "PsyD", "RN", "ScD",
})  # fmt: skip
#: The shape of a degree that is not listed, and what else may stand alone between commas.
_DEGREE = re.compile(r"(?:[A-Z][a-z]{0,2}\.?){1,4}[A-Z]\.?|Dr\.?|Prof\.?|Jr\.?|Sr\.?|I{2,3}|IV")
#: What may precede a name.
_BEFORE = frozenset({"by", "authors", "author", "dr", "prof", "professor", "mr", "mrs", "ms", "med", "drs"})
#: Words of a name that have no capital letter.
_PARTICLES = frozenset({
    "de", "da", "do", "dos", "das", "di", "du", "del", "della", "der", "den", "van", "von", "zu", "la", "le",
    "el", "al", "bin", "ibn", "ben", "abu", "ter", "ten", "y", "e",
})  # fmt: skip
_NAME_WORD = re.compile(r"[^\W\d_][\w.'\u2019\u02bc\u2010-]*")
#: No byline has a year; citations and dates do.
YEAR = re.compile(r"\b(?:19|20)\d\d(?!\d)")
#: Authors and characters of a byline at most.
_MOST, _LONGEST = 200, 20_000


def byline(text: str, *, whole: bool = True) -> tuple[Field, ...]:
    """Return one field an author for a byline, degrees left out; nothing where it is none.

    Args:
        text: the byline, with commas or line feeds for marks and breaks that only its layout shows.
        whole: whether all of the text must be a byline; otherwise an address may follow it.
    """
    if len(text) > _LONGEST:
        return ()
    fields: list[Field] = []
    odd = at = 0
    for end, after in [*(match.span() for match in _BETWEEN.finditer(text)), (len(text), len(text))]:
        part, start = text[at:end], at
        at = after
        if len(part.strip(" .-")) < 2 or _degrees(part):
            continue
        name = _name_in(part)
        if name:
            found = Span(start + name.start, start + name.end)
            fields.append(Field("author", found.of(text), found, Origin.PAGE, 0.95))
        elif not whole and len(fields) > 1 and PLACE.search(part):
            break
        else:
            odd += len(part.strip()) > 3
    if odd > 0.2 * len(fields) or len(fields) > _MOST or YEAR.search(text[:at]):
        return ()
    return tuple(fields)


def _degrees(part: str) -> bool:
    """Return whether a part of a byline is nothing but degrees: "MD PhD", "Ph. D.", "FRANZCP"."""
    words = part.replace(".", " ").split()
    listed = "".join(words) in _DEGREES or all(word in _DEGREES for word in words)
    return listed or _DEGREE.fullmatch(part.strip()) is not None


def _name_in(part: str) -> Span | None:
    """Return where the name is in a part of a byline, without titles before and degrees after it."""
    if PLACE.search(part) or ARTICLE_KIND.fullmatch(part.strip()):
        return None
    words = list(re.finditer(r"[^\s.]\S*", part.rstrip(" .,")))
    while words and words[0].group().strip(".").lower() in _BEFORE:
        del words[0]
    while len(words) > 2 and words[-1].group().replace(".", "") in _DEGREES:
        del words[-1]
    if not 2 <= len(words) <= 7 or not _is_name([word.group() for word in words]):
        return None
    return Span(words[0].start(), words[-1].end())


def _is_name(words: list[str]) -> bool:
    capital = [word for word in words if word[0].isupper()]
    rest = [word for word in words if not word[0].isupper()]
    if len(capital) < 2 or not any(len(word.strip(".")) > 1 for word in capital):
        return False
    return all(map(_NAME_WORD.fullmatch, words)) and all(word.lower() in _PARTICLES for word in rest)
