"""What is recorded of oneself: what the page says, what one chooses, and the very statements."""

import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlalchemy import update

from lti_tool.bridging import base_of, builder_of
from lti_tool.erasing import erase_person
from lti_tool.parts import Parts
from lti_tool.web.records import ACTS, CHOICES, HOLDS, NAMED, STATES
from social_layer.events.models import EventType
from social_layer.people.models import Membership, Role
from tests.lti_tool.web.reader import Reader, words_of
from tests.queries import counted
from tests.room import Room
from xapi.batches import next_batch
from xapi.claim import Held
from xapi.dispatch import dispatch
from xapi.models import DeliveryState, Lrs, Scope
from xapi.profile.emitted import EMITTED, Refers
from xapi.scopes.actions import set_rule
from xapi.scopes.models import Level
from xapi.stores import connect

ANYBODY = Callable[..., Reader]


@pytest.fixture
def lrs(room: Room, given: Parts) -> Lrs:
    with given.database.write() as session:
        return connect(
            session,
            given.clock,
            given.sealer,
            room.tenant_id,
            name="The university’s records",
            endpoint="https://lrs.example.org/xAPI",
            username="key",
            password="secret",
        )


def rule(given: Parts, room: Room, scope: Scope, *, may_choose: bool, text: bool = False) -> None:
    with given.database.write() as session:
        set_rule(
            session,
            given.clock,
            room.tenant_id,
            Level.tenant,
            "",
            scope=scope,
            may_choose=may_choose,
            set_by="test",
            text=text,
        )


def deliver(given: Parts, lrs: Lrs, version: str = "1.0.3") -> list[str]:
    """As a courier would to an LRS that takes everything; answers what it was sent."""
    sent = []
    dispatch(given.database, given.clock, base_of(given))
    builder = builder_of(given)
    while batch := next_batch(
        given.database, given.clock, builder, lrs.tenant_id, lrs.id, 50, 90, version=version
    ):
        with given.database.write() as session:
            Held(session, batch.tenant_id, batch.lease).delivered(
                [item.id for item in batch.items], given.clock()
            )
        sent += [item.body.decode() for item in batch.items]
    return sent


def shown(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r"<pre[^>]*><code>(.*?)</code>", html, re.DOTALL)]


def test_the_page_says_what_is_sent_and_shows_the_very_statements(
    learner: Reader, read_as: ANYBODY, given: Parts, lrs: Lrs
) -> None:
    topic = learner.write("My words", title="My title")
    read_as(name="Somebody else").write("Other words", parent_id=str(topic))
    sent = deliver(given, lrs)
    page = learner.get("/records").text
    assert "without your name" in words_of(page)
    assert "The university’s records" in words_of(page)
    assert "You started a thread" in words_of(page)
    (statement,) = shown(page)
    assert json.loads(statement) in [json.loads(one) for one in sent]
    assert "A title was changed" not in page
    assert "My words" not in page


def test_what_names_somebody_as_answered_is_shown_to_them_without_whoever_answers(
    learner: Reader, read_as: ANYBODY, given: Parts, room: Room, lrs: Lrs
) -> None:
    rule(given, room, Scope.named, may_choose=False, text=True)
    topic = learner.write("My words", title="My title")
    other = read_as(name="Somebody Else")
    other.write("Words of another", parent_id=str(topic))
    sent = {one["id"]: one for one in map(json.loads, deliver(given, lrs, "2.0.0"))}
    page = learner.get("/records").text
    first, second = map(json.loads, shown(page))
    whole = sent[first["id"]]
    assert whole["actor"]["name"] == "Somebody Else"
    assert "Words of another" in whole["result"]["response"]
    context = {key: value for key, value in whole["context"].items() if key != "registration"}
    assert first == {**{key: whole[key] for key in ("id", "verb", "object", "timestamp")}, "context": context}
    assert first["context"]["contextAgents"][0]["agent"]["account"] == second["actor"]["account"]
    assert second == sent[second["id"]]
    assert "Somebody answered you" in words_of(page)
    assert "is left out here" in words_of(page)
    assert "Words of another" not in page
    assert "A title was changed" not in page
    (own,) = map(json.loads, shown(other.get("/records").text))
    assert own == whole


def test_who_may_not_choose_is_told_so_and_refused(
    learner: Reader, given: Parts, room: Room, lrs: Lrs
) -> None:
    page = learner.get("/records").text
    assert "<form" not in page
    assert "Your institution has decided this" in words_of(page)
    refused = learner.post("/records", scope="nothing")
    assert refused.status_code == 403
    rule(given, room, Scope.pseudonymous, may_choose=True)
    assert learner.post("/records", scope="named").status_code == 403
    assert learner.post("/records", scope="identified").status_code == 403
    assert learner.post("/records", scope="everything").status_code == 422
    assert learner.post("/records").status_code == 422


def test_a_choice_is_kept_said_and_heeded(learner: Reader, given: Parts, room: Room, lrs: Lrs) -> None:
    rule(given, room, Scope.identified, may_choose=True)
    learner.write("Before")
    deliver(given, lrs)
    saved = learner.post("/records", scope="nothing")
    assert saved.status_code == 200
    assert "Saved." in saved.text
    assert re.search(r'value="nothing" checked', learner.get("/records").text)
    learner.write("After")
    assert deliver(given, lrs) == []
    page = learner.get("/records").text
    assert "Nothing of what you do in this panel is sent." in words_of(page)
    assert "not sent" in words_of(page)
    assert len(shown(page)) == 1
    assert learner.post("/records", scope="").status_code == 200
    learner.write("Again")
    assert len(deliver(given, lrs)) == 1


def test_a_pseudonym_is_shown_as_it_was_sent(learner: Reader, given: Parts, room: Room, lrs: Lrs) -> None:
    rule(given, room, Scope.pseudonymous, may_choose=False)
    learner.write("Words")
    (sent,) = deliver(given, lrs)
    (statement,) = shown(learner.get("/records").text)
    assert json.loads(statement) == json.loads(sent)


def test_without_an_lrs_nothing_is_sent(learner: Reader) -> None:
    assert "Nothing is sent." in words_of(learner.get("/records").text)


def test_a_test_student_is_told_that_nothing_is_sent(learner: Reader, given: Parts, lrs: Lrs) -> None:
    with given.database.write() as session:
        session.execute(update(Membership).where(Membership.id == learner.member).values(is_test=True))
    assert "test student" in words_of(learner.get("/records").text)


def test_records_come_in_pages_and_the_queries_do_not_grow(
    learner: Reader, given: Parts, room: Room, lrs: Lrs
) -> None:
    learner.write("Words")
    deliver(given, lrs)
    with counted(given.database.engine) as few:
        learner.get("/records")
    for number in range(44):
        learner.write(f"Words {number}")
    deliver(given, lrs)
    with counted(given.database.engine) as many:
        page = learner.get("/records").text
    assert len(many) == len(few) <= 14
    seen = shown(page)
    while found := re.search(r'"after": "([^"]+)"', page):
        page = learner.get("/records", query_string={"after": found[1]}).text
        seen += shown(page)
    assert len(seen) == len(set(seen)) == 45
    assert learner.get("/records", query_string={"after": "nonsense"}).status_code == 400


def test_nobody_sees_another_persons_records(read_as: ANYBODY, given: Parts, lrs: Lrs) -> None:
    read_as().write("Words")
    deliver(given, lrs)
    assert shown(read_as(Role.instructor).get("/records").text) == []


def test_an_entry_of_somebody_erased_reads_so(
    learner: Reader, read_as: ANYBODY, given: Parts, room: Room
) -> None:
    topic = learner.write("Words", title="A title")
    other = read_as()
    other.write("An answer", parent_id=str(topic))
    erase_person(given, room.tenant_id, learner.viewer.person_id, "test")
    seen = other.sees()
    assert "Removed at the author’s request." in seen
    assert "An answer" in seen
    # Whose tab is still open is not a member any more.
    assert learner.get().status_code in (401, 403)


def test_every_act_state_and_scope_has_words() -> None:
    assert set(ACTS) == set(EventType)
    assert set(NAMED) == {event for event, row in EMITTED.items() if row.refers is not Refers.never}
    assert set(STATES) == set(DeliveryState)
    assert set(HOLDS) == set(CHOICES) == set(Scope)
