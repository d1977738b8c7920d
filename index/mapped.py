"""Text under repair that remembers where each character stood in the raw file.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Run:
    """``length`` canonical code points from ``start`` that stand at ``raw`` in the raw text."""

    start: int
    raw: int
    length: int


class MappedText:
    """A text under repair that remembers where each character stood in the raw file.

    Immutable; every change gives a new one. ``origins[i]`` is the raw offset of
    ``text[i]``; a character put in by a repair has the offset of what it stands for.
    """

    __slots__ = ("origins", "text")

    def __init__(self, text: str, origins: Sequence[int]) -> None:
        if len(text) != len(origins):
            raise ValueError(f"{len(text)} characters but {len(origins)} origins")
        self.text = text
        self.origins = tuple(origins)

    @classmethod
    def raw(cls, text: str, start: int = 0) -> MappedText:
        """Return ``text`` unchanged, its first character at raw offset ``start``."""
        return cls(text, range(start, start + len(text)))

    def __len__(self) -> int:
        return len(self.text)

    def __getitem__(self, part: slice) -> MappedText:
        return MappedText(self.text[part], self.origins[part])

    def __add__(self, other: MappedText) -> MappedText:
        return MappedText(self.text + other.text, self.origins + other.origins)

    def __repr__(self) -> str:
        return f"MappedText({self.text!r})"

    def edit(self, edits: Iterable[tuple[int, int, str]]) -> MappedText:
        """Return the text with each ``(start, end, replacement)`` carried out.

        Edits must be in order and must not overlap. Where lengths differ, the
        replacement's characters beyond the replaced ones share the last origin.

        Raises:
            ValueError: an edit overlaps the one before or leaves the text.
        """
        texts: list[str] = []
        origins: list[int] = []
        at = 0
        for start, end, replacement in edits:
            if not at <= start <= end <= len(self.text):
                raise ValueError(f"edit {start}:{end} after {at} of {len(self.text)}")
            texts += self.text[at:start], replacement
            origins += self.origins[at:start]
            origins += self._stand_in(start, end, len(replacement))
            at = end
        texts.append(self.text[at:])
        origins += self.origins[at:]
        return MappedText("".join(texts), origins)

    def _stand_in(self, start: int, end: int, length: int) -> list[int]:
        replaced = self.origins[start:end] or self.origins[max(start - 1, 0) : start + 1][:1] or (0,)
        return [replaced[min(i, len(replaced) - 1)] for i in range(length)]

    def strip(self) -> MappedText:
        """Return the text without white space at either end."""
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(len(self.text.rstrip()), start)]

    def runs(self, start: int = 0) -> Iterator[Run]:
        """Yield the runs of equal steps, the first character at canonical ``start``."""
        at = 0
        for i in range(1, len(self.origins) + 1):
            if i == len(self.origins) or self.origins[i] != self.origins[i - 1] + 1:
                yield Run(start + at, self.origins[at], i - at)
                at = i


def join(parts: Sequence[MappedText], separator: str = " ") -> MappedText:
    """Join ``parts``; the separator takes the origin of the character before it."""
    texts: list[str] = []
    origins: list[int] = []
    for number, part in enumerate(parts):
        if number:
            texts.append(separator)
            origins += [origins[-1] if origins else 0] * len(separator)
        texts.append(part.text)
        origins += part.origins
    return MappedText("".join(texts), origins)


def line_starts(text: str) -> tuple[int, ...]:
    """Return the offset at which each line of ``text`` begins; lines end at a line feed only."""
    return (0, *(i + 1 for i, character in enumerate(text) if character == "\n"))
