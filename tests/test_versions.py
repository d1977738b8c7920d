"""Versions of one paper: what they say differently is quoted side by side, the newest first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from index.ingest.build import build
from index.read import read
from index.store.open import open_index
from qa.quote.versions import beside_versions, dated
from qa.rank.evidence import Ranked
from tests.index_fakes import WordEncoder, write_papers

BODY = (
    "Ninety women with wrist fractures were followed for two years in three rural hospitals. "
    "Bone density was measured at the hip and spine, and falls were counted by telephone each month. "
    "Adherence was checked by counting tablets, and adverse events were graded by two nurses. "
)
TEXT = "Calcium after fracture\n\nPublished: {}\n\nResults\n\n" + BODY + "Calcium {} be given.\n"
PAPERS = {
    "first.txt": TEXT.format("4 May 2019", "should"),
    "second.txt": TEXT.format("7 June 2022", "should not"),
}


def _item(document: object, text: str) -> Ranked:
    return cast("Ranked", SimpleNamespace(candidate=SimpleNamespace(document=document, text=text)))


def test_what_versions_say_differently_stands_side_by_side(tmp_path: Path) -> None:
    build([write_papers(tmp_path / "papers", PAPERS)], tmp_path / "index", encoder=WordEncoder())
    with open_index(tmp_path / "index") as index:
        by_name = {document.source: document for document in index.documents.values()}
        old, new = by_name["first.txt"], by_name["second.txt"]
        yes, no = _item(old, "Calcium should be given."), _item(new, "Calcium should not be given.")
        same = [_item(paper, "Adherence was checked by counting tablets.") for paper in (old, new)]
        ranked = [yes, no, *same]
        quoted, told = beside_versions(index, ranked, [yes])
        assert [item is one for item, one in zip(quoted, (no, yes), strict=True)] == [True, True]
        dates = "second.txt (7 June 2022), first.txt (4 May 2019)"
        assert told == (f"2 versions of this paper differ here; the newest comes first: {dates}.",)
        quoted, told = beside_versions(index, ranked, same)
        assert (quoted == [same[1]], told) == (True, ())


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("Published: 9 September 2021", (2021, 9, 9)),
        ("Published: September 9, 2021", (2021, 9, 9)),
        ("Published: 2021-09-09", (2021, 9, 9)),
        ("", (0, 0, 0)),
    ],
)
def test_dates_are_ordered(tmp_path: Path, line: str, date: tuple[int, int, int]) -> None:
    text = f"Calcium after fracture\n\n{line}\n\nResults\n\n{BODY}\n"
    document: Any = read(write_papers(tmp_path, {"a.txt": text}) / "a.txt")
    assert dated(document) == date
