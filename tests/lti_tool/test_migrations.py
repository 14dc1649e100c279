"""The tables through time: the migrations lead to what the models say, on both databases, and back."""

from contextlib import closing

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, update

from lti_tool import migrations
from social_layer.clock import system_clock
from social_layer.database import Base, Database, make_engine
from tests.xapi.world import BASE, World
from xapi.dispatch import dispatch
from xapi.models import Delivery
from xapi.parked import TAKEN


def _differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        return list(compare_metadata(context, migrations.metadata()))


def test_an_upgrade_makes_what_the_models_say(database_url: str) -> None:
    engine = make_engine(database_url)
    assert not migrations.is_at_head(engine)
    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
    assert _differences(engine) == []
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_an_upgrade_done_again_changes_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    migrations.upgrade(engine)
    migrations.upgrade(engine)
    assert _differences(engine) == []
    engine.dispose()


def test_each_migration_goes_up_and_down_again(database_url: str) -> None:
    engine = make_engine(database_url)
    script = ScriptDirectory.from_config(migrations._config())
    for revision in reversed(list(script.walk_revisions())):
        migrations.upgrade(engine, revision.revision)
    with engine.execution_options(begin="IMMEDIATE").connect() as connection, connection.begin():
        command.downgrade(migrations._config(connection), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_what_may_have_arrived_before_0016_is_known_after_it(database_url: str) -> None:
    before = [
        (("pending", 0, None, None), False),
        (("pending", 1, None, None), True),
        (("pending", 0, b"{}", None), True),
        (("parked", 1, None, "400 not so"), False),
        (("parked", 2, None, "400 not so"), True),
        (("parked", 1, None, f"{TAKEN}: {{}}"), True),
        (("delivered", 1, None, None), False),
    ]
    with closing(Database(database_url)) as database:
        migrations.upgrade(database.engine)
        world = World(database, system_clock)
        world.connect("https://lrs.example.org/xAPI")
        posts = [world.post("maya") for _ in before]
        dispatch(database, system_clock, BASE)
        with database.engine.execution_options(begin="IMMEDIATE").connect() as connection, connection.begin():
            command.downgrade(migrations._config(connection), "0015")
            for post, ((state, attempts, body, answer), _) in zip(posts, before, strict=True):
                connection.execute(
                    update(Delivery)
                    .where(Delivery.event_id == post)
                    .values(state=state, attempts=attempts, body=body, answer=answer)
                )
        migrations.upgrade(database.engine)
        tried = {one.event_id: one.tried for one in world.deliveries()}
        assert [tried[post] for post in posts] == [may_be_there for _, may_be_there in before]


def test_there_is_one_line_of_migrations() -> None:
    assert len(ScriptDirectory.from_config(migrations._config()).get_heads()) == 1


def test_every_row_of_a_tenant_names_it_first() -> None:
    """So that each table can be partitioned by tenant: the key and every index begin with it."""
    # What is found before the tenant is known, or belongs to the installation itself.
    without = {"installation", "tenant", "tool_key", "login", "launch_attempt"}
    without |= {"operator", "operator_session"}
    by_other_means = {"uq_platform_issuer_client_id", "ix_panel_id", "ix_placing_id"}
    for table in migrations.metadata().tables.values():
        if table.name in without:
            continue
        assert next(iter(table.primary_key.columns)).name == "tenant_id", table.name
        for index in table.indexes:
            if index.name not in by_other_means:
                assert next(iter(index.columns)).name == "tenant_id", index.name


def test_no_row_can_point_into_another_tenant() -> None:
    """Every reference between rows of tenants carries the tenant."""
    for table in migrations.metadata().tables.values():
        for key in table.foreign_key_constraints:
            if key.referred_table.name not in ("tenant", "operator"):
                assert "tenant_id" in {column.name for column in key.columns}, f"{table.name}: {key.name}"
