"""Question sets as JSON lines: on papers of an index, or bringing their own texts.

A line on papers of an index has ``id``, ``question`` and ``gold``, and may have the other
fields of ``README_SEEDS.md``. A gold object names its paper by id, file name or title
(``document``) and its place by ``start`` and ``end`` or by ``quote``, which is looked for in
the paper character by character, every place counting. A line with ``context`` brings
its text; ``answers`` is then as in SQuAD, or ``{"text": [...], "answer_start": [...]}``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from evals.sets.corpora import Case, Corpus, Gold, case_of, document_of, gold_of
from index.errors import UsageError
from index.text import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from index.text import Document


def brings_texts(entries: list[dict[str, Any]]) -> bool:
    """Tell whether the questions bring their own texts."""
    return bool(entries) and all("context" in entry for entry in entries)


def on_contexts(name: str, entries: list[dict[str, Any]]) -> Corpus:
    """Return questions with their texts, each different text a document.

    Raises:
        KeyError, ValueError: a line is not of that form, or an answer is not in its place.
    """
    documents: dict[str, Document] = {}
    cases = []
    for number, entry in enumerate(entries, 1):
        made = document_of(entry["context"], f"{name}-{number}", title=entry.get("title", ""))
        document = documents.setdefault(made.id, made)
        answers = _answers(entry)
        for text, start in answers:
            if document.text[start : start + len(text)] != text:
                raise ValueError(f"{entry['id']}: gold text differs from its place")
        gold = tuple(
            Gold(document.id, Span(start, start + len(text))) for text, start in dict.fromkeys(answers)
        )
        case = case_of({**entry, "gold": []}, lambda _: ())
        short = tuple(dict.fromkeys(text for text, _ in answers))
        cases.append(replace(case, gold=gold, answerable=bool(gold), short=short, about=document.id))
    return Corpus(name, tuple(documents.values()), tuple(cases))


def _answers(entry: dict[str, Any]) -> list[tuple[str, int]]:
    stated = entry["answers"]
    if isinstance(stated, dict):
        return list(zip(stated["text"], stated["answer_start"], strict=True))
    return [(answer["text"], answer["answer_start"]) for answer in stated]


def on_papers(entries: list[dict[str, Any]], documents: Mapping[str, Document]) -> tuple[Case, ...]:
    """Return questions on ``documents`` (by id), their gold put in its place.

    Raises:
        KeyError: a line lacks what it needs.
        UsageError: gold is in no paper, or its quote is not in the paper named.
    """
    return tuple(case_of(entry, partial(placed, documents=documents)) for entry in entries)


def check_form(gold: object) -> tuple[Gold, ...]:
    """Return no place; refuse a gold object that could not be given one.

    Raises:
        ValueError: it names no paper, or neither a quote nor offsets.
    """
    if not isinstance(gold, dict) or "document" not in gold:
        raise ValueError(f"gold {gold!r} names no document")
    offsets = [gold.get("start"), gold.get("end")]
    if not isinstance(gold.get("quote"), str) and not all(isinstance(at, int) for at in offsets):
        raise ValueError("gold has neither a quote nor offsets")
    return ()


def placed(gold: dict[str, Any], documents: Mapping[str, Document]) -> tuple[Gold, ...]:
    """Return the places of a gold object; its quote may stand in several."""
    document = _paper(str(gold["document"]), documents)
    if "start" in gold and "end" in gold:
        span = Span(gold["start"], gold["end"])
        if "quote" in gold and document is not None and span.of(document.text) != gold["quote"]:
            raise UsageError(
                f"{document.source}: the text from {span.start} to {span.end} is not the gold quote.",
                "Correct the offsets, or leave them out for the quote to be looked for.",
            )
        return (gold_of(gold, document.id if document else str(gold["document"]), span),)
    if document is None:
        raise UsageError(f"no paper is called “{gold['document']}”.", "See the names with: loccit info")
    spans = places_of(gold["quote"], document.text)
    if not spans:
        raise UsageError(
            f"{document.source}: it does not hold the gold quote “{gold['quote'][:60]}”.",
            "Copy it from: loccit read FILE --text",
        )
    return tuple(gold_of(gold, document.id, span) for span in spans)


def places_of(quote: str, text: str) -> list[Span]:
    """Return every place of ``quote`` in ``text``; runs of white space equal each other."""
    words = quote.split()
    if not words:
        return []
    pattern = r"\s+".join(re.escape(word) for word in words)
    return [Span(*match.span()) for match in re.finditer(pattern, text)]


def _paper(name: str, documents: Mapping[str, Document]) -> Document | None:
    """Return the one paper with that id, file name or title; None where there is none."""
    if name in documents:
        return documents[name]
    found = [one for one in documents.values() if name in (one.source, one.title)]
    return found[0] if len(found) == 1 else None
