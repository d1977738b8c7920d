"""Zotero's data folder: its papers are found, its database is read and never written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.ingest.build import build
from index.store.open import open_index
from qa.files.names import labels
from tests.index_fakes import PAPERS, TEA, WordEncoder, write_papers

#: The tables and columns of Zotero 7 that are read.
SCHEMA = """
CREATE TABLE itemTypes (itemTypeID INTEGER PRIMARY KEY, typeName TEXT, templateItemTypeID INT, display INT);
CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL, libraryID INT, key TEXT NOT NULL);
CREATE TABLE fields (fieldID INTEGER PRIMARY KEY, fieldName TEXT, fieldFormatID INT);
CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID));
CREATE TABLE itemAttachments (itemID INTEGER PRIMARY KEY, parentItemID INT, linkMode INT, contentType TEXT,
  charsetID INT, path TEXT, syncState INT DEFAULT 0);
CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL,
  parentCollectionID INT DEFAULT NULL, libraryID INT, key TEXT NOT NULL);
CREATE TABLE collectionItems (collectionID INT NOT NULL, itemID INT NOT NULL, orderIndex INT DEFAULT 0);
CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE itemTags (itemID INT NOT NULL, tagID INT NOT NULL, type INT NOT NULL);
CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT);
CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
CREATE TABLE itemCreators (itemID INT, creatorID INT, creatorTypeID INT DEFAULT 1, orderIndex INT DEFAULT 0);
CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
INSERT INTO itemTypes (itemTypeID, typeName) VALUES (1, 'note'), (3, 'attachment'), (22, 'journalArticle');
INSERT INTO creatorTypes VALUES (8, 'author'), (10, 'editor');
INSERT INTO items (itemID, itemTypeID, key) VALUES
  (1, 22, 'ITEM0001'), (2, 3, 'FILE0002'), (3, 22, 'ITEM0003'), (4, 3, 'FILE0004'), (5, 22, 'ITEM0005'),
  (6, 3, 'FILE0006'), (7, 3, 'FILE0007'), (8, 3, 'FILE0008'), (9, 3, 'FILE0009'), (10, 3, 'FILE0010');
INSERT INTO itemAttachments (itemID, parentItemID, linkMode, contentType, path) VALUES
  (2, 1, 1, 'text/plain', 'storage:ferritin.txt'), (4, 3, 2, 'text/plain', 'attachments:sleep.txt'),
  (6, 5, 1, 'text/plain', 'storage:vision.txt'), (7, NULL, 0, 'text/plain', 'storage:tea.txt'),
  (8, 1, 1, 'text/html', 'storage:page.html'), (9, 3, 1, 'application/pdf', 'storage:gone.pdf'),
  (10, 1, 3, 'text/html', NULL);
INSERT INTO deletedItems (itemID) VALUES (5);
INSERT INTO collections VALUES (1, 'Thesis', NULL, 1, 'A'), (2, 'Iron', 1, 1, 'B');
INSERT INTO collectionItems VALUES (2, 1, 0), (1, 3, 0);
INSERT INTO tags VALUES (1, 'to read'), (2, 'blood');
INSERT INTO itemTags VALUES (1, 2, 0), (3, 1, 1), (1, 1, 0);
INSERT INTO creators VALUES (1, 'Ann', 'Bee', 0), (2, '', 'Iron Group', 1), (3, 'Ed', 'Itor', 0);
INSERT INTO itemCreators VALUES (1, 2, 8, 1), (1, 1, 8, 0), (1, 3, 10, 2);
"""
DATA: dict[int, dict[str, object]] = {
    1: {
        "title": "Iron, curated", "publicationTitle": "Blood", "date": "2020-08-00 August 2020", "volume": 3,
        "pages": "1-9", "DOI": "10.7/I", "extra": "Citation Key: bee_iron\nPMID: 4",
    },
    3: {"title": "Sleep, curated", "date": "1999-00-00 1999"},
}  # fmt: skip


@pytest.fixture
def zotero(tmp_path: Path) -> Path:
    """The folder of ``write_zotero``."""
    return write_zotero(tmp_path)


def write_zotero(parent: Path) -> Path:
    """Make a data folder with three items, one of them in the trash, and a file without an item."""
    folder = parent / "Zotero"
    for key, text in {
        "FILE0002/ferritin.txt": PAPERS["ferritin.txt"],
        "FILE0006/vision.txt": PAPERS["vision.txt"],
        "FILE0007/tea.txt": TEA["tea.txt"],
        "FILE0008/page.html": "<h1>Iron</h1><p>Ferritin was measured in the abstract page.</p>",
    }.items():
        (folder / "storage" / key).parent.mkdir(parents=True)
        (folder / "storage" / key).write_text(text, encoding="utf-8")
    write_papers(parent / "linked", {"sleep.txt": PAPERS["sleep.txt"]})
    with closing(sqlite3.connect(folder / "zotero.sqlite")) as database:
        database.executescript(SCHEMA)
        for item, values in DATA.items():
            for name, value in values.items():
                field = database.execute("INSERT INTO fields (fieldName) VALUES (?)", [name]).lastrowid
                made = database.execute("INSERT INTO itemDataValues (value) VALUES (?)", [value]).lastrowid
                database.execute("INSERT INTO itemData VALUES (?, ?, ?)", [item, field, made])
        database.commit()
    return folder


def test_the_papers_of_zotero_are_found_with_what_it_says(zotero: Path, tmp_path: Path) -> None:
    database = zotero / "zotero.sqlite"
    before, held = database.read_bytes(), sorted(zotero.rglob("*"))
    report = build([zotero, tmp_path / "linked"], tmp_path / "index", encoder=WordEncoder())
    assert (database.read_bytes(), sorted(zotero.rglob("*"))) == (before, held)
    with open_index(tmp_path / "index") as opened:
        papers = {document.source: document for document in opened.documents.values()}
        assert sorted(papers) == ["ferritin.txt", "sleep.txt", "tea.txt"]
        iron = papers["ferritin.txt"]
        assert (iron.title, iron.authors) == ("Iron, curated", ("Ann Bee", "Iron Group"))
        assert (iron.journal, iron.year, iron.doi) == ("Blood", 2020, "10.7/i")
        assert iron.entry is not None
        assert (iron.entry.key, iron.entry.volume, iron.entry.pages) == ("bee_iron", "3", "1-9")
        assert dict(iron.entry.further)["editor"] == "Itor, Ed"
        assert papers["sleep.txt"].title == "Sleep, curated"
        named = {name: len(ids) for name, ids in labels(opened, "collection").items()}
        assert named == {"Thesis": 2, "Thesis/Iron": 1}
        assert {name: len(ids) for name, ids in labels(opened, "tag").items()} == {"blood": 1, "to read": 2}
    assert report.library == (
        f"{zotero / 'storage/FILE0009/gone.pdf'}: Zotero names this file, but it does not exist",
        f"{zotero / 'storage'}: not read, being in Zotero’s trash, unknown to it, or a web page "
        "beside a paper: vision.txt, page.html",
        "no entry for tea.txt",
    )


def test_files_linked_from_a_folder_that_is_not_named_are_told(zotero: Path, tmp_path: Path) -> None:
    report = build([zotero], tmp_path / "index", encoder=WordEncoder())
    assert any("attachments:sleep.txt" in line and "base directory" in line for line in report.library)


def test_a_database_in_use_is_read_and_one_that_cannot_be_read_is_told(zotero: Path, tmp_path: Path) -> None:
    database, index = zotero / "zotero.sqlite", tmp_path / "index"
    with closing(sqlite3.connect(database)) as running:
        running.execute("PRAGMA locking_mode = EXCLUSIVE")
        running.execute("BEGIN EXCLUSIVE")
        running.execute("DELETE FROM itemTags")
        report = build([zotero], index, encoder=WordEncoder())
        running.rollback()
    with open_index(index) as opened:
        assert labels(opened, "tag").keys() == {"blood", "to read"}
    with closing(sqlite3.connect(database)) as running:
        running.execute("PRAGMA journal_mode = WAL")
        running.execute("DELETE FROM itemTags")
        running.commit()
        report = build([zotero], index, encoder=WordEncoder())
        assert any("has not finished writing" in line for line in report.library)
    assert not any("writing" in line for line in build([zotero], index, encoder=WordEncoder()).library)
    with open_index(index) as opened:
        assert labels(opened, "tag") == {}
    database.write_bytes(database.read_bytes()[:5000])
    report = build([zotero], index, encoder=WordEncoder())
    assert any("cannot be read" in line for line in report.library)
    with open_index(index) as opened:
        assert "Iron, curated" in opened.names.values()  # what was known is kept


def test_keys_of_better_bibtex_are_used(zotero: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(zotero / "better-bibtex.sqlite")) as database:
        database.execute("CREATE TABLE citationkey (itemID, itemKey, libraryID, citationKey, pinned)")
        database.execute("INSERT INTO citationkey VALUES (1, 'ITEM0001', 1, 'iron20', 1)")
        database.commit()
    build([zotero], tmp_path / "index", encoder=WordEncoder())
    with open_index(tmp_path / "index") as opened:
        assert "iron20" in {byline.key for byline in opened.bylines.values()}
