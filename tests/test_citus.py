"""Every statement that the store sends has a form that Citus routes or pushes down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index.ingest.build import add, build, remove
from index.postgres.address import Database
from index.postgres.connect import connect
from index.postgres.search import HNSW
from index.postgres.snapshot import Snapshot
from index.postgres.target import Target
from index.search import search
from tests.citus import DISTRIBUTED, REFERENCE, nodes, problems, statements
from tests.clusters import Cluster
from tests.databases import Server
from tests.databases import server as server
from tests.index_fakes import TEA, WordEncoder, write_papers
from tests.test_editions import PAPERS as EDITIONS
from tests.test_postgres import contents


@pytest.fixture(scope="module")
def sent(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """All SQL that a server gets while an index is built, changed, searched and read, from its log."""
    cluster, folder = Cluster.make(server), tmp_path_factory.mktemp("sent")
    cluster.stop()
    log = ("logging_collector=on", "log_destination=jsonlog", "log_filename=sent", "log_statement=all")
    try:
        cluster.start(*log)
        _use(Database.parse(cluster.uri), folder)
    finally:
        cluster.stop()
    lines = (cluster.data / "log" / "sent.json").read_text(encoding="utf-8").splitlines()
    shutil.rmtree(cluster.data)
    messages = (json.loads(line)["message"] for line in lines if "loccit" in line)
    parts = (message.partition(": ") for message in messages)
    return sorted({sql for kind, _, sql in parts if kind == "statement" or kind.startswith("execute")})


def _use(database: Database, folder: Path) -> None:
    target = Target(database, folder / "beside")
    report = build([write_papers(folder / "papers", EDITIONS)], target, encoder=WordEncoder())
    add([write_papers(folder / "tea", TEA)], target, encoder=WordEncoder())
    remove(frozenset({report.set_aside[0].better}), target)
    with connect(database, reading=False) as session:
        session.execute(f"CREATE INDEX {HNSW} ON passages USING hnsw ((embedding::vector(16)) vector_ip_ops)")
    with Snapshot.open(database, folder) as index:
        assert index.size
        key = next(iter(index.documents))
        assert index.edition(key) is not None
        assert search(index, "tea", WordEncoder().encode(["tea"])[0])
        index._hnsw = False
        contents(index)
        assert len(index.sentence_vectors[np.arange(2)])


def test_every_statement_routes_or_is_pushed_down(sent: list[str]) -> None:
    for word in ("COPY sentences", "UPDATE papers", "INSERT INTO vocabulary", "bm25(", "<#>", "CREATE TABLE"):
        assert any(word in sql for sql in sent), f"{word}: not seen"
    assert {sql: found for sql in sent if (found := problems(sql))} == {}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT (SELECT sum(x) FROM unnest(p.terms) AS x) FROM passages p", "a subquery in an expression"),
        ("SELECT 1 FROM passages p JOIN sentences s ON s.number = p.number", "not joined"),
        ("SELECT 1 FROM passages p JOIN sentences s USING (number), papers d", "not joined"),
        ("SELECT 1 FROM papers, generate_series(1, 3)", "generate_series() in FROM"),
        ("SELECT 1 FROM (SELECT id FROM papers) AS x", "a subquery in FROM"),
        ("SELECT id FROM papers UNION SELECT paper FROM passages", "UNION"),
        ("WITH x AS (SELECT 1 FROM papers) SELECT * FROM x", "WITH"),
        ("SELECT id FROM papers FOR UPDATE", "FOR UPDATE"),
        (
            "UPDATE papers SET used = true FROM unnest($1::text[]) AS n (id) WHERE papers.id = n.id",
            "by a join",
        ),
        ("UPDATE papers SET id = $1", "distribution column changed"),
        ("INSERT INTO papers SELECT * FROM papers", "filled by a query"),
        ('CREATE TABLE passages (paper text COLLATE "C", number int PRIMARY KEY)', "without paper"),
        ("CREATE TABLE sentences (paper text)", 'not text COLLATE "C"'),
        ("CREATE TABLE passages (file text REFERENCES files)", "refers to files"),
        ("SELECT 1 FROM thumbs", "unknown table thumbs"),
    ],
)
def test_a_form_that_moves_rows_is_found(sql: str, said: str) -> None:
    assert any(said in one for one in problems(sql)), problems(sql)


def test_the_documented_set_up_is_for_the_tables_that_there_are(root: Path) -> None:
    page = (root / "docs" / "how-to" / "postgresql.md").read_text(encoding="utf-8")
    sql = page.partition("## Many machines: Citus")[2].partition("```sql\n")[2].partition("```")[0]
    given: dict[str, dict[str, str]] = {}
    for call in nodes(tuple(statements(sql)), "FuncCall"):
        name, *more = (one["val"]["sval"].removeprefix("loccit.") for one in nodes(call["args"], "A_Const"))
        given.setdefault(call["funcname"][0]["sval"], {})[name] = "".join(more)
    columns = {name: more.removesuffix("papers") for name, more in given["create_distributed_table"].items()}
    assert columns == DISTRIBUTED
    assert given["create_reference_table"].keys() == REFERENCE
    assert [name.partition("(")[0] for name in given["create_distributed_function"]] == ["bm25"]
