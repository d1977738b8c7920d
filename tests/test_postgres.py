"""An index in PostgreSQL: the answers of an index in a folder, one generation a question, refusals."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qa
from evals.measure.collection import index_documents
from evals.sets.cases import lines_of, read_cases
from evals.sets.corpora import document_of
from evals.sets.own import question_file
from index.embed.encoder import Encoder, question_encoder
from index.errors import IndexLocked, StorageError, UsageError
from index.ingest.build import add, build, remove
from index.ingest.catalogue import catalogue_of
from index.ingest.selection import Selection
from index.place import beside
from index.postgres.address import Database
from index.postgres.connect import connect
from index.postgres.filters import Both, Either, Filter, Not, OneOf, Used, compiled
from index.postgres.schema import migrate, migrations, version_of
from index.postgres.search import HNSW
from index.postgres.snapshot import Snapshot
from index.postgres.target import Target
from index.search import search
from index.store.index import Index
from index.store.open import open_index
from index.store.publish import Origin
from qa.answer import Answerer
from qa.rank.stages import shipped
from qa.records import as_json
from qa.settings import AskOptions
from tests.commands import Loccit, one_line
from tests.databases import PASSWORD, SHOWN_PASSWORD, Server, copied
from tests.databases import server as server
from tests.index_fakes import PAPERS, TEA, WordEncoder, write_papers
from tests.make_pdf import paper
from tests.test_editions import PAPERS as EDITIONS

TEXTS = {**PAPERS, **TEA}
QUESTIONS = (
    "ferritin in forty runners",
    "How long did nurses sleep?",
    "a word-like IL-6, or µg/L",
    "",
    "tea",
)


def contents(index: Index, encoder: Encoder | None = None) -> dict[str, object]:
    """Return everything in an index except its number and date, to compare two indexes."""
    found = {}
    encoder = encoder or WordEncoder(dimension=index.manifest.model.dimension)
    for question in QUESTIONS:
        vector = encoder.encode([question])[0]
        for documents in (None, frozenset(list(index.documents)[:1]), frozenset({"unknown", "\udc80"})):
            found[question, documents] = [
                repr(hit) for hit in search(index, question, vector, documents=documents)
            ]
    return {
        "documents": dict(index.documents),
        "given": (index.given(), catalogue_of(index), index.entries),
        "stored": [index.paper(key) for key in index.given()],
        "vectors": [[rows.tobytes() for rows in index.vectors_of(key)] for key in index.given()],
        "names": (index.names, index.bylines, index.counts, index.anchors().tobytes()),
        "passages": list(index.passages),
        "sentences": [index.sentences_of(i) for i in range(len(index.passages))],
        "sentence vectors": index.sentence_vectors[np.arange(len(index.sentence_vectors))].tobytes(),
        "openings": [index.opening(key, 2) for key in index.documents],
        "terms": list(index.lexical.terms),
        "words": list(index.lexical.words),
        "begins": [index.lexical.terms.begins(start) for start in ("ferr", "x", "", "\udc80", "z\x00")],
        "counts": [index.lexical.document_frequency(term) for term in ("ferritin", "absent", "\udc80")],
        "hits": found,
    }


@pytest.fixture(scope="session")
def seed_base(server: Server, seed_index: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a database with the seed papers; not to be changed."""
    uri = server.database()
    with open_index(seed_index) as index:
        copied(index, uri, tmp_path_factory.mktemp("beside"))
    return uri


@pytest.fixture(scope="session")
def emptied(server: Server) -> Callable[[], str]:
    """A function that empties a database and returns its address, which is quicker than a new one."""
    uri = server.database()

    def again() -> str:
        server.run("DROP SCHEMA IF EXISTS loccit CASCADE", database=uri.rpartition("/")[2])
        return uri

    return again


@pytest.fixture
def base(emptied: Callable[[], str]) -> str:
    """The address of an empty database."""
    return emptied()


@pytest.fixture(autouse=True)
def _beside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def opened(uri: str, folder: Path) -> Snapshot:
    """Open the current generation in a database."""
    return Snapshot.open(Database.parse(uri), folder)


# The same answers


def test_the_seeds_give_the_same_answers_to_the_last_byte(
    seed_index: Path, seed_base: str, tmp_path: Path
) -> None:
    cases = list(read_cases(question_file("seeds")))
    with open_index(seed_index) as local, opened(seed_base, tmp_path) as there:
        encoder = question_encoder(local)
        vectors = encoder.encode([case.question for case in cases])
        for case, vector in zip(cases, vectors, strict=True):
            one, other = (search(index, case.question, vector, limit=20) for index in (local, there))
            assert repr(one) == repr(other)
        stages = shipped("small")
        answerers = [Answerer(index, encoder, stages=stages) for index in (local, there)]
        for case in cases[:: len(cases) // 30][:30]:
            assert _bytes(answerers[0], case.question) == _bytes(answerers[1], case.question)


def _bytes(answerer: Answerer, question: str) -> str:
    answer = as_json(answerer.ask(question))
    answer["receipt"] = {**answer["receipt"], "seconds": None, "generation": None}
    return json.dumps(answer)


def made_papers(seed: int, papers: int = 6, sentences: int = 70, vocabulary: int = 40) -> list[str]:
    """Return texts of few words, so that many passages and scores are equal."""
    chance = random.Random(seed)
    words = [f"w{number}" for number in range(vocabulary)] + ["ferritin", "IL-6", "µg/L", "nurses", "tea"]
    said = [" ".join(chance.choices(words, k=8)).capitalize() + "." for _ in range(25)]
    return ["\n".join(chance.choices(said, k=sentences)) for _ in range(papers)]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_random_collections_give_the_same_hits(
    emptied: Callable[[], str], tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("random")
    documents = [document_of(text, f"paper {i} of {seed}") for i, text in enumerate(made_papers(seed))]
    with index_documents(documents, folder / "index", WordEncoder(max_pieces=12)) as local:
        assert len(local.passages) > 300  # more than are candidates
        copied(local, uri := emptied(), folder)
        with opened(uri, folder) as there:
            assert contents(there) == contents(local)


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "change", "remove"]), st.sampled_from(sorted(TEXTS))),
    min_size=2,
    max_size=5,
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_after_any_adding_and_removing_all_is_as_built_at_once(
    emptied: Callable[[], str], tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    folder, encoder = tmp_path_factory.mktemp("steps"), WordEncoder()
    target = Target(Database.parse(uri := emptied()), folder / "beside")
    held: dict[str, tuple[str, Path]] = {}  # id and file by name
    for number, (what, name) in enumerate(steps):
        if what == "remove":
            if name in held:
                remove(frozenset({held.pop(name)[0]}), target)
            continue
        text = f"{TEXTS[name]}\nThis was change {number}.\n" if what == "change" else TEXTS[name]
        path = write_papers(folder / str(number), {name: text}) / name
        if name in held and held[name][1].read_text(encoding="utf-8") != text:
            remove(frozenset({held[name][0]}), target)
        held[name] = add([path], target, encoder=encoder).outcomes[0].document_id or "", path
    if held:
        build([path for _, path in held.values()], folder / "fresh", encoder=encoder)
        with opened(uri, folder) as there, open_index(folder / "fresh") as fresh:
            assert contents(there) == contents(fresh)


def test_a_file_set_aside_is_stored_and_counts_for_nothing(base: str, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers", EDITIONS)
    target = Target(Database.parse(base), tmp_path / "beside")
    report = build([papers], target, encoder=WordEncoder())
    build([papers], tmp_path / "index", encoder=WordEncoder())
    assert len(report.set_aside) == 3
    with opened(base, tmp_path) as there, open_index(tmp_path / "index") as local:
        assert contents(there) == contents(local)
    remove(frozenset({report.set_aside[0].better}), target)  # another file is used instead
    (papers / "weak.xml").unlink()
    build([papers], tmp_path / "index", encoder=WordEncoder())
    with opened(base, tmp_path) as there, open_index(tmp_path / "index") as local:
        assert contents(there) == contents(local)


# Generations


def test_a_reader_keeps_its_generation_while_another_is_written(base: str, tmp_path: Path) -> None:
    target = Target(Database.parse(base), tmp_path / "beside")
    papers = write_papers(tmp_path / "papers")
    build([papers], target, encoder=WordEncoder())
    with opened(base, tmp_path) as before:
        build([write_papers(papers, TEA) / "tea.txt"], target, encoder=WordEncoder())
        with opened(base, tmp_path) as after:
            assert (before.generation, before.counts.documents) == (1, 3)
            assert (after.generation, after.counts.documents) == (2, 1)
            vector = WordEncoder().encode(["tea"])[0]
            assert {before.names[hit.passage.document_id] for hit in search(before, "tea", vector)} == set(
                before.names.values()
            )
            assert "tea" not in {word for word, _ in before.lexical.words}
            assert [after.names[hit.passage.document_id] for hit in search(after, "tea", vector)] == [
                "tea.txt"
            ]


def test_what_fails_half_way_changes_nothing(base: str, tmp_path: Path) -> None:
    target = Target(Database.parse(base), tmp_path / "beside")
    build([write_papers(tmp_path / "papers")], target, encoder=WordEncoder())

    class Failing(Selection):
        def sentence_vectors(self, document_id: str) -> np.ndarray:
            if document_id == max(self.sources):
                raise StorageError("refused")
            return super().sentence_vectors(document_id)

    with open_index(_local(tmp_path)) as other, opened(base, tmp_path) as index:
        before = contents(index)
        sources = {key: source for key, (source, _) in other.given().items()}
        with pytest.raises(StorageError, match="refused"), target.writing():
            target.publish(Failing(sources, other), Origin(index.manifest.model, 1), index)
    with opened(base, tmp_path) as index:
        assert (index.generation, contents(index)) == (1, before)


def _local(folder: Path) -> Path:
    build(
        [write_papers(folder / "other", {"a.txt": "One\n\nTea is hot.\n", **TEA})],
        folder / "index",
        encoder=WordEncoder(),
    )
    return folder / "index"


def test_one_writer_at_a_time(base: str, tmp_path: Path) -> None:
    database = Database.parse(base)
    with (
        Target(database, tmp_path).writing(),
        pytest.raises(IndexLocked, match="another process is writing"),
        Target(database, tmp_path).writing(),
    ):
        pass
    with Target(database, tmp_path).writing():  # given up again
        pass


# Searching


def test_exact_search_never_uses_hnsw_and_hnsw_finds_the_nearest(base: str, tmp_path: Path) -> None:
    documents = [document_of(text, f"paper {i}") for i, text in enumerate(made_papers(7, vocabulary=400))]
    with index_documents(documents, tmp_path / "index", WordEncoder()) as local:
        database = copied(local, base, tmp_path)
        with connect(database, reading=False) as session:
            session.execute(
                f"CREATE INDEX {HNSW} ON passages USING hnsw ((embedding::vector(16)) vector_ip_ops)"
            )
        vector = WordEncoder().encode(["ferritin nurses"])[0]
        exact = [hit.position for hit in search(local, "", vector, limit=200)]
        with opened(base, tmp_path) as there:
            there._link.run(lambda session: session.execute("SET LOCAL enable_seqscan = off"))
            there._link.run(lambda session: session.execute("SET LOCAL enable_sort = off"))
            near = [hit.position for hit in search(there, "", vector, limit=200)]
            assert len(set(near) & set(exact)) >= 0.98 * len(exact)
            there._hnsw = False
            assert [hit.position for hit in search(there, "", vector, limit=200)] == exact


IDS = st.frozensets(st.sampled_from(["a", "b", "c", "d"]))
TREES: st.SearchStrategy[Filter] = st.recursive(
    st.just(Used()) | IDS.map(OneOf),
    lambda parts: (
        parts.map(Not)
        | st.lists(parts, max_size=3).map(lambda some: Both(tuple(some)))
        | st.lists(parts, max_size=3).map(lambda some: Either(tuple(some)))
    ),
    max_leaves=6,
)


def lets_through(tree: Filter, key: str, *, used: bool) -> bool:
    """Return what ``compiled`` must give, the slow and obvious way."""
    if isinstance(tree, Used):
        return used
    if isinstance(tree, OneOf):
        return key in tree.ids
    if isinstance(tree, Not):
        return not lets_through(tree.part, key, used=used)
    parts = (lets_through(part, key, used=used) for part in tree.parts)
    return all(parts) if isinstance(tree, Both) else any(parts)


def test_python_opens_an_address(seed_base: str) -> None:
    with qa.open(seed_base, AskOptions(reader="small")) as papers:
        assert papers.search("CK on admission", limit=1)[0].passage.source


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_filters_let_through_what_they_say(seed_base: str, tree: Filter) -> None:
    from psycopg.sql import SQL

    condition, parameters = compiled(tree)
    papers = SQL("SELECT id FROM (VALUES ('a', true), ('b', false), ('c', true)) AS d (id, used) WHERE {}")
    with connect(Database.parse(seed_base), reading=True) as session:
        kept = {row[0] for row in session.execute(papers.format(condition), parameters)}
    assert kept == {
        key for key, used in (("a", True), ("b", False), ("c", True)) if lets_through(tree, key, used=used)
    }


# The command


def test_the_commands_work_on_a_database(
    loccit: Loccit, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = write_papers(tmp_path / "papers")
    assert loccit("build", papers / "ferritin.txt", "--index", base).code == 0
    assert loccit("add", papers / "sleep.txt", "--index", base).code == 0
    info = loccit("info", "--index", base, "--json")
    held = json.loads(info.out)
    assert [held[key] for key in ("generation", "papers", "warnings")] == [2, 2, []]
    asked = loccit("ask", "By how many minutes did melatonin lengthen sleep?", "--index", base, "--json")
    assert "36 minutes" in json.loads(asked.out)["citations"][0]["quote"]
    receipt = tmp_path / "receipt.json"
    loccit("ask", "By how many minutes did melatonin lengthen sleep?", "--index", base, "--receipt", receipt)
    assert "same answer, byte for byte" in loccit("verify", receipt, "--index", base).out
    assert "127.0.0.1" not in receipt.read_text(encoding="utf-8")
    monkeypatch.setenv("LOCCIT_INDEX", base)
    assert loccit("info", "--json").out == info.out
    gone = loccit("remove", "sleep.txt", "--index", base)
    assert "Published generation 3: 1 paper" in gone.out
    for output in (info, asked, gone):
        assert SHOWN_PASSWORD not in output.out + output.err


def test_copies_of_papers_go_with_them(loccit: Loccit, base: str, tmp_path: Path) -> None:
    """They are kept on the machine that builds, in a folder of the database."""
    (tmp_path / "one.pdf").write_bytes(paper())
    tea = write_papers(tmp_path, TEA) / "tea.txt"
    assert loccit("build", tmp_path / "one.pdf", tea, "--index", base).code == 0
    kept = beside(Database.parse(base)) / "uploads"
    assert [path.name for path in kept.glob("*/*")] == ["one.pdf"]
    assert loccit("remove", "one.pdf", "--index", base).code == 0
    assert not list(kept.glob("*/*"))


def test_eval_prints_the_same_report(loccit: Loccit, seed_index: Path, seed_base: str) -> None:
    reports = [
        json.loads(loccit("eval", "--index", where, "--limit", "4", "--json").out)
        for where in (seed_index, seed_base)
    ]
    assert _without_times(reports[0]) == _without_times(reports[1])


@pytest.mark.slow
def test_eval_prints_the_same_report_on_case_reports(
    loccit: Loccit, bench: Path, base: str, tmp_path: Path
) -> None:
    """The ten case reports with most questions, and all their questions."""
    entries = [json.loads(line) for line in question_file("case_reports").read_text("utf-8").splitlines()]
    files = Counter(gold["file"] for one in entries for gold in one["gold"])
    ten = {name for name, _ in files.most_common(10)}
    asked = [one for one in entries if one["gold"] and {gold["file"] for gold in one["gold"]} <= ten]
    (tmp_path / "ten.jsonl").write_text(lines_of(asked), encoding="utf-8")
    papers = [bench / "case_reports_jats" / name for name in sorted(ten)]
    reports = []
    for where in (tmp_path / "index", base):
        assert loccit("build", *papers, "--index", where).code == 0
        done = loccit("eval", tmp_path / "ten.jsonl", "--index", where, "--reader", "small", "--json")
        reports.append(_without_times(json.loads(done.out)))
    assert len(asked) > 50
    assert reports[0] == reports[1]


def _without_times(value: object) -> object:
    if isinstance(value, dict):
        timed = ("stages", "seconds", "seconds_p50", "seconds_p95", "made")
        return {key: _without_times(one) for key, one in value.items() if key not in timed}
    return [_without_times(one) for one in value] if isinstance(value, list) else value


# Refusals


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://u:pa/ss@host/db",
        "postgresql://u:pa?ss@host/db",
        "postgresql://u:pa@ss@host/db",
        "postgresql://u:pa#ss@host/db",
        "postgresql://host:pass/db",
        "postgresql://u:pa ss@host/db",
        " postgresql://u:pass@host/db",
        "postgresql:/u:pass@host/db",
        "postgres:u:pass@host/db",
        "postgresql+psycopg://u:pass@host/db",
        "host=host password=pass",
    ],
)
def test_an_address_whose_password_cannot_be_told_is_refused_and_not_repeated(
    loccit: Loccit, uri: str
) -> None:
    error = one_line(loccit("info", "--index", uri), 2)
    assert "pa" not in error.replace("password", "").replace("PGPASSWORD", "").replace("pgpass", "").replace(
        "papers", ""
    )
    assert "%40" in error


@pytest.fixture(params=["info", "build"])
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """A command that reads, and one that writes."""
    return ["info"] if request.param == "info" else ["build", str(write_papers(tmp_path / "papers"))]


def refused(loccit: Loccit, uri: str, code: int, *arguments: str) -> str:
    """Check the message and that neither it nor a traceback has the password."""
    error = one_line(loccit(*arguments, "--index", uri), code)
    traced = loccit("--debug", *arguments, "--index", uri)
    for secret in (PASSWORD, SHOWN_PASSWORD, "wr0ng"):
        assert secret not in error + traced.out + traced.err
    return error


def test_nothing_listens(loccit: Loccit, server: Server, command: list[str]) -> None:
    uri = f"postgresql://postgres:{SHOWN_PASSWORD}@127.0.0.1:1/papers?password={SHOWN_PASSWORD}"
    error = refused(loccit, uri, 4, *command)
    assert "postgresql://postgres@127.0.0.1:1/papers" in error
    assert "Check the address" in error


def test_a_wrong_password(loccit: Loccit, server: Server, command: list[str]) -> None:
    error = refused(loccit, server.uri("postgres", "wr0ng", "postgres"), 4, *command)
    assert "password authentication failed" in error


def test_an_unknown_option_of_the_address(loccit: Loccit, base: str, command: list[str]) -> None:
    assert "not a valid address" in refused(loccit, f"{base}?colour=red", 2, *command)


def test_a_timeout_that_is_no_number(loccit: Loccit, base: str) -> None:
    assert "connect_timeout" in refused(loccit, f"{base}?connect_timeout=soon", 4, "info")


def test_a_database_that_cannot_store_every_text(loccit: Loccit, server: Server, tmp_path: Path) -> None:
    server.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    uri = server.uri("postgres", PASSWORD, "latin")
    assert "ENCODING 'UTF8'" in refused(loccit, uri, 4, "build", str(write_papers(tmp_path / "papers")))


def test_nothing_built_yet(loccit: Loccit, base: str) -> None:
    assert "loccit build FOLDER" in refused(loccit, base, 2, "info")


def test_a_server_without_pgvector(loccit: Loccit, server: Server, base: str, tmp_path: Path) -> None:
    control = server.installation / "vector.control"
    hidden = control.rename(control.with_suffix(".hidden"))
    try:
        error = refused(loccit, base, 4, "build", str(write_papers(tmp_path / "papers")))
    finally:
        hidden.rename(control)
    assert "vector" in error
    assert "Install pgvector" in error
    with connect(Database.parse(base), reading=False) as session:
        assert version_of(session) is None  # nothing half-made


@pytest.mark.parametrize(("version", "said"), [(0, "Any build or add"), (99, "Use the version")])
def test_tables_of_another_version(
    loccit: Loccit, server: Server, base: str, version: int, said: str
) -> None:
    with connect(Database.parse(base), reading=False) as session:
        migrate(session, Database.parse(base))
        session.execute("UPDATE version SET number = %s", (version,))
    error = refused(loccit, base, 6, "info")
    assert f"tables of version {version}" in error
    assert said in error


def test_migrations_come_all_or_none(base: str) -> None:
    database = Database.parse(base)
    with connect(database, reading=False) as session:
        with pytest.raises(StorageError):
            migrate(session, database, [*migrations(), "CREATE TABLE loccit.more (x int)", "CREATE TABLE ("])
        assert version_of(session) is None
        migrate(session, database)
        migrate(session, database)  # nothing left to do
        migrate(session, database, [*migrations(), "CREATE TABLE loccit.more (x int)"])
        assert version_of(session) == len(migrations()) + 1
        session.execute("SELECT x FROM more")


def test_another_model(loccit: Loccit, base: str, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    build([papers], Target(Database.parse(base), tmp_path), encoder=WordEncoder())
    assert "was built with words" in refused(loccit, base, 6, "build", str(papers))


def test_a_role_that_may_only_read(loccit: Loccit, server: Server, base: str, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    assert loccit("build", papers, "--index", base).code == 0
    name = base.rpartition("/")[2]
    server.run(
        f"CREATE ROLE {name}_reader LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT USAGE ON SCHEMA loccit TO {name}_reader",
        database=name,
    )
    uri = server.uri(f"{name}_reader", PASSWORD, name)
    assert "permission denied" in refused(loccit, uri, 4, "info")
    server.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA loccit TO {name}_reader", database=name)
    assert loccit("info", "--index", uri).code == 0
    for arguments in (("add", str(papers)), ("remove", "ferritin.txt")):
        assert "may only read" in refused(loccit, uri, 4, *arguments)


def test_the_default_installation_needs_no_psycopg() -> None:
    """Nothing of it is imported, and a database is refused in one line that says what to install."""
    code = (
        "import sys; sys.modules['psycopg'] = None; import qa.session, index.search;"
        "from qa.cli.main import main; main(['info', '--index', 'postgresql://u@h/d'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'loccit[postgres]'" in done.stderr


def test_an_address_is_shown_without_its_password() -> None:
    database = Database.parse("postgres://u:p%40ss@[::1]:5432,other:5433/db?password=x&sslmode=require")
    assert str(database) == "postgres://u@[::1]:5432,other:5433/db"
    assert "ss" not in repr(database).replace("postgres", "").replace("password", "")
    with pytest.raises(UsageError):
        Database.parse("mysql://u@h/d")
