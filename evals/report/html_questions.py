"""The questions of a report in HTML: from a metric to those that pull it down, to their quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evals.report.html_text import plain
from qa.show.present import place_words, where

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Most questions listed of a metric, and shown of a set; the rest is in report.json.
LISTED = 300


def failing(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Return the places in ``rows`` of the questions that pull a metric down, by metric."""
    found: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        for metric in row["failures"]:
            found.setdefault(metric, []).append(at)
    return found


def drill_down(key: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lists of failing questions by metric, then the questions; ``key`` is the set's."""
    found = failing(rows)
    # Those that were not served come first, for these are what a reader looks for.
    order = sorted(
        {at for places in found.values() for at in places}, key=lambda at: (rows[at]["correct"], at)
    )
    drawn = set(order[:LISTED])
    yield "<h3>Failing questions by metric</h3>"
    for metric, places in found.items():
        yield f"<details><summary>{plain(metric)}: {len(places)}</summary>"
        yield f'<ul id="{key}-{metric}">'
        for at in places[:LISTED]:
            text = f"{rows[at]['id']} ({rows[at]['type'] or 'no type'}): {rows[at]['question']}"
            yield (
                f'<li><a href="#{key}-q{at}">{plain(text)}</a></li>'
                if at in drawn
                else f"<li>{plain(text)}</li>"
            )
        yield "</ul>"
        yield from _rest(len(places))
        yield "</details>"
    yield "<h3>Questions</h3>"
    for at in sorted(drawn):
        yield from _question(f"{key}-q{at}", rows[at])
    yield from _rest(len(order))


def _rest(count: int) -> Iterator[str]:
    if count > LISTED:
        yield f"<p>{count - LISTED} more are in report.json.</p>"


def _question(key: str, row: Mapping[str, Any]) -> Iterator[str]:
    verdict = _verdict(row["correct"], "served", "not served")
    yield f"<details><summary>{plain(row['id'])}: {plain(row['question'])} ({verdict})</summary>"
    yield f'<div id="{key}">'
    if row["history"]:
        yield f"<p>After: {plain(' / '.join(row['history']))}</p>"
    if row["resolved"] != row["question"]:
        yield f"<p>Searched as: {plain(row['resolved'])}</p>"
    yield (
        f"<p>{'Answerable' if row['answerable'] else 'Unanswerable'}; {plain(row['status'])}, "
        f"confidence {row['confidence']:.3f}. Counts against: {plain(', '.join(row['failures']))}.</p>"
    )
    yield "<p><strong>Wanted</strong></p>"
    if not row["gold_places"]:
        yield "<p>A refusal.</p>"
    for place in row["gold_places"]:
        yield _quote(place, "")
    if row["accepted"]:
        accepted = plain(" | ".join(row["accepted"]))
        yield f"<p>Short answer: {accepted}; marked: {plain(row['short'] or 'nothing')}</p>"
    yield "<p><strong>Given</strong></p>"
    if not row["citations"]:
        yield "<p>A refusal.</p>"
    if row["withheld"]:
        yield "<p>Ranked first, and withheld:</p>"
        yield _quote(row["withheld"], _verdict(row["ranked_first"], "answers", "does not answer"))
    for place in row["citations"]:
        yield _quote(place, _verdict(place["right"], "answers", "does not answer"))
    yield "</div></details>"


def _verdict(good: bool, yes: str, no: str) -> str:
    return f'<span class="right">{yes}</span>' if good else f'<span class="wrong">{no}</span>'


def _quote(place: Mapping[str, Any], verdict: str) -> str:
    spot = place_words(place["page"], None, place["line"], place.get("last_line"))
    at = plain(where(place["source"], place["section"], spot))
    return f'<blockquote>{plain(place["quote"])}</blockquote><p class="soft">{at} {verdict}</p>'
