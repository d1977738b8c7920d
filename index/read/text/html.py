"""HTML as text with the structure of Markdown: whole pages, and the tags inside Markdown.

The parser is that of the standard library. It runs nothing and loads nothing.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from index.read.structure import spanned, spread
from index.read.text.marked import Marked
from index.text import MappedText, inserted, join, line_starts

#: Elements whose content is no text of the paper.
_SILENT = frozenset({
    "script", "style", "nav", "footer", "aside", "noscript", "template", "svg", "button", "select", "iframe",
    "form", "dialog", "object", "canvas", "audio", "video", "annotation", "annotation-xml",
})  # fmt: skip
#: Elements within a line. Superscript and subscript are not among them: they are read as such.
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "input", "ins", "kbd", "label", "mark", "picture", "q", "s", "samp", "small", "source", "span", "strike",
    "strong", "time", "tt", "u", "var", "wbr", "math", "mi", "mn", "mo", "mrow", "mtext", "semantics",
})  # fmt: skip
_EMPTY = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"
})  # fmt: skip
_MAIN = re.compile(r"<(main|article)[\s>]", re.IGNORECASE)
#: Elements that stand apart from the text around them.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "main", "nav", "ol", "p", "pre", "section", "summary", "ul", "table",
})  # fmt: skip
#: What a table consists of.
_CELLS = frozenset({"td", "th", "caption", "tr", "thead", "tbody", "tfoot", "colgroup", "col"})
_BREAKS = frozenset({"br", "li"})
_KNOWN = _BLOCKS | _CELLS | _INLINE | _BREAKS
#: Attributes that are written without a value.
_BARE = frozenset({"open", "hidden", "nowrap", "checked", "disabled", "reversed", "controls"})

# Lengths are bounded and no tag contains another, so that hostile text is read in linear time.
_VALUE = r"\"[^\"<>]{0,2000}\"|'[^'<>]{0,2000}'|[^\s\"'=<>`]{1,2000}"
_TAG = re.compile(
    r"`[^`\n]{1,500}`|"  # code within a line
    rf"<(?P<close>/?)(?P<name>[a-z][a-z0-9]{{0,15}})(?P<rest>(?:\s+[\w:@.-]{{1,60}}(?:=(?:{_VALUE}))?){{0,50}})\s*/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rf"\s([\w:@.-]{{1,60}})(?:=({_VALUE}))?")
_PROGRAM = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)


class HtmlText(HTMLParser):
    """Reads HTML into ``Marked``: the main part of a page, which is ``main`` or ``article`` if it has one."""

    def __init__(self, source: MappedText, *, scripts: bool = True) -> None:
        """Read ``source``. Without ``scripts``, the tags of raised and lowered text stay."""
        super().__init__(convert_charrefs=False)
        raw = source.text
        self._source = source
        self._scripts = scripts
        self._lines = line_starts(raw)
        mains = {match.group(1).lower() for match in _MAIN.finditer(raw)}
        self._main = "main" if "main" in mains else "article" if mains else "body"
        self._inside = 0  # main parts that are open
        self._silent: list[str] = []  # elements that are open from one without text on
        self._marked = Marked()
        self._tables: list[_Table] = []
        self._link = ""  # what stands before a raised or lowered text, until it is known whether it is a link
        self._meta: dict[str, list[MappedText]] = {}
        self._title: list[MappedText] | None = None
        self._named = MappedText("", ())
        self.feed(raw)
        self.close()

    def text(self) -> MappedText:
        """Return the text, and before it title and authors from the page's head if the text lacks them."""
        body = self._marked.text()
        first: list[MappedText] = []
        title = next(iter(self._meta.get("citation_title", ())), self._named)
        if title.text and not self._marked.headed:
            first.append(_labelled("# ", title))
        opening = body.text[:3000].casefold()
        authors = self._meta.get("citation_author", [])
        if authors and authors[0].text.split()[-1].casefold() not in opening:
            first.append(join(authors, ", "))
        for key, label in (("citation_publication_date", "Published: "), ("citation_doi", "DOI: ")):
            stated = next(iter(self._meta.get(key, ())), None)
            if stated is not None and stated.text.casefold() not in opening:
                first.append(_labelled(label, stated))
        return self._marked.text(first)

    def _here(self, length: int = 1) -> MappedText:
        """Return so many characters of the source from where the parser is."""
        line, column = self.getpos()
        at = self._lines[line - 1] + column
        return self._source[at : at + length]

    def _at(self) -> int:
        return self._here().origins[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See ``HTMLParser``."""
        attributes = dict(attrs)
        if tag == "meta":
            self._state(attributes)
        elif tag == "title" and not self._silent:
            self._title = []
        elif self._title is not None:  # it was not closed
            self.handle_endtag("title")
        if tag in _EMPTY:
            if tag in ("br", "hr") and self._reads():
                self._break(tag)
            return
        if self._silent or tag in _SILENT or "hidden" in attributes or (tag == "header" and not self._inside):
            self._silent.append(tag)
            return
        self._inside += tag == self._main
        if self._reads():
            self._open(tag, attributes)

    def _reads(self) -> bool:
        return not self._silent and (self._inside > 0 or self._main == "body") and self._title is None

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._marked.insert(" ", self._at())
        else:
            self._marked.close()

    def _open(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in ("sup", "sub"):
            if not self._scripts:
                self._marked.add(self._here(len(tag) + 2))
                return
            self._link = "^" if tag == "sup" else "_"
        elif tag == "a" and self._link:
            self._link = " "  # a raised link cites the literature, and is no part of the word before it
        elif self._tables and tag in ("caption", "tr", "td", "th", "thead"):
            self._tables[-1].open(tag, attributes, self._marked)
        elif tag == "table":
            self._marked.close()
            self._tables.append(_Table())
        elif tag in _INLINE:
            return
        elif self._tables and self._tables[-1].in_cell:
            self._marked.insert(" ", self._at())
        else:
            level = int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0
            self._marked.close(level)

    def handle_endtag(self, tag: str) -> None:
        """See ``HTMLParser``."""
        if tag == "title" and self._title is not None:
            self._named, self._title = join(self._title, "").collapsed(), None
        if self._silent:
            if tag in self._silent:  # also ends those inside that were not closed
                del self._silent[len(self._silent) - 1 - self._silent[::-1].index(tag) :]
            return
        if self._reads():
            self._close(tag)
        if tag == self._main and self._inside:
            self._inside -= 1

    def _close(self, tag: str) -> None:
        if tag in ("sup", "sub"):
            if not self._scripts:
                self._marked.add(self._here(len(tag) + 3))
            self._link = ""
        elif tag in _INLINE:
            return
        elif self._tables and tag == "table":
            self._tables.pop().end(self._marked)
        elif self._tables and self._tables[-1].in_cell and tag not in ("td", "th", "tr"):
            self._marked.insert(" ", self._at())
        elif self._tables:
            self._tables[-1].close(self._marked)
        else:
            self._marked.close()

    def handle_data(self, data: str) -> None:
        """See ``HTMLParser``."""
        self._text(self._here(len(data)))

    def handle_entityref(self, name: str) -> None:
        """See ``HTMLParser``."""
        self._replaced(f"&{name};")

    def handle_charref(self, name: str) -> None:
        """See ``HTMLParser``."""
        self._replaced(f"&#{name};")

    def _replaced(self, reference: str) -> None:
        text = html.unescape(reference)
        self._text(inserted(text, self._at()))

    def _text(self, text: MappedText) -> None:
        if self._title is not None:
            self._title.append(text)
        elif self._reads():
            if self._link and text.text.strip():
                if self._marked.ends_with_word():
                    self._marked.insert(self._link, text.origins[0])
                self._link = ""
            self._marked.add(text)

    def _state(self, attributes: dict[str, str | None]) -> None:
        name, value = (attributes.get("name") or "").casefold(), attributes.get("content") or ""
        if name.startswith("citation_") and value.strip():
            text = " ".join(value.split())
            if name == "citation_publication_date":  # "2021/3/12"
                text = "-".join(part.zfill(2) for part in text.split("/"))
            if name == "citation_author" and text.count(",") == 1:  # "Okafor, Tomas"
                text = " ".join(part.strip() for part in reversed(text.split(",")))
            self._meta.setdefault(name, []).append(inserted(text, self._at()))


def _labelled(label: str, text: MappedText) -> MappedText:
    return inserted(label, text.origins[0]) + text


class _Table:
    """The rows of a table while it is read."""

    def __init__(self) -> None:
        self.in_cell = False
        self._rows: list[list[tuple[MappedText, int, int]]] = []  # text, columns and rows of each cell
        self._heads = 0  # rows from the top that hold heads only
        self._only_heads = True  # in the open row
        self._span = (1, 1)

    def open(self, tag: str, attributes: dict[str, str | None], marked: Marked) -> None:
        self.close(marked)
        if tag == "tr":
            self._end_row()
            self._rows.append([])
        elif tag in ("td", "th"):
            if not self._rows:
                self._rows.append([])
            self._only_heads = self._only_heads and tag == "th"
            self._span = spanned(attributes.get("colspan")), spanned(attributes.get("rowspan"))
            self.in_cell = True

    def close(self, marked: Marked) -> None:
        """End the open cell, if there is one; else end the open block, such as the caption."""
        if not self.in_cell:
            marked.close()
            return
        self.in_cell = False
        self._rows[-1].append((marked.take(), *self._span))

    def _end_row(self) -> None:
        if self._rows and self._rows[-1]:
            self._heads += self._only_heads and self._heads == len(self._rows) - 1
        self._only_heads = True

    def end(self, marked: Marked) -> None:
        self.close(marked)
        self._end_row()
        marked.table(list(spread(filter(None, self._rows))), self._heads)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag and its place in the text."""

    name: str
    closes: bool
    start: int
    end: int


def without_tags(text: MappedText) -> MappedText:
    """Return Markdown without the tags of HTML, each table as a pipe table between empty lines."""
    if "<" in text.text:
        text = text.sub(_PROGRAM, "")
        text = join(list(_parts(text, list(_tags(text.text)))), "")
    return text.sub(_ENTITY, lambda match: html.unescape(match[0]).replace("\xa0", " ").replace("\xad", ""))


def _tags(text: str) -> Iterator[Tag]:
    for match in _TAG.finditer(text):
        name = (match["name"] or "").lower()
        given = {key.lower(): value.strip("\"'") for key, value in _ATTRIBUTE.findall(match["rest"] or "")}
        if name in _KNOWN and all(value or key in _BARE for key, value in given.items()):
            yield Tag(name, bool(match["close"]), *match.span())


def _parts(text: MappedText, tags: Sequence[Tag]) -> Iterator[MappedText]:
    """Yield the text between the tags, and what stands for each tag and table."""
    at = 0
    last = -1  #: position of the tag that ends the table before
    for number, tag in enumerate(tags):
        if number <= last:
            continue
        yield text[at : tag.start]
        at = tag.end
        if tag.name == "table" and not tag.closes:
            last = _table_end(tags, number)
            at = tags[last].end if tags[last].name == "table" else len(text)
            table = HtmlText(text[tag.start : at], scripts=False).text()
            yield join([inserted("\n\n", tag.start), table, inserted("\n\n", tag.start)], "")
        else:
            yield inserted(_instead(tag), tag.start)
    yield text[at:]


def _table_end(tags: Sequence[Tag], opened: int) -> int:
    """Return the position of the tag that closes a table; of the last tag if none does."""
    depth = 0
    for number in range(opened, len(tags)):
        if tags[number].name == "table":
            depth += -1 if tags[number].closes else 1
        if not depth:
            return number
    return len(tags) - 1


def _instead(tag: Tag) -> str:
    """Return what stands for a tag outside of tables."""
    if tag.name in _BREAKS:
        return "\n" if tag.name == "br" else "" if tag.closes else "\n- "
    if tag.name[0] == "h" and tag.name[1:].isdecimal() and not tag.closes:
        return "\n\n" + "#" * int(tag.name[1:]) + " "
    return "" if tag.name in _INLINE else "\n\n"
