"""Adds papers to an index one by one, or opens and searches it repeatedly, for tests of several processes.

Usage: python -m tests.many_writers add INDEX FOLDER | read INDEX TIMES; INDEX is a folder or an address.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.ingest.build import add
from index.place import Place, open_at, target_at
from index.postgres.address import Database, is_address
from index.search import search
from index.store.index import Index
from tests.index_fakes import WordEncoder

QUESTION = "ferritin of runners before the season"


def add_each(index: Place, folder: Path) -> int:
    """Add the papers of ``folder`` one at a time; return how many generations were published."""
    published = 0
    for path in sorted(folder.iterdir()):
        published += add([path], target_at(index), encoder=WordEncoder(), wait=120).published
    return published


def open_often(index: Place, times: int) -> int:
    """Open and search the index ``times`` times or until it changed; return how many generations were seen.

    The generation opened before stays open, and must give the same hits.
    """
    (asked,) = WordEncoder().encode([QUESTION])
    seen: set[int] = set()
    held: set[str] = set()
    before, answers = open_at(index), None
    for attempt in itertools.count():
        if attempt >= times and len(seen) > 1:
            break
        opened = open_at(index)
        if answers is not None and _quotes(before, asked) != answers:
            raise SystemExit(f"generation {before.generation}: its hits have changed")
        before.close()
        before, answers = opened, _quotes(opened, asked)
        if opened.warnings or not held <= set(opened.documents):
            raise SystemExit(f"generation {opened.generation}: {opened.warnings}, {list(opened.documents)}")
        held = set(opened.documents)
        seen.add(opened.generation)
        for position, passage in enumerate(opened.passages):
            if not opened.quote(passage.document_id, passage.span) or not opened.sentences_of(position):
                raise SystemExit(f"generation {opened.generation}: passage {position} is of another one")
    before.close()
    return len(seen)


def _quotes(index: Index, asked: NDArray[np.float32]) -> list[str]:
    """Return the hits for the question."""
    hits = search(index, QUESTION, asked)
    found = [index.quote(hit.passage.document_id, hit.passage.span) for hit in hits]
    if not any("Ferritin" in quote for quote in found):
        raise SystemExit(f"generation {index.generation}: {QUESTION!r} finds {found}")
    return found


if __name__ == "__main__":
    what, where, how = sys.argv[1:]
    place = Database.parse(where) if is_address(where) else Path(where)
    count = add_each(place, Path(how)) if what == "add" else open_often(place, int(how))
    sys.stdout.write(str(count))
