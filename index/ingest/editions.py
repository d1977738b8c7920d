"""Which of several files of one paper is used.

Two files are one paper if their running texts are near copies, neither states a value
that the other lacks, and their DOIs do not differ. Likeness is resemblance and containment
of the sets of word 5-shingles (Broder 1997, "On the resemblance and containment of
documents"), estimated from the smallest hashes of each set, so that a thousand papers
are compared in a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from index.text import BlockKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from index.store.paper_rows import PaperRows
    from index.text import Document

#: Changes whenever ``edition_of`` would see another thing in the same paper.
METHOD = 1
#: Formats, the best first: how much of a paper's structure a file of it states.
FORMATS = ("jats", "markdown", "pdf", "text")
SHINGLE = 5  #: words
SKETCH = 512  #: hashes kept of a paper
FEWEST = 30  #: shingles from which two texts can be told to be one
#: Least (resemblance, containment of the smaller) of two files of one paper. Files of one format are
#: read alike, so that what differs between them is the paper's own. Of 45 articles as PDF and as JATS
#: the least alike pair has (.73, .91), the most alike of their different papers (.01, .03).
_SAME_FORMAT = (0.95, 0.97)
_SAME_DOI = (0.6, 0.8)
_NO_DOI = (0.7, 0.9)
_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_CITATION = re.compile(r"\[[\d,;\s\u2010-\u2015-]+\]")
_VALUE = re.compile(r"(?<![\w.,\u2010-\u2015-])(\d+(?:\.\d+)?) ?(%|[^\W\d_]{1,3})")
_ANY_VALUE = re.compile(r"(\d+(?:\.\d+)?)(%|[^\W\d_]{1,3})")
_NOTICE = re.compile(
    r"\b(retract\w+|withdrawn|withdrawal|erratum|errata|corrigend\w+|expression of concern)\b", re.I
)


@dataclass(frozen=True, slots=True)
class Edition:
    """What is compared of one file of a paper."""

    id: str  #: of the document
    format: str  #: see ``FORMATS``
    sections: int  #: that have titles
    sentences: int
    doi: str  #: in lower case; empty where none is stated
    sketch: frozenset[int]  #: the smallest hashes of the shingles of its running text, 64 bits each
    whole: bool  #: whether ``sketch`` holds all of them
    values: frozenset[int]  #: hashes of numbers with the word behind, in its running text
    all_values: frozenset[int]  #: the same anywhere in it
    notices: frozenset[str]  #: words such as "retracted" in its title and front matter

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """What orders editions, the best first; no two are alike."""
        return (FORMATS.index(self.format), -self.sections, -self.sentences, self.id)


def edition_of(paper: PaperRows) -> Edition:
    """Return what is compared of ``paper``."""
    document = paper.document()
    running = _plain(document, {BlockKind.PARAGRAPH})
    everything = _plain(document, set(BlockKind))
    words = _WORD.findall(_CITATION.sub(" ", running))
    hashes = sorted({_hash(" ".join(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)})
    values = {_hash("".join(found)) for found in _VALUE.findall(running)}
    # Without the spaces as well: a cell or a line end may have lost or gained one.
    others = (_ANY_VALUE.findall(text) for text in (everything, re.sub(r"\s+", "", everything)))
    return Edition(
        id=document.id,
        format=document.format,
        sections=sum(1 for section in document.sections if section.title),
        sentences=len(paper.sentences),
        doi=document.doi.lower(),
        sketch=frozenset(hashes[:SKETCH]),
        whole=len(hashes) <= SKETCH,
        values=frozenset(values),
        all_values=frozenset(_hash("".join(found)) for text in others for found in text) | values,
        notices=frozenset(found.lower() for found in _NOTICE.findall(_front(document))),
    )


def _plain(document: Document, kinds: set[BlockKind]) -> str:
    text = " ".join(block.span.of(document.text) for block in document.blocks if block.kind in kinds)
    # "10^6" is how a reader writes a power whose raised figure the file marks; the other may not mark it.
    return unicodedata.normalize("NFKD", text).casefold().replace("\u00b7", ".").replace("^", "")


def _front(document: Document) -> str:
    kinds = (BlockKind.TITLE, BlockKind.FRONT)
    return " ".join(block.span.of(document.text) for block in document.blocks if block.kind in kinds)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def likeness(a: Edition, b: Edition) -> tuple[float, float]:
    """Return resemblance (shared shingles of all of both) and containment (of those of the smaller).

    Below the smaller of both sketches' largest hashes both are complete, and the hashes
    there are a fair sample of the shingles. Texts too short to be told apart give (0, 0).
    """
    if min(len(a.sketch), len(b.sketch)) < FEWEST:
        return 0.0, 0.0
    end = min(max(one.sketch) if not one.whole else 1 << 64 for one in (a, b))
    left, right = ({value for value in one.sketch if value <= end} for one in (a, b))
    shared = len(left & right)
    return shared / len(left | right), shared / max(min(len(left), len(right)), 1)


def same_paper(a: Edition, b: Edition) -> bool:
    """Tell whether two files are one paper; where that is in doubt, they are not.

    A value that was corrected shows as one that either file has and the other has
    not; what extraction loses or adds is missing on one side only.
    """
    if (a.doi and b.doi and a.doi != b.doi) or a.notices != b.notices:
        return False
    if a.values - b.all_values and b.values - a.all_values:
        return False
    least = _SAME_FORMAT if a.format == b.format else _SAME_DOI if a.doi and b.doi else _NO_DOI
    return all(found >= wanted for found, wanted in zip(likeness(a, b), least, strict=True))


def set_aside(editions: Iterable[Edition]) -> dict[str, str]:
    """Return, for each document that is not used, the id of the better one of the same paper.

    From the best down, each is used unless it is the same paper as one that is used
    already. So the outcome hangs on the set alone, and not on its order.
    """
    editions = list(editions)
    telling = _held_twice(editions)
    used: dict[str, Edition] = {}
    holders: defaultdict[int, list[str]] = defaultdict(list)  #: ids of those used, by hash
    aside: dict[str, str] = {}
    for edition in sorted(editions, key=lambda edition: edition.rank):
        shared = edition.sketch & telling
        better = next((key for key in _alike(shared, holders) if same_paper(used[key], edition)), None)
        if better is not None:
            aside[edition.id] = better
            continue
        used[edition.id] = edition
        for value in shared:
            holders[value].append(edition.id)
    return aside


def _held_twice(editions: Sequence[Edition]) -> frozenset[int]:
    """Return the hashes that more than one of ``editions`` has: few of many, and no others tell."""
    if not editions:
        return frozenset()
    every = np.concatenate([np.fromiter(one.sketch, np.uint64, len(one.sketch)) for one in editions])
    values, counts = np.unique(every, return_counts=True)
    return frozenset(values[counts > 1].tolist())


def _alike(hashes: Iterable[int], holders: defaultdict[int, list[str]]) -> Iterator[str]:
    """Yield the ids of those that share some of ``hashes``, first those that share most."""
    shared = Counter(key for value in hashes if value in holders for key in holders[value])
    yield from sorted(shared, key=lambda key: (-shared[key], key))
