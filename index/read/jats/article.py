"""Reads JATS XML (ANSI/NISO Z39.96, and NLM before it): sections, tables, references and metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from index.errors import DamagedFile, UnknownFormat
from index.read.jats.front import front_drafts
from index.read.jats.tree import Node, XmlError, decode_xml, inline, label_and_title, parse
from index.read.structure import Draft, Source, assemble, spanned, spread, table_draft
from index.text import BlockKind, Document, MappedText, inserted, line_starts

#: Elements that stand on their own; the paragraph around them continues after them.
FLOATS = frozenset({
    "fig", "fig-group", "table-wrap", "table-wrap-group", "boxed-text", "supplementary-material", "media",
    "chem-struct-wrap"
})  # fmt: skip
#: Texts of other authors, or in other languages, that a file holds beside its article.
_OTHERS = frozenset({"sub-article", "response"})
LISTS = frozenset({"list", "def-list", "disp-quote", "verse-group"})
#: Beginnings of words in the titles of statements after the paper proper.
_NOTES = frozenset({
    "conflict", "competing", "disclosure", "funding", "financial", "acknowledg", "contribution", "consent",
    "ethic", "availability", "abbreviation"
})  # fmt: skip
#: Headings of parts that have no title.
_TITLES = {"ack": "Acknowledgements", "fn-group": "Notes", "glossary": "Abbreviations", "notes": "Notes"}


def read_jats(data: bytes, name: str) -> Document:
    """Return the article in ``data``, a JATS XML file called ``name``; of several articles the first.

    What is printed with the article but is a document of its own is left out, with a warning.

    Raises:
        DamagedFile: the XML is broken, or declares its own entities.
        UnknownFormat: it is XML, but not a JATS article.
    """
    try:
        raw = decode_xml(data)
        root = parse(raw)
    except XmlError as error:
        raise DamagedFile(name, f"{error}.", "Get the file again from its source.") from error
    articles = [root] if root.tag == "article" else list(root.walk("article"))
    whole = articles[0] if articles else None
    if whole is None or (whole.find("front") is None and whole.find("body") is None):
        raise UnknownFormat(
            name,
            f"XML with the root <{root.tag[:40]}>, not a JATS article.",
            "Give a PDF, JATS XML, Markdown or text file.",
        )
    article = whole.without(_OTHERS)
    drafts = list(_article(article))
    if not any(draft.text.text.strip() for draft in drafts):
        raise DamagedFile(name, "the article contains no text.", "Get the file again from its source.")
    warnings = list(_unread(article))
    if others := len(whole.children) - len(article.children):
        counted = "another text is" if others == 1 else f"{others} other texts are"
        warnings.append(f"{counted} in this file (reviews, replies or translations) and were not read")
    if len(articles) > 1:
        warnings.append(f"the file holds {len(articles)} articles: only the first was read")
    return assemble(Source(data, name, "jats", lines=line_starts(raw)), drafts, warnings)


def _unread(article: Node) -> Iterator[str]:
    """Yield a warning if the article has no body, and one for each table that is an image."""
    if not article.find("body"):
        yield "the file has no body, only metadata and abstract"
    for wrap in article.walk("table-wrap"):
        if not any(_rows(wrap)):
            label = wrap.find("label")
            table = inline(label).text.strip(" .:") if label else "a table"
            yield f"{table} is an image in this file: its values were not read"


def _article(article: Node) -> Iterator[Draft]:
    meta = article.find("front/article-meta") or Node("", {}, 0)
    yield from front_drafts(article.find("front/journal-meta"), meta)
    for abstract in (*meta.all("abstract"), *meta.all("trans-abstract")):
        title = abstract.find("title")
        text = inline(title) if title else inserted("Abstract", abstract.at)
        yield Draft(BlockKind.HEADING, text, level=1)
        yield from _content(abstract, 1)
    for body in article.all("body"):
        yield from _content(body, 0)
    for back in article.all("back"):
        yield from _back(back)
    for group in (*article.all("floats-group"), *article.all("floats-wrap")):  # the second is NLM's
        yield Draft(BlockKind.HEADING, inserted("Figures and tables", group.at), level=1)
        yield from _content(group, 1)


def _content(parent: Node, level: int, kind: BlockKind = BlockKind.PARAGRAPH) -> Iterator[Draft]:
    """Yield what an element of block content holds; ``level`` is that of the section around it."""
    for child in parent.elements():
        if child.tag == "sec":
            yield from _section(child, level + 1, kind)
        elif child.tag == "p":
            yield from _paragraph(child, level, kind)
        elif child.tag in LISTS:
            yield from _list(child, level, kind)
        elif child.tag in FLOATS:
            yield from _float(child, level)
        elif child.tag in ("disp-formula", "preformat", "speech", "statement", "disp-formula-group"):
            yield Draft(kind, inline(child))
        elif child.tag == "ref-list":
            yield from _references(child)
        elif child.tag in ("fn-group", "fn", "ack", "notes", "app", "glossary"):
            yield from _back_part(child)


def _section(section: Node, level: int, kind: BlockKind) -> Iterator[Draft]:
    title = label_and_title(section)
    if title.text:
        yield Draft(BlockKind.HEADING, title, level=level)
        if level == 1 and any(word in title.text.lower() for word in _NOTES):
            kind = BlockKind.NOTE
    else:
        level -= 1
    yield from _content(section, level, kind)


def _paragraph(paragraph: Node, level: int, kind: BlockKind) -> Iterator[Draft]:
    """Yield a paragraph and after it the floats and footnotes inside it; a list splits it."""
    if _is_heading(paragraph):
        yield Draft(BlockKind.HEADING, inline(paragraph), level=level + 1)
        return
    piece = Node(paragraph.tag, paragraph.attributes, paragraph.at)
    floats: list[Node] = []
    for child in paragraph.children:
        if isinstance(child, Node) and (child.tag in FLOATS or child.tag == "fn"):
            floats.append(child)
        elif isinstance(child, Node) and child.tag in LISTS:
            yield Draft(kind, inline(piece))
            yield from _list(child, level, kind)
            piece = Node(paragraph.tag, paragraph.attributes, paragraph.at)
        else:
            piece.children.append(child)
    yield Draft(kind, inline(piece))
    for child in floats:
        yield from _content(child, level, kind) if child.tag == "fn" else _float(child, level)


def _is_heading(paragraph: Node) -> bool:
    """Return whether a paragraph is only a few bold or italic words: a heading not marked up as one."""
    parts = [c for c in paragraph.children if isinstance(c, Node) or c.text.strip()]
    if not parts or not all(isinstance(c, Node) and c.tag in ("bold", "italic") for c in parts):
        return False
    text = inline(paragraph).text
    return 1 <= len(text.split()) <= 12 and len(text) > 3 and text[0].isupper() and text[-1] not in ".,;?!"


def _list(node: Node, level: int, kind: BlockKind) -> Iterator[Draft]:
    for item in node.elements():
        if item.tag == "def-item":
            yield Draft(kind, inline(item, spaced=True))
        elif item.tag in ("list-item", "disp-quote"):
            yield from _item(item, level, kind)
        elif item.tag == "p":
            yield from _paragraph(item, level, kind)
        elif item.tag in LISTS:
            yield from _list(item, level, kind)
        elif item.tag in ("title", "verse-line", "attrib"):
            yield Draft(kind, inline(item))


def _item(item: Node, level: int, kind: BlockKind) -> Iterator[Draft]:
    label = item.find("label")
    for number, draft in enumerate(_content(item, level, kind)):
        if number == 0 and label is not None and draft.kind is kind:
            draft = replace(draft, text=inline(label) + inserted(" ", label.at) + draft.text)
        yield draft


def _float(node: Node, level: int) -> Iterator[Draft]:
    if node.tag in ("table-wrap", "table-wrap-group"):
        yield from _table_wrap(node)
    elif node.tag == "boxed-text":
        if node.find("caption"):
            yield _caption(node)
        yield from _section(node, level + 1, BlockKind.PARAGRAPH)
    else:
        yield _caption(node)
        yield from map(_caption, node.all("fig"))


def _caption(node: Node) -> Draft:
    """Return label and caption of a figure or table as one draft."""
    label, caption = node.find("label"), node.find("caption")
    head = inline(label) if label else inserted("", node.at)
    text = inline(caption, spaced=True) if caption else inserted("", node.at)
    if head.text and text.text:
        head += inserted(" " if head.text[-1] in ".:" else ": ", head.origins[-1])
    return Draft(BlockKind.CAPTION, head + text)


def _table_wrap(wrap: Node) -> Iterator[Draft]:
    """Yield the caption of a table, the table, and its footnotes."""
    yield _caption(wrap)
    label = wrap.find("label")
    name = inline(label).text.rstrip(".:").replace("TABLE", "Table") if label else ""
    for table in wrap.walk("table"):
        heads = [row for part in table.walk("thead") for row in _rows(part)]
        rows = [row for row in _rows(table) if not any(row is head for head in heads)]
        yield table_draft(_grid(heads + rows), header_rows=len(heads), label=name)
    for foot in wrap.all("table-wrap-foot"):
        yield Draft(BlockKind.CAPTION, inline(foot, spaced=True))
    if wrap.tag == "table-wrap-group":
        for inner in wrap.all("table-wrap"):
            yield from _table_wrap(inner)


def _rows(part: Node) -> Iterator[Node]:
    """Yield the rows of the XHTML and OASIS table models."""
    yield from part.walk("tr")
    yield from part.walk("row")


def _grid(rows: Iterable[Node]) -> list[list[MappedText]]:
    """Return the cells of each row; a cell that spans several columns or rows is repeated in each."""
    cells = ((c for c in row.elements() if c.tag in ("td", "th", "entry")) for row in rows)
    return list(
        spread([(inline(cell), _span(cell, "col"), _span(cell, "row")) for cell in row] for row in cells)
    )


def _span(cell: Node, across: str) -> int:
    return spanned(cell.attributes.get(f"{across}span"))


def _back(back: Node) -> Iterator[Draft]:
    for part in back.elements():
        if part.tag == "ref-list":
            yield from _references(part)
        elif part.tag == "sec":
            yield from _section(part, 1, BlockKind.NOTE)
        elif part.tag == "app-group":
            for app in part.all("app"):
                yield from _section(app, 1, BlockKind.PARAGRAPH)
        else:
            yield from _back_part(part)


def _back_part(part: Node) -> Iterator[Draft]:
    title = label_and_title(part)
    if not title.text and part.tag in _TITLES:
        title = inserted(_TITLES[part.tag], part.at)
    if title.text:
        yield Draft(BlockKind.HEADING, title, level=1)
    for content in part.all("fn") if part.tag == "fn-group" else (part,):
        yield from _content(content, 1, BlockKind.NOTE)


def _references(node: Node) -> Iterator[Draft]:
    title = label_and_title(node)
    yield Draft(BlockKind.HEADING, title if title.text else inserted("References", node.at), level=1)
    for child in node.elements():
        if child.tag == "ref":
            yield Draft(BlockKind.REFERENCE, inline(child, spaced=True))
        elif child.tag == "ref-list":
            yield from _references(child)
