"""The sweep: every address of the tool, taken from its own map, tried by everybody who has no business there.

A new route is swept without a word here. Only if it needs a body to get past its own parsing, or is meant for
everybody, does it have to be named.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, inspect, select, text, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lti_tool import bearer
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.cursors import of_change
from social_layer.people.models import Membership, Role
from tests.apps import new_app
from tests.lti_tool.furnished import SECRET, Furnished
from tests.room import Room

# Meant for everybody: they show nothing of anybody. The launch's own addresses are tested in tests/certification.
# Written out here on purpose: opening an address takes a line in lti_tool/bearer.py and a second look.
PUBLIC = {
    "static",
    "health.alive",
    "health.ready",
    "health.metrics",
    "front.door",
    "lti.begin_login",
    "lti.go_on",
    "lti.go_on_in_own_tab",
    "lti.launch",
    "lti.tool_jwks",
    # An LMS that tells something by itself; its signature is asked for in tests/lti_tool/lti.
    "lti.take_notices",
    # An LMS that connects itself; the invite in its address is asked for in tests/lti_tool/lti.
    "lti.show_registration",
    "lti.register",
    "lti.manual_values",
    "lti.canvas_key",
    "lti.logo",
    "api-docs.openapi_json",
    # By a link that is its own right, for minutes; tested in tests/lti_tool/web/test_contributions.py.
    "web.download_contributions",
    # As that; tested in tests/lti_tool/web/test_reports.py.
    "web.download_measure",
    # The published xAPI profile and its terms.
    "profile.show_profile",
    "profile.show_version",
    "profile.show_document",
    "profile.show_page",
    "profile.show_term",
    # The way in to the operator's console, which asks for a password; see tests/lti_tool/console.
    "console.sign_in_form",
    "console.sign_in",
}
# Without a token the page's address answers the same empty shell to everybody; tested below.
SHELLS = ("web.panel", "web.placing")
FOR_STAFF = {
    *("panels.set_up_panel", "web.set_up_form", "web.change_set_up"),
    *("web.show_groups", "web.draw_groups", "web.read_groups", "web.make_groups", "web.show_set"),
    *("web.more_people", "web.rename_set", "web.remove_set", "web.add_group", "web.rename_group"),
    *("web.remove_group", "web.move_person", "web.show_terms", "web.begin_term", "web.former_term"),
    *("web.people", "web.list_people", "web.roster_progress", "web.refresh_roster"),
    *("web.grading", "web.grading_rules", "web.change_grading_rules", "web.preview_grading_rules"),
    *("web.grade_learner", "web.more_contributions", "web.judge", "web.take_judgement_back"),
    *("web.order_sending", "web.order_column", "web.send_all", "web.read_back"),
    *("web.course_page", "web.statements_behind", "web.link_to_measure", "web.timeline_of"),
}
# They change nothing, or only the asker's own pass.
HARMLESS = (
    "preview",
    "preview_reflection",
    "note_reading",
    "renew_token",
    "link_to_contributions",
    "link_to_measure",
)
QUERIES = {name: f"?after={of_change(0)}" for name in ("entries.list_updates", "web.updates")}
PLAIN = {"kind": "like", "about": "topic", "number": 1, "measure": "participation", "table": "courses"}
BODIES: dict[str, dict[str, Any]] = {
    "web.draw_groups": {"how": "groups", "number": "2"},
    "web.make_groups": {"name": "Taken over", "plan": '[{"name": "One", "people": []}]'},
    "web.rename_set": {"name": "Taken over"},
    "web.add_group": {"name": "Taken over"},
    "web.rename_group": {"name": "Taken over"},
    "web.move_person": {"group": ""},
    "web.begin_term": {"term": "1"},
    "web.choose_scope": {"scope": "nothing"},
    "web.change_set_up": {"kind": "discussion", "title": "Taken over", "purpose": "", "prompt": ""},
    "web.change_grading_rules": {"stage-0-replies": "1", "stage-0-points": "5"},
    "web.preview_grading_rules": {"stage-0-replies": "1", "stage-0-points": "5"},
    "web.judge": {"points": "1"},
    "web.order_sending": {"wish": "again"},
    "web.order_column": {"wish": "leave"},
    "web.post_entry": {"body": "some words"},
    "web.change_entry": {"body": "other words", "version": "1"},
    "web.share_reflection": {"what": "It happened."},
    "panels.set_up_panel": {"kind": "discussion", "title": "Taken over", "purpose": "", "prompt": ""},
    "panels.note_reading": {"entries": []},
    "panels.preview": {"body": "some words"},
    "panels.share_reflection": {"what": "It happened.", "so_what": "", "now_what": ""},
    "entries.post_entry": {"body": "some words"},
    "entries.change_entry": {"body": "other words", "version": 1},
    "entries.remove_entry": {"version": 1},
    "drafts.keep_draft": {"body": "some words"},
}


@dataclass
class House:
    """One installation with two tenants, each with a course and a panel in which somebody has written."""

    app: Flask
    given: Parts
    home: Room
    elsewhere: Room
    furnished: Furnished

    def token(self, room: Room, role: Role = Role.learner, panel_id: UUID | None = None) -> str:
        return bearer.issue(self.given, room.tenant_id, room.join(role), panel_id or room.panel_id)[0]

    def ask(self, route: "Route", token: str | None) -> TestResponse:
        client: FlaskClient = self.app.test_client()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        address = route.address(self.furnished.ids)
        body = BODIES.get(route.endpoint)
        if route.endpoint.startswith("console."):
            headers["Sec-Fetch-Site"] = "same-origin"
            return client.open(address, method=route.method, headers=headers)
        if route.endpoint.startswith("web."):
            fragment = {**headers, "HX-Request": "true"}
            return client.open(address, method=route.method, headers=fragment, data=body)
        return client.open(
            address, method=route.method, headers=headers, json=body if body is not None else None
        )


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    rule: Rule

    def address(self, ids: Mapping[str, UUID]) -> str:
        """A KeyError: a route names something new. Let `furnished.py` make one, so that the sweep has a real id."""
        values: dict[str, Any] = {**ids, **PLAIN}
        built = self.rule.build({name: values[name] for name in self.rule.arguments})
        assert built is not None
        return built[1] + QUERIES.get(self.endpoint, "")


def routes_of(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in PUBLIC:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Route(rule.endpoint, method, rule)


@pytest.fixture
def house(tables_url: str, tmp_path: Path) -> Iterator[House]:
    settings = read_settings(
        {"DATABASE_URL": tables_url, "ALONGSIDE_HOME": str(tmp_path), "ALONGSIDE_RATE_LIMITS": "off"}
    )
    given = Parts.of(settings)
    home, elsewhere = Room(given.database), Room(given.database)
    given = Parts(settings, given.database, given.sealer, home.clock)
    yield House(new_app(given), given, home, elsewhere, Furnished(home))
    given.database.close()


def test_every_public_address_is_one_of_ours(house: House) -> None:
    assert PUBLIC | FOR_STAFF | set(BODIES) <= {rule.endpoint for rule in house.app.url_map.iter_rules()}


def all_rows(connection: Connection) -> dict[str, int]:
    tables = inspect(connection).get_table_names()
    return {
        table: connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() for table in tables
    }


@pytest.mark.parametrize(
    ("who", "statuses"),
    [
        ("nobody", {401}),
        ("a forger", {401}),
        ("a learner of another panel", {403, 404}),
        ("an instructor of another course", {403, 404}),
        ("an instructor of another tenant", {403, 404}),
        ("somebody who has left the course", {403, 404}),
    ],
)
def test_who_has_no_business_here_gets_nowhere(house: House, who: str, statuses: set[int]) -> None:
    token = _token_of(house, who)
    with house.given.database.engine.connect() as connection:
        before = all_rows(connection)
    for route in routes_of(house.app):
        if route.endpoint in SHELLS and token is None:
            continue
        if not route.rule.arguments and who == "a learner of another panel":
            continue  # it names no panel: the token's own is meant
        answer = house.ask(route, token)
        # Whoever somebody is in a course, in the console they are nobody.
        allowed = {401} if route.endpoint.startswith("console.") else statuses
        assert answer.status_code in allowed, f"{who}: {route.method} {route.rule.rule}: {answer.status_code}"
        assert SECRET not in answer.text
    with house.given.database.engine.connect() as connection:
        assert all_rows(connection) == before


def _token_of(house: House, who: str) -> str | None:
    home = house.home
    other_course: Callable[[], UUID] = lambda: house.elsewhere.course_id  # noqa: E731
    match who:
        case "nobody":
            return None
        case "a forger":
            genuine = house.token(home)
            return genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB")
        case "a learner of another panel":
            return house.token(home, panel_id=home.add_panel())
        case "an instructor of another course":
            # Of the same tenant, with a token that names this panel: as if a bug had issued it.
            with home.rows():
                from tests import factories

                course = factories.CourseFactory(tenant_id=home.tenant_id)
            member = home.join(Role.instructor, course_id=course.id)
            return bearer.issue(house.given, home.tenant_id, member, home.panel_id)[0]
        case "an instructor of another tenant":
            member = house.elsewhere.join(Role.instructor, course_id=other_course())
            return bearer.issue(house.given, house.elsewhere.tenant_id, member, home.panel_id)[0]
        case "somebody who has left the course":
            member = home.join(Role.instructor)
            with house.given.database.write() as session:
                session.execute(update(Membership).where(Membership.id == member).values(active=False))
            return bearer.issue(house.given, home.tenant_id, member, home.panel_id)[0]
    raise AssertionError(who)


def test_a_learner_does_not_set_panels_up(house: House) -> None:
    token = house.token(house.home)
    for route in routes_of(house.app):
        if route.endpoint in FOR_STAFF:
            assert house.ask(route, token).status_code == 403, route.rule.rule


def test_an_observer_writes_nothing(house: House) -> None:
    token = house.token(house.home, Role.observer)
    with house.given.database.engine.connect() as connection:
        before = all_rows(connection)
    for route in routes_of(house.app):
        if route.method != "GET":
            status = house.ask(route, token).status_code
            harmless = route.endpoint.endswith(HARMLESS)
            allowed = {200, 204, 403, 422} if harmless else {403, 409, 422, 204}
            allowed = {401} if route.endpoint.startswith("console.") else allowed
            assert status in allowed, route.rule.rule
    with house.given.database.engine.connect() as connection:
        assert all_rows(connection) == before


def test_a_token_that_ran_out_opens_nothing(house: House) -> None:
    token = house.token(house.home)
    house.home.clock.pass_by(hours=5)
    for route in routes_of(house.app):
        assert house.ask(route, token).status_code == 401, route.rule.rule


def test_the_shell_of_a_page_says_nothing_about_the_panel(house: House) -> None:
    client = house.app.test_client()
    real = client.get(f"/panels/{house.home.panel_id}")
    unknown = client.get(f"/panels/{uuid4()}")
    assert real.status_code == unknown.status_code == 200
    assert real.text.replace(str(house.home.panel_id), "") == unknown.text.replace(str(uuid4()), "") or (
        SECRET not in real.text
    )


def test_every_answer_carries_the_headers_that_keep_it_safe(house: House) -> None:
    token = house.token(house.home)
    client = house.app.test_client()
    answers = [house.ask(route, token) for route in routes_of(house.app)]
    answers += [client.get(address) for address in ("/healthz", "/lti/jwks.json", "/nowhere", "/lti/login")]
    answers += [client.get(f"/panels/{house.home.panel_id}")]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        if answer.mimetype == "text/html":
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "unsafe-inline" not in policy
            assert "frame-ancestors" in policy
        assert "Set-Cookie" not in answer.headers


def test_a_trace_id_leads_from_the_page_to_the_log(house: House) -> None:
    answer = house.app.test_client().get("/nowhere", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["X-Trace-Id"] in answer.text


def test_rows_are_counted_in_both_tenants(house: House) -> None:
    """The sweep above would prove nothing on an empty house."""
    with house.given.database.read() as session:
        assert len(set(session.scalars(select(Membership.tenant_id)))) <= 2
        assert house.home.tenant_id != house.elsewhere.tenant_id
