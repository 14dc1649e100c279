"""The tables and their history; how queries use the indexes; how many there are."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from tests.xapi.lrs.client import REPLIED, Client, Json, activity, agent, new_id, reference, statement
from tests.xapi.lrs.conftest import MakeLrs
from xapi.lrs import LrsSettings, create_lrs, upgrade
from xapi.lrs.database import Database
from xapi.lrs.migrations import VERSION_TABLE, alembic_config
from xapi.lrs.models import Base
from xapi.lrs.query import read_query
from xapi.lrs.reading import page_select


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(LrsSettings(database_url))
    yield made
    made.engine.dispose()


def test_the_folder_made_for_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'new' / 'lrs.db'}")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_models_and_the_head_of_the_migrations_agree(database: Database, database_url: str) -> None:
    upgrade(database_url)
    upgrade(database_url)
    with database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True},
        )
        assert compare_metadata(context, Base.metadata) == []
        head = ScriptDirectory.from_config(alembic_config()).get_current_head()
        assert context.get_current_revision() == head


def test_the_migrations_go_down_again(database: Database, database_url: str) -> None:
    upgrade(database_url)
    with database.write() as connection:
        command.downgrade(alembic_config(connection), "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) == {VERSION_TABLE}
    upgrade(database_url)


def test_sqlite_is_set_up_to_be_durable(lrs_sqlite_url: str) -> None:
    database = Database(LrsSettings(lrs_sqlite_url))
    with database.read() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 10_000}
    database.engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/x"])
def test_a_database_that_cannot_keep_statements_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="LRS"):
        create_lrs(LrsSettings(url))


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        seen.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("form", ["exact", "ids", "canonical"])
def test_the_number_of_queries_does_not_grow_with_what_is_found(lrs: Client, form: str) -> None:
    engine = lrs.app.extensions["lrs"].database.engine

    def defined(number: int) -> Json:
        return statement(
            object={**activity(f"e/{number}"), "definition": {"name": {"en": f"Entry {number}"}}},
            context={"contextActivities": {"parent": [activity(f"t/{number % 7}")]}},
        )

    query: Json = {"agent": agent(), "verb": REPLIED, "format": form, "limit": 500}
    lrs.store(defined(0))
    with counted(engine) as few:
        assert len(lrs.found(**query)) == 1
    lrs.store(*(defined(number) for number in range(1, 200)))
    with counted(engine) as many:
        assert len(lrs.found(**query)) == 200
    assert len(many) == len(few) <= 5


def test_the_number_of_queries_of_a_batch_does_not_grow_with_it(lrs: Client) -> None:
    engine = lrs.app.extensions["lrs"].database.engine
    with counted(engine) as few:
        lrs.store(statement())
    with counted(engine) as many:
        lrs.store(*(statement() for _ in range(100)))
    assert len(set(many)) <= len(few) + 1


def plan_of(lrs: Client, **parameters: Any) -> str:
    values = {
        key: json.dumps(value) if isinstance(value, dict) else value for key, value in parameters.items()
    }
    query = read_query(values, 100, 500)
    database: Database = lrs.app.extensions["lrs"].database
    with database.read() as connection:
        compiled = page_select(query).compile(connection, compile_kwargs={"literal_binds": False})
        prefix = "EXPLAIN QUERY PLAN " if database.on_sqlite else "EXPLAIN "
        parameters_ = compiled.construct_params()
        bound = [parameters_[name] for name in compiled.positiontup] if compiled.positiontup else parameters_
        rows = connection.exec_driver_sql(
            prefix + str(compiled), tuple(bound) if isinstance(bound, list) else bound
        )
        return "\n".join(str(row) for row in rows)


# No statistics are gathered first: right after many statements came PostgreSQL has none.
@pytest.mark.parametrize(
    "parameters",
    [
        {"agent": agent("3")},
        {"verb": REPLIED},
        {"activity": activity("e/3")["id"]},
        {"registration": new_id()},
        {"agent": agent("3"), "related_agents": "true"},
        {"activity": activity("course")["id"], "related_activities": "true"},
        {"agent": agent("3"), "verb": REPLIED},
        {"agent": agent("3"), "activity": activity("e/3")["id"], "since": "2020-01-01T00:00:00Z"},
        {"verb": REPLIED, "ascending": "true", "until": "2030-01-01T00:00:00Z"},
        {},
        {"since": "2020-01-01T00:00:00Z", "ascending": "true"},
    ],
    ids=lambda parameters: "+".join(parameters) or "all",
)
def test_every_filter_goes_along_an_index_and_sorts_nothing(make_lrs: MakeLrs, parameters: Json) -> None:
    lrs = make_lrs()
    course = {"contextActivities": {"grouping": [activity("course")]}}
    for _ in range(4):
        lrs.store(
            *(
                statement(actor=agent(str(number % 50)), object=activity(f"e/{number % 40}"), context=course)
                for number in range(500)
            )
        )
    plan = plan_of(lrs, **parameters)
    assert not re.search(r"(SCAN|Seq Scan on) statement_terms", plan), plan
    if lrs.app.extensions["lrs"].database.on_sqlite:
        # Only the page itself, once it is found, may be put in order (its step has no parent: 0).
        assert not re.search(r"\(\d+, [1-9]\d*, \d+, 'USE TEMP B-TREE", plan), plan
        assert "DISTINCT" not in plan, plan
    else:
        assert not re.search(r"Seq Scan|Hash|Sort|Bitmap", plan), plan


def test_a_reference_into_a_large_past_costs_no_more_queries(lrs: Client) -> None:
    engine = lrs.app.extensions["lrs"].database.engine
    deeds = [statement() for _ in range(300)]
    lrs.store(*deeds)
    with counted(engine) as one:
        lrs.store(statement(object=reference(deeds[0]["id"])))
    with counted(engine) as many:
        lrs.store(*(statement(object=reference(deed["id"])) for deed in deeds))
    assert len(set(many)) <= len(set(one)) + 1


def test_an_error_of_the_database_repeats_no_statement(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'lrs.db'}"
    upgrade(url)
    database = Database(LrsSettings(url))
    words = text("INSERT INTO statements (id, added) VALUES (NULL, :said)")
    with pytest.raises(IntegrityError) as refused, database.write() as connection:
        connection.execute(words, {"said": "Words of a learner"})
    database.engine.dispose()
    assert "Words of a learner" not in str(refused.value)
