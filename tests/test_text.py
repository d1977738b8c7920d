"""Offsets: edits keep origins, and spans map to lines and pages, as in slow references."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import MappedText, Page, Place, Run, SourceMap, Span, join, line_starts

Pairs = list[tuple[str, int]]
TEXTS = st.text(alphabet="ab -\n", max_size=30)


def pairs(text: MappedText) -> Pairs:
    return list(zip(text.text, text.origins, strict=True))


@st.composite
def mapped_texts(draw: st.DrawFn) -> MappedText:
    text = draw(TEXTS)
    return MappedText(text, draw(st.lists(st.integers(0, 99), min_size=len(text), max_size=len(text))))


@st.composite
def edited(draw: st.DrawFn) -> tuple[MappedText, list[tuple[int, int, str]]]:
    text = draw(mapped_texts())
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    bounds = zip(cuts[::2], cuts[1::2], strict=False)
    return text, [(start, end, draw(st.text(alphabet="XY", max_size=4))) for start, end in bounds]


def slow_edit(text: MappedText, edits: list[tuple[int, int, str]]) -> Pairs:
    """Apply the edits from last to first to a list of characters with their origins."""
    done = pairs(text)
    for start, end, new in reversed(edits):
        replaced = [origin for _, origin in pairs(text)[start:end]]
        if not replaced:
            before = pairs(text)[:start]
            replaced = [(before or pairs(text) or [("", 0)])[-1 if before else 0][1]]
        done[start:end] = [(c, replaced[i] if i < len(replaced) else replaced[-1]) for i, c in enumerate(new)]
    return done


@given(edited())
def test_edits_are_those_of_the_slow_reference(case: tuple[MappedText, list[tuple[int, int, str]]]) -> None:
    text, edits = case
    assert pairs(text.edit(edits)) == slow_edit(text, edits)


def test_an_edit_by_hand() -> None:
    text = MappedText.raw("a\ufb01b cd", start=10)
    done = text.edit([(1, 2, "fi"), (4, 4, "-"), (5, 6, "")])
    assert done.text == "afib -c"
    assert pairs(done) == [("a", 10), ("f", 11), ("i", 11), ("b", 12), (" ", 13), ("-", 13), ("c", 14)]


@pytest.mark.parametrize("edits", [[(2, 1, "")], [(0, 9, "")], [(0, 2, ""), (1, 3, "")], [(-1, 0, "")]])
def test_edits_out_of_order_or_out_of_the_text_are_refused(edits: list[tuple[int, int, str]]) -> None:
    with pytest.raises(ValueError, match="edit"):
        MappedText.raw("abc").edit(edits)


def test_a_text_and_its_origins_must_be_equally_long() -> None:
    with pytest.raises(ValueError, match="2 characters but 1 origins"):
        MappedText("ab", [0])


@given(st.lists(mapped_texts(), max_size=4), st.sampled_from(["", " ", "\n\n"]))
def test_joining_keeps_every_part(parts: list[MappedText], separator: str) -> None:
    expected: Pairs = []
    for number, part in enumerate(parts):
        if number:
            expected += [(c, expected[-1][1] if expected else 0) for c in separator]
        expected += pairs(part)
    assert pairs(join(parts, separator)) == expected


@given(mapped_texts(), st.integers(0, 5))
def test_runs_and_origins_agree(text: MappedText, start: int) -> None:
    runs = list(text.runs(start))
    told = {run.start + i: run.raw + i for run in runs for i in range(run.length)}
    assert told == {start + i: origin for i, origin in enumerate(text.origins)}
    assert all(a.start + a.length == b.start for a, b in pairwise(runs))


@given(mapped_texts())
def test_stripping_is_slicing(text: MappedText) -> None:
    bare = text.text.strip()
    at = text.text.index(bare) if bare else 0
    assert text.strip().text == bare
    assert pairs(text.strip()) == (pairs(text)[at : at + len(bare)] if bare else [])


@given(TEXTS)
def test_line_starts(text: str) -> None:
    starts = line_starts(text)
    ends = [*starts[1:], len(text) + 1]
    assert [text[a : b - 1] for a, b in zip(starts, ends, strict=True)] == text.split("\n")


@st.composite
def sources(draw: st.DrawFn) -> tuple[str, SourceMap, dict[int, int], Span]:
    """A raw text with lines and pages, canonical characters with their raw offsets, and a span of them."""
    raw = draw(st.text(alphabet="ab\n", min_size=1, max_size=30))
    origins = draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=20))
    text = MappedText("x" * len(origins), origins)
    gap = draw(st.integers(0, 3))  # the separator between two blocks has no place
    half = len(origins) // 2
    runs = (*text[:half].runs(0), *text[half:].runs(half + gap))
    cuts = sorted({0, len(raw), *draw(st.lists(st.integers(0, len(raw)), max_size=3))})
    pages = tuple(
        Page(number, f"e{number}", Span(a, b)) for number, (a, b) in enumerate(pairwise(cuts), start=1)
    )
    where = {(i if i < half else i + gap): origin for i, origin in enumerate(origins)}
    ends = sorted(draw(st.tuples(st.integers(0, 23), st.integers(0, 23))))
    return raw, SourceMap(runs, line_starts(raw), pages), where, Span(*ends)


@given(sources())
def test_places_are_those_of_the_slow_reference(case: tuple[str, SourceMap, dict[int, int], Span]) -> None:
    raw, source, where, span = case
    offsets = [where[i] for i in range(span.start, span.end) if i in where]
    assert [i for part in source.raw_spans(span) for i in range(part.start, part.end)] == offsets
    if not offsets:
        assert source.place(span) == Place(None, None, None, None, None)
        return
    numbers = [page.number for page in source.pages for i in offsets if page.raw.start <= i < page.raw.end]
    assert source.place(span) == Place(
        page=min(numbers),
        last_page=max(numbers),
        page_label=f"e{min(numbers)}",
        line=raw.count("\n", 0, min(offsets)) + 1,
        last_line=raw.count("\n", 0, max(offsets)) + 1,
    )


def test_a_place_by_hand() -> None:
    raw = "One two.\nThree\fFour.\n"
    pages = (Page(1, "1", Span(0, 15)), Page(2, "ii", Span(15, 21)))
    source = SourceMap((Run(0, 4, 4), Run(4, 9, 5), Run(11, 15, 5)), line_starts(raw), pages)
    assert source.place(Span(0, 4)) == Place(1, 1, "1", 1, 1)
    assert source.place(Span(2, 13)) == Place(1, 2, "1", 1, 2)
    assert source.place(Span(11, 16)) == Place(2, 2, "ii", 2, 2)
    assert source.place(Span(9, 11)) == Place(None, None, None, None, None)
    assert SourceMap((Run(0, 0, 5),)).place(Span(0, 5)) == Place(None, None, None, None, None)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_impossible_spans_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


def test_spans_by_hand() -> None:
    span = Span(2, 5)
    assert (len(span), span.of("abcdefg")) == (3, "cde")
    assert span.contains(Span(2, 5))
    assert not span.contains(Span(1, 3))
    assert span.overlaps(Span(4, 9))
    assert not span.overlaps(Span(5, 9))
