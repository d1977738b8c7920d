"""Text with the structure of Markdown, laid together from the parts of an HTML page or a Word document."""

from __future__ import annotations

from collections.abc import Sequence

from index.text import MappedText, inserted, join


class Marked:
    """Collects blocks: headings with the marks of Markdown, paragraphs, and tables with pipes."""

    def __init__(self) -> None:
        self._blocks: list[MappedText] = []
        self._open: list[MappedText] = []
        self._level = 0

    def add(self, text: MappedText) -> None:
        """Add text to the open block."""
        self._open.append(text)

    def insert(self, text: str, at: int) -> None:
        """Add text that replaces markup at the raw offset ``at``."""
        self.add(inserted(text, at))

    def ends_with_word(self) -> bool:
        """Return whether the open block ends with a letter, digit or closing bracket."""
        last = self._open[-1].text[-1:] if self._open else ""
        return last.isalnum() or last in (")", "]")

    def close(self, level: int = 0) -> None:
        """End the open block and begin another, a heading if ``level`` is above 0."""
        level_before, text = self._level, self.take()
        self._level = level
        if text.text:
            marks = f"{'#' * level_before} " if level_before else ""
            self._blocks.append(inserted(marks, text.origins[0]) + text)

    def take(self) -> MappedText:
        """Return the open block instead of adding it: a cell of a table."""
        text = join(self._open, "").collapsed()
        self._open = []
        return text

    def table(self, rows: Sequence[Sequence[MappedText]], header_rows: int) -> None:
        """Add a table; a rule below the first row tells that it holds the heads of the columns."""
        lines = [_row(row) for row in rows if any(cell.text for cell in row)]
        if not lines:
            return
        if header_rows and len(lines) > 1:
            lines.insert(1, inserted("|-|", lines[0].origins[-1]))
        self._blocks.append(join(lines, "\n"))

    @property
    def headed(self) -> bool:
        """Whether a main heading was added."""
        return any(block.text.startswith("# ") for block in self._blocks)

    def text(self, first: Sequence[MappedText] = ()) -> MappedText:
        """Return all blocks, those in ``first`` before the others, joined by empty lines."""
        self.close()
        return join([*first, *self._blocks], "\n\n")


def _row(cells: Sequence[MappedText]) -> MappedText:
    at = next(cell.origins[0] for cell in cells if cell.text)
    parts = [inserted("|", at)]
    for cell in cells:
        parts += cell.sub(r"\|", r"\|"), inserted("|", at)
        at = cell.origins[-1] if cell.text else at
    return join(parts, " ")
