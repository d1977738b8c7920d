"""The first page of a paper: title, authors, addresses, dates, licence, apart from its abstract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from index import headings
from index.readers.pdf_paragraphs import Block, Body, prose
from index.text import BlockKind

if TYPE_CHECKING:
    from collections.abc import Sequence


def front_chunks(
    blocks: Sequence[Block], body: Body
) -> tuple[list[tuple[BlockKind, Block]], list[Block]]:
    """Part the blocks before the paper proper from it, and find the title among them."""
    first_page = [i for i, block in enumerate(blocks) if block.lines[0].page == blocks[0].lines[0].page]
    end = next(
        (i for i in first_page if headings.known_heading(blocks[i].text) or _abstract(blocks[i])), None
    )
    if end is None:
        end = next((i for i in first_page if prose(blocks[i].text) and len(blocks[i].lines) > 3), 0)
    title = max(
        (i for i in range(end) if _could_be_title(blocks[i])), key=lambda i: (blocks[i].size, -i), default=None
    )
    front = [
        (BlockKind.TITLE if i == title else BlockKind.FRONT, blocks[i]) for i in range(end)
    ]
    return front, list(blocks[end:])


def _abstract(block: Block) -> bool:
    start = block.text[:12].lower()
    return start.startswith(("abstract", "summary")) and len(block.text) > 100


def _could_be_title(block: Block) -> bool:
    words = block.text.split()
    return 3 <= len(words) <= 45 and not headings.front_matter(block.text)
