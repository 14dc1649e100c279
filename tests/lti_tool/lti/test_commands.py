"""`alongside platform` and `alongside keys`, as an administrator uses them."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lti_tool.cli import main
from lti_tool.lti.frames import frame_ancestors
from lti_tool.lti.models import Deployment, Platform, ToolKey
from lti_tool.parts import Parts
from social_layer.people.models import Tenant
from tests.apps import new_app
from tests.lti_tool.lti.launching import Browser, Clock, Course, config_of, register_sandbox

URLS = {
    "--issuer": "https://lms.example.edu",
    "--client-id": "abc",
    "--auth-login-url": "https://lms.example.edu/auth",
    "--auth-token-url": "https://lms.example.edu/token",
    "--jwks-url": "https://lms.example.edu/jwks",
}
Command = Callable[..., Result]

URLS_KEPT = ("auth_login_url", "auth_token_url", "jwks_url")


@pytest.fixture
def alongside(given: Parts) -> Command:
    """Runs the command over the test's own parts."""

    def run(*arguments: str, said: str | None = None) -> Result:
        return CliRunner().invoke(main, list(arguments), obj=given, input=said)

    return run


def adding(*more: str, **changes: str) -> list[str]:
    told = URLS | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return ["platform", "add", *(word for pair in told.items() for word in pair), *more]


def data(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def error_of(result: Result) -> str:
    assert result.exit_code != 0
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_registration_is_shown_as_it_was_given(alongside: Command) -> None:
    added = data(
        alongside(*adding("--deployment-id", "1", "--deployment-id", "2", "--name", "Moodle", "--json"))
    )

    assert added["issuer"] == URLS["--issuer"]
    assert [one["deployment_id"] for one in added["deployments"]] == ["1", "2"]
    assert added["tenant"] == "default"
    assert not added["deployments_open"]
    shown = alongside("platform", "show", "Moodle").output
    for value in URLS.values():
        assert value in shown
    assert "named at the registration; not launched yet" in shown
    assert "Moodle" in alongside("platform", "list").output


def test_adding_again_changes_nothing_but_what_is_new(alongside: Command, given: Parts) -> None:
    first = data(alongside(*adding("--deployment-id", "1", "--json", name="Moodle")))
    again = data(
        alongside(*adding("--deployment-id", "2", "--json", auth_token_url="https://lms.example.edu/new"))
    )

    assert again["id"] == first["id"]
    assert again["name"] == "Moodle"
    assert again["auth_token_url"] == "https://lms.example.edu/new"
    assert [one["deployment_id"] for one in again["deployments"]] == ["1", "2"]
    assert len(data(alongside("platform", "list", "--json"))) == 1


@pytest.mark.parametrize("changed", ["auth_login_url", "jwks_url"])
@pytest.mark.parametrize("removed", [False, True])
def test_another_lms_with_the_same_ids_takes_nothing_over(
    alongside: Command, changed: str, removed: bool
) -> None:
    first = data(alongside(*adding("--json", name="Our Canvas")))
    if removed:
        assert alongside("platform", "remove", first["id"], "--yes").exit_code == 0
    elsewhere = {
        changed: "https://other.example.edu/there",
        "auth_token_url": "https://other.example.edu/token",
    }
    said = error_of(alongside(*adding(**elsewhere)))
    assert "those of 'Our Canvas'" in said
    assert first[changed] in said
    if not removed:
        shown = data(alongside("platform", "show", first["id"], "--json"))
        assert [shown[name] for name in URLS_KEPT] == [first[name] for name in URLS_KEPT]

    moved = data(alongside(*adding("--replaces", URLS["--client-id"], "--json", **elsewhere)))
    assert (moved["id"], moved["name"], moved[changed]) == (first["id"], "Our Canvas", elsewhere[changed])


def test_a_tenant_that_is_new_is_made(alongside: Command, given: Parts) -> None:
    alongside(*adding("--tenant", "College"))
    alongside(*adding("--tenant", "College", client_id="def"))

    with given.database.read() as session:
        assert [tenant.name for tenant in session.query(Tenant)] == ["College"]
    assert data(alongside("platform", "list", "--tenant", "nobody", "--json")) == []
    assert len(data(alongside("platform", "list", "--tenant", "College", "--json"))) == 2


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"issuer": "lms.example.edu"}, "--issuer"),
        ({"client_id": " "}, "--client-id"),
        ({"client_id": "x" * 256}, "--client-id"),
        ({"jwks_url": "lms.example.edu/jwks"}, "--jwks-url"),
        ({"auth_login_url": "javascript:alert(1)"}, "--auth-login-url"),
        ({"auth_token_url": "https://user:secret@lms.example.edu/"}, "--auth-token-url"),
        ({"deployment_id": ""}, "--deployment-id"),
        ({"replaces": "unknown"}, "--replaces"),
        ({"frame": "school.example.edu"}, "school.example.edu"),
    ],
)
def test_what_cannot_be_registered_is_one_line(
    alongside: Command, changes: dict[str, str], named: str
) -> None:
    assert named in error_of(alongside(*adding(**changes)))
    assert data(alongside("platform", "list", "--json")) == []


NO_ADDRESSES = (
    "https://evil.example; script-src *",
    "https://evil.example;",
    "https://evil.example/;script-src",
    "https://evil.example /",
    " https://evil.example",
    "https://evil.example\n",
    "https://evil.example/\tx",
    "https://user:secret@evil.example",
    "https://user@evil.example",
    "https://evil.example/#part",
    "https://evil.example#",
    "https://evil.example/?a=b",
    "https://evil.example:port",
    "https://evil.example,https://more.example",
    "https://*.example",
    "https://exämple.edu",
    "https://",
    "https:///path",
    "https://[",
    "javascript://evil.example/%0aalert(1)",
    "ftp://evil.example",
)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_plain_address_is_neither_issuer_nor_frame(alongside: Command, address: str) -> None:
    for arguments in (
        adding(issuer=address),
        adding("--frame", address),
        ["platform", "frame", "add", "--", address],
    ):
        assert "is not an address" in error_of(alongside(*arguments))
    assert data(alongside("platform", "list", "--json")) == []
    assert data(alongside("platform", "frame", "list", "--json")) == []


@pytest.mark.parametrize(
    "address",
    [
        "https://lms.example.edu",
        "https://lms.example.edu/",
        "https://lms.example.edu:8443/moodle",
        "http://127.0.0.1:8001",
        "http://[::1]:8001/x~y_(z)",
        "https://LMS.example.edu/a%20b",
    ],
)
def test_addresses_of_lmss_are_taken_to_the_letter(alongside: Command, address: str) -> None:
    assert data(alongside(*adding("--frame", address, "--json", issuer=address)))["issuer"] == address


def test_one_registration_belongs_to_one_tenant(alongside: Command) -> None:
    alongside(*adding())

    assert "another tenant" in error_of(alongside(*adding("--tenant", "College")))


def test_an_unknown_platform_is_one_line(alongside: Command) -> None:
    for command in ("show", "remove"):
        assert "platform list" in error_of(alongside("platform", command, "nobody"))


def test_removing_asks_first(alongside: Command) -> None:
    alongside(*adding())

    assert alongside("platform", "remove", "abc", said="n\n").exit_code != 0
    assert len(data(alongside("platform", "list", "--json"))) == 1
    assert alongside("platform", "remove", "abc", said="y\n").exit_code == 0
    assert data(alongside("platform", "list", "--json")) == []


def test_a_platform_that_was_removed_launches_no_more_and_comes_back_with_its_panels(
    alongside: Command, course: Course
) -> None:
    before = config_of(course.launch())["panel_id"]
    client_id = course.sandbox.registration.client_id
    assert alongside("platform", "remove", client_id, "--yes").exit_code == 0

    assert "platform_unknown" in course.launch().text

    register_sandbox(course.given, course.sandbox)
    assert config_of(course.launch())["panel_id"] == before


def test_an_lms_registered_anew_keeps_its_panels(alongside: Command, course: Course) -> None:
    """A new client id and a new deployment id for the same site."""
    before = config_of(course.launch())["panel_id"]
    old = course.rows(Platform)[0].client_id
    new = course.sandbox.registration
    renamed = {"client_id": "older", "deployment_id": "older"}
    with course.given.database.write() as session:
        platform, deployment = session.query(Platform).one(), session.query(Deployment).one()
        platform.client_id, deployment.lti_deployment_id = renamed["client_id"], renamed["deployment_id"]

    base = course.sandbox.config.base
    done = alongside(
        *adding(
            issuer=base,
            client_id=old,
            deployment_id=new.deployment_id,
            jwks_url=f"{base}/jwks",
            auth_login_url=f"{base}/auth",
            replaces="older",
        )
    )

    assert done.exit_code == 0, done.output
    assert config_of(course.launch())["panel_id"] == before


def test_a_deployment_fixed_by_a_launch_is_shown_as_such(alongside: Command, canvas: Course) -> None:
    client_id = canvas.sandbox.registration.client_id
    assert "the first valid launch fixes it" in alongside("platform", "show", client_id).output

    canvas.launch()

    shown = alongside("platform", "show", client_id).output
    assert f"{canvas.sandbox.registration.deployment_id} (fixed by its first launch; first launch 20" in shown
    # What Canvas's administrators should know.
    assert "alongside platform frame add" in shown


def test_what_was_removed_is_told_as_data(alongside: Command) -> None:
    made = data(alongside(*adding("--name", "Moodle", "--json")))
    assert datetime.fromisoformat(made["created_at"]).tzinfo is not None
    assert "T" in made["created_at"]
    removed = data(alongside("platform", "remove", "abc", "--json", said="y\n"))
    assert removed == {"removed": "Moodle", "id": made["id"], "client_id": "abc"}


def test_frames_are_added_listed_and_removed(alongside: Command, given: Parts) -> None:
    added = data(alongside(*adding("--frame", "https://a.example.edu/x", "--json")))
    assert alongside("platform", "frame", "add", "https://b.example.edu:8443/").exit_code == 0
    assert alongside("platform", "frame", "add", "https://b.example.edu:8443").exit_code == 0

    listed = data(alongside("platform", "frame", "list", "--json"))
    assert [one["origin"] for one in listed] == ["https://a.example.edu", "https://b.example.edu:8443"]
    assert {one["source"] for one in listed} == {"administrator"}
    shown = data(alongside("platform", "show", added["id"], "--json"))
    assert shown["frame_ancestors"] == [
        "https://a.example.edu",
        "https://b.example.edu:8443",
        "https://lms.example.edu",
    ]

    assert alongside("platform", "frame", "remove", "https://a.example.edu").exit_code == 0
    assert "not in the list" in error_of(alongside("platform", "frame", "remove", "https://a.example.edu"))
    with given.database.read() as session:
        tenant = session.query(Tenant).one()
        assert "https://a.example.edu" not in frame_ancestors(session, tenant.id)


# Keys.


def test_the_tools_keys_are_published_without_their_secret(given: Parts) -> None:
    browser = Browser(new_app(given))
    answer = browser.get("/lti/jwks.json")

    (key,) = answer.json["keys"]  # type: ignore[index]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert "max-age=" in answer.headers["Cache-Control"]
    assert browser.get("/lti/jwks.json").json == answer.json


def test_a_rotation_publishes_the_new_key_beside_the_old_one(
    alongside: Command, given: Parts, clock: Clock
) -> None:
    browser = Browser(new_app(given))
    (old,) = browser.get("/lti/jwks.json").json["keys"]  # type: ignore[index]

    new = data(alongside("keys", "rotate", "--overlap-days", "3", "--json"))["kid"]
    clock.pass_by(minutes=2)

    assert [key["kid"] for key in browser.get("/lti/jwks.json").json["keys"]] == [new, old["kid"]]  # type: ignore[index]
    listed = data(alongside("keys", "list", "--json"))
    assert [(key["kid"], key["signs"]) for key in listed] == [(new, True), (old["kid"], False)]
    assert "published until" in alongside("keys", "list").output

    clock.pass_by(days=3)
    assert [key["kid"] for key in browser.get("/lti/jwks.json").json["keys"]] == [new]  # type: ignore[index]


def test_keys_are_sealed_at_rest(given: Parts) -> None:
    Browser(new_app(given)).get("/lti/jwks.json")

    with given.database.read() as session:
        assert "PRIVATE KEY" not in session.query(ToolKey).one().sealed_pem


def test_invites_are_listed_and_taken_back(alongside: Command, given: Parts, clock: Clock) -> None:
    assert "No invite yet" in alongside("platform", "invites").output
    alongside("platform", "invite", "--name", "Fernhill", "--hours", "2")
    clock.pass_by(hours=1)
    url = data(alongside("platform", "invite", "--name", "Oak Park", "--json"))["url"]
    secret = url.partition("invite=")[2]

    listed = data(alongside("platform", "invites", "list", "--json"))
    assert [(one["name"], one["state"]) for one in listed] == [("Oak Park", "open"), ("Fernhill", "open")]
    assert data(alongside("platform", "invites", "--json")) == listed
    assert "T" in listed[0]["expires_at"]
    assert "behind the command" in alongside("platform", "invites", "--json", "list").output
    shown = alongside("platform", "invites").output
    assert secret not in shown + str(listed)

    assert alongside("platform", "invites", "withdraw", listed[0]["id"][:8]).exit_code == 0
    page = Browser(new_app(given)).get(f"/lti/register?invite={secret}")
    assert "invite_withdrawn" in page.text
    clock.pass_by(hours=1)
    listed = data(alongside("platform", "invites", "list", "--json"))
    assert [one["state"] for one in listed] == ["withdrawn", "expired"]

    for reference in (listed[0]["id"], "", "none", listed[0]["id"][:2]):
        refused = alongside("platform", "invites", "withdraw", reference)
        assert refused.exit_code == 1
        assert len(refused.output.splitlines()) == 1
