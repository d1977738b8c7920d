"""The first page of a paper: title, authors, addresses, dates, licence, apart from its abstract."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from index.read import headings
from index.read.pdf.paragraphs import Block, Body, prose
from index.text import Field, MappedText, Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_VERBS = re.compile(
    r"\b(?:was|were|is|are|has|have|had|been|that|this|which|we|can|may|by|to|it)\b", re.IGNORECASE
)
_TYPE = re.compile(
    r"(?:original|research|review|case|short|brief|rapid|clinical|data|mini|systematic|special|study|letter|editorial"
    r"|open|invited)?[\s-]*(?:article|paper|reports?|review|note|communication|study|trial|letter|editorial|access"
    r"|research|series|protocol)s?",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"\b(?:journal|annals|archives|proceedings|bulletin|publishing|press|www|issn|vol(?:ume)?|https?)\b|doi[:.]"
    r"|^\s*\w+ reports\s*$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:departments?|universit\w+|hospitals?|institut\w+|cent(?:er|re)s?|school|college|facult\w+|laborator\w+|division"
    r"|clinic|academy|abstract|correspond\w+|received|accepted|published|e-?mail|street|road|article|editors?|reviewed)\b",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"(?:[A-Z][a-z]{0,2}\.?){1,4}[A-Z]\.?|Ph\.?D\.?|M\.?Sc\.?|B\.?Sc\.?|Dr\.?|Prof\.?|Jr\.?|Sr\.?|I{2,3}|IV"
)
_PARTICLE = frozenset(
    [
        "de",
        "da",
        "do",
        "dos",
        "das",
        "di",
        "del",
        "della",
        "der",
        "den",
        "van",
        "von",
        "zu",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "abu",
        "ter",
        "ten",
        "y",
        "e",
    ]
)
_WORD = re.compile(r"[^\W\d_][\w.'\u2019\u02bc\u2010-]*")


def front_blocks(blocks: Sequence[Block], body: Body, stated: str) -> tuple[set[int], int]:
    """Return the positions of the title's blocks, and the position where the paper proper begins.

    Args:
        blocks: of the whole paper, in reading order.
        body: style of its running text.
        stated: the title in the file's own metadata; empty where there is none.
    """
    if not blocks:
        return set(), 0
    first = blocks[0].lines[0].page
    count = next((i for i, block in enumerate(blocks) if block.lines[0].page != first), len(blocks))
    title = _title(blocks[:count], body, stated)
    after = max(title, default=-1) + 1
    end = next((i for i in range(after, count) if _opens(blocks[i])), None)
    if end is None:
        end = after if title else 0
    return title, end


def _title(blocks: Sequence[Block], body: Body, stated: str) -> set[int]:
    """Return the blocks set as the title: the largest type that is no banner, or what the metadata names."""
    end = next((i for i, b in enumerate(blocks) if _abstract_heading(b.text)), len(blocks))
    able = [i for i in range(end) if _could_be_title(blocks[i], body)]
    if not able:
        return set()
    wanted = _letters(stated)
    named = [i for i in able if len(wanted) > 15 and _letters(blocks[i].text)[:40] in wanted]
    best = max(named or able, key=lambda i: (_rank(blocks[i]), -i))
    title = {best, *_same_type(blocks, best)}
    below = max(title) + 1
    if below < end and _is_subtitle(blocks[below], blocks[best], body):
        title.add(below)
    return title


def _is_subtitle(block: Block, title: Block, body: Body) -> bool:
    """Tell whether a block under the title, smaller than it but large, goes on with it."""
    large = 1.3 * body.size < block.size < title.size
    named = byline(block.text) or _PLACE.search(block.text) or _TYPE.fullmatch(block.text.strip())
    return (
        large
        and len(block.lines) <= 2
        and not named
        and title.lines[-1].y - block.lines[0].y < 2.5 * title.size
    )


def _letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalpha())


def _abstract_heading(text: str) -> bool:
    return re.match(r"\s*(?:abstract|summary|a ?b ?s ?t ?r ?a ?c ?t)\b", text, re.IGNORECASE) is not None


def _could_be_title(block: Block, body: Body) -> bool:
    words = re.findall(r"[^\W\d_]{2,}", block.text)
    if not 2 <= len(words) <= 50 or block.size < 1.05 * body.size or _TYPE.fullmatch(block.text.strip()):
        return False
    return not headings.front_matter(block.text) and not headings.known_heading(block.text)


def _rank(block: Block) -> float:
    words = len(block.text.split())
    rank = block.size * (0.5 if _BANNER.search(block.text) and words < 25 else 1.0)
    return rank * (0.8 if words < 4 else 1.0)


def _same_type(blocks: Sequence[Block], best: int) -> Iterator[int]:
    """Yield the blocks that go on with the title: same size and weight, nothing large between."""
    for step in (-1, 1):
        last, i = blocks[best], best + step
        while 0 <= i < len(blocks) and abs(i - best) < 8:
            block = blocks[i]
            same = abs(block.size - last.size) < 0.03 * last.size
            if same and len(block.text) > 2 and _flows(last, block, step):
                yield i
                last = block
            elif block.size > 0.7 * last.size:
                break
            i += step


def _flows(last: Block, block: Block, step: int) -> bool:
    near = (
        abs(block.lines[0].y - last.lines[-1].y) < 3.2 * last.size
        or abs(block.lines[-1].y - last.lines[0].y) < 3.2 * last.size
    )
    if not near or _TYPE.fullmatch(block.text.strip()):
        return False
    return block.bold == last.bold or (step > 0 and block.text[:1].islower())


def _opens(block: Block) -> bool:
    """Tell whether the abstract or the running text begins with this block."""
    text = block.text
    if _abstract_heading(text) or headings.known_heading(text):
        return True
    if headings.front_matter(text) or headings.licence_text(text[:300]) or _PLACE.search(text[:60]):
        return False
    return prose(text) and len(_VERBS.findall(text)) >= 3


def masked(text: MappedText, hidden: Collection[int]) -> str:
    """Return ``text`` with the characters at the raw offsets ``hidden`` blanked: superscripts."""
    return "".join("," if o in hidden else c for c, o in zip(text.text, text.origins, strict=True))


def byline(text: str) -> tuple[Field, ...]:
    """Return one field an author for a byline, academic degrees left out; nothing where it is none.

    Args:
        text: the line, superscripts replaced by commas of the same length.
    """
    fields: list[Field] = []
    odd = 0
    text = re.sub(r"\b(?:and|with|on behalf of)\b", lambda m: "," * len(m.group()), text)
    for match in re.finditer(r"[^,;&|\u2022\u00b7*\u2020\u2021\u00a7\u2217#0-9\[\]()]+", text):
        name = match.group().strip(" .\u00a0")
        if not name or _DEGREE.fullmatch(name.replace(" ", "")):
            continue
        if _PLACE.search(name) or _TYPE.fullmatch(name) or not _is_name(name):
            odd += len(name) > 3
            continue
        start = match.start() + match.group().index(name)
        fields.append(Field("author", name, Span(start, start + len(name))))
    return tuple(fields) if fields and odd <= 0.2 * len(fields) and len(fields) <= 200 else ()


def _is_name(name: str) -> bool:
    words = name.split()
    if not 2 <= len(words) <= 7:
        return False
    capital = [word for word in words if word[:1].isupper()]
    rest = [word for word in words if not word[:1].isupper()]
    return (
        len(capital) >= 2
        and all(_WORD.fullmatch(word) for word in words)
        and all(word.lower() in _PARTICLE for word in rest)
        and any(len(word.strip(".")) > 1 for word in capital)
    )


_CITED = re.compile(
    r"(?P<journal>(?:\d )?[A-Z][\w&.' -]{2,70}?),?\s*"
    r"(?:[\[(](?P<y1>(?:19|20)\d\d)[\])]|(?:\bVol(?:ume|\.)?\s*)?(?P<y2>(?:19|20)\d\d)(?!\d))"
    r"\s*[,;:]?\s*(?:\d|Article|vol|Vol)"
)
_ANY_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def citation_fields(text: str) -> Iterator[Field]:
    """Yield journal and year from a line such as "Molecules 2016, 21, 188" or "Trials (2021) 22:94"."""
    found = _CITED.search(text)
    if found is None:
        return
    group = "y1" if found.group("y1") else "y2"
    yield Field("year", found.group(group), Span(*found.span(group)))
    journal = found.group("journal").strip(" ,.")
    before = re.search(
        r"(?:et ?al\.?|Corporation|doi\S*|\w \d|^[A-Z][a-z]+ and [A-Z][a-z]+)\s+(?=[A-Z])", journal
    )
    start = before.end() if before else 0
    at = found.start("journal") + found.group("journal").index(journal) + start
    if len(journal) - start > 2 and not journal[start:].lower().startswith(
        ("page", "vol", "published", "received")
    ):
        yield Field("journal", journal[start:], Span(at, at + len(journal) - start))


def any_years(text: str) -> Iterator[Field]:
    """Yield the latest year that a line of front matter prints, as a last resort."""
    found = [m for m in _ANY_YEAR.finditer(text) if 1900 <= int(m.group()) <= 2100]
    if found:
        latest = max(found, key=lambda m: m.group())
        yield Field("year", latest.group(), Span(*latest.span()))
