"""Right-to-left text in PDFs: from the order in which it is seen into the order in which it is read."""

from __future__ import annotations

import pytest

from index.read.pdf.direction import logical, mirrored, right_to_left
from index.read.pdf.layout import Part, segment_text, segments
from index.text import MappedText

HEBREW = "\u05d0\u05d1\u05d2"  # alef, bet, gimel
SEEN = HEBREW[::-1]


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        (f"{SEEN} {SEEN}", f"{HEBREW} {HEBREW}"),
        (f"{SEEN} 22.4 {SEEN}", f"{HEBREW} 22.4 {HEBREW}"),
        (f".{SEEN} 1,750 - 60%", f"60% - 1,750 {HEBREW}."),
        (f"{SEEN} 65/35", f"65/35 {HEBREW}"),
        (f"{SEEN} Python and R {SEEN}", f"{HEBREW} Python and R {HEBREW}"),
        (f"{SEEN} ({SEEN}) {SEEN}", f"{HEBREW} ({HEBREW}) {HEBREW}"),
        (f"{SEEN} ){SEEN}( {SEEN}", f"{HEBREW} ({HEBREW}) {HEBREW}"),
        ("22.4 ng/mL (n = 3)", "22.4 ng/mL (n = 3)"),
    ],
)
def test_text_as_seen_becomes_text_as_read(seen: str, read: str) -> None:
    done = logical(MappedText.raw(seen))
    assert done.text == read
    assert sorted(done.origins) == list(range(len(seen)))


def test_the_parts_of_a_line_are_read_from_the_right_but_words_of_other_scripts_from_the_left() -> None:
    texts = [("end", 50.0), ("Py", 70.0), ("thon ", 80.0), (f" {SEEN}", 108.0)]
    parts = [
        Part(MappedText.raw(text, 10 * n), x, x + 5.0 * len(text), 100.0, 10.0, 0, "")
        for n, (text, x) in enumerate(texts)
    ]
    assert right_to_left(HEBREW + "R") and not right_to_left("Python" + HEBREW)
    (line,) = segments(mirrored(parts[1:], 200.0))
    assert segment_text(line).text == f"{HEBREW} Python"
    assert [part.text.origins[0] // 10 for part in mirrored(parts, 200.0)] == [0, 1, 2, 3]
