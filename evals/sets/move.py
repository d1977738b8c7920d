"""Moves the gold of question files without text to where a changed reader puts the same words.

    python -m evals.sets.move write TEXTS.json DIR              # before the change
    python -m evals.sets.move apply TEXTS.json DIR QUESTIONS...  # after it

``DIR`` is the folder of the public papers. Old and new text of a paper are aligned word by
word. Gold that the change splits or joins is reported and left for a person to place.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

from evals.sets import own
from evals.sets.author import quotable
from evals.sets.cases import Case, Gold, entry_of, lines_of, read_cases, sha256_of
from index.text import Document, Span, line_starts

_WORD = re.compile(r"\w|[^\w\s]")


class Alignment:
    """Where each place of an old text is in the new one."""

    def __init__(self, old: str, new: str) -> None:
        """Align by characters other than white space, line by line where lines are the same."""
        self._pairs: list[tuple[int, int]] = []  # (old, new) offsets of a character that both have
        before, after = old.split("\n"), new.split("\n")
        starts = [(*line_starts(text), len(text) + 1) for text in (old, new)]
        for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                self._pairs += zip(
                    range(starts[0][a], starts[0][b]), range(starts[1][c], starts[1][d]), strict=True
                )
            elif tag == "replace":
                self._changed((old, starts[0][a], starts[0][b]), (new, starts[1][c], starts[1][d]))
        self._old = [pair[0] for pair in self._pairs]

    def _changed(self, old: tuple[str, int, int], new: tuple[str, int, int]) -> None:
        one, other = (
            [(m[0], m.start()) for m in _WORD.finditer(text, start, end)] for text, start, end in (old, new)
        )
        matcher = SequenceMatcher(None, [c for c, _ in one], [c for c, _ in other], autojunk=False)
        for block in matcher.get_matching_blocks():
            self._pairs += [(one[block.a + i][1], other[block.b + i][1]) for i in range(block.size)]

    def moved(self, span: Span) -> Span | None:
        """Return the new place of ``span``, from its first kept character to its last; None without any."""
        first, last = bisect_right(self._old, span.start - 1), bisect_right(self._old, span.end - 1) - 1
        return Span(self._pairs[first][1], self._pairs[last][1] + 1) if first <= last else None


class Mover:
    """Moves gold from the old texts of papers to the new ones."""

    def __init__(self, old: Mapping[str, str], papers: Mapping[str, Document]) -> None:
        """Take the old texts and the papers as they are read now, both by id."""
        self._papers = {
            key: papers[key] for key, text in old.items() if key in papers and papers[key].text != text
        }
        self._alignments = {key: Alignment(old[key], paper.text) for key, paper in self._papers.items()}
        self._units = {key: quotable(paper) for key, paper in self._papers.items()}
        self.lost: list[str] = []  #: one line for each gold that could not be moved

    def case(self, case: Case) -> Case:
        """Return ``case`` with its gold moved."""
        return replace(case, gold=tuple(self._gold(gold, case.id) for gold in case.gold))

    def _gold(self, gold: Gold, name: str) -> Gold:
        paper = self._papers.get(gold.document_id)
        if paper is None:
            return gold
        there = self._alignments[gold.document_id].moved(gold.span)
        units = self._units[gold.document_id]
        meant = [
            unit
            for unit in units
            if there
            and min(unit.end, there.end) - max(unit.start, there.start) > len(unit.of(paper.text)) // 2
        ]
        if len(meant) != 1:
            self.lost.append(
                f"{name}: {gold.file} {gold.span.start}–{gold.span.end} is now {len(meant)} sentences"
            )
            return gold
        short = [self._alignments[gold.document_id].moved(span) for span in gold.short]
        return replace(
            gold, span=meant[0], sha256=sha256_of(meant[0].of(paper.text)), short=tuple(s for s in short if s)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 1 if some gold could not be moved."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.sets.move", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("what", choices=("write", "apply"))
    parser.add_argument("texts", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("questions", type=Path, nargs="*")
    given = parser.parse_args(arguments)
    papers = {paper.id: paper for paper in own.read_reports(given.data, own.PRACTICE)}
    if given.what == "write":
        given.texts.write_text(
            json.dumps({key: paper.text for key, paper in papers.items()}), encoding="utf-8"
        )
        return 0
    mover = Mover(json.loads(given.texts.read_text(encoding="utf-8")), papers)
    for path in given.questions:
        moved = [mover.case(case) for case in read_cases(path)]
        path.write_text(lines_of(map(entry_of, moved)), encoding="utf-8")
    sys.stderr.writelines(f"{line}\n" for line in mover.lost)
    return 1 if mover.lost else 0


if __name__ == "__main__":
    sys.exit(main())
