"""Papers for the pages: a hostile one, and a small PDF."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.make_pdf import Sheet, Words, pdf

#: Each must be shown as text: not run, fetched, rendered as markup, or changed.
HOSTILE = (
    "<script>window.hurt = 1</script>",
    '<img src=x onerror="window.hurt = 2">',
    "![pixel](http://pixel.example.org/p.png)",
    "[press](javascript:window.hurt=3)",
    "$\\frac{1}{2}$ and $$x^2$$",
    ":material/home: :red[blood] :smile:",
    "**bold** _lean_ `code` ~~gone~~",
    "&lt;b&gt; &amp; &#x41;",
    "http://tracker.example.org/a?b=c",
    "left \u202eright-to-left override\u202c end",
)
TITLE = "Zebrafish <script>window.hurt = 4</script> ![t](http://title.example.org/t.png) $x$ **study**"
NAME = "zebra <img src=x onerror=alert(1)> ![n](http:name.example.org) $y$.xml"
YEAR = 2015
#: A name for each string, so that a question can ask about it.
NAMES = (
    *("amber", "crimson", "indigo", "turquoise", "scarlet"),
    *("maroon", "violet", "ochre", "beige", "magenta"),
)
QUESTION = "Which strings did the {} zebrafish chew?"


def hostile_paper() -> str:
    """Return the paper as JATS XML, with a sentence per string that answers ``QUESTION``."""
    lines = [
        f"The {name} zebrafish chewed the strings {text} until the evening of that day."
        for name, text in zip(NAMES, HOSTILE, strict=True)
    ]
    lines.append("The longest string was " + "acgt" * 25_000 + ".")
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return (
        "<?xml version='1.0' encoding='UTF-8'?><article><front><article-meta><title-group>"
        f"<article-title>{escape(TITLE)}</article-title></title-group>"
        f"<pub-date><year>{YEAR}</year></pub-date></article-meta></front>"
        f"<body><sec><title>Results</title>{body}</sec></body></article>"
    )


ON_LICHENS = "On how many cliffs did the rarest lichen grow?"
LICHENS = "The rarest lichen, Caloplaca marina, grew on nine of the cliffs only."  #: answers ``ON_LICHENS``


def lichens_pdf(*more: str) -> bytes:
    """Return a paper of one page as PDF, which ends with the lines ``more``."""
    lines = ("Abstract", "We counted 37 lichens on the granite cliffs in May.", "Results", LICHENS, *more)
    title = Words("Lichens of the northern coast", 60, 760, 18)
    return pdf([Sheet([title, *(Words(line, 60, 716 - 30 * at, 11) for at, line in enumerate(lines))])])
