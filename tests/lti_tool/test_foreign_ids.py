"""The second sweep: somebody with every right in their own course, and the ids of things that are in another one.

Each address that names more than a panel is tried with an id of another course, of another tenant, and where the thing
belongs to one panel of another panel beside it; and each field of a body that names something. As for the first sweep,
routes come from the map: one that names something new fails here until `furnished.py` makes one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from lti_tool import bearer
from lti_tool.config import read_settings
from lti_tool.lti.models import Placing
from lti_tool.migrations import metadata
from lti_tool.parts import Parts
from social_layer.people.models import Role, Tenant
from tests.apps import new_app
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.furnished import SECRET, Furnished, in_another_course
from tests.lti_tool.test_routes import BODIES, PUBLIC, Route, routes_of
from tests.room import Room


@dataclass
class Town:
    app: Flask
    given: Parts
    own: Furnished
    others: dict[str, Furnished]

    def pass_of(self, membership: UUID, panel_id: UUID | None = None, tenant: UUID | None = None) -> str:
        room = self.own.room
        return bearer.issue(self.given, tenant or room.tenant_id, membership, panel_id or room.panel_id)[0]

    def ask(
        self, route: Route, ids: dict[str, UUID], token: str, body: dict[str, Any] | None = None
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"}
        sent = body if body is not None else BODIES.get(route.endpoint)
        given: dict[str, Any] = {"json": sent} if sent is not None else {}
        if route.endpoint.startswith("web.") and "placing" not in route.rule.rule:
            headers["HX-Request"] = "true"
            given = {"data": sent}
        client = self.app.test_client()
        return client.open(route.address(ids), method=route.method, headers=headers, **given)

    def everything(self) -> str:
        """All that there is, but what a look at somebody else's page may rightly note about the asker."""
        with self.given.database.engine.connect() as connection:
            return json.dumps(
                {
                    table.name: sorted(
                        str(row) for row in connection.execute(text(f'SELECT * FROM "{table.name}"'))
                    )
                    for table in metadata().sorted_tables
                    if table.name not in ("event", "membership")
                }
            )


@pytest.fixture
def town(tables_url: str, tmp_path: Path) -> Iterator[Town]:
    settings = read_settings(
        {"DATABASE_URL": tables_url, "ALONGSIDE_HOME": str(tmp_path), "ALONGSIDE_RATE_LIMITS": "off"}
    )
    given = Parts.of(settings)
    home = Room(given.database)
    given = Parts(settings, given.database, given.sealer, home.clock)
    elsewhere = Room(given.database, home.clock)
    others = {"another course": Furnished(in_another_course(home)), "another tenant": Furnished(elsewhere)}
    yield Town(new_app(given), given, Furnished(home), others)
    given.database.close()


def naming(app: Flask) -> list[tuple[Route, str]]:
    """Every route of a panel with every thing beside the panel that its address names."""
    return [
        (route, name)
        for route in routes_of(app)
        if not route.endpoint.startswith("console.")
        # `after` only says where a page of one's own begins.
        for name in sorted(route.rule.arguments - {"panel_id", "kind", "about", "number", "measure", "after"})
    ]


def own_or_refused(answer: TestResponse) -> bool:
    """A stage that a panel does not have is one that its rules have lost meanwhile, wherever it may be, and left no
    column behind."""
    refused_as = (answer.get_json(silent=True) or {}).get("code")
    return answer.status_code in (403, 404) or refused_as in ("stage_not_found", "column_stays")


@pytest.mark.parametrize("whose", ["another course", "another tenant"])
def test_no_address_opens_what_is_elsewhere(town: Town, whose: str) -> None:
    instructor = town.pass_of(town.own.owner)
    before = town.everything()
    tried = naming(town.app)
    assert len(tried) > 25
    for route, name in tried:
        for swapped in ({name}, set(route.rule.arguments) - {"panel_id"}):
            ids = {
                **town.own.ids,
                **{one: town.others[whose].ids[one] for one in swapped if one in town.own.ids},
            }
            answer = town.ask(route, ids, instructor)
            assert own_or_refused(answer), f"{route.method} {route.rule.rule} {swapped}: {answer.status_code}"
            assert SECRET not in answer.text
    assert town.everything() == before


def test_with_ids_of_ones_own_each_of_them_answers(town: Town) -> None:
    """Otherwise the sweep would prove nothing: what is refused above is refused for being elsewhere."""
    instructor = town.pass_of(town.own.owner)
    by_name = {
        (route.method == "DELETE", route.endpoint, route.method): route for route, _ in naming(town.app)
    }
    # Last those that take away what others name.
    routes = [by_name[key] for key in sorted(by_name)]
    refused = {}
    for route in routes:
        if "placing_id" in route.rule.arguments:
            token = town.pass_of(town.own.owner, town.own.ids["placing_id"])
        else:
            token = instructor
        answer = town.ask(route, town.own.ids, token)
        if own_or_refused(answer):
            refused[f"{route.method} {route.endpoint}"] = answer.get_json()["code"]
    # Somebody else's words are nobody's to change, no score is on its way, and the stage is still graded.
    codes = {"not_author", "learner_not_found", "starting_point_unknown", "column_stays"}
    assert set(refused.values()) <= codes, refused
    assert len(refused) < 8, refused


def test_an_entry_of_the_panel_beside_is_not_there(town: Town) -> None:
    room = town.own.room
    beside = room.add_panel()
    entry = room.post(room.look(town.own.owner, beside), SECRET)
    ids = {**town.own.ids, "entry_id": entry}
    token = town.pass_of(town.own.owner)
    for route in routes_of(town.app):
        if "entry_id" in route.rule.arguments:
            answer = town.ask(route, ids, token)
            assert own_or_refused(answer), f"{route.method} {route.rule.rule}: {answer.status_code}"
            assert SECRET not in answer.text


# Ids in bodies and queries: (endpoint, what is sent), with the foreign ids put in.
def _bodies(ids: dict[str, UUID]) -> list[tuple[str, dict[str, Any], str]]:
    entry, group, group_set = (str(ids[name]) for name in ("entry_id", "group_id", "set_id"))
    return [
        ("web.post_entry", {"body": "x", "parent_id": entry}, ""),
        ("web.post_entry", {"body": "x", "group": group}, ""),
        ("entries.post_entry", {"body": "x", "parent_id": entry}, ""),
        ("entries.post_entry", {"body": "x", "group": group}, ""),
        ("panels.share_reflection", {**BODIES["panels.share_reflection"], "group": group}, ""),
        ("web.share_reflection", {"what": "x", "group": group}, ""),
        ("web.move_person", {"group": group}, ""),
        (
            "web.change_set_up",
            {**BODIES["web.change_set_up"], "group_mode": "apart", "group_set": group_set},
            "",
        ),
        (
            "panels.set_up_panel",
            {**BODIES["panels.set_up_panel"], "group_mode": "apart", "group_set_id": group_set},
            "",
        ),
        ("panels.note_reading", {"entries": [{"id": entry, "seq": 9}]}, ""),
        ("web.more_entries", {}, f"?group={group}"),
        ("web.content", {}, f"?group={group}"),
        ("entries.list_entries", {}, f"?group={group}"),
        ("drafts.keep_draft", {"body": "x"}, f"reply-{entry}"),
        ("drafts.keep_draft", {"body": "x"}, f"edit-{entry}"),
    ]


@pytest.mark.parametrize("whose", ["another course", "another tenant"])
def test_no_body_or_query_reaches_what_is_elsewhere(town: Town, whose: str) -> None:
    token = town.pass_of(town.own.owner)
    by_name = {route.endpoint: route for route in routes_of(town.app)}
    own = set(town.own.ids.values())  # another course is of the same tenant
    theirs = [str(one) for one in town.others[whose].ids.values() if one not in own]
    for endpoint, body, more in _bodies(town.others[whose].ids):
        route = by_name[endpoint]
        address = route.address(town.own.ids)
        if more.startswith("?"):
            address += more
        elif more:
            address = address.rpartition("/")[0] + f"/{more}"
        sent: dict[str, Any] = {"data": body} if endpoint.startswith("web.") else {"json": body}
        if route.method == "GET":
            sent = {}
        headers = {"Authorization": f"Bearer {token}", "HX-Request": "true"}
        before = town.everything()
        answer = town.app.test_client().open(address, method=route.method, headers=headers, **sent)
        assert answer.status_code < 500
        # What names another one's group is an answer about one's own groups, or a refusal.
        for other in town.others.values():
            assert str(other.ids["entry_id"]) not in answer.text or answer.status_code >= 400
        if answer.status_code < 400 and route.method != "GET":
            after = town.everything()
            gained = [line for line in theirs if after.count(line) > before.count(line)]
            assert gained == [], f"{endpoint} {body}: something of ours refers to theirs"


# One kind of pass for another.


def test_a_placings_pass_opens_no_panel(town: Town) -> None:
    """It is made like a panel's, with the placing's id where the panel's would stand."""
    token = town.pass_of(town.own.owner, town.own.ids["placing_id"])
    before = town.everything()
    for route in routes_of(town.app):
        if route.endpoint.startswith("console.") or "placing_id" in route.rule.arguments:
            continue
        answer = town.ask(route, town.own.ids, token)
        assert own_or_refused(answer), f"{route.method} {route.rule.rule}: {answer.status_code}"
        assert SECRET not in answer.text
        # Nor where its id is named as a panel's.
        as_panel = {**town.own.ids, "panel_id": town.own.ids["placing_id"]}
        assert own_or_refused(town.ask(route, as_panel, token))
    assert town.everything() == before


def test_a_placing_is_opened_by_nobody_but_who_began_it(town: Town) -> None:
    room, placing = town.own.room, town.own.ids["placing_id"]
    colleague, learner = room.join(Role.instructor), room.join()
    theirs = town.others["another tenant"]
    passes = {
        "a colleague": town.pass_of(colleague, placing),
        "a learner": town.pass_of(learner, placing),
        "another tenant": town.pass_of(theirs.owner, placing, theirs.room.tenant_id),
        "a panel's": town.pass_of(town.own.owner),
        "another placing's": town.pass_of(town.own.owner, uuid4()),
    }
    for route in routes_of(town.app):
        if "placing_id" in route.rule.arguments:
            for who, token in passes.items():
                assert own_or_refused(town.ask(route, town.own.ids, token)), (who, route.rule.rule)
    with town.given.database.read() as session:
        assert session.get_one(Placing, (room.tenant_id, placing)).answer is None


def test_other_signed_things_are_no_pass(town: Town) -> None:
    """What the house signs for other ends: a link to a download, an invite, a state, a token for an LMS."""
    from lti_tool.links import make_link
    from lti_tool.lti import invites
    from lti_tool.lti.keys import ToolKeys

    room, given = town.own.room, town.given
    link = make_link(given, "contributions", room.tenant_id, town.own.owner, room.panel_id)
    with given.database.write() as session:
        tenant = session.get_one(Tenant, room.tenant_id).name
        invite, _ = invites.make_invite(session, given.clock, tenant)
    import jwt

    key = ToolKeys(given).signing()
    assertion = jwt.encode({"sub": "tool"}, key.private, algorithm="RS256", headers={"kid": key.kid})
    real = town.pass_of(town.own.owner)
    sealed = given.sealer.seal(real)
    client = town.app.test_client()
    for token in (link, invite, assertion, sealed, real[:-1], real.replace(".", "")):
        answer = client.get(f"/api/v1/panels/{room.panel_id}", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.get_json()["code"]) == (401, "token_invalid")
    # And the other way round.
    assert client.get(f"/contributions/{real}").status_code in (401, 403)
    assert client.get(f"/contributions/{link}").status_code == 200
    assert client.get(
        f"/lti/register?invite={real}&openid_configuration=http://127.0.0.1:1/"
    ).status_code in (403, 404, 400)
    assert client.get(f"/lti/login/continue?state={real}").status_code == 403


# The console.


def test_a_signed_in_operator_is_nobody_in_a_panel(town: Town) -> None:
    make_operator(town.given)
    desk = Desk(town.app)
    assert desk.sign_in().status_code == 303
    for route in routes_of(town.app):
        if route.endpoint.startswith("console.") or route.endpoint in ("web.panel", "web.placing"):
            continue
        answer = desk.client.open(
            route.address(town.own.ids),
            method=route.method,
            base_url="https://localhost:8000",
            headers={"Sec-Fetch-Site": "same-origin", "HX-Request": "true"},
        )
        assert answer.status_code == 401, route.rule.rule
        assert SECRET not in answer.text


def test_an_operator_of_one_tenant_gets_at_nothing_of_another(town: Town) -> None:
    theirs = town.others["another tenant"]
    with town.given.database.read() as session:
        tenant = session.get_one(Tenant, town.own.room.tenant_id).name
    make_operator(town.given, tenant=tenant)
    desk = Desk(town.app)
    assert desk.sign_in().status_code == 303
    form = {"form_token": desk.form_token, "name": "Taken over", "hours": "1"}
    before = town.everything()
    named = 0
    for route in routes_of(town.app):
        if not route.endpoint.startswith("console.") or not route.rule.arguments:
            continue
        named += 1
        for ids, found in ((theirs.ids, False), (town.own.ids, True)):
            if found and route.method != "GET":
                continue
            answer = desk.client.open(
                route.address(ids),
                method=route.method,
                base_url="https://localhost:8000",
                headers={"Sec-Fetch-Site": "same-origin"},
                data=form,
            )
            assert answer.status_code == (200 if found else 404), (route.method, route.rule.rule, found)
    assert named > 4
    assert town.everything() == before
    # Lists show their own and no other's.
    for path in ("/platforms", "/invites", "/launches", "/people", "/records", "/reports", ""):
        page = desk.get(path).text
        for one in ("platform_id", "invite_id"):
            assert str(theirs.ids[one]) not in page


def test_everything_that_is_public_is_so_on_purpose(town: Town) -> None:
    """Each of them names no panel, person, group, placing or platform."""
    for rule in town.app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            assert not rule.arguments & set(town.own.ids), rule.rule
