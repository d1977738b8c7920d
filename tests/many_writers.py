"""Adds papers to an index one by one, or opens it again and again; for tests of several processes.

Usage: python -m tests.many_writers add INDEX FOLDER | read INDEX TIMES
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from index.build import add
from index.store import open_index
from tests.index_fakes import WordEncoder


def add_each(index: Path, folder: Path) -> int:
    """Add the papers of ``folder`` one at a time; return how many generations were published."""
    published = 0
    for path in sorted(folder.iterdir()):
        published += add([path], index, encoder=WordEncoder(), wait=120).published
    return published


def open_often(index: Path, times: int) -> int:
    """Open the index ``times`` times, and on until it changed once; return how many generations were seen."""
    seen: set[int] = set()
    held: set[str] = set()
    for attempt in itertools.count():
        if attempt >= times and len(seen) > 1:
            break
        with open_index(index) as opened:
            if opened.warnings or not held <= set(opened.documents):
                raise SystemExit(
                    f"generation {opened.generation}: {opened.warnings}, {list(opened.documents)}"
                )
            held = set(opened.documents)
            seen.add(opened.generation)
            for position, passage in enumerate(opened.passages):
                if not opened.quote(passage.document_id, passage.span) or not opened.sentences_of(position):
                    raise SystemExit(f"generation {opened.generation}: passage {position} is of another one")
    return len(seen)


if __name__ == "__main__":
    what, where, how = sys.argv[1:]
    count = add_each(Path(where), Path(how)) if what == "add" else open_often(Path(where), int(how))
    sys.stdout.write(str(count))
