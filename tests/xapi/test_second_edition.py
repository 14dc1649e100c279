"""xAPI 2.0: a statement names the person answered, as that person's own statement does, or not at all."""

import copy
import json
import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
import requests
from sqlalchemy import select, update

from social_layer.database import Database
from social_layer.people.models import Voice
from tests.xapi.scopes.test_leaving import Store, chosen, rule, send
from tests.xapi.test_oauth import run
from tests.xapi.world import BASE, HOME_PAGE, SEALER, TestClock, World
from xapi.audit.auditing import Audit
from xapi.audit.ledger import Ledger
from xapi.batches import next_batch
from xapi.bridge import Bridge
from xapi.connection_test import try_connection
from xapi.dispatch import dispatch
from xapi.lrs.validation import validate_statement
from xapi.models import Delivery, DeliveryState, Lrs, Scope
from xapi.reports.reading import Reader
from xapi.scopes.erasing import take_back
from xapi.scopes.pseudonyms import Masks
from xapi.scopes.sent import SentStatement, sent_page
from xapi.statements import Builder
from xapi.stores import open_transport

Json = dict[str, Any]


@pytest.fixture
def world(tables_url: str) -> Iterator[World]:
    with closing(Database(tables_url)) as database:
        world = World(database, TestClock())
        world.connect("https://lrs.example.org/xAPI", version="2.0.0")
        yield world


@pytest.fixture
def store() -> Store:
    return Store()


def answered(statement: Json) -> list[Json]:
    return [one["agent"] for one in statement["context"].get("contextAgents", ())]


def test_who_answers_names_whom(world: World, store: Store) -> None:
    topic = world.post("maya")
    world.post("joel", parent=topic)
    send(world, store)
    first, reply = store.statements
    assert "contextAgents" not in first["context"]
    assert reply["context"]["contextAgents"] == [
        {
            "objectType": "contextAgent",
            "agent": {"objectType": "Agent", "account": {"homePage": HOME_PAGE, "name": "maya-7"}},
            "relevantTypes": [f"{BASE}/xapi/relations/answered"],
        }
    ]
    assert reply["context"]["statement"]["id"] == first["id"]
    assert [one.answered_as for one in world.deliveries()] == [None, Scope.identified]


def test_an_lrs_of_the_first_edition_is_not_sent_it(world: World, store: Store) -> None:
    with world.database.write() as session:
        session.execute(update(Lrs).values(version="1.0.3"))
    world.post("joel", parent=world.post("maya"))
    send(world, store)
    assert [answered(one) for one in store.statements] == [[], []]


def test_everybody_sees_what_names_them_and_nobody_else(world: World, store: Store) -> None:
    topic = world.post("maya")
    replies = [world.post(name, parent=topic) for name in ("joel", "maya", "joel")]
    world.remove("joel", replies[2])
    world.post("ines", parent=replies[0])
    send(world, store)
    told = {name: sent_to(world, name) for name in ("maya", "joel", "ines")}
    own = {name: [one for one in told[name] if one.is_own] for name in told}
    others = {name: [one for one in told[name] if not one.is_own] for name in told}
    assert [(len(own[name]), len(others[name])) for name in ("maya", "joel", "ines")] == [
        (2, 2),
        (3, 1),
        (1, 0),
    ]
    assert [one.event_id for one in others["maya"]] == [replies[2], replies[0]], "the newest first"
    for one in others["maya"]:
        assert one.is_proved
        assert "joel" not in json.dumps(one.statement)
    assert "ines" not in json.dumps([one.statement for one in told["joel"]])
    assert [one.event_id for one in sent_to(world, "maya", 1)] == [one.event_id for one in told["maya"]]


def sent_to(world: World, name: str, portion: int = 500) -> list[SentStatement]:
    person_id = world.viewer(name).person_id
    builder = Builder(BASE, Masks(world.database, SEALER, BASE))
    found: list[SentStatement] = []
    after: UUID | None = None
    while True:
        with world.database.read() as session:
            page = sent_page(
                session, builder, world.clock(), world.tenant_id, person_id, limit=portion, after=after
            )
        found += page.items
        if page.next is None:
            return found
        after = page.next


def test_never_another_name_than_that_persons_own_statement_bears(world: World, store: Store) -> None:
    """Otherwise the statement that is referred to would join both."""
    rule(world, Scope.identified, may_choose=True)
    known = world.post("maya")
    send(world, store)
    chosen(world, "maya", Scope.pseudonymous)
    world.post("joel", parent=known)
    masked = world.post("maya")
    world.post("joel", parent=masked)
    send(world, store)
    _, to_known, own, to_masked = store.statements
    assert answered(to_known) == []
    assert answered(to_masked) == [own["actor"]]
    assert own["actor"]["account"]["homePage"] == BASE
    # More again, later: what stands there under the pseudonym is answered under it.
    chosen(world, "maya", Scope.identified)
    world.post("joel", parent=masked)
    send(world, store)
    assert answered(store.statements[-1]) == [own["actor"]]


def test_nobody_is_named_whose_statement_did_not_leave(world: World, store: Store) -> None:
    rule(world, Scope.identified, may_choose=True)
    chosen(world, "maya", Scope.nothing)
    hidden = world.post("maya")
    chosen(world, "maya", None)
    world.post("joel", parent=hidden)
    send(world, store)
    (reply,) = store.statements
    assert answered(reply) == []


def test_no_name_is_told_beside_the_account(world: World, store: Store) -> None:
    rule(world, Scope.named)
    world.post("joel", parent=world.post("maya"))
    send(world, store)
    assert store.statements[0]["actor"]["name"] == "Maya"
    assert answered(store.statements[1]) == [
        {"objectType": "Agent", "account": {"homePage": HOME_PAGE, "name": "maya-7"}}
    ]


def test_an_alias_is_answered_as_the_alias(world: World, store: Store) -> None:
    topic = world.post("maya")
    voice_id = world.viewer("maya").voice_id
    with world.database.write() as session:
        session.execute(update(Voice).where(Voice.id == voice_id).values(person_id=None, alias="Quiet Otter"))
    world.post("joel", parent=topic)
    send(world, store)
    alias, reply = store.statements
    assert answered(reply) == [alias["actor"]]
    assert alias["actor"]["account"] == {"homePage": BASE, "name": str(voice_id)}
    assert "maya" not in json.dumps(store.statements)


def test_what_was_built_with_a_name_and_not_sent_is_built_without_it(world: World, store: Store) -> None:
    rule(world, Scope.identified, may_choose=True)
    topic = world.post("maya")
    send(world, store)
    world.post("joel", parent=topic)
    dispatch(world.database, world.clock, BASE)
    lrs = world.lrs()
    builder = Builder(BASE, Masks(world.database, SEALER, BASE))
    batch = next_batch(
        world.database, world.clock, builder, lrs.tenant_id, lrs.id, 10, 90, version=lrs.version
    )
    assert batch is not None
    assert b"maya-7" in batch.items[0].body
    with world.database.write() as session:
        session.execute(update(Delivery).values(lease=None, lease_until=None, attempts=0))
    chosen(world, "maya", Scope.pseudonymous)
    send(world, store)
    assert len(store.statements) == 2
    assert "maya-7" not in json.dumps(store.statements[1])


def test_an_act_does_not_leave_under_another_name_than_an_answer_gave_it(world: World, store: Store) -> None:
    """Built, not sent, and answered meanwhile by a statement that was: two workers can do that."""
    rule(world, Scope.identified, may_choose=True)
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    dispatch(world.database, world.clock, BASE)
    lrs = world.lrs()
    builder = Builder(BASE, Masks(world.database, SEALER, BASE))
    next_batch(world.database, world.clock, builder, lrs.tenant_id, lrs.id, 10, 90, version=lrs.version)
    with world.database.write() as session:
        held = update(Delivery).values(lease=None, lease_until=None, attempts=0)
        session.execute(held)
        session.execute(held.where(Delivery.event_id == reply).values(state=DeliveryState.delivered))
    chosen(world, "maya", Scope.pseudonymous)
    send(world, store)
    assert store.statements == []
    assert [one.state for one in world.deliveries()] == [DeliveryState.withheld, DeliveryState.delivered]


def test_of_an_erased_person_no_answer_keeps_the_name(world: World, store: Store) -> None:
    topic = world.post("maya")
    world.post("joel", parent=topic)
    send(world, store)
    waiting = world.post("ines", parent=topic)
    dispatch(world.database, world.clock, BASE)
    person_id = world.viewer("maya").person_id
    with world.database.write() as session:
        take_back(session, BASE, world.tenant_id, person_id, world.clock())
        session.execute(
            update(Voice).where(Voice.person_id == person_id).values(erased_at=world.clock(), person_id=None)
        )
    before = len(store.statements)
    send(world, store)
    named = {one["id"] for one in store.statements[:before] if "maya-7" in json.dumps(one)}
    voided = {one["object"]["id"] for one in store.statements if one["verb"]["id"].endswith("/voided")}
    assert voided == named
    assert len(named) == 2
    after = json.dumps(store.statements[before:])
    assert "maya-7" not in after
    assert "ines-7" in after
    with world.database.read() as session:
        states = dict(
            session.execute(select(Delivery.event_id, Delivery.state).where(Delivery.part == 0)).all()
        )
    assert states[waiting] == DeliveryState.delivered


# Against the bundled LRS.


def test_the_bundled_lrs_takes_them_finds_them_by_whom_they_answer_and_the_audit_agrees(
    world: World, bundled: str
) -> None:
    world.connect(bundled, "bundled", version="2.0.0")
    topic = world.post("maya")
    world.post("joel", parent=topic)
    world.react("ines", topic)
    world.post("noor")
    bridge = Bridge(world.database, world.clock, SEALER, BASE, rng=random.Random(1))
    with closing(bridge), closing(open_transport(SEALER, world.lrs("bundled"))) as transport:
        with world.database.write() as session:
            session.execute(update(Lrs).where(Lrs.name == "lrs").values(state="paused"))
        run(bridge)
        lrs = world.lrs("bundled")
        assert {one.state for one in world.deliveries(lrs)} == {DeliveryState.delivered}
        assert [step.name for step in try_connection(transport, BASE, world.clock)][-1] == "voided"
        agent = json.dumps({"account": {"homePage": HOME_PAGE, "name": "maya-7"}})
        related = transport.query({"agent": agent, "related_agents": "true"})
        assert len(json.loads(related.text)["statements"]) == 3
        alone = transport.query({"agent": agent})
        assert len(json.loads(alone.text)["statements"]) == 1
        with Ledger() as ledger:
            audit = Audit(world.database, world.clock, Builder(BASE), lrs)
            audit.run(Reader(transport), ledger)
            counts = ledger.counts()
            assert counts.is_right
            assert (counts.due, counts.same) == (4, 4)


STATEMENT: Json = {
    "id": "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
    "actor": {"mbox": "mailto:joel@example.org"},
    "verb": {"id": "http://id.tincanapi.com/verb/replied"},
    "object": {"id": "https://example.org/reply"},
    "context": {
        "contextAgents": [
            {
                "objectType": "contextAgent",
                "agent": {"mbox": "mailto:maya@example.org"},
                "relevantTypes": ["https://example.org/answered"],
            }
        ],
        "contextGroups": [
            {"objectType": "contextGroup", "group": {"objectType": "Group", "mbox": "mailto:all@example.org"}}
        ],
    },
}


def changed(*path: str | int, to: Any) -> Json:
    made = copy.deepcopy(STATEMENT)
    here: Any = made["context"]
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = to
    return made


@pytest.mark.parametrize(
    ("statement", "path"),
    [
        (changed("contextAgents", to={}), "$.context.contextAgents"),
        (changed("contextAgents", 0, to=None), "$.context.contextAgents[0]"),
        (changed("contextAgents", 0, "objectType", to="Agent"), "$.context.contextAgents[0].objectType"),
        (changed("contextAgents", 0, "agent", to={}), "$.context.contextAgents[0].agent"),
        (
            changed("contextAgents", 0, "agent", to={"objectType": "Group", "member": []}),
            "$.context.contextAgents[0].agent.objectType",
        ),
        (changed("contextAgents", 0, "relevantTypes", to=[]), "$.context.contextAgents[0].relevantTypes"),
        (
            changed("contextAgents", 0, "relevantTypes", to=["x"]),
            "$.context.contextAgents[0].relevantTypes[0]",
        ),
        (changed("contextAgents", 0, "role", to="x"), "$.context.contextAgents[0].role"),
        (
            changed("contextGroups", 0, "group", to={"mbox": "mailto:a@b.org"}),
            "$.context.contextGroups[0].group",
        ),
        (
            changed("contextGroups", 0, "objectType", to="contextAgent"),
            "$.context.contextGroups[0].objectType",
        ),
    ],
)
def test_what_breaks_the_second_edition_is_found_where_it_stands(statement: Json, path: str) -> None:
    assert any(one.path.startswith(path) for one in validate_statement(statement, version="2.0.0"))


def test_the_bundled_lrs_speaks_the_edition_that_it_is_asked_in(bundled: str) -> None:
    def send_as(version: str, statement: Json) -> requests.Response:
        return requests.post(
            f"{bundled}/statements",
            json=statement,
            auth=("key", "secret"),
            headers={"X-Experience-API-Version": version},
            timeout=10,
        )

    assert validate_statement(STATEMENT, version="2.0.0") == []
    first = send_as("1.0.3", STATEMENT)
    assert (first.status_code, first.headers["X-Experience-API-Version"]) == (400, "1.0.3")
    second = send_as("2.0.0", STATEMENT)
    assert (second.status_code, second.headers["X-Experience-API-Version"]) == (200, "2.0.0")
    spelt = changed(
        "contextAgents", 0, "agent", to={"objectType": "Agent", "mbox": "mailto:maya@EXAMPLE.org"}
    )
    assert send_as("2.0.0", spelt).status_code == 200, "the same person, spelt otherwise"
    other = changed("contextAgents", 0, "agent", to={"mbox": "mailto:somebody@example.org"})
    assert send_as("2.0.0", other).status_code == 409
    assert send_as("3.0.0", STATEMENT).status_code == 400
    asked = requests.get(
        f"{bundled}/statements",
        params={"statementId": STATEMENT["id"], "format": "ids"},
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "2.0.0"},
        timeout=10,
    )
    assert asked.json()["context"]["contextAgents"] == STATEMENT["context"]["contextAgents"]
    exact = requests.get(
        f"{bundled}/statements",
        params={"statementId": STATEMENT["id"]},
        auth=("key", "secret"),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert exact.json()["version"] == "2.0.0"
    assert "2.0.0" in requests.get(f"{bundled}/about", timeout=10).json()["version"]
