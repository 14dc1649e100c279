"""An operator says what leaves: sees what holds and what each choice would send, and what a change would mean."""

import json
import re
from html import unescape
from urllib.parse import quote

from flask import Flask
from sqlalchemy import update

from lti_tool.parts import Parts
from social_layer.sealing import Sealer
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.launching import Clock
from tests.xapi.world import HOME_PAGE, World, counted
from xapi.dispatch import dispatch
from xapi.models import Delivery, DeliveryState, Scope
from xapi.scopes.actions import choose, set_rule
from xapi.scopes.models import Level, PseudonymKey
from xapi.scopes.queries import standing_rules


def college(given: Parts, tenant: str = "default") -> World:
    world = World(given.database, given.clock, tenant=tenant)
    world.connect("https://lrs.example.org/xAPI", name=f"records of {tenant}")
    world.post("maya", "Words of Maya")
    return world


def address(world: World, level: Level = Level.tenant, target: str = "") -> str:
    return f"/scopes/{world.tenant_id}?level={level}&target={quote(target, safe='')}"


def shown_statements(page: str) -> list[dict[str, object]]:
    return [json.loads(unescape(text)) for text in re.findall(r"<pre[^>]*><code>(.*?)</code>", page, re.S)]


def rules(given: Parts, world: World) -> list[tuple[str, str | None, bool, bool, str]]:
    with given.database.read() as session:
        return [
            (one.level, one.scope, one.text, one.may_choose, one.set_by)
            for one in standing_rules(session, world.tenant_id)
        ]


def test_every_place_is_found_and_says_what_holds(desk: Desk, given: Parts) -> None:
    world = college(given)
    listed = desk.get("/scopes").text
    assert HOME_PAGE in listed
    assert "Under the accounts of the LMS, without names" in listed
    found = unescape(desk.get("/scopes?find=food").text)
    assert str(world.panel_id) in found
    assert "Food webs" in found
    assert "No course or panel is called so." in desk.get("/scopes?find=nowhere").text
    panel = desk.get(address(world, Level.panel, str(world.panel_id))).text
    assert "Food webs" in panel
    assert "Ecology" in panel
    assert str(world.panel_id) in desk.get(address(world, Level.course, str(world.course_id))).text
    assert desk.get(address(world, Level.platform, HOME_PAGE)).status_code == 200


def test_each_choice_is_shown_by_a_real_statement_without_anybody_s_words(desk: Desk, given: Parts) -> None:
    world = college(given)
    page = desk.get(address(world, Level.course, str(world.course_id))).text
    pseudonymous, identified, named, worded = shown_statements(page)
    assert identified["actor"] == {
        "objectType": "Agent",
        "account": {"homePage": HOME_PAGE, "name": "maya-7"},
    }
    assert "maya" not in json.dumps(pseudonymous["actor"])
    assert "Maya" in json.dumps(named["actor"])
    assert worded["result"] == {"response": "(the words of the entry)"}
    assert "Words of Maya" not in page


def test_nobody_who_chose_for_themselves_is_the_example(desk: Desk, given: Parts) -> None:
    world = college(given)
    with given.database.write() as session:
        choose(session, given.clock, world.tenant_id, world.viewer("maya").person_id, Scope.nothing)
    page = desk.get(address(world)).text
    assert "maya-7" not in page
    assert "Nothing has happened here yet." in page


def test_a_change_says_what_it_means_first_and_is_written_down(
    desk: Desk, given: Parts, clock: Clock
) -> None:
    world = college(given)
    dispatch(given.database)
    with given.database.write() as session:
        session.execute(update(Delivery).values(state=DeliveryState.delivered, scope=Scope.identified))
        set_rule(
            session,
            given.clock,
            world.tenant_id,
            Level.tenant,
            "",
            scope=Scope.identified,
            may_choose=True,
            set_by="test",
        )
        choose(session, given.clock, world.tenant_id, world.viewer("maya").person_id, Scope.nothing)
    world.post("joel")
    dispatch(given.database)
    path = f"/scopes/{world.tenant_id}"
    form = {"level": "course", "target": str(world.course_id), "scope": "pseudonymous", "text": "true"}
    asked = desk.submit(path, **form)
    assert asked.status_code == 200
    told = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", asked.text)))
    assert "Waiting to be sent, and then sent by the new rule: 1." in told
    assert "Sent already under more: 1." in told
    assert "People whose own choice is heeded here no more: 1." in told
    assert len(rules(given, world)) == 1, "nothing is changed yet"
    clock.pass_by(seconds=1)
    done = desk.submit(path, confirmed="true", **form)
    assert done.status_code == 303
    assert ("course", "pseudonymous", True, False, "operator ada") in rules(given, world)
    after = desk.get(address(world, Level.course, str(world.course_id))).text
    assert "operator ada" in after
    clock.pass_by(seconds=1)
    taken_back = desk.submit(path, **{**form, "scope": "", "confirmed": "true"})
    assert taken_back.status_code == 303
    assert [one[0] for one in rules(given, world)] == ["tenant"]
    assert "the rule was taken back" in desk.get(address(world, Level.course, str(world.course_id))).text


def test_nothing_with_text_makes_no_sense_and_text_is_left_out(desk: Desk, given: Parts) -> None:
    world = college(given)
    desk.submit(f"/scopes/{world.tenant_id}", scope="nothing", text="true", confirmed="true")
    assert rules(given, world) == [("tenant", "nothing", False, False, "operator ada")]


def test_a_place_that_is_not_there_and_a_wrong_form_change_nothing(desk: Desk, given: Parts) -> None:
    world = college(given)
    other = college(given, "Elsewhere College")
    path = f"/scopes/{world.tenant_id}"
    for target in (str(other.course_id), "not a number", str(world.tenant_id)):
        assert desk.get(address(world, Level.course, target)).status_code == 404
        assert desk.submit(path, level="course", target=target, scope="nothing").status_code == 404
    assert desk.get(address(world, Level.platform, "https://nowhere.example.org")).status_code == 404
    assert desk.submit(path, scope="everything").status_code == 422
    assert desk.submit(path).status_code == 422
    assert desk.get(f"{path}?level=house").status_code == 422
    assert desk.send(path, scope="nothing", confirmed="true").status_code == 403
    assert rules(given, world) == []


def test_an_operator_of_one_institution_sees_and_changes_no_other(
    app: Flask, desk: Desk, given: Parts
) -> None:
    world = college(given, "Elsewhere College")
    make_operator(given, "bo", tenant="River College")
    other = Desk(app)
    assert other.sign_in("bo").status_code == 303
    assert str(world.tenant_id) not in other.get("/scopes?find=food").text
    assert other.get(address(world)).status_code == 404
    assert other.submit(f"/scopes/{world.tenant_id}", scope="nothing", confirmed="true").status_code == 404
    assert rules(given, world) == []


def test_the_page_asks_no_more_where_more_places_have_rules(desk: Desk, given: Parts) -> None:
    world = college(given)
    with counted(given.database.engine) as few:
        desk.get("/scopes?find=food")
    for number in range(5):
        panel = world.make_panel(f"Food chains {number}", world.viewer("maya").panel.kind)
        with given.database.write() as session:
            set_rule(
                session,
                given.clock,
                world.tenant_id,
                Level.panel,
                str(panel),
                scope=Scope.nothing,
                may_choose=False,
                set_by="test",
            )
    with counted(given.database.engine) as many:
        listed = desk.get("/scopes").text
    assert listed.count("Food chains") == 5
    assert len(many) <= len(few)


def test_a_key_of_pseudonyms_that_cannot_be_opened_is_said(desk: Desk, given: Parts) -> None:
    world = college(given)
    path = f"/events/{world.tenant_id}"
    assert desk.submit(path).status_code == 200
    with given.database.write() as session:
        session.execute(update(PseudonymKey).values(sealed=Sealer(["another secret " * 3]).seal("00")))
    refused = desk.submit(path)
    assert (refused.status_code, "pseudonyms_sealed" in refused.text) == (503, True)
    assert "ALONGSIDE_SECRET_KEY" in refused.text


def test_the_event_log_is_downloaded_with_pseudonyms(
    app: Flask, desk: Desk, visitor: Desk, given: Parts
) -> None:
    world = college(given)
    world.post("joel")
    assert "Download the event log" in desk.get("/scopes").text
    path = f"/events/{world.tenant_id}"
    answer = desk.submit(path)
    assert answer.mimetype == "application/x-ndjson"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [(row["number"], row["type"], row["person_is"]) for row in rows] == [
        (1, "topic_posted", "pseudonym"),
        (2, "topic_posted", "pseudonym"),
    ]
    assert not any(word in answer.text for word in ("maya", "Maya", "Words"))
    rest = desk.submit(path, after="1")
    assert [json.loads(line)["number"] for line in rest.text.splitlines()] == [2]
    for beyond in ("3", "-1", "one", "9" * 30):
        refused = desk.submit(path, after=beyond)
        assert (refused.status_code, "event_number_unknown" in refused.text) == (422, True)
    assert 'name="after"' in desk.get("/scopes").text
    assert len(desk.submit(path, after=" ").text.splitlines()) == 2
    assert desk.send(path).status_code == 403
    assert visitor.send(path).status_code in (401, 403)
    make_operator(given, "bo", tenant="River College")
    other = Desk(app)
    assert other.sign_in("bo").status_code == 303
    assert other.submit(path).status_code == 404
