"""Every command on a database; what is exported, imported, judged and asked by assistants there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from index.copying import export_from, import_to
from index.errors import IndexMissing, StorageError, UsageError
from index.ingest.build import add, build, remove
from index.ingest.watch import builds
from index.place import Place, open_at, target_at
from index.postgres.address import Database
from index.postgres.connect import connect
from index.postgres.schema import migrate, migrations
from index.store.open import open_index
from index.store.transfer import export_index
from qa.cli.main import app
from qa.files.feedback import Right, judgements, save, withdraw
from qa.files.resources import index_place
from qa.mcp import Tools
from qa.settings import AskOptions
from tests.commands import Loccit, one_line
from tests.databases import PASSWORD, SHOWN_PASSWORD, Server, copied
from tests.databases import server as server
from tests.index_fakes import TEA, WordEncoder, build_papers, write_papers
from tests.test_feedback import answer
from tests.test_postgres import _beside as _beside
from tests.test_postgres import base as base
from tests.test_postgres import contents, refused
from tests.test_postgres import emptied as emptied

#: Arguments with which each command that takes --index runs; PAPERS and FILE stand for paths.
ARGUMENTS: dict[str, list[str]] = {
    **{name: [] for name in ("chat", "info", "verify", "rollback", "gc", "mcp", "build", "eval")},
    **{name: ["When?"] for name in ("ask", "search", "table")},
    **{name: ["PAPERS"] for name in ("add", "watch")},
    "remove": ["tea.txt"],
    "export": ["FILE"],
    "import": ["FILE"],
    "eval new": ["FILE"],
    "calibrate": ["--reset"],
}
#: Those that work with an index in a folder only, and what their error names instead.
FOLDER_ONLY = {"verify": "pg_amcheck", "rollback": "backups", "gc": "autovacuum"}


def test_every_command_with_an_index_is_tried_on_databases() -> None:
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    taking = {
        name for name, one in commands.items() if any("--index" in option.opts for option in one.params)
    }
    assert taking == ARGUMENTS.keys()


@pytest.mark.parametrize("name", ARGUMENTS)
def test_no_command_ends_in_a_traceback_without_a_server(loccit: Loccit, tmp_path: Path, name: str) -> None:
    export = tmp_path / "export"
    if name == "import":
        build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
        export_index(tmp_path / "index", export)
    paths = {"PAPERS": str(write_papers(tmp_path / "more")), "FILE": str(export)}
    arguments = [paths.get(one, one) for one in ARGUMENTS[name]]
    uri = f"postgresql://u:{SHOWN_PASSWORD}@127.0.0.1:1/papers"
    done = loccit(*name.split(), *arguments, "--index", uri)
    assert SHOWN_PASSWORD not in done.out + done.err
    assert PASSWORD not in done.out + done.err
    if name == "calibrate":  # what it forgets is on this machine
        assert done.code == 0
    elif name == "eval new":  # asks with keys, and there is no terminal
        assert "in a terminal" in one_line(done, 2)
    elif name in FOLDER_ONLY:
        assert FOLDER_ONLY[name] in one_line(done, 2)
    elif name == "watch":  # goes on, and would wait for ever if it had a folder to build from
        assert "u@127.0.0.1:1" in one_line(done, 4)
    else:
        assert "Check the address" in one_line(done, 4)


# Copies


def test_an_index_comes_through_a_database_unchanged(base: str, tmp_path: Path) -> None:
    """A folder is exported, imported into a database, exported from there and imported into a folder."""
    database = Database.parse(base)
    build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
    export_index(tmp_path / "index", tmp_path / "one")
    import_to(database, tmp_path / "one")
    export_from(database, tmp_path / "two")
    import_to(tmp_path / "again", tmp_path / "two")
    with (
        open_index(tmp_path / "index") as before,
        open_at(database) as there,
        open_index(tmp_path / "again") as after,
    ):
        assert contents(before) == contents(there) == contents(after)


def test_an_import_replaces_all_papers_or_is_refused(base: str, tmp_path: Path) -> None:
    """Also papers that are there already, because another model may have embedded them."""
    database, papers = Database.parse(base), write_papers(tmp_path / "papers")
    build([papers], target_at(database), encoder=WordEncoder())
    with open_at(database) as index:
        before = contents(index)
    build([papers], tmp_path / "index", encoder=WordEncoder("others"))
    export_index(tmp_path / "index", tmp_path / "file")
    with pytest.raises(UsageError, match="already holds an index, generation 1"):
        import_to(database, tmp_path / "file")
    (tmp_path / "file").with_name("damaged").write_bytes((tmp_path / "file").read_bytes()[:-9000])
    with pytest.raises(Exception, match="damaged"):
        import_to(database, tmp_path / "damaged", replace=True)
    with open_at(database) as index:
        assert contents(index) == before
    import_to(database, tmp_path / "file", replace=True)
    with open_at(database) as index, open_index(tmp_path / "index") as other:
        assert (index.generation, contents(index)) == (2, contents(other))


def test_a_watched_folder_is_kept_in_a_database(base: str, tmp_path: Path) -> None:
    papers = write_papers(tmp_path / "papers")
    for number, _ in enumerate(
        builds(papers, target_at(Database.parse(base)), [True], encoder=WordEncoder())
    ):
        with open_at(Database.parse(base)) as index:
            assert ("tea.txt" in {source for source, _ in index.given().values()}) is bool(number)
        write_papers(papers, TEA)


# Feedback


@pytest.fixture(params=["folder", "database"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An index in a folder, and one in a database."""
    if request.param == "folder":
        build_papers(tmp_path / "index", write_papers(tmp_path / "papers"))
        return tmp_path / "index"
    database = Database.parse(request.getfixturevalue("base"))
    build([write_papers(tmp_path / "papers")], target_at(database), encoder=WordEncoder())
    return database


def test_feedback_is_the_same_in_both(place: Place) -> None:
    assert judgements(place) == []
    save(place, answer("First?"), helpful=True, owner="ada")
    save(place, answer("First?"), helpful=False, owner="grace")
    save(place, answer("First?"), helpful=False, owner="ada", gold=[Right("d", "It fell.")])
    save(place, answer("Second?"), helpful=True)
    judged = [(one.question, one.helpful, one.gold) for one in judgements(place)]
    quoted = tuple(Right(one.document_id, one.quote) for one in answer().citations)
    right = (Right("d", "It fell."),)
    assert judged == [("First?", False, right), ("First?", False, None), ("Second?", True, quoted)]
    assert [one.question for one in judgements(place, owner="")] == ["Second?"]
    withdraw(place, "grace", number=judgements(place, owner="ada")[0].number)  # not hers
    withdraw(place, "ada", answer=answer("First?"))
    withdraw(place, "", number=judgements(place)[-1].number)
    assert (
        [one.helpful for one in judgements(place, owner="grace")]
        == [False]
        == [one.helpful for one in judgements(place)]
    )


def test_feedback_of_roles_is_apart_and_outlives_the_papers(
    server: Server, base: str, tmp_path: Path
) -> None:
    """Without sign-in, people are told apart by the role that they connect as."""
    database, name = Database.parse(base), base.rpartition("/")[2]
    build([write_papers(tmp_path / "papers")], target_at(database), encoder=WordEncoder())
    server.run(
        f"CREATE ROLE {name}_judge LOGIN PASSWORD '{PASSWORD}'",
        f"GRANT USAGE ON SCHEMA loccit TO {name}_judge",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA loccit TO {name}_judge",
        database=name,
    )
    reader = Database.parse(server.uri(f"{name}_judge", PASSWORD, name))
    with pytest.raises(StorageError, match="permission denied for table feedback"):
        save(reader, answer(), helpful=True)
    server.run(f"GRANT INSERT, UPDATE, DELETE ON loccit.feedback TO {name}_judge", database=name)
    save(reader, answer(), helpful=True)
    save(database, answer(), helpful=False)
    assert [one.helpful for one in judgements(reader, owner="")] == [True]
    with open_at(database) as index:
        remove(frozenset(list(index.documents)[:1]), target_at(database))
    assert [one.helpful for one in judgements(database)] == [True, False]


def test_tables_of_the_first_version_get_feedback(loccit: Loccit, base: str, tmp_path: Path) -> None:
    database = Database.parse(base)
    with connect(database, reading=False) as session:
        migrate(session, database, migrations()[:1])
    assert "Any build or add" in refused(loccit, base, 6, "ask", "When?")
    with pytest.raises(Exception, match="Any build or add"):
        judgements(database)
    build([write_papers(tmp_path / "papers")], target_at(database), encoder=WordEncoder())
    assert judgements(database) == []


# Assistants


def test_an_assistant_sees_new_papers_and_a_connection_that_was_lost(
    server: Server, seed_index: Path, base: str, tmp_path: Path
) -> None:
    with open_index(seed_index) as index:
        database = copied(index, base, tmp_path / "beside")
    tools = Tools(database, AskOptions(reader="small"))
    try:
        before = tools.ask("When was MMF restarted?")
        assert before.quoted
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'loccit'")
        assert tools.ask("When was MMF restarted?") == before
        assert tools.list_papers().total == 2
        from index.embed.encoder import load_encoder

        added = add([write_papers(tmp_path, TEA) / "tea.txt"], target_at(database), encoder=load_encoder())
        assert tools.list_papers().total == 3
        remove(frozenset(added.added), target_at(database))
        assert tools.list_papers().total == 2
    finally:
        tools.close()


# Addresses and refusals


def test_an_address_as_it_is_shown_stands_for_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So commands that the app starts, or that people copy, need no password."""
    usual = "postgresql://u:secret@h/d?sslmode=require"
    monkeypatch.setenv("LOCCIT_INDEX", usual)
    for text, uri in (
        ("postgresql://u@h/d", usual),
        ("postgresql://u:other@h/d", "postgresql://u:other@h/d"),
        ("postgresql://u@h/e", "postgresql://u@h/e"),
    ):
        place = index_place(text)
        assert isinstance(place, Database)
        assert place.uri == uri


@pytest.mark.parametrize("arguments", [["info"], ["build", "PAPERS"], ["chat"]])
def test_a_database_that_does_not_exist(
    loccit: Loccit, server: Server, tmp_path: Path, arguments: list[str]
) -> None:
    given = [str(write_papers(tmp_path / "papers")) if one == "PAPERS" else one for one in arguments]
    error = refused(loccit, server.uri("postgres", PASSWORD, "the%20papers"), 4, *given)
    said = "database \"the papers\" does not exist. Create it on that server (createdb 'the papers')"
    assert said in error


def test_chat_makes_no_tables(loccit: Loccit, base: str) -> None:
    assert "loccit build FOLDER --index URI" in refused(loccit, base, 2, "chat")
    with pytest.raises(IndexMissing):
        open_at(Database.parse(base))
