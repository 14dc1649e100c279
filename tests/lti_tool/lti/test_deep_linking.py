"""Deep linking: who may place panels, what the LMS is handed, and that nothing is handed over twice."""

import re
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from lti_tool import bearer
from lti_tool.lti.claims import CLAIM
from lti_tool.lti.models import Placing
from social_layer.grading.models import GradingStage
from social_layer.grading.queries import find_sheet
from social_layer.panels.models import Panel, Template, TemplateVersion
from social_layer.people.models import Person
from tests.lti_tool.lti.launching import Course, config_of, counted_statements
from tests.lti_tool.lti.placing import DL, PANEL, Chooser, claims_of, form_of, items_of

GRADED = {
    "kind": "reflection",
    "title": "Looking <back>",
    "points": 7.5,
    "opens_at": "2027-01-04T08:00:00+01:00",
    "due_at": "2027-01-09T22:59:00Z",
    "closes_at": "2027-01-11T22:59:00Z",
}


@pytest.fixture(params=["moodle", "canvas"])
def lms(request: pytest.FixtureRequest) -> Course:
    """A tool that knows a Moodle-like and a Canvas-like LMS, one after the other."""
    found: Course = request.getfixturevalue({"moodle": "course"}.get(request.param, request.param))
    return found


def launched(lms: Course, user: str, link: str) -> dict[str, Any]:
    return config_of(lms.launch(user, link))


def settings_of(lms: Course, panel_id: str) -> TemplateVersion:
    panels = {str(panel.id): panel for panel in lms.rows(Panel)}
    versions = {version.id: version for version in lms.rows(TemplateVersion)}
    return versions[panels[panel_id].template_version_id]


# The walk.


def test_several_panels_are_placed_in_one_go_and_open_as_they_were_chosen(lms: Course) -> None:
    chooser = Chooser(lms)
    assert "Add panels" in chooser.page.text
    answer = chooser.place(PANEL, GRADED, {**PANEL, "title": "Week 2"})
    placed = chooser.hand_over(answer)
    assert [link.title for link in placed.links] == ["Week 1", "Looking <back>", "Week 2"]

    config = launched(lms, "maya", placed.links[0].key)
    settings = settings_of(lms, config["panel_id"])
    assert (settings.kind, settings.title, settings.purpose) == (
        "discussion",
        "Week 1",
        "See what others see",
    )
    assert "<em>is</em>" in settings.prompt_html
    # Set up already: an instructor is offered nothing.
    assert 'id="set-up" class="set-up" hidden' in lms.launch("amara", placed.links[0].key).text
    second = settings_of(lms, launched(lms, "maya", placed.links[1].key)["panel_id"])
    assert (second.kind, second.points) == ("reflection", 7.5)
    assert second.due_at is not None
    assert second.due_at.isoformat() == "2027-01-09T22:59:00+00:00"
    # No panel took more than the template that waited for it.
    assert len(lms.rows(Template)) == 3


def test_what_the_lms_is_handed(lms: Course) -> None:
    chooser = Chooser(lms)
    answer = chooser.place(GRADED, PANEL)
    claims = claims_of(answer)
    sandbox = lms.sandbox
    assert claims["iss"] == sandbox.registration.client_id
    assert claims["aud"] == [sandbox.profile.issuer]
    assert claims["exp"] - claims["iat"] == 600
    assert claims[f"{CLAIM}deployment_id"] == sandbox.registration.deployment_id
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert claims[f"{CLAIM}version"] == "1.3.0"
    assert claims.get(f"{DL}data") == chooser.settings.get("data")
    assert (f"{DL}data" in claims) == ("data" in chooser.settings)

    graded, plain = items_of(answer)
    template = graded["custom"]["alongside_template"]
    assert UUID(template) in {row.id for row in lms.rows(Template)}
    assert graded == {
        "type": "ltiResourceLink",
        "title": "Looking <back>",
        "url": "http://localhost:8000/lti/launch",
        "custom": {"alongside_template": template},
        "available": {"startDateTime": "2027-01-04T07:00:00Z", "endDateTime": "2027-01-11T22:59:00Z"},
        "submission": {"endDateTime": "2027-01-09T22:59:00Z"},
        "iframe": {"width": 800, "height": 620},
        "lineItem": {
            "scoreMaximum": 7.5,
            "label": "Looking <back>",
            "resourceId": template,
            "tag": "participation",
            "submissionReview": {
                "reviewableStatus": ["InProgress", "Submitted", "Completed"],
                "label": "Open in Alongside",
                "url": "http://localhost:8000/lti/launch",
            },
        },
    }
    assert set(plain) == {"type", "title", "text", "url", "custom", "iframe"}
    assert form_of(answer)[0] == chooser.settings["deep_link_return_url"]


def test_the_page_may_send_its_form_to_the_lms_and_nowhere_else(lms: Course) -> None:
    chooser = Chooser(lms)
    shell = lms.app.test_client().get(chooser.config["placing"])
    for answer in (chooser.page, chooser.ask(), shell):
        policy = dict(
            part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
        )
        allowed = policy["form-action"].split()
        assert lms.sandbox.config.base in allowed
        assert set(allowed) == set(policy["frame-ancestors"].split())
    assert "Add panels" not in shell.text


def test_a_reload_brings_the_page_again_and_twenty_minutes_change_nothing(lms: Course) -> None:
    chooser = Chooser(lms)
    lms.clock.pass_by(minutes=20)
    again = chooser.ask()
    assert config_of(again)["placing"] == chooser.config["placing"]
    assert chooser.place(PANEL).status_code == 200
    lms.clock.pass_by(hours=5)
    assert chooser.ask().status_code == 401


# Twice.


def test_sending_the_page_twice_hands_the_same_panels_over(lms: Course) -> None:
    chooser = Chooser(lms)
    first, second = chooser.place(PANEL, GRADED), chooser.place(PANEL, GRADED)
    assert form_of(first) == form_of(second)
    assert len(lms.rows(Template)) == 2
    assert not chooser.hand_over(first).again
    assert chooser.hand_over(second).again

    page = chooser.ask()
    assert "Hand over again" in page.text
    assert 'id="chosen"' not in page.text
    assert form_of(chooser.ask("/answer", {"again": True})) == form_of(first)


def test_other_panels_or_a_late_answer_begin_again_from_the_course(lms: Course) -> None:
    chooser = Chooser(lms)
    chooser.place(PANEL)
    for _ in range(2):
        refused = chooser.place({**PANEL, "title": "Another"})
        assert (refused.status_code, refused.get_json()["code"]) == (409, "placed_before")
        lms.clock.pass_by(minutes=11)
    assert chooser.place(PANEL).status_code == 409
    assert chooser.ask("/answer", {"again": True}).status_code == 409
    assert "Hand over again" not in chooser.ask().text
    assert len(lms.rows(Template)) == 1


def test_the_request_posted_twice_opens_one_page(lms: Course) -> None:
    chooser = Chooser(lms)
    again = lms.browser().post("/lti/launch", chooser.fields)
    assert again.status_code == 403
    assert len(lms.rows(Placing)) == 1
    assert lms.rows(Template) == []


# Who, and where to.


@pytest.mark.parametrize("user", ["maya", "jonas"])
def test_who_may_not_set_panels_up_is_told_so(canvas: Course, user: str) -> None:
    chooser = Chooser(canvas, user)
    assert chooser.page.status_code == 403
    assert "Only the people who run the course may place panels" in chooser.page.text
    assert canvas.rows(Placing) == []


def test_the_pass_opens_nothing_else(lms: Course) -> None:
    mine, others = Chooser(lms), Chooser(lms)
    panel = launched(lms, "amara", "food-web")
    with_panels = {"Authorization": f"Bearer {panel['token']}"}
    client = lms.app.test_client()
    for path, json in (
        ("", None),
        ("/panel?start=week", None),
        ("/preview", PANEL),
        ("/answer", {"panels": [PANEL]}),
    ):
        assert mine.ask(path, json, token=panel["token"]).status_code == 403
        assert mine.ask(path, json, token=others.config["token"]).status_code == 403
        if path:
            address = mine.config["placing"] + path
            assert client.open(address, method="POST" if json else "GET", json=json).status_code == 401
    of_placing = {"Authorization": f"Bearer {mine.config['token']}"}
    assert client.get(f"/panels/{panel['panel_id']}", headers=of_placing).status_code == 403
    assert client.get(f"/api/v1/panels/{panel['panel_id']}", headers=of_placing).status_code == 403
    assert client.get(f"/panels/{panel['panel_id']}", headers=with_panels).status_code == 200
    assert lms.rows(Template) != []  # the panel's own


def test_a_pass_for_another_tenant_or_person_finds_no_placing(lms: Course) -> None:
    chooser = Chooser(lms)
    (placing,) = lms.rows(Placing)
    for tenant, member in ((uuid4(), placing.membership_id), (placing.tenant_id, uuid4())):
        token, _ = bearer.issue(lms.given, tenant, member, placing.id)
        assert chooser.ask(token=token).status_code == 404
        assert chooser.ask("/answer", {"panels": [PANEL]}, token=token).status_code == 404
    assert lms.rows(Template) == []


def test_who_loses_the_right_meanwhile_places_nothing(canvas: Course) -> None:
    chooser = Chooser(canvas)
    sandbox = canvas.sandbox
    try:
        sandbox.enrol("amara", "ecology", "learner")
        canvas.launch("amara", "food-web")
        assert chooser.place(PANEL).status_code == 403
        assert chooser.ask().status_code == 403
    finally:
        sandbox.enrol("amara", "ecology", "instructor")


@pytest.mark.parametrize(
    ("url", "status", "code"),
    [
        ("https://elsewhere.example/take", 403, "return_elsewhere"),
        ("http://user:secret@127.0.0.1:{port}/take", 403, "return_elsewhere"),
        ("http://127.0.0.1.elsewhere.example:{port}/take", 403, "return_elsewhere"),
        ("javascript:alert(1)", 400, "claim_wrong"),
        ("//elsewhere.example", 400, "claim_wrong"),
        (7, 400, "claim_wrong"),
        ("http://127.0.0.1:{port}/" + "x" * 3000, 400, "claim_wrong"),
        (..., 400, "claim_missing"),
    ],
)
def test_the_answer_goes_to_the_lms_alone(lms: Course, url: Any, status: int, code: str) -> None:
    port = lms.sandbox.config.base.rpartition(":")[2]
    told = url.replace("{port}", port) if isinstance(url, str) else url
    page = Chooser(lms, deep_link_return_url=told).page
    assert page.status_code == status
    assert code in page.text
    assert lms.rows(Placing) == []


# What the LMS takes.


def test_one_panel_where_the_lms_takes_one(lms: Course) -> None:
    for chooser in (Chooser(lms, accept_multiple=False), Chooser(lms, accept_multiple=...)):
        assert chooser.config["most"] == 1
        refused = chooser.place(PANEL, GRADED)
        assert (refused.status_code, refused.get_json()["code"]) == (422, "one_panel_only")
        assert len(items_of(chooser.place(PANEL))) == 1


def test_no_line_item_where_the_lms_makes_none(lms: Course) -> None:
    chooser = Chooser(lms, accept_lineitem=False)
    assert 'name="graded"' not in chooser.ask("/panel?start=week").text
    assert "lineItem" not in items_of(chooser.place(GRADED))[0]


def test_a_window_where_the_lms_shows_no_frames(lms: Course) -> None:
    (item,) = items_of(Chooser(lms, accept_presentation_document_targets=["window"]).place(PANEL))
    assert "iframe" not in item
    assert item["window"] == {"targetName": "_blank"}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"accept_types": ["link", "html"]}, "nothing_to_place"),
        ({"accept_presentation_document_targets": ["embed"]}, "nothing_to_place"),
        ({"accept_types": "ltiResourceLink"}, "claim_wrong"),
        ({"accept_types": ...}, "claim_missing"),
        ({"accept_multiple": {"yes": 1}}, "claim_wrong"),
        ({"data": {"not": "text"}}, "claim_wrong"),
    ],
)
def test_what_cannot_be_answered_is_refused(lms: Course, told: dict[str, Any], code: str) -> None:
    page = Chooser(lms, **told).page
    assert (page.status_code, code in page.text) == (400, True)


def test_data_comes_back_as_it_was(lms: Course) -> None:
    data = '{"a": "<b>&\\u00e4 \N{FOX FACE}"} ' + "x" * 5000
    assert claims_of(Chooser(lms, data=data).place(PANEL))[f"{DL}data"] == data


# What is chosen.


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title": "  "}, "title", "title_missing"),
        ({"title": "x" * 256}, "title", "text_too_long"),
        ({"prompt": "x" * 20_001}, "prompt", "text_too_long"),
        ({"kind": "exchange"}, "kind", "kind_not_offered"),
        ({"kind": "chess"}, "kind", "invalid"),
        ({"points": 0}, "points", "points_wrong"),
        ({"points": 1001}, "points", "points_wrong"),
        ({"points": "NaN"}, "points", "invalid"),
        ({"opens_at": "2027-01-04T08:00"}, "opens_at", "invalid"),
        ({"opens_at": "2027-01-04T08:00Z", "due_at": "2027-01-03T08:00Z"}, "due_at", "dates_out_of_order"),
        (
            {"opens_at": "2027-01-04T08:00Z", "closes_at": "2027-01-04T08:00Z"},
            "closes_at",
            "dates_out_of_order",
        ),
        (
            {"due_at": "2027-01-04T08:00Z", "closes_at": "2027-01-03T08:00Z"},
            "closes_at",
            "dates_out_of_order",
        ),
    ],
)
def test_what_is_wrong_is_said_of_the_panel_and_its_field(
    course: Course, change: dict[str, Any], field: str, code: str
) -> None:
    refused = Chooser(course).place(PANEL, {**PANEL, **change})
    said = refused.get_json()
    assert (refused.status_code, said["code"]) == (409 if code == "dates_out_of_order" else 422, code)
    assert list(said["errors"]["panels"]["1"]) == [field]
    assert course.rows(Template) == []


@pytest.mark.parametrize(
    "body", [[], {"panels": 7}, {"panels": [7]}, {"panels": [PANEL] * 21}, {"panels": []}, {}]
)
def test_nonsense_is_no_choice(course: Course, body: Any) -> None:
    assert Chooser(course).ask("/answer", body).status_code == 422
    assert course.rows(Template) == []


def test_a_preview_shows_the_panel_as_learners_will_see_it(course: Course) -> None:
    shown = Chooser(course).ask(
        "/preview", {**PANEL, "title": "<b>Week</b>", "prompt": "*so* <script>x</script>"}
    )
    assert shown.status_code == 200
    assert "&lt;b&gt;Week&lt;/b&gt;" in shown.text
    assert "<em>so</em>" in shown.text
    assert "<script" not in shown.text


def test_starting_points_are_built_in_or_somebodys_own(lms: Course) -> None:
    chooser = Chooser(lms)
    assert 'value="Looking back on this week"' in chooser.ask("/panel?start=week").text
    placed = chooser.hand_over(chooser.place({**PANEL, "title": "My <own>"}, GRADED))
    for link in placed.links:
        launched(lms, "amara", link.key)

    later = Chooser(lms)
    assert "My &lt;own&gt;" in later.page.text
    own = next(row for row in lms.rows(TemplateVersion) if row.title == "My <own>")
    assert 'value="My &lt;own&gt;"' in later.ask(f"/panel?start={own.id}").text
    for wrong in (str(uuid4()), "nothing", "", "../x"):
        assert later.ask("/panel", token=None).status_code == 404
        assert later.ask(f"/panel?start={wrong}").status_code == 404
    # Placed from it again, it is another panel that nobody's change reaches.
    again = later.hand_over(later.place({**PANEL, "title": "My <own>"}))
    assert (
        launched(lms, "maya", again.links[0].key)["panel_id"]
        != launched(lms, "maya", placed.links[0].key)["panel_id"]
    )


def test_nobody_sees_what_was_set_up_in_courses_of_others(lms: Course) -> None:
    chooser = Chooser(lms)
    launched(
        lms, "amara", chooser.hand_over(chooser.place({**PANEL, "title": "Only in ecology"})).links[0].key
    )
    sandbox = lms.sandbox
    sandbox.add_user(f"stranger-{uuid4()}", "Sam", "Stranger")
    stranger = list(sandbox.world.people)[-1]
    sandbox.add_course(
        f"other-{uuid4()}", "Another course", members={stranger: "instructor", "amara": "instructor"}
    )
    other = list(sandbox.world.courses)[-1]
    theirs = Chooser(lms, stranger, where=other)
    assert "Only in ecology" not in theirs.page.text
    (version,) = [row for row in lms.rows(TemplateVersion) if row.title == "Only in ecology"]
    assert theirs.ask(f"/panel?start={version.id}").status_code == 404
    assert "Only in ecology" in Chooser(lms, "amara", where=other).page.text


def test_the_page_asks_the_database_no_more_often_the_more_was_set_up(course: Course) -> None:
    def asked() -> int:
        chooser = Chooser(course)
        with counted_statements(course.given) as seen:
            assert chooser.ask().status_code == 200
        return len(seen)

    before = asked()
    chooser = Chooser(course)
    panels = [{**PANEL, "title": f"Panel {number}"} for number in range(5)]
    for link in chooser.hand_over(chooser.place(*panels)).links:
        launched(course, "amara", link.key)
    assert asked() == before <= 3


# What is graded, and how.


def rules_of(lms: Course, panel_id: str) -> list[GradingStage]:
    version = settings_of(lms, panel_id)
    found = [row for row in lms.rows(GradingStage) if row.template_version_id == version.id]
    return sorted(found, key=lambda row: row.position)


def participation(lms: Course, link: str) -> str:
    config = launched(lms, "maya", link)
    answer = lms.app.test_client().get(
        config["panel"] + "/participation",
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
    )
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_what_is_asked_for_the_points_is_shown_and_chosen_before(lms: Course) -> None:
    chooser = Chooser(lms)
    form = chooser.ask("/panel?start=discussion").text
    assert re.search(r'name="beginnings"[^>]*value="2"', form)
    assert re.search(r'name="replies"[^>]*value="3"', form)
    assert "once you have looked at them" in form
    wanted = {**PANEL, "points": 5, "beginnings": 1, "replies": 4}
    shown = chooser.ask("/preview", wanted).text
    assert "1 topic or answer and 4 replies, 5 points" in shown
    assert "once you have looked at them" in shown
    placed = chooser.hand_over(chooser.place(wanted))
    config = launched(lms, "maya", placed.links[0].key)
    (rule,) = rules_of(lms, config["panel_id"])
    assert not rule.by_itself
    assert "1 topic or answer and 4 replies, 5 points" in participation(lms, placed.links[0].key)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"beginnings": 0, "replies": 0}, "rule_empty"),
        ({"beginnings": 101, "replies": 0}, "invalid"),
        ({"beginnings": -1}, "invalid"),
        ({"replies": "many"}, "invalid"),
    ],
)
def test_a_rule_that_asks_nothing_or_too_much_is_refused(
    course: Course, changes: dict[str, Any], code: str
) -> None:
    chooser = Chooser(course)
    refused = chooser.place({**PANEL, "points": 5, **changes})
    assert (refused.json or {})["code"] == code, refused.text
    assert chooser.ask("/preview", {**PANEL, "points": 5, "beginnings": 0, "replies": 0}).status_code == 200


def test_the_last_day_is_that_of_who_places(course: Course) -> None:
    """The course has no zone yet: with theirs it gets one, so that the day ends where it was meant to."""
    key = f"nowhere-{uuid4()}"
    course.sandbox.add_course(key, "Nowhere", members={"amara": "instructor", "maya": "learner"})
    chooser = Chooser(course, where=key)
    with course.given.database.write() as session:
        session.execute(update(Person).values(time_zone="Pacific/Auckland"))
    wanted = {**PANEL, "points": 5, "due_at": "2027-07-09T19:00:00Z"}
    placed = chooser.hand_over(chooser.place(wanted))
    config = launched(course, "amara", placed.links[0].key)
    (rule,) = rules_of(course, config["panel_id"])
    assert rule.due_on == date(2027, 7, 10)
    with course.given.database.read() as session:
        sheet = find_sheet(session, course.rows(Panel)[0].tenant_id, UUID(config["panel_id"]))
    assert sheet is not None
    assert sheet.zone.key == "Pacific/Auckland"


def graded_panel(lms: Course, **rules: str) -> UUID:
    """An earlier panel with these rules; the id of its settings."""
    chooser = Chooser(lms)
    placed = chooser.hand_over(chooser.place({**PANEL, "title": "Graded before"}))
    config = launched(lms, "amara", placed.links[0].key)
    done = lms.app.test_client().post(
        config["panel"] + "/grading/rules",
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
        data=rules,
    )
    assert done.status_code == 200, done.text
    with lms.given.database.write() as session:
        version = session.get_one(
            Panel, (lms.rows(Panel)[0].tenant_id, UUID(config["panel_id"]))
        ).template_version_id
        session.execute(
            update(TemplateVersion).where(TemplateVersion.id == version).values(group_mode="apart")
        )
    return version


ONE_STAGE = {
    "stage-0-replies": "1",
    "stage-0-points": "8",
    "stage-0-by_itself": "true",
    "stage-0-due_on": "2026-01-09",
}
TWO_STAGES = {**ONE_STAGE, "stage-1-openings": "2", "stage-1-points": "3", "stage-1-name": "Second"}


@pytest.mark.parametrize("stages", [ONE_STAGE, TWO_STAGES])
def test_an_earlier_panel_brings_its_grading_and_groups(lms: Course, stages: dict[str, str]) -> None:
    like = graded_panel(lms, **stages)
    chooser = Chooser(lms)
    form = chooser.ask(f"/panel?start={like}").text
    assert "1 reply, 8 points" in form
    assert "9 January" not in form
    wanted = {**PANEL, "like": str(like), "graded_alike": True, "due_at": "2027-01-09T12:00:00Z"}
    assert "1 reply, 8 points" in chooser.ask("/preview", wanted).text
    answer = chooser.place(wanted)
    (item,) = items_of(answer)
    # One column for one stage; for several the worker makes each its own.
    columns = [item["lineItem"]["scoreMaximum"]] if "lineItem" in item else []
    assert columns == ([8] if stages is ONE_STAGE else [])
    config = launched(lms, "maya", chooser.hand_over(answer).links[0].key)
    rules = rules_of(lms, config["panel_id"])
    assert [(rule.points, rule.by_itself) for rule in rules] == [(8, True), (3, False)][: len(rules)]
    assert [rule.due_on for rule in rules] == ([date(2027, 1, 9)] if len(rules) == 1 else [None, None])
    assert settings_of(lms, config["panel_id"]).group_mode == "apart"


def test_an_earlier_panels_grading_can_be_left_out_and_is_nobody_elses(course: Course) -> None:
    like = graded_panel(course, **ONE_STAGE)
    chooser = Chooser(course)
    placed = chooser.hand_over(chooser.place({**PANEL, "like": str(like)}))
    assert rules_of(course, launched(course, "maya", placed.links[0].key)["panel_id"]) == []
    # Of another kind it would ask for what cannot be written there.
    other = Chooser(course)
    placed = other.hand_over(
        other.place({**PANEL, "kind": "reflection", "like": str(like), "graded_alike": True})
    )
    assert rules_of(course, launched(course, "maya", placed.links[0].key)["panel_id"]) == []

    key, stranger = f"other-{uuid4()}", f"stranger-{uuid4()}"
    course.sandbox.add_user(stranger, "Sam", "Stranger")
    course.sandbox.add_course(key, "Another", members={stranger: "instructor", "amara": "instructor"})
    refused = Chooser(course, stranger, where=key).place({**PANEL, "like": str(like), "graded_alike": True})
    assert (refused.status_code, (refused.json or {})["code"]) == (404, "starting_point_unknown")
