"""Near-duplicate detection: which of several files of one paper is used.

Two files are candidates if their running texts are near duplicates, they do not state
different values, and their DOIs do not differ. Similarity is resemblance and containment
of sets of word 5-shingles (Broder 1997, "On the resemblance and containment of
documents"), estimated from the smallest hashes of each set, so that a thousand papers
are compared in a second. Candidates are then compared word by word
(``index.ingest.versions``): those that differ in meaning are versions, and all are used.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from index.segments.paper import ANCHORS
from index.text import BlockKind, Document

#: Formats by how much of the structure of a paper they state, best first.
FORMATS = ("jats", "html", "markdown", "docx", "pdf", "text")
SHINGLE = 5  #: words
SKETCH = 512  #: hashes kept per paper
_HASHES = ("sketch", "values", "all_values")  #: fields of ``Edition`` that hold sets of 64-bit hashes
FEWEST = 30  #: fewest shingles on which texts are compared
#: Least (resemblance, containment of the smaller) of two files of the same paper. Of 45 articles as PDF
#: and as JATS, the least similar pair has (.73, .91), the most similar pair of different papers (.01, .03).
_SAME_DOI = (0.6, 0.8)
_NO_DOI = (0.7, 0.9)
WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
CITATION = re.compile(r"\[[\d,;\s\u2010-\u2015-]+\]")
_VALUE = re.compile(r"(?<![\w.,\u2010-\u2015-])(\d+(?:\.\d+)?) ?(%|[^\W\d_]{1,3})")
_ANY_VALUE = re.compile(r"(\d+(?:\.\d+)?)(%|[^\W\d_]{1,3})")
_NOTICE = re.compile(
    r"\b(retract\w+|withdrawn|withdrawal|erratum|errata|corrigend\w+|correct(?:ed|ion)|amended|superseded"
    r"|expression of concern)\b",
    re.I,
)
_NUMBERED = re.compile(r"\b(?:version|v) ?(\d{1,2})\b(?!\.\d)", re.I)
#: Says whether two documents, given by their ids, differ in meaning.
Differ = Callable[[str, str], bool]


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
    notices: frozenset[str]  #: such as "retracted" or "version 2" in its title and front matter

    @property
    def anchors(self) -> list[int]:
        """The smallest hashes of ``sketch``: near duplicates share more than half of them."""
        return sorted(self.sketch)[:ANCHORS]

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Sort key, best first; unique."""
        return (FORMATS.index(self.format), -self.sections, -self.sentences, self.id)


def edition_of(document: Document, sentences: int) -> Edition:
    """Return the features of a document that is cut into so many sentences.

    A change of what it gives raises ``index.store.manifest.FORMAT``, because indexes store the results.
    """
    running = _plain(document, {BlockKind.PARAGRAPH})
    everything = _plain(document, set(BlockKind))
    front = _text_of(document, {BlockKind.TITLE, BlockKind.FRONT})
    words = WORD.findall(CITATION.sub(" ", running))
    hashes = sorted({_hash(" ".join(words[i : i + SHINGLE])) for i in range(len(words) - SHINGLE + 1)})
    values = {_hash("".join(value)) for value in _VALUE.findall(running)}
    # Also without white space: a cell or a line end may have lost or gained some.
    others = (_ANY_VALUE.findall(text) for text in (everything, re.sub(r"\s+", "", everything)))
    return Edition(
        id=document.id,
        format=document.format,
        sections=sum(1 for section in document.sections if section.title),
        sentences=sentences,
        doi=document.doi.lower(),
        sketch=frozenset(hashes[:SKETCH]),
        whole=len(hashes) <= SKETCH,
        values=frozenset(values),
        all_values=frozenset(_hash("".join(value)) for text in others for value in text) | values,
        notices=_notices(front),
    )


def encoded(one: Edition) -> str:
    """Return ``one`` as JSON."""
    value = {item.name: getattr(one, item.name) for item in fields(one)}  # asdict copies deeply
    for name in _HASHES:
        value[name] = b64encode(np.array(sorted(value[name]), "<u8").tobytes()).decode()
    return json.dumps({**value, "notices": sorted(one.notices)}, separators=(",", ":"))


def decoded(text: str) -> Edition:
    """Return the edition of which ``encoded`` made ``text``."""
    value = json.loads(text)
    hashes = {
        name: frozenset(np.frombuffer(b64decode(value[name], validate=True), "<u8").tolist())
        for name in _HASHES
    }
    return Edition(**{**value, "notices": frozenset(value["notices"]), **hashes})


def may_be_same(ids: Sequence[str], anchors: NDArray[np.uint64]) -> list[str]:
    """Return those of ``ids`` that share an anchor with another; ``anchors`` has a row for each.

    Rows are padded with 0. Near duplicates share none of 64 with a chance of less than 1e-20.
    """
    values, places, counts = np.unique(anchors, return_inverse=True, return_counts=True)
    shared = ((counts > 1) & (values > 0))[places].reshape(anchors.shape)
    return [ids[row] for row in np.flatnonzero(shared.any(axis=1)).tolist()]


def _notices(front: str) -> frozenset[str]:
    """Return the notices in front matter; a paper that states no version is its first."""
    latest = max(map(int, _NUMBERED.findall(front)), default=1)
    stated = {notice.lower() for notice in _NOTICE.findall(front)}
    return frozenset(stated | {f"version {latest}"} if latest > 1 else stated)


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


def near(a: Edition, b: Edition) -> bool:
    """Return whether the running texts of two files are near duplicates."""
    least = _SAME_DOI if a.doi and b.doi else _NO_DOI
    return all(value >= wanted for value, wanted in zip(likeness(a, b), least, strict=True))


def disagree(a: Edition, b: Edition) -> bool:
    """Return whether two files state different DOIs, notices or values.

    A corrected value is one that each file has and the other lacks; what extraction
    loses or adds is missing on one side only.
    """
    if (a.doi and b.doi and a.doi != b.doi) or a.notices != b.notices:
        return True
    return bool(a.values - b.all_values and b.values - a.all_values)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of several files are used."""

    aside: dict[str, str]  #: id of the better document of the same paper, by id of those not used
    versions: frozenset[tuple[str, str]] = field(default=frozenset())  #: near duplicates, both used


def set_aside(editions: Iterable[Edition], differ: Differ) -> Chosen:
    """Return which documents are not used because a better one is the same paper.

    In order of rank, each is used unless it is the same paper as one used already. The
    result depends on the set alone, not on its order. ``differ`` is called for
    candidates only.
    """
    editions = list(editions)
    common = _held_twice(editions)
    used: dict[str, Edition] = {}
    holders: defaultdict[int, list[str]] = defaultdict(list)  #: ids of those used, by hash
    aside: dict[str, str] = {}
    versions: set[tuple[str, str]] = set()
    for edition in sorted(editions, key=lambda edition: edition.rank):
        shared = edition.sketch & common
        counts = Counter(key for value in shared for key in holders.get(value, ()))
        alike = sorted(counts, key=lambda key: (-counts[key], key))  # those that share the most first
        alike = [key for key in alike if near(used[key], edition)]
        same = (key for key in alike if not disagree(used[key], edition) and not differ(key, edition.id))
        if (better := next(same, None)) is not None:
            aside[edition.id] = better
            continue
        versions |= {(min(key, edition.id), max(key, edition.id)) for key in alike}
        used[edition.id] = edition
        for value in shared:
            holders[value].append(edition.id)
    return Chosen(aside, frozenset(versions))


def _held_twice(editions: Sequence[Edition]) -> frozenset[int]:
    """Return the hashes that more than one of ``editions`` has; only these, a small part, are compared."""
    if not editions:
        return frozenset()
    every = np.concatenate([np.fromiter(one.sketch, np.uint64, len(one.sketch)) for one in editions])
    values, counts = np.unique(every, return_counts=True)
    return frozenset(values[counts > 1].tolist())
