"""Answers as HTML for notebooks. All text of papers and questions is escaped."""

from __future__ import annotations

from html import escape

from qa.records import Answer, Citation, Nearby
from qa.show.present import by_paper, headline, parts, per_cent, place_of, where


def answer_html(answer: Answer) -> str:
    """Return question, outcome and quotes with their places; without quotes, the closest passages."""
    html = [f"<p><b>{escape(answer.question)}</b><br>{escape(headline(answer))}</p>"]
    if " ".join(answer.question.split()) != answer.resolved_question:
        html.append(f"<p>Searched as: {escape(answer.resolved_question)}</p>")
    html += [f"<p>{escape(reason)}</p>" for reason in answer.reasons]
    for group in by_paper(answer.citations):
        quotes = "".join(f"<li value={one.number}>{quote_html(one)}</li>" for one in group)
        html.append(f"<p>{escape(group[0].title or group[0].source)}</p><ol>{quotes}</ol>")
    if answer.nearby:
        near = "".join(f"<li>{quote_html(one, one.title or one.source)}</li>" for one in answer.nearby)
        html.append(f"<p>Closest passages</p><ul>{near}</ul>")
    return framed("".join(html))


def passage_html(passage: Nearby) -> str:
    """Return a passage with its place."""
    return framed(f"<p>{quote_html(passage, passage.title or passage.source)}</p>")


def framed(html: str) -> str:
    """Return ``html`` in a frame in which notebooks do not typeset text between dollar signs."""
    return f'<div class="loccit tex2jax_ignore mathjax_ignore">{html}</div>'


def quote_html(source: Citation | Nearby, paper: str = "", *, sure: bool = True) -> str:
    """Return a quote with its place and confidence, the short answer marked, or a row after its heads."""
    place = where(paper, source.section, place_of(source))
    if not isinstance(source, Citation):
        return f"“{escape(source.quote)}”<br><small>{escape(place)}</small>"
    quote = f"“{_marked(source)}”"
    if (table := source.table) is not None:
        quote = escape(" | ".join(table.labelled)) + (f"<br>{escape(table.caption)}" if table.caption else "")
    confidence = f"confidence {per_cent(source.confidence)}%{'' if sure else ', not sure'}"
    return f"{quote}<br><small>{escape(place)} · {confidence}</small>"


def _marked(citation: Citation) -> str:
    short = [("short", citation.short)] if citation.short else []
    pieces = parts(citation.quote, citation.span.start, short)
    return "".join(
        f"<mark>{escape(piece['text'])}</mark>" if piece["marks"] else escape(piece["text"])
        for piece in pieces
    )
