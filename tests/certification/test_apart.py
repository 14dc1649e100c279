"""Two deployments of one platform, and two tenants on one installation: nothing of the one is of use at the other."""

from typing import Any
from uuid import UUID

import jwt
import pytest
from werkzeug.test import TestResponse

from lti_tool.lti.claims import CLAIM
from lti_tool.lti.models import LtiContext, Platform
from lti_tool.problems import PROBLEMS
from lti_tool.sandbox import Running, Sandbox, authorize
from lti_tool.sandbox.registrations import Registration
from social_layer.panels.models import Panel
from social_layer.people.models import Account, Membership
from tests.certification.conftest import DEFAULT, ELSEWHERE, SECOND, seen_as
from tests.lti_tool.lti.launching import Browser, Course, asked_of_platform, config_of, register_sandbox

Places = dict[str, Registration]


def launched(house: Course, place: Registration, user: str = "maya") -> dict[str, Any]:
    seen_as(house.sandbox, place)
    return config_of(house.launch(user))


def begun(house: Course, place: Registration, browser: Browser) -> tuple[dict[str, str], dict[str, str]]:
    """A login that waits for its token: what is asked of the platform, and what the platform posts."""
    seen_as(house.sandbox, place)
    _, params = house.sandbox.begin_launch("maya", "food-web")
    asked = asked_of_platform(browser.log_in(params))
    _, fields = authorize(house.sandbox, asked)
    return asked, fields


def signed(sandbox: Sandbox, claims: dict[str, Any]) -> str:
    """By the LMS's own key, whatever the claims."""
    key = sandbox.keys.current
    return jwt.encode(claims, key.as_pem(private=True), algorithm="RS256", headers={"kid": key.kid})


def claims_in(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def refused(answer: TestResponse, code: str) -> None:
    assert (answer.status_code, code in answer.text) == (PROBLEMS[code].status, True)


def test_the_same_course_and_link_are_three_panels(house: Course, places: Places) -> None:
    """Each tenant knows its own people; two deployments of one platform share theirs, and nothing else."""
    panels = {name: launched(house, place)["panel_id"] for name, place in places.items()}
    assert len(set(panels.values())) == 3
    tenants = {str(panel.id): panel.tenant_id for panel in house.rows(Panel)}
    assert tenants[panels[DEFAULT]] == tenants[panels[SECOND]] != tenants[panels[ELSEWHERE]]
    assert {(row.tenant_id, row.name) for row in house.rows(Account)} == {
        (tenant, house.sandbox.world.person("maya").sub) for tenant in tenants.values()
    }
    assert len(house.rows(LtiContext)) == len(house.rows(Membership)) == 3


@pytest.mark.parametrize("there", [SECOND, ELSEWHERE])
def test_a_pass_opens_nothing_at_the_other_place(house: Course, places: Places, there: str) -> None:
    here, other = (launched(house, places[name], "amara") for name in (DEFAULT, there))
    client = house.app.test_client()
    for path in (f"/panels/{other['panel_id']}", f"/api/v1/panels/{other['panel_id']}/entries"):
        answer = client.get(path, headers={"Authorization": f"Bearer {here['token']}"})
        assert answer.status_code == 403
        assert answer.get_json()["code"] == "other_panel"


@pytest.mark.parametrize(("here", "there"), [(DEFAULT, ELSEWHERE), (ELSEWHERE, DEFAULT)])
def test_a_token_for_another_tenants_client_is_refused(
    house: Course, places: Places, here: str, there: str
) -> None:
    """The same issuer, key, person and even nonce: only whom it is for differs."""
    browser = house.browser()
    asked, fields = begun(house, places[here], browser)
    _, others = begun(house, places[there], house.browser())
    token = signed(house.sandbox, claims_in(others["id_token"]) | {"nonce": asked["nonce"]})
    refused(browser.post("/lti/launch", fields | {"id_token": token}), "audience_wrong")
    assert house.rows(Membership) == []


@pytest.mark.parametrize(("here", "there"), [(DEFAULT, ELSEWHERE), (DEFAULT, SECOND), (SECOND, DEFAULT)])
def test_a_token_of_another_login_is_refused(house: Course, places: Places, here: str, there: str) -> None:
    browser = house.browser()
    _, fields = begun(house, places[here], browser)
    _, others = begun(house, places[there], browser)
    refused(browser.post("/lti/launch", fields | {"id_token": others["id_token"]}), "nonce_wrong")
    refused(browser.post("/lti/launch", fields | {"state": others["state"]}), "nonce_wrong")
    assert house.rows(Membership) == []


def test_a_deployment_of_another_tenant_is_none_here(house: Course, places: Places) -> None:
    browser = house.browser()
    seen_as(house.sandbox, places[ELSEWHERE])
    asked, fields = begun(house, places[ELSEWHERE], browser)
    theirs = {f"{CLAIM}deployment_id": places[SECOND].deployment_id}
    token = signed(house.sandbox, claims_in(fields["id_token"]) | theirs | {"nonce": asked["nonce"]})
    refused(browser.post("/lti/launch", fields | {"id_token": token}), "deployment_unknown")
    assert house.rows(Membership) == []


@pytest.mark.parametrize("tenant", ["default", "elsewhere"])
def test_another_platforms_key_signs_nothing_here(
    house: Course, places: Places, running_sandboxes: dict[str, Running], tenant: str
) -> None:
    """Both platforms are known, perhaps to the same tenant; each by its own keys."""
    stranger = running_sandboxes["canvas"].sandbox
    register_sandbox(house.given, stranger, tenant=tenant)
    assert Course(house.app, house.given, stranger, house.clock).launch("jonas").status_code == 200
    members = len(house.rows(Membership))

    browser = house.browser()
    _, fields = begun(house, places[DEFAULT], browser)
    for kid, code in (
        (stranger.keys.current.kid, "key_unknown"),
        (house.sandbox.keys.current.kid, "signature_wrong"),
    ):
        pem = stranger.keys.current.as_pem(private=True)
        token = jwt.encode(claims_in(fields["id_token"]), pem, algorithm="RS256", headers={"kid": kid})
        refused(browser.post("/lti/launch", fields | {"id_token": token}), code)
    assert len(house.rows(Membership)) == members


def test_a_platform_taken_out_of_use_takes_no_other_with_it(house: Course, places: Places) -> None:
    from lti_tool.lti.registrations import remove

    launched(house, places[DEFAULT])
    with house.given.database.write() as session:
        (gone,) = [row for row in house.rows(Platform) if row.client_id == places[DEFAULT].client_id]
        remove(session, house.clock, session.merge(gone))
    seen_as(house.sandbox, places[DEFAULT])
    refused(house.launch(), "platform_unknown")
    assert UUID(launched(house, places[ELSEWHERE])["panel_id"])
