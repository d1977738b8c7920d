"""The entries of the user's library in a generation: a file beside the list of its papers.

Papers are stored as they print themselves; entries are laid over them when they are opened. So a changed
library reads and embeds nothing, and segments are shared whatever it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from index.entry import Entry
from index.text import Byline, Document

LIBRARY = "library.json"  #: missing where no library was given


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries of papers."""

    own: Mapping[str, Entry] = field(default_factory=dict)  #: by document id, used or set aside
    #: for papers without an entry, the id of a file of the same paper that is set aside and has one
    through: Mapping[str, str] = field(default_factory=dict)

    def of(self, document_id: str) -> Entry | None:
        """Return the entry of a paper, None if it has none."""
        return self.own.get(self.through.get(document_id, document_id))

    def encode(self) -> bytes:
        """Return the bytes of the file."""
        own = {key: self.own[key].encoded() for key in sorted(self.own)}
        value = {"entries": own, "through": dict(sorted(self.through.items()))}
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def decoded_entries(data: bytes) -> Entries:
    """Return the entries of which ``Entries.encode`` made ``data``."""
    value = json.loads(data)
    return Entries({key: Entry.decoded(one) for key, one in value["entries"].items()}, value["through"])


def shown(document: Document, entry: Entry | None) -> Document:
    """Return a paper with the library's values in place of those printed; its text and fields stay."""
    if entry is None:
        return document
    return replace(
        document,
        title=entry.title or document.title,
        authors=tuple(name.as_printed for name in entry.authors) or document.authors,
        journal=entry.journal or document.journal,
        year=entry.year or document.year,
        doi=entry.doi or document.doi,
        entry=entry,
    )


def shown_byline(byline: Byline, entry: Entry | None) -> Byline:
    """Return title, authors, year and citation key as ``shown`` does."""
    if entry is None:
        return byline
    authors = tuple(name.as_printed for name in entry.authors)
    return replace(
        byline,
        title=entry.title or byline.title,
        authors=authors or byline.authors,
        year=entry.year or byline.year,
        key=entry.key,
    )
