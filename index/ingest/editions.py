"""Near-duplicate detection: which of several files of one paper is used.

Two files are the same paper if their running texts are near duplicates, they do not
state different values, and their DOIs do not differ. Similarity is resemblance and
containment of sets of word 5-shingles (Broder 1997, "On the resemblance and containment
of documents"), estimated from the smallest hashes of each set, so that a thousand papers
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
    from collections.abc import Iterable, Sequence

    from index.store.rows import PaperRows
    from index.text import Document

METHOD = 1  #: version of ``edition_of``: raised when it gives another result for the same paper
#: Formats by how much of the structure of a paper they state, best first.
FORMATS = ("jats", "markdown", "pdf", "text")
SHINGLE = 5  #: words
SKETCH = 512  #: hashes kept per paper
FEWEST = 30  #: fewest shingles on which texts are compared
#: Least (resemblance, containment of the smaller) of two files of the same paper. Files of one format
#: are read alike, so differences between them are real. Of 45 articles as PDF and as JATS, the least
#: similar pair has (.73, .91), the most similar pair of different papers (.01, .03).
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
    """The features by which files of papers are compared."""

    id: str  #: of the document
    format: str  #: see ``FORMATS``
    sections: int  #: that have titles
    sentences: int
    doi: str  #: in lower case; empty if not stated
    sketch: frozenset[int]  #: the smallest hashes of the shingles of its running text, 64 bits each
    whole: bool  #: whether ``sketch`` holds all of them
    values: frozenset[int]  #: hashes of numbers with the word that follows, in its running text
    all_values: frozenset[int]  #: the same, anywhere in the paper
    notices: frozenset[str]  #: words such as "retracted" in its title and front matter

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Sort key, best first; unique."""
        return (FORMATS.index(self.format), -self.sections, -self.sentences, self.id)


def edition_of(paper: PaperRows) -> Edition:
    """Return the features of ``paper``."""
    document = paper.document()
    running = _plain(document, {BlockKind.PARAGRAPH})
    everything = _plain(document, set(BlockKind))
    front = _text_of(document, {BlockKind.TITLE, BlockKind.FRONT})
    words = _WORD.findall(_CITATION.sub(" ", running))
    hashes = sorted({_hash(" ".join(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)})
    values = {_hash("".join(value)) for value in _VALUE.findall(running)}
    # Also without white space: a cell or a line end may have lost or gained some.
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
        all_values=frozenset(_hash("".join(value)) for text in others for value in text) | values,
        notices=frozenset(notice.lower() for notice in _NOTICE.findall(front)),
    )


def _plain(document: Document, kinds: set[BlockKind]) -> str:
    text = unicodedata.normalize("NFKD", _text_of(document, kinds)).casefold()
    # A reader writes a power as "10^6" if the file marks the exponent; not every format does.
    return text.replace("\u00b7", ".").replace("^", "")


def _text_of(document: Document, kinds: set[BlockKind]) -> str:
    return " ".join(block.span.of(document.text) for block in document.blocks if block.kind in kinds)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def likeness(a: Edition, b: Edition) -> tuple[float, float]:
    """Return resemblance (shared shingles / shingles of both) and containment (/ those of the smaller).

    Up to the smaller of the largest hashes both sketches are complete, and the hashes
    there are a random sample of the shingles. Texts of fewer than ``FEWEST`` shingles
    give (0, 0).
    """
    if min(len(a.sketch), len(b.sketch)) < FEWEST:
        return 0.0, 0.0
    end = min(max(one.sketch) if not one.whole else 1 << 64 for one in (a, b))
    left, right = ({value for value in one.sketch if value <= end} for one in (a, b))
    shared = len(left & right)
    return shared / len(left | right), shared / max(min(len(left), len(right)), 1)


def same_paper(a: Edition, b: Edition) -> bool:
    """Return whether two files are the same paper; False in doubt.

    A corrected value is one that each file has and the other lacks; what extraction
    loses or adds is missing on one side only.
    """
    if (a.doi and b.doi and a.doi != b.doi) or a.notices != b.notices:
        return False
    if a.values - b.all_values and b.values - a.all_values:
        return False
    least = _SAME_FORMAT if a.format == b.format else _SAME_DOI if a.doi and b.doi else _NO_DOI
    return all(value >= wanted for value, wanted in zip(likeness(a, b), least, strict=True))


def set_aside(editions: Iterable[Edition]) -> dict[str, str]:
    """Return, for each document that is not used, the id of the better document of the same paper.

    In order of rank, each is used unless it is the same paper as one used already. The
    result depends on the set alone, not on its order.
    """
    editions = list(editions)
    common = _held_twice(editions)
    used: dict[str, Edition] = {}
    holders: defaultdict[int, list[str]] = defaultdict(list)  #: ids of those used, by hash
    aside: dict[str, str] = {}
    for edition in sorted(editions, key=lambda edition: edition.rank):
        shared = edition.sketch & common
        counts = Counter(key for value in shared for key in holders.get(value, ()))
        alike = sorted(counts, key=lambda key: (-counts[key], key))  # those that share the most first
        better = next((key for key in alike if same_paper(used[key], edition)), None)
        if better is not None:
            aside[edition.id] = better
            continue
        used[edition.id] = edition
        for value in shared:
            holders[value].append(edition.id)
    return aside


def _held_twice(editions: Sequence[Edition]) -> frozenset[int]:
    """Return the hashes that more than one of ``editions`` has; only these, a small part, are compared."""
    if not editions:
        return frozenset()
    every = np.concatenate([np.fromiter(one.sketch, np.uint64, len(one.sketch)) for one in editions])
    values, counts = np.unique(every, return_counts=True)
    return frozenset(values[counts > 1].tolist())
