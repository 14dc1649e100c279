"""What every answer of every address says to browsers: nothing of others runs in it, and only the tenant's own LMSs
frame it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from lti_tool.config import read_settings
from lti_tool.lti.frames import add_frame
from lti_tool.parts import Parts
from social_layer.people.models import Role
from tests.apps import new_app
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.furnished import Furnished
from tests.lti_tool.test_foreign_ids import Town
from tests.lti_tool.test_routes import PUBLIC, Route, routes_of
from tests.room import Room

OWN, THEIRS = "https://own.example", "https://theirs.example"


@pytest.fixture
def town(sqlite_tables_url: str, tmp_path: Path) -> Iterator[Town]:
    settings = read_settings(
        {"DATABASE_URL": sqlite_tables_url, "ALONGSIDE_HOME": str(tmp_path), "ALONGSIDE_RATE_LIMITS": "off"}
    )
    given = Parts.of(settings)
    home = Room(given.database)
    given = Parts(settings, given.database, given.sealer, home.clock)
    elsewhere = Room(given.database, home.clock)
    for room, origin in ((home, OWN), (elsewhere, THEIRS)):
        with room.rows() as session:
            add_frame(session, home.clock, room.tenant_id, origin)
    yield Town(new_app(given), given, Furnished(home), {"another tenant": Furnished(elsewhere)})
    given.database.close()


def directives(answer: TestResponse) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: value for name, _, value in (part.strip().partition(" ") for part in parts)}


def is_safe(answer: TestResponse, what: str) -> None:
    assert answer.status_code < 500 or what.endswith("/readyz"), what
    assert answer.headers["X-Content-Type-Options"] == "nosniff", what
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin"), what
    assert answer.headers["Permissions-Policy"], what
    # An LMS that registers itself waits for a message from the window that it opened.
    opener = "unsafe-none" if what.endswith("/lti/register") else "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"].startswith(opener), what
    assert answer.headers["Cache-Control"], what
    found = directives(answer)
    assert found["default-src"] == "'none'", what
    assert "frame-ancestors" in found, what
    for value in found.values():
        assert "unsafe" not in value, what
        assert "http:" not in value.split(), what
        assert "https:" not in value.split(), what
    assert found.get("script-src", "'self'") == "'self'", what
    assert found.get("style-src", "'self'") == "'self'", what
    assert THEIRS not in answer.headers["Content-Security-Policy"], what


def every_route(town: Town) -> list[Route]:
    """Those for everybody too; of the files of the page there is one."""
    public = [
        Route(rule.endpoint, method, rule)
        for rule in town.app.url_map.iter_rules()
        if rule.endpoint in PUBLIC - {"static"}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return [*routes_of(town.app), *public]


def address_of(route: Route, town: Town) -> str:
    if route.endpoint not in PUBLIC:
        return route.address(town.own.ids)
    built = route.rule.build({"link": "x", "kind": "extensions", "name": "x", "version": "x", "measure": "x"})
    assert built is not None
    return built[1]


@pytest.mark.parametrize("who", ["nobody", "an instructor", "a learner", "an operator"])
def test_every_answer_is_safe(town: Town, who: str) -> None:
    room, headers = town.own.room, {"Sec-Fetch-Site": "same-origin"}
    client = town.app.test_client()
    if who == "an operator":
        make_operator(town.given)
        desk = Desk(town.app)
        desk.sign_in()
        client = desk.client  # type: ignore[assignment]
    elif who != "nobody":
        member = town.own.owner if who == "an instructor" else room.join(Role.learner)
        headers["Authorization"] = f"Bearer {town.pass_of(member)}"
    for route in every_route(town):
        for more in ({}, {"Accept": "text/html"}, {"HX-Request": "true"}):
            answer = client.open(
                address_of(route, town),
                method=route.method,
                headers={**headers, **more},
                base_url="https://localhost:8000",
            )
            what = f"{route.method} {route.rule.rule}"
            is_safe(answer, what)
            if route.endpoint.startswith("console."):
                assert directives(answer)["frame-ancestors"] == "'none'", what
                assert answer.headers["X-Frame-Options"] == "DENY", what
    for path in ("/nowhere", "/admin/nowhere", "/lti/nowhere", "/api/v1/nowhere", "/panels/x"):
        is_safe(client.get(path, base_url="https://localhost:8000"), path)


def test_a_panel_is_framed_by_its_own_tenants_lmss_alone(town: Town) -> None:
    for furnished, own, other in (
        (town.own, OWN, THEIRS),
        (town.others["another tenant"], THEIRS, OWN),
    ):
        room = furnished.room
        token = town.pass_of(furnished.owner, room.panel_id, room.tenant_id)
        client = town.app.test_client()
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            page = client.get(f"/panels/{room.panel_id}", headers=headers)
            ancestors = directives(page)["frame-ancestors"].split()
            assert own in ancestors
            assert other not in ancestors
            assert "*" not in ancestors


def test_a_page_of_nobody_is_framed_by_nobody(town: Town) -> None:
    client = town.app.test_client()
    for path in ("/", "/nowhere", "/xapi/profile.html"):
        page = client.get(path, headers={"Accept": "text/html"})
        assert directives(page)["frame-ancestors"] == "'none'", path
