"""What leaves for an LRS: rules of the institution, choices of people, pseudonyms that nobody can join."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from social_layer.database import Database
from social_layer.people.models import Voice
from social_layer.sealing import Sealer
from tests.xapi.world import BASE, HOME_PAGE, SEALER, TestClock, World
from xapi.batches import next_batch
from xapi.deliver import Courier
from xapi.dispatch import dispatch
from xapi.models import DeliveryState, Scope
from xapi.scopes.actions import choose, set_rule
from xapi.scopes.models import Level
from xapi.scopes.pseudonyms import Masks, make_key, reseal
from xapi.statements import Builder
from xapi.transport import Answer, NoAnswer, Transport

Json = dict[str, Any]


class Store(Transport):
    """An LRS that keeps what it is given, in order."""

    def __init__(self) -> None:
        self.statements: list[Json] = []
        self.fails_after_storing = False

    def post(self, bodies: Any) -> Answer:
        self.statements += [json.loads(body) for body in bodies]
        if self.fails_after_storing:
            raise NoAnswer("cut off")
        return Answer(200, b"[]")

    def find(self, statement_id: UUID, *, voided: bool = False) -> Answer:
        return Answer(404, b"")


def account(statement: Json) -> str:
    return str(statement["actor"]["account"]["name"])


def rule(
    world: World, scope: Scope | None, level: Level = Level.tenant, target: str = "", **more: Any
) -> None:
    with world.database.write() as session:
        set_rule(
            session,
            world.clock,
            world.tenant_id,
            level,
            target,
            scope=scope,
            set_by="test",
            **{"may_choose": False, **more},
        )


def chosen(world: World, name: str, scope: Scope | None, **more: Any) -> None:
    person_id = world.viewer(name).person_id
    with world.database.write() as session:
        choose(session, world.clock, world.tenant_id, person_id, scope, **more)


def send(world: World, store: Store, name: str = "lrs") -> None:
    dispatch(world.database)
    builder = Builder(BASE, Masks(world.database, SEALER, BASE))
    Courier(world.database, world.clock, random.Random(1), builder, world.lrs(name), store).run()


@pytest.fixture
def world(tables_url: str) -> Iterator[World]:
    with closing(Database(tables_url)) as database:
        world = World(database, TestClock())
        world.connect("https://lrs.example.org/xAPI")
        yield world


@pytest.fixture
def store() -> Store:
    return Store()


def test_without_a_rule_people_are_identified_and_not_named(world: World, store: Store) -> None:
    world.post("maya")
    send(world, store)
    assert store.statements[0]["actor"] == {
        "objectType": "Agent",
        "account": {"homePage": HOME_PAGE, "name": "maya-7"},
    }


def test_a_name_leaves_only_where_the_institution_says_so(world: World, store: Store) -> None:
    rule(world, Scope.named, Level.course, str(world.course_id))
    world.post("maya")
    send(world, store)
    assert store.statements[0]["actor"]["name"] == "Maya"


def test_nothing_leaves_of_what_happened_under_nothing_even_when_more_is_allowed_later(
    world: World, store: Store
) -> None:
    rule(world, Scope.nothing)
    world.post("maya")
    rule(world, Scope.named)
    send(world, store)
    assert store.statements == []
    assert [one.state for one in world.deliveries()] == [DeliveryState.withheld]
    assert all(one.body is one.digest is None for one in world.deliveries())


@pytest.mark.parametrize("level", Level)
def test_the_nearest_rule_holds(world: World, store: Store, level: Level) -> None:
    targets = {
        Level.tenant: "",
        Level.platform: HOME_PAGE,
        Level.course: str(world.course_id),
        Level.panel: str(world.panel_id),
    }
    for other in Level:
        if list(Level).index(other) < list(Level).index(level):
            rule(world, Scope.nothing, other, targets[other])
    rule(world, Scope.identified, level, targets[level])
    world.post("maya")
    send(world, store)
    assert len(store.statements) == 1


def test_a_pseudonym_is_the_same_everywhere_in_the_tenant_and_says_nothing(
    world: World, store: Store
) -> None:
    world.post("maya")
    send(world, store)
    rule(world, Scope.pseudonymous)
    topic = world.post("maya")
    world.post("jonas", parent=topic)
    world.open("maya")
    send(world, store)
    before, mine, other, view = store.statements
    assert account(mine) == account(view) != account(other)
    assert mine["actor"]["account"]["homePage"] == BASE
    assert "name" not in mine["actor"]
    # What stands in the LRS joins neither the account nor the registration of before.
    assert mine["context"]["registration"] == view["context"]["registration"]
    assert mine["context"]["registration"] != before["context"]["registration"]
    viewer = world.viewer("maya")
    told = json.dumps([mine, view])
    known: list[object] = ["maya", viewer.person_id, viewer.voice_id, viewer.membership_id]
    assert not [one for one in known if str(one) in told]
    # Who answered whom is still there.
    assert other["context"]["statement"]["id"] == mine["id"]


def test_an_lrs_with_a_key_of_its_own_has_pseudonyms_of_its_own(world: World) -> None:
    rule(world, Scope.pseudonymous)
    world.connect("https://other.example.org/xAPI", "other", own_pseudonyms=True)
    world.post("maya")
    one, other = Store(), Store()
    send(world, one)
    send(world, other, "other")
    assert account(one.statements[0]) != account(other.statements[0])
    assert one.statements[0]["context"]["registration"] != other.statements[0]["context"]["registration"]


def test_people_choose_less_only_where_the_institution_allows_it_and_never_more(
    world: World, store: Store
) -> None:
    chosen(world, "maya", Scope.nothing)
    world.post("maya")
    send(world, store)
    assert len(store.statements) == 1
    rule(world, Scope.pseudonymous, may_choose=True)
    world.post("maya")
    chosen(world, "jonas", Scope.named)
    world.post("jonas")
    send(world, store)
    assert len(store.statements) == 2
    assert "name" not in store.statements[1]["actor"]
    assert store.statements[1]["actor"]["account"]["homePage"] == BASE


def test_a_choice_holds_for_what_waits_and_was_frozen_already(world: World, store: Store) -> None:
    rule(world, Scope.identified, may_choose=True)
    world.post("maya")
    dispatch(world.database)
    builder = Builder(BASE, Masks(world.database, SEALER, BASE))
    lrs = world.lrs()
    batch = next_batch(world.database, world.clock, builder, lrs.tenant_id, lrs.id, 10, 90)
    assert batch is not None
    assert len(batch.items) == 1
    chosen(world, "maya", Scope.pseudonymous)
    # The batch was made before the choice, and does not go out as it was made.
    courier = Courier(world.database, world.clock, random.Random(1), builder, lrs, store)
    assert list(courier._still_ours(batch, batch.items)) == []
    send(world, store)
    assert [one["actor"]["account"]["homePage"] for one in store.statements] == [BASE]


def test_what_may_have_arrived_under_more_is_voided_and_not_sent_again(world: World, store: Store) -> None:
    rule(world, Scope.identified, may_choose=True)
    world.post("maya")
    store.fails_after_storing = True
    send(world, store)
    store.fails_after_storing = False
    chosen(world, "maya", Scope.nothing)
    world.clock.advance(3600)  # type: ignore[attr-defined]
    send(world, store)
    first, voiding = store.statements
    assert voiding["verb"]["id"] == "http://adlnet.gov/expapi/verbs/voided"
    assert voiding["object"] == {"objectType": "StatementRef", "id": first["id"]}
    assert account(voiding) == "alongside"


@pytest.mark.parametrize("who", ["person", "institution"])
def test_a_day_of_reading_leaves_only_as_its_strictest_moment_allows(
    world: World, store: Store, who: str
) -> None:
    def say(scope: Scope | None) -> None:
        if who == "person":
            chosen(world, "maya", scope)
        else:
            rule(world, scope or Scope.identified)

    rule(world, Scope.identified, may_choose=True)
    thread = world.post("joel")
    say(Scope.nothing)
    world.note_reading("maya", thread, 600)
    world.clock.advance(60)
    say(None)
    world.clock.advance(60)
    world.read_thread("maya", thread, 5)
    world.clock.advance(2 * 86400)
    world.read_thread("maya", thread, 7)
    send(world, store)
    told = [one["result"]["duration"] for one in store.statements if "result" in one]
    assert told == ["PT7S"]


def test_a_change_of_what_the_other_name_wrote_is_held_back(world: World, store: Store) -> None:
    topic = world.post("maya")
    world.react("maya", topic)
    send(world, store)
    rule(world, Scope.pseudonymous)
    world.edit("maya", topic)
    world.react("maya", topic, on=False)
    own = world.post("maya")
    world.edit("maya", own)
    send(world, store)
    assert [one["verb"]["display"]["en"] for one in store.statements] == [
        "created",
        "liked",
        "created",
        "edited",
    ]


def test_an_alias_stays_an_account_of_its_own_under_every_scope(world: World, store: Store) -> None:
    rule(world, Scope.named)
    world.post("maya")
    voice_id = world.viewer("maya").voice_id
    with world.database.write() as session:
        session.execute(update(Voice).values(person_id=None, alias="Quiet Otter"))
    send(world, store)
    assert store.statements[0]["actor"] == {
        "objectType": "Agent",
        "account": {"homePage": BASE, "name": str(voice_id)},
    }


def test_pseudonyms_outlive_a_change_of_the_secret(world: World, store: Store) -> None:
    with world.database.write() as session:
        make_key(session, SEALER, world.tenant_id, world.tenant_id)
    before = Masks(world.database, SEALER, BASE).of(world.tenant_id, world.lrs().id)
    both = Sealer(["a newer secret key of the tests, long", "a-secret-key-of-the-tests-long-enough"])
    newest = Sealer(["a newer secret key of the tests, long"])
    with world.database.write() as session:
        assert reseal(session, both) == (1, 0)
    assert Masks(world.database, newest, BASE).of(world.tenant_id, world.lrs().id) == before
    with world.database.write() as session:
        assert reseal(session, Sealer(["another secret key of the tests, long"])) == (0, 1)
