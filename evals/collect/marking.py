"""Marking the sentences that answer a question: what each key does, without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from evals.collect.candidates import Sentence


class Decision(Enum):
    """How the marking of a question ends."""

    SAVE = "save"  #: with the marked sentences
    ABSENT = "absent"  #: the papers do not answer
    SKIP = "skip"
    END = "end"  #: of the session


#: What stands for a decision when it is all that was typed.
ABSENT, END = "n", "q"
#: Said where a key needs a sentence and none is highlighted.
CHOOSE = "↓ chooses a sentence"


@dataclass(slots=True)
class Marking:
    """The sentences offered, which of them are marked, and what was typed."""

    offered: Sequence[Sentence]
    search: Callable[[str], Sequence[Sentence]]
    rows: Sequence[Sentence] = ()
    at: int = -1  #: the highlighted row; none before a search, so that no sentence is taken by a hasty Enter
    marked: list[Sentence] = field(default_factory=list)
    typed: str = ""
    message: str = ""  #: why the last key did nothing
    stale: bool = False  #: whether ``rows`` are of what was typed before

    def __post_init__(self) -> None:
        self.rows = self.offered

    @property
    def highlighted(self) -> Sentence | None:
        """The sentence under the cursor."""
        return self.rows[self.at] if 0 <= self.at < len(self.rows) else None

    @property
    def command(self) -> bool:
        """Whether what was typed stands for a decision rather than for a search."""
        return self.typed.strip() in (ABSENT, END) and not self.marked

    def type(self, text: str) -> None:
        """Take ``text`` as typed; what holds it is looked for when it is needed."""
        self.typed, self.message, self.stale = text, "", True

    def look(self) -> None:
        """Offer the sentences that hold what was typed."""
        if not self.stale:
            return
        searches = bool(self.typed.strip()) and not self.command
        self.rows = self.search(self.typed) if searches else self.offered
        self.at, self.stale = 0 if searches and self.rows else -1, False

    def move(self, rows: int) -> None:
        """Move the highlight down, or up; it stops at both ends."""
        self.look()
        self.at, self.message = min(max(self.at + rows, 0), len(self.rows) - 1), ""

    def toggle(self) -> None:
        """Mark the highlighted sentence, or take its mark away; go on to the next."""
        self.look()
        one = self.highlighted
        if one is None:
            self.message = CHOOSE
            return
        if one in self.marked:
            self.marked.remove(one)
        else:
            self.marked.append(one)
        self.move(1)

    def enter(self) -> Decision | None:
        """Return what Enter decides; without marks the highlighted sentence is taken. None: nothing."""
        self.look()
        if self.command:
            return Decision.ABSENT if self.typed.strip() == ABSENT else Decision.END
        if not self.marked and self.highlighted is not None:
            self.marked.append(self.highlighted)
        if self.marked:
            return Decision.SAVE
        self.message = CHOOSE if self.rows else "No sentence is chosen."
        return None

    def escape(self) -> Decision | None:
        """Return to the sentences offered first; from there, skip the question."""
        if not self.typed:
            return Decision.SKIP
        self.type("")
        self.look()
        return None
