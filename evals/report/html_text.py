"""Text and tables in HTML: papers' text comes out as text, whatever is in it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qa.show.terminal import visible

if TYPE_CHECKING:
    from evals.report.shown import Table


def plain(text: str) -> str:
    """Return ``text`` as HTML that shows it, characters that cannot be seen by their code."""
    return escape(visible(text))


def table(caption: str, content: Table, *, escaped: bool = False) -> str:
    """Return a table that scrolls where it is too wide; ``escaped``: its cells are HTML already."""
    heads, rows = content
    top = "".join(f'<th scope="col">{plain(head)}</th>' for head in heads)
    body = "".join(f"<tr>{_row(row, escaped)}</tr>" for row in rows)
    label = escape(caption, quote=True)
    return (
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{plain(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(cells: list[str], escaped: bool) -> str:
    texts = cells if escaped else [plain(cell) for cell in cells]
    return f'<th scope="row">{texts[0]}</th>' + "".join(f"<td>{text}</td>" for text in texts[1:])
