"""Events become statements: what each kind says, and what none of them may say."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from sqlalchemy import select, update

from social_layer.events.models import Event, EventType
from social_layer.panels.models import Kind, TemplateVersion
from social_layer.people.models import Account, Course, Role, Voice
from tests.services.validator import XapiValidator
from tests.xapi.world import BASE, HOME_PAGE, TestClock, World, counted
from xapi.occurrences import occurrences
from xapi.statements import Builder, StatementWrong, freeze, statement_id

T = "http://id.tincanapi.com/"
AS = "http://activitystrea.ms/"

Json = dict[str, Any]


def statements(world: World) -> list[Json]:
    """All of the log, in the order in which it happened."""
    with world.database.read() as session:
        events = session.scalars(select(Event).order_by(Event.occurred_at)).all()
        found = occurrences(session, world.tenant_id, [event.id for event in events])
    builder = Builder(BASE)
    return [json.loads(freeze(builder.build(found[event.id], world.clock())).body) for event in events]


def activity(path: str, kind: str, name: str | None = None) -> Json:
    definition: Json = {"type": kind}
    if name:
        definition["name"] = {"en": name}
    return {"objectType": "Activity", "id": f"{BASE}/xapi/{path}", "definition": definition}


def course(world: World) -> Json:
    return activity(f"courses/{world.course_id}", "http://adlnet.gov/expapi/activities/course", "Ecology")


def panel(world: World) -> Json:
    return activity(f"panels/{world.panel_id}", f"{T}activitytype/community-site", "Food webs")


def entry(entry_id: UUID, kind: str) -> Json:
    return activity(f"entries/{entry_id}", f"{T}activitytype/{kind}")


PROFILE = activity("profile/v1.0", "http://adlnet.gov/expapi/activities/profile")


def expected(
    world: World, event_id: UUID, who: str, verb: tuple[str, str], what: Json, **context: Any
) -> Json:
    parent, grouping = context.pop("parent"), context.pop("grouping")
    return {
        "id": str(uuid5(world.tenant_id, f"{event_id}/0")),
        "actor": {"objectType": "Agent", "account": {"homePage": HOME_PAGE, "name": f"{who}-7"}},
        "verb": {"id": verb[0], "display": {"en": verb[1]}},
        "object": what,
        "context": {
            "registration": str(world.voice(who).registration),
            "platform": "Alongside",
            "language": "en",
            "contextActivities": {"parent": [parent], "grouping": grouping, "category": [PROFILE]},
            **context,
        },
    }


def events_of(world: World) -> list[Event]:
    with world.database.read() as session:
        return list(session.scalars(select(Event).order_by(Event.occurred_at)))


def without_times(found: list[Json]) -> list[Json]:
    return [{key: value for key, value in one.items() if key != "timestamp"} for one in found]


def reference(world: World, answered: UUID) -> Json:
    return {"objectType": "StatementRef", "id": str(uuid5(world.tenant_id, f"{answered}/0"))}


def test_golden_statements(world: World) -> None:
    world.open("maya")
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    deeper = world.post("maya", parent=reply)
    world.react("maya", reply, "insight")
    world.react("maya", reply, "insight", on=False)
    world.edit("joel", reply)
    world.remove("joel", reply)
    events = [event.id for event in events_of(world)]
    thread = entry(topic, "discussion")
    in_panel = {"grouping": [panel(world), course(world)]}
    in_thread = {"grouping": [thread, panel(world), course(world)]}
    replied = (f"{T}verb/replied", "replied")
    insight = {f"{BASE}/xapi/extensions/reaction": "insight"}
    answering_topic = reference(world, topic)
    answering_reply = reference(world, reply)
    a_reply = entry(reply, "forum-reply")
    w = world
    assert without_times(statements(world)) == [
        expected(
            w,
            events[0],
            "maya",
            (f"{T}verb/viewed", "viewed"),
            panel(w),
            parent=course(w),
            grouping=[course(w)],
        ),
        expected(
            w, topic, "maya", (f"{AS}create", "created"), thread, parent=panel(w), revision="1", **in_panel
        ),
        expected(
            w,
            reply,
            "joel",
            replied,
            a_reply,
            parent=thread,
            revision="1",
            statement=answering_topic,
            **in_thread,
        ),
        expected(
            w,
            deeper,
            "maya",
            replied,
            entry(deeper, "forum-reply"),
            parent=a_reply,
            revision="1",
            statement=answering_reply,
            **in_thread,
        ),
        expected(
            w,
            events[4],
            "maya",
            (f"{AS}like", "liked"),
            a_reply,
            parent=thread,
            statement=answering_reply,
            extensions=insight,
            **in_thread,
        ),
        expected(
            w,
            events[5],
            "maya",
            (f"{AS}unlike", "unliked"),
            a_reply,
            parent=thread,
            statement=answering_reply,
            extensions=insight,
            **in_thread,
        ),
        expected(
            w,
            events[6],
            "joel",
            ("https://w3id.org/xapi/acrossx/verbs/edited", "edited"),
            a_reply,
            parent=thread,
            revision="2",
            statement=answering_topic,
            **in_thread,
        ),
        expected(w, events[7], "joel", (f"{AS}delete", "deleted"), a_reply, parent=thread, **in_thread),
    ]


def test_a_shared_reflection_is_submitted_and_can_be_answered(world: World) -> None:
    place = world.make_panel("Looking back", Kind.reflection)
    reflection = world.share("maya", place)
    (found,) = statements(world)
    assert found["verb"]["id"] == f"{AS}submit"
    assert found["object"] == activity(f"entries/{reflection}", f"{BASE}/xapi/activity-types/reflection")
    assert found["context"]["contextActivities"]["parent"][0]["id"] == f"{BASE}/xapi/panels/{place}"


def everything(world: World) -> None:
    world.open("maya")
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.edit("joel", reply)
    world.react("maya", reply)
    world.react("maya", reply, on=False)
    world.share("maya", world.make_panel("Looking back", Kind.reflection))
    world.remove("joel", reply)
    world.member("amara", role=Role.instructor)
    world.remove("amara", world.post("joel", parent=topic))
    world.read_thread("joel", topic)


def test_a_foreign_validator_finds_nothing_wrong_with_any_kind(
    world: World, xapi_validator: XapiValidator
) -> None:
    everything(world)
    found = statements(world)
    assert {event.type for event in events_of(world)} == set(EventType)
    assert xapi_validator(found) == [[]] * len(found)


def test_no_statement_carries_a_learner_s_words_or_name(world: World) -> None:
    everything(world)
    sent = json.dumps(statements(world))
    for said in ("Words of a learner", "A learner's title", "Better words", "It rained", "Maya", "Joel"):
        assert said not in sent


def test_the_lrs_s_own_properties_are_never_sent(world: World) -> None:
    everything(world)
    for found in statements(world):
        assert not {"stored", "authority", "version"} & found.keys()
        assert "null" not in json.dumps(found)


def test_times_have_milliseconds_and_z_and_are_never_in_the_future(world: World, clock: TestClock) -> None:
    world.post("maya")
    clock.now -= timedelta(hours=1)
    (found,) = statements(world)
    assert found["timestamp"] == f"{clock.now:%Y-%m-%dT%H:%M:%S}.{clock.now.microsecond // 1000:03}Z"


def test_ids_depend_on_tenant_event_and_part_alone() -> None:
    tenant, event = uuid4(), uuid4()
    assert statement_id(tenant, event) == statement_id(tenant, event, 0)
    assert statement_id(tenant, event).version == 5
    assert (
        len({statement_id(tenant, event), statement_id(tenant, event, 1), statement_id(uuid4(), event)}) == 3
    )


def test_under_an_alias_nothing_leads_to_the_person(world: World) -> None:
    topic = world.post("joel")
    world.post("maya", parent=topic)
    alias = world.voice("maya").id
    with world.database.write() as session:
        session.execute(update(Voice).where(Voice.id == alias).values(person_id=None, alias="Quiet heron"))
    found = statements(world)[1]
    assert found["actor"] == {"objectType": "Agent", "account": {"homePage": BASE, "name": str(alias)}}
    with world.database.read() as session:
        registration = session.scalars(select(Voice.registration).where(Voice.id == alias)).one()
    assert found["context"]["registration"] == str(registration)
    assert "maya" not in json.dumps(found)
    assert "heron" not in json.dumps(found)


def test_the_actor_is_the_account_of_the_course_s_own_lms(world: World) -> None:
    world.post("maya")
    person = world.voice("maya").person_id
    assert person is not None
    with world.database.write() as session:
        session.add(
            Account(
                tenant_id=world.tenant_id, person_id=person, home_page="https://aaa.example", name="other"
            )
        )
    assert statements(world)[0]["actor"]["account"] == {"homePage": HOME_PAGE, "name": "maya-7"}


def test_an_answer_to_a_test_student_refers_to_no_statement(world: World) -> None:
    world.member("test student", is_test=True)
    topic = world.post("test student")
    world.post("maya", parent=topic)
    assert "statement" not in statements(world)[1]["context"]


def test_staff_removing_an_entry_answer_nobody(world: World) -> None:
    world.member("amara", role=Role.instructor)
    topic = world.post("maya")
    reply = world.post("joel", parent=topic)
    world.remove("amara", reply)
    found = statements(world)[-1]
    assert found["actor"]["account"]["name"] == "amara-7"
    assert found["verb"] == {"id": f"{AS}remove", "display": {"en": "removed"}}
    assert "statement" not in found["context"]


@pytest.mark.parametrize(
    ("language", "written"), [("en_us", "en-us"), ("pt-BR", "pt-BR"), ("not a language", None)]
)
def test_languages_are_tags_or_left_out(world: World, language: str, written: str | None) -> None:
    world.post("maya")
    with world.database.write() as session:
        session.execute(update(Course).values(language=language))
    (found,) = statements(world)
    assert found["context"].get("language") == written
    groups = found["context"]["contextActivities"]["grouping"]
    assert groups[-1]["definition"]["name"] == {written or "und": "Ecology"}


def test_a_new_title_is_told_from_the_next_statement_on(world: World) -> None:
    world.post("maya")
    builder = Builder(BASE)
    with world.database.write() as session:
        events = list(session.scalars(select(Event.id)))
        first = builder.build(occurrences(session, world.tenant_id, events)[events[0]], world.clock())
        session.execute(update(TemplateVersion).values(title="Food chains"))
        second = builder.build(occurrences(session, world.tenant_id, events)[events[0]], world.clock())
    assert "Food webs" in json.dumps(first)
    assert "Food chains" in json.dumps(second)


def test_a_batch_is_read_in_three_queries_whatever_its_size(world: World) -> None:
    def queries() -> int:
        events = [event.id for event in events_of(world)]
        with world.database.read() as session, counted(world.database.engine) as seen:
            assert len(occurrences(session, world.tenant_id, events)) == len(events)
        return len([one for one in seen if one.startswith("SELECT")])

    topic = world.post("maya")
    few = queries()
    for name in ("joel", "ines", "maya"):
        for _ in range(10):
            world.react(name, world.post(name, parent=topic))
    assert few == queries() == 3


def test_what_breaks_the_standard_is_not_frozen() -> None:
    with pytest.raises(StatementWrong, match="actor"):
        freeze({"id": str(uuid4()), "verb": {"id": f"{AS}create"}, "object": {"id": BASE}})
