"""References to papers: citation keys, CSL data, and the reference in words by a citation style.

Nothing is invented. What a paper does not state is left out; a paper without a title gets its file name in
square brackets, as bibliographies mark titles that are not the paper's own.
"""

from __future__ import annotations

import hashlib
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from index.entry import Entry, Name
from index.library.csl import FIELDS, KINDS
from index.text import Byline, Document
from qa.records import Citation
from qa.show.names import ascii_letters, split_names

_STYLES = Path(__file__).parent / "styles"
#: Format characters that words of some languages need: joiners.
_KEPT = frozenset("\u200c\u200d")
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn"})
#: Title words too common to name a paper by.
_COMMON = frozenset({
    "a", "an", "and", "case", "for", "from", "in", "of", "on", "report", "study", "the", "to", "with"
})  # fmt: skip
#: Stands for "<", since citeproc-py removes some markup from titles; ``cleaned`` removes it from papers.
_LESS = "\ue000"


class Style(StrEnum):
    """How references are written out."""

    VANCOUVER = "vancouver"  #: numbered in the order of citing; NLM, "Citing Medicine"
    APA = "apa"  #: by author and year, 7th edition


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper as it is cited, by the user's library where that has it, else by what it states."""

    key: str  #: citation key: that of the library, or one of ASCII letters, digits and "-"
    document_id: str
    source: str  #: file name
    title: str  #: its file name in square brackets if it states none
    authors: tuple[Name, ...] = ()
    journal: str = ""
    year: int | None = None
    doi: str = ""
    letter: str = ""  #: tells it in running text from others of the same authors and year: 2022a
    entry: Entry | None = None  #: in the user's library

    @property
    def kind(self) -> str:
        """The CSL type."""
        if self.entry and self.entry.kind not in ("article", "misc"):
            return _KINDS.get(self.entry.kind, "document")
        return "article-journal" if self.journal else "document"

    def csl(self, *, whole: bool = False) -> dict[str, Any]:
        """Return the reference as CSL-JSON; with ``whole``, with all fields of the library."""
        item: dict[str, Any] = {"id": self.key, "type": self.kind, "title": self.title}
        item["author"] = [_csl_name(name) for name in self.authors]
        item["container-title"] = self.journal
        item["issued"] = {"date-parts": [[self.year]]} if self.year else {}
        item["DOI"] = self.doi
        if self.entry:
            item |= {"volume": self.entry.volume, "issue": self.entry.issue, "page": self.entry.pages}
            further = {_VARIABLES.get(name, name): value for name, value in self.entry.further}
            item |= {
                name: further[name] for name in further if name in _CITED or (whole and name not in item)
            }
        return {name: value for name, value in item.items() if value}


#: CSL variables by fields of BibTeX, and CSL types by those of BibTeX.
_VARIABLES = {field: variable for variable, field in FIELDS.items()} | {
    "location": "publisher-place", "school": "publisher", "institution": "publisher",
}  # fmt: skip
_KINDS = {kind: csl for csl, kind in reversed(KINDS.items())} | {
    "inbook": "chapter", "conference": "paper-conference", "report": "report", "thesis": "thesis",
    "mastersthesis": "thesis", "collection": "book",
}  # fmt: skip
_CITED = ("publisher", "publisher-place", "edition")  #: what references to books state beside the rest


def _csl_name(name: Name) -> dict[str, str]:
    if name.group:
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: value for part, value in parts.items() if value}


def cleaned(text: str) -> str:
    """Return bibliographic data on one line, without characters that are unseen or turn the text around."""
    seen = (
        c if c in _KEPT or unicodedata.category(c) not in _DROPPED else ""
        for c in "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    )
    return " ".join("".join(seen).split())


def reference_to(document: Document, key: str) -> Reference:
    """Return the reference to a paper of the index."""
    source = cleaned(document.source)
    entry = document.entry
    return Reference(
        key,
        document.id,
        source,
        cleaned(document.title) or f"[{source}]",
        tuple(map(_cleaned_name, entry.authors))
        if entry and entry.authors
        else split_names(_names(document)),
        cleaned(document.journal),
        document.year,
        cleaned(document.doi).replace(" ", ""),
        entry=entry,
    )


def _cleaned_name(name: Name) -> Name:
    family, given, particle, suffix = map(cleaned, (name.family, name.given, name.particle, name.suffix))
    return Name(family, given, particle, suffix, name.group)


def _names(document: Document) -> list[tuple[str, str]]:
    """Return each author with the family name that the paper marks, or an empty one."""
    families = [field for field in document.fields if field.name == "family name" and field.span]
    authors = [field for field in document.fields if field.name == "author"]
    if tuple(field.value for field in authors) != document.authors:
        return [(cleaned(name), "") for name in document.authors]
    stated = [
        next((one.value for one in families if one.span and field.span and field.span.contains(one.span)), "")
        for field in authors
    ]
    return [(cleaned(field.value), cleaned(family)) for field, family in zip(authors, stated, strict=True)]


def citation_keys(bylines: Mapping[str, Byline]) -> dict[str, str]:
    """Return a citation key for each paper by id: "patel2022", or "patel2022k" if several would be that.

    Keys of the user's library are kept; two files of one entry share its key. The letters come from the
    paper's contents. So when a paper is added, another one's key may get a letter, but a key never comes to
    mean another paper.
    """
    alike = defaultdict(list)
    keys = {paper: byline.key for paper, byline in bylines.items() if byline.key}
    taken = set(keys.values())
    for paper, byline in bylines.items():
        if paper not in keys:
            alike[_stem(byline)].append(paper)
    for stem, papers in alike.items():
        told = len(papers) > 1 or stem in taken
        letters = {paper: _letters(paper) if told else "" for paper in papers}
        count = int(stem in taken)
        while len({name[:count] for name in letters.values()}) < len(papers):
            count += 1
        keys |= {paper: _with_letters(stem, name[:count]) for paper, name in letters.items()}
    return keys


def _with_letters(stem: str, letters: str) -> str:
    """Return the key; after a name without a year, letters would make another name."""
    return f"{stem}-{letters}" if letters and stem.isalpha() else f"{stem}{letters}"


def _stem(byline: Byline) -> str:
    """Return first author and year; the first telling word of the title if no author is stated."""
    (first, *_) = split_names([(cleaned(name), "") for name in byline.authors]) or (Name(""),)
    words = first.family.split()
    if first.group:
        words = [word for word in words if word.isalpha() and word.casefold() not in _COMMON][:1]
    title = (ascii_letters(word) for word in byline.title.split())
    name = ascii_letters("".join(words)) or next((word for word in title if word and word not in _COMMON), "")
    # Other digits would be taken for the year.
    name = "".join(filter(str.isalpha, name)) or "paper"
    return f"{name}{byline.year or ''}"


def _letters(paper: str) -> str:
    """Return letters that no two papers share as a whole."""
    digest = hashlib.sha256(paper.encode(errors="surrogatepass")).hexdigest()
    return digest.translate(_AS_LETTERS)


#: Hexadecimal digits as letters, without "a" to "d", which follow years in other ways (2022a).
_AS_LETTERS = str.maketrans("0123456789abcdef", "efghkmnpqrstvwxz")


def locator(citation: Citation) -> str:
    """Return the page to cite: as printed, or else as counted in the file; empty if there are no pages."""
    return cleaned(citation.page_label or str(citation.page or "")) if citation.page else ""


def pandoc(key: str, page: str) -> str:
    """Return a citation in Pandoc's Markdown: "[@patel2022, p. 3]"; unusual keys in braces."""
    inner = key.translate(_INNER)
    simple = key[:1].isalnum() and inner[-1:].isalnum() and ".." not in inner
    cited = key if simple and inner.replace(".", "").replace("_", "").isalnum() else f"{{{key}}}"
    return f"[@{cited}, p. {_plain(page)}]" if _plain(page) else f"[@{cited}]"


#: Signs that Pandoc takes inside a key, one at a time.
_INNER = str.maketrans(dict.fromkeys(":.$&-+?<>/", "."))


def biblatex(key: str, page: str) -> str:
    r"""Return a citation in BibLaTeX: "\autocite[3]{patel2022}"."""
    return rf"\autocite[{_plain(page)}]{{{key}}}" if _plain(page) else rf"\autocite{{{key}}}"


def _plain(page: str) -> str:
    """Return a page without characters that would end the citation or begin a command."""
    return "".join(c for c in page if c.isalnum() or c in " .-\u2013").strip()


# Words


_ONE_AT_A_TIME = threading.Lock()  # citeproc-py keeps its state in the style


def in_words(cited: Reference, style: Style) -> str:
    """Return the entry of a reference list, without a number: "Patel S. Title. Cureus. 2022. doi:10.7/x"."""
    text = _rendered(cited, style)[0].removeprefix("1.").strip()
    # citeproc-py ends a title with a point even after another mark.
    return text.replace(f"{cited.title}.", cited.title) if cited.title[-1] in "?!." else text


def in_text(cited: Reference, style: Style, number: int, page: str) -> str:
    """Return the citation that follows a quote: "(1, p. 3)" or "(Patel et al., 2022, p. 3)".

    ``number`` is that of the paper in the reference list.
    """
    who = str(number) if style is Style.VANCOUVER else _rendered(cited, style)[1].strip("()")
    return f"({who}, p. {page})" if page else f"({who})"


@lru_cache(maxsize=4096)
def _rendered(cited: Reference, style: Style) -> tuple[str, str]:
    """Return the entry of the reference list and the citation in running text."""
    from citeproc import Citation as Cited
    from citeproc import CitationItem, CitationStylesBibliography, formatter
    from citeproc.source.json import CiteProcJSON

    item = cited.csl() | {"title": cited.title.replace("<", _LESS)}
    for name in item.get("author", ()):  # citeproc-py makes "C chin" of "Chao-chin"
        if "given" in name:
            name["given"] = "-".join(part[:1].upper() + part[1:] for part in name["given"].split("-"))
    if not cited.authors:  # styles put the title in place of the authors; citeproc-py then repeats it
        item |= {"author": [{"literal": item.pop("title")}]}
    with _ONE_AT_A_TIME:
        bibliography = CitationStylesBibliography(_style(style), CiteProcJSON([item]), formatter.plain)
        citation = Cited([CitationItem(cited.key)])
        bibliography.register(citation)
        entry = "".join(map(str, bibliography.bibliography()[0]))
        short = str(bibliography.cite(citation, lambda item: None))
    if style is Style.APA and cited.letter:  # citeproc-py does not tell alike references apart
        date = str(cited.year or "n.d.")
        told = f"{date}{'' if cited.year else '-'}{cited.letter}"
        entry, short = entry.replace(f"({date})", f"({told})", 1), short.replace(f"{date})", f"{told})")
    return entry.replace(_LESS, "<"), short.replace(_LESS, "<")


@cache
def _style(style: Style) -> Any:  # noqa: ANN401 - citeproc-py has no types
    from citeproc import CitationStylesStyle

    return CitationStylesStyle(str(_STYLES / f"{style}.csl"), validate=False)


def references(
    citations: Iterable[Citation], documents: Mapping[str, Document], keys: Mapping[str, str]
) -> dict[str, Reference]:
    """Return the reference to each cited paper by id, in the order of citing.

    Args:
        citations: quotes of one or more answers.
        documents: papers by id; those missing, since removed, are cited by title and file name.
        keys: citation keys by id, see ``citation_keys``; those missing come from the title.
    """
    found: dict[str, Reference] = {}
    for citation in citations:
        paper = citation.document_id
        if paper in found:
            continue
        key = keys.get(paper) or _with_letters(_stem(Byline(citation.title, (), None)), _letters(paper)[:4])
        if paper in documents:
            found[paper] = reference_to(documents[paper], key)
        else:
            source = cleaned(citation.source)
            found[paper] = Reference(key, paper, source, cleaned(citation.title) or f"[{source}]")
    return _told_apart(found)


def _told_apart(found: dict[str, Reference]) -> dict[str, Reference]:
    """Give letters to references that would read the same in running text."""
    alike = defaultdict(list)
    for cited in found.values():
        families = [name.family for name in cited.authors]
        if families:
            alike[families[0], len(families) > 2 or tuple(families[1:]), cited.year].append(cited)
    for group in alike.values():
        for letter, cited in zip(ascii_lowercase, group if len(group) > 1 else (), strict=False):
            found[cited.document_id] = replace(cited, letter=letter)
    return found
