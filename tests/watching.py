"""Watches a folder with a fast encoder and prints the result of each build, for a test of a process.

Usage: python -m tests.watching FOLDER INDEX
"""

from __future__ import annotations

import sys
from pathlib import Path

from index.ingest.report import BuildReport
from index.ingest.watch import builds, changes
from tests.index_fakes import WordEncoder

if __name__ == "__main__":
    papers, where = Path(sys.argv[1]), Path(sys.argv[2])
    for result in builds(papers, where, changes(papers, where), encoder=WordEncoder()):
        if isinstance(result, BuildReport):
            held = len(result.added) + len(result.unchanged)
            refused = sum(outcome.error is not None for outcome in result.outcomes)
            sys.stdout.write(f"{result.generation}: {held} held, {refused} refused\n")
        else:
            sys.stdout.write(f"{result}\n")
        sys.stdout.flush()
