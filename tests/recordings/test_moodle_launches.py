"""Launches recorded from a running Moodle 4.5, replayed: signed anew, with our state and nonce, and moved to now."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.lti.claims import CLAIM
from lti_tool.lti.models import Deployment, LtiContext, LtiLink
from lti_tool.lti.registrations import Registration, register
from lti_tool.parts import Parts
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Account, Course, Membership, Person
from tests.apps import new_app
from tests.lti_tool.lti.launching import TOOL, Browser, Clock, asked_of_platform, config_of
from tests.lti_tool.lti.platforms import serving_keys, signed

RECORDINGS = Path(__file__).parent / "moodle"


class Replay:
    """The recorded Moodle, answering with recorded tokens."""

    def __init__(self, given: Parts, clock: Clock, jwks_url: str) -> None:
        self.given, self.clock = given, clock
        self.app = new_app(given)
        base = "http://127.0.0.1:8090"
        # Two tools were registered in it: by hand (deployment 1) and dynamically (deployment 2).
        for client_id, deployment in (("ipmOkdWyQbCqkan", "1"), ("PTbWeFpsVGe2dOj", "2")):
            told = Registration(
                base,
                client_id,
                f"{base}/mod/lti/auth.php",
                f"{base}/mod/lti/token.php",
                jwks_url,
                (deployment,),
            )
            with given.database.write() as session:
                register(session, given.clock, given.settings, "default", told)

    def launch(self, name: str, **changes: Any) -> TestResponse:
        recorded = _recording(name)
        claims = dict(recorded["id_token_payload"]) | changes
        browser = Browser(self.app)
        login = dict(_recording("login_initiation")["resource_link"]["form"])
        login |= {
            "target_link_uri": f"{TOOL}/lti/launch",
            "client_id": claims["aud"],
            "login_hint": claims["sub"],
            "lti_deployment_id": claims[f"{CLAIM}deployment_id"],
        }
        asked = asked_of_platform(browser.log_in(login))
        assert json.loads(asked["lti_message_hint"]) == json.loads(login["lti_message_hint"])
        lasts = claims["exp"] - claims["iat"]
        now = int(self.clock().timestamp())
        claims |= {"nonce": asked["nonce"], "iat": now, "exp": now + lasts}
        token = signed(claims, **{k: v for k, v in recorded["id_token_header"].items() if k == "typ"})
        return browser.post("/lti/launch", {"id_token": token, "state": asked["state"]})

    def found(self, panel_id: str) -> Any:
        """Of the panel and the people in its course: titles, names and roles."""
        with self.given.database.read() as session:
            return session.execute(
                select(
                    Course.title.label("course"),
                    Course.label,
                    TemplateVersion.title.label("panel"),
                    Person.name,
                    Person.language,
                    Person.time_zone,
                    Membership.role,
                    Account.home_page,
                    Account.name.label("account"),
                )
                .select_from(Panel)
                .join(TemplateVersion, TemplateVersion.id == Panel.template_version_id)
                .join(Course, Course.id == Panel.course_id)
                .join(Membership, Membership.course_id == Course.id)
                .join(Person, Person.id == Membership.person_id)
                .join(Account, Account.person_id == Person.id)
                .where(Panel.id == UUID(panel_id))
                .order_by(Membership.last_launch_at.desc())
            ).first()


def test_a_recorded_deep_linking_request_opens_the_page_for_choosing(moodle: Replay) -> None:
    page = moodle.launch("launch_deep_linking_request")
    config = config_of(page)
    assert config["roles"] == ["instructor"]
    assert config["most"] > 1
    assert "Intro to Discussion" in page.text
    assert "form-action 'self' http://127.0.0.1:8090" in page.headers["Content-Security-Policy"]


def _recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_text())
    return found


@pytest.fixture
def moodle(given: Parts, clock: Clock) -> Iterator[Replay]:
    with serving_keys() as keys:
        yield Replay(given, clock, keys.url)


@pytest.mark.parametrize(
    ("recording", "person", "role", "panel"),
    [
        ("launch_resource_link_teacher_dynreg", "Tina Teacher", "instructor", "Panel dynreg"),
        ("launch_resource_link_student_dynreg", "Sam Student", "learner", "Panel dynreg"),
        # An administrator is an Instructor in the context too, and that decides.
        ("launch_resource_link_admin", "Admin User", "instructor", "Panel dynreg"),
        ("launch_resource_link_manager", "Manager1 X", "instructor", "Panel dynreg"),
        ("launch_resource_link_nonediting_teacher", None, "instructor", "Panel dynreg"),
        ("launch_student_deeplinked_item", "Sam Student", "learner", "Week 1 discussion"),
        ("launch_student_in_two_groups", "Sam Student", "learner", "Panel dynreg"),
        ("launch_new_window_container", "Sam Student", "learner", "Panel newwindow"),
        ("launch_existing_window_container", "Sam Student", "learner", None),
        ("launch_manual_student_http_all_custom_vars", "Sam Student", "learner", "Panel manual"),
        ("launch_manual_teacher_http_all_custom_vars", "Tina Teacher", "instructor", "Panel manual"),
    ],
)
def test_a_recorded_launch_opens_its_panel(
    moodle: Replay, recording: str, person: str | None, role: str, panel: str | None
) -> None:
    config = config_of(moodle.launch(recording))
    claims = _recording(recording)["id_token_payload"]

    found = moodle.found(config["panel_id"])
    assert config["roles"] == [role]
    assert (found.course, found.label) == ("Intro to Discussion", "DISC101")
    assert found.panel == (panel or claims[f"{CLAIM}resource_link"]["title"])
    assert found.name == (person or claims["name"])
    assert found.role == role
    assert found.language == "en"
    # Moodle's "99" means the server's own zone, which it does not tell.
    assert found.time_zone is None
    assert (found.home_page, found.account) == (claims["iss"], claims["sub"])


def test_withheld_names_are_no_obstacle(moodle: Replay) -> None:
    config = config_of(moodle.launch("launch_manual_student_privacy_name_email_off"))

    found = moodle.found(config["panel_id"])
    assert (found.name, found.role) == (None, "learner")


def test_one_person_and_one_course_over_several_links(moodle: Replay) -> None:
    panels = {
        config_of(moodle.launch(recording))["panel_id"]
        for recording in (
            "launch_resource_link_student_dynreg",
            "launch_student_deeplinked_item",
            "launch_new_window_container",
            "launch_student_in_two_groups",
        )
    }

    with moodle.given.database.read() as session:
        counts = [
            len(session.scalars(select(table)).all())
            for table in (Person, Course, LtiContext, LtiLink, Panel)
        ]
    assert len(panels) == 3
    assert counts == [1, 1, 1, 3, 3]


def test_two_registrations_of_one_lms_open_the_same_course(moodle: Replay) -> None:
    """Context "2" is one course of the Moodle, by whichever of its registrations somebody comes (ADR 6)."""
    config_of(moodle.launch("launch_resource_link_student_dynreg"))
    config_of(moodle.launch("launch_manual_student_http_all_custom_vars"))

    with moodle.given.database.read() as session:
        assert len(session.scalars(select(Course)).all()) == 1
        assert len(session.scalars(select(Person)).all()) == 1
        assert {one.lti_deployment_id for one in session.scalars(select(Deployment))} == {"1", "2"}


def test_a_review_of_somebody_who_never_came_is_told_so(moodle: Replay) -> None:
    answer = moodle.launch("launch_submission_review")

    assert answer.status_code == 404
    assert "reviewed_unknown" in answer.text


@pytest.mark.parametrize("variant", ["no response_mode", "prompt=login", "wrong login_hint", "wrong client"])
def test_an_error_instead_of_a_token_is_a_page(moodle: Replay, variant: str) -> None:
    fields = _recording("auth_endpoint_variants")["auth_variants"][variant]["fields"]

    answer = Browser(moodle.app).post("/lti/launch", fields)

    assert answer.status_code == 403
    assert "did not confirm who you are" in answer.text
