"""Bad uploads: a clear message for each file, and the good files are added."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.make_pdf import Sheet, paper, pdf
from tests.web.test_app import ask, views

GOOD = b"Moss of the coast\n\nAbstract\n\nWe counted 52 mosses on the granite cliffs in May.\n"
LARGE = 50 * 2**20 + 1


@pytest.fixture
def own(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCCIT_INDEX", str(own_folder))
    return own_folder


def upload(*files: tuple[str, bytes, str]) -> dict[str, Any]:
    """Upload ``files`` and return the outcome row of each, by name."""
    script = "from qa.web.pages import papers\npapers.page()\n"  # AppTest cannot switch pages
    app = AppTest.from_string(script, default_timeout=300).run()
    app.file_uploader[0].set_value(list(files)).run()
    while "outcomes" not in app.session_state:  # they are gathered first, then added in a thread
        time.sleep(0.2)
        app.run()
    assert not app.exception
    (shown,) = views(app, "outcomes")
    return {row["name"]: row for row in shown["rows"]}


def locked_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(paper())))
    writer.encrypt("secret", algorithm="AES-256")
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def test_bad_files_are_reported_and_the_good_one_is_added(own: Path, root: Path) -> None:
    pdf_type, text = "application/pdf", "text/plain"
    rows = upload(
        ("locked.pdf", locked_pdf(), pdf_type),
        ("scan.pdf", pdf([Sheet(extra=b"0 0 m 100 100 l S")]), pdf_type),
        ("large.pdf", b"%PDF-1.4" + bytes(LARGE), pdf_type),
        ("pretends.pdf", b"GIF89a", pdf_type),
        ("half.pdf", paper()[: len(paper()) // 2], pdf_type),
        ("empty.txt", b"", text),
        ("moss.txt", GOOD, text),
    )
    said = {name: "".join(row["notes"]) for name, row in rows.items()}
    assert rows["moss.txt"]["became"] == "Added"
    assert "password" in said["locked.pdf"]
    assert "50 MB" in said["large.pdf"]
    assert "a GIF image" in said["pretends.pdf"]
    assert "empty" in said["empty.txt"]
    for name in ("locked.pdf", "scan.pdf", "large.pdf", "pretends.pdf", "empty.txt"):
        assert not rows[name]["good"], name
        assert said[name]
    app = AppTest.from_file(str(root / "app.py"), default_timeout=300).run()
    ask(app, "How many mosses were counted?")
    (turn,) = views(app, "turn")
    assert "52" in turn["copy"]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Limit file sizes to a few kilobytes, so that writes fail halfway as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_during_an_upload_leaves_the_index_usable(own: Path, root: Path, full_disk: None) -> None:
    rows = upload(("moss.txt", GOOD * 1000, "text/plain"))
    (row,) = rows.values()
    assert not row["good"]
    assert "disk" in row["notes"][0]
    app = AppTest.from_file(str(root / "app.py"), default_timeout=300).run()
    ask(app, "When was MMF restarted?")
    (turn,) = views(app, "turn")
    assert turn["status"] in ("answered", "possible")


def test_leftovers_of_an_interrupted_upload_are_ignored(own: Path) -> None:
    left = own / "uploads" / ("0" * 64)
    left.mkdir(parents=True)
    (left / ".part").write_bytes(b"%PDF-1.4 half")
    assert upload(("moss.txt", GOOD, "text/plain"))["moss.txt"]["became"] == "Added"
