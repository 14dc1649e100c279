"""Calls to a platform's services: tokens are fetched once and kept while they last, and failures are sorted."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Response, redirect, request
from sqlalchemy import select

from lti_tool.lti import services
from lti_tool.lti.log_models import ServiceError
from lti_tool.lti.models import Platform, ServiceToken
from lti_tool.lti.queries import PlatformCard, find_platform
from lti_tool.lti.registrations import Registration, register
from lti_tool.lti.service_tokens import LEASE, sweep_tokens
from lti_tool.lti.services import FailureKind, ServiceAnswer, ServiceFailure
from lti_tool.parts import Parts
from social_layer.sealing import Sealer
from tests.lti_tool.lti.launching import Clock
from tests.lti_tool.sandbox.stand_in import Site, site

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


class Lms:
    """A platform whose token address and service the test decides; it counts what it is asked."""

    def __init__(self, given: Parts, at: Site, client_id: str = "tool-1", tenant: str = "default") -> None:
        self.given, self.site = given, at
        self.asked: list[dict[str, str]] = []
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.granting: Callable[[], Any] | None = None
        self.serving: Callable[[], Any] | None = None
        self.good: set[str] = set()
        with given.database.write() as session:
            told = Registration(
                issuer=f"{at.address}/{client_id}",
                client_id=client_id,
                auth_login_url=f"{at.address}/auth",
                auth_token_url=f"{at.address}/token/{client_id}",
                jwks_url=f"{at.address}/jwks",
                deployment_ids=("1",),
                audience="https://lms.example/audience",
            )
            platform, _ = register(session, given.clock, given.settings, tenant, told)
            self.tenant_id, self.id = platform.tenant_id, platform.id
        at.answers[f"token/{client_id}"] = self._grant
        at.answers["service"] = self._serve
        self.url = f"{at.address}/service"

    @property
    def card(self) -> PlatformCard:
        with self.given.database.read() as session:
            found = find_platform(session, self.tenant_id, self.id)
        assert found is not None
        return found

    def _grant(self) -> Any:
        self.asked.append(request.form.to_dict())
        if self.granting:
            return self.granting()
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        # As Moodle sends it.
        body = json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 3600})
        return Response(body, mimetype="text/html")

    def _serve(self) -> Any:
        self.calls.append((request.method, dict(request.headers), request.get_data()))
        if self.serving:
            return self.serving()
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.good:
            return {"reason": "Unauthorized"}, 401
        return {"ok": True}

    def get(self, scope: str = SCOPE, given: Parts | None = None) -> ServiceAnswer:
        with services.of(given or self.given, self.card) as lms:
            return lms.get(self.url, scope=scope)

    def fails(self) -> ServiceFailure:
        with pytest.raises(ServiceFailure) as failure:
            self.get()
        return failure.value

    def rows(self) -> list[ServiceToken]:
        with self.given.database.read() as session:
            return list(session.scalars(select(ServiceToken)))


@pytest.fixture(scope="module")
def at() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture
def lms(given: Parts, at: Site) -> Lms:
    at.answers.clear()
    return Lms(given, at)


def test_the_assertion_says_who_we_are_with_our_published_key(lms: Lms, given: Parts) -> None:
    assert lms.get().json == {"ok": True}
    (asked,) = lms.asked
    assert asked["grant_type"] == "client_credentials"
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert asked["scope"] == SCOPE
    from lti_tool.lti.keys import ToolKeys

    key = ToolKeys(given).signing()
    assert jwt.get_unverified_header(asked["client_assertion"])["kid"] == key.kid
    claims = jwt.decode(
        asked["client_assertion"],
        key.private.public_key(),
        algorithms=["RS256"],
        audience="https://lms.example/audience",
    )
    assert claims["iss"] == claims["sub"] == "tool-1"
    assert claims["exp"] - claims["iat"] <= 300
    assert claims["jti"]


def test_the_token_url_is_the_audience_where_no_other_is_known(lms: Lms, given: Parts) -> None:
    with given.database.write() as session:
        session.execute(Platform.__table__.update().values(audience=None))  # type: ignore[attr-defined]
    lms.get()
    claims = jwt.decode(lms.asked[0]["client_assertion"], options={"verify_signature": False})
    assert claims["aud"] == lms.card.auth_token_url


def test_a_token_is_kept_for_all_processes_until_shortly_before_its_end(
    lms: Lms, given: Parts, clock: Clock
) -> None:
    lms.get()
    lms.get(given=Parts.of(given.settings, clock))
    assert len(lms.asked) == 1
    clock.pass_by(minutes=58)
    lms.get()
    assert len(lms.asked) == 1
    clock.pass_by(minutes=1.5)
    lms.get()
    assert len(lms.asked) == 2


def test_tokens_lie_sealed(lms: Lms, given: Parts) -> None:
    lms.get()
    (row,) = lms.rows()
    assert row.sealed
    assert "token-1" not in row.sealed
    assert given.sealer.open(row.sealed) == "token-1"


def test_a_token_sealed_with_a_secret_that_is_gone_is_asked_for_anew(lms: Lms, given: Parts) -> None:
    lms.get()
    other = replace(given, sealer=Sealer(["quite-another-secret-of-this-installation"]))
    # Its signing keys are sealed with the old one too: they are made anew on such a day.
    with given.database.write() as session:
        session.execute(Platform.metadata.tables["tool_key"].delete())
    assert lms.get(given=other).status == 200
    assert len(lms.asked) == 2


@pytest.mark.parametrize(
    ("told", "lasts"),
    [(600, 540), ("600", 540), (8, 6), (None, 3540), ("soon", 3540), (-5, 3540), (10**9, 86_340), ([], 3540)],
)
def test_how_long_a_token_lasts_is_as_the_platform_says_within_reason(
    lms: Lms, clock: Clock, told: Any, lasts: float
) -> None:
    lms.granting = lambda: {"access_token": "token-x", "expires_in": told}
    lms.serving = dict
    lms.get()
    (row,) = lms.rows()
    assert row.usable_until == clock() + timedelta(seconds=lasts)


def test_each_scope_has_its_own_token_and_their_order_means_nothing(lms: Lms) -> None:
    lms.get()
    lms.get(scope=SCORE)
    assert [asked["scope"] for asked in lms.asked] == [SCOPE, SCORE]
    with services.of(lms.given, lms.card) as both:
        both.get(lms.url, scope=(SCOPE, SCORE))
        both.get(lms.url, scope=[SCORE, SCOPE, SCOPE])
    assert len(lms.asked) == 3


def test_registrations_and_tenants_never_share_a_token(given: Parts, at: Site) -> None:
    first = Lms(given, at)
    second = Lms(given, at, "tool-2")
    third = Lms(given, at, "tool-3", tenant="elsewhere")
    for one in (first, second, third):
        at.answers["service"] = one._serve
        one.get()
    assert [len(one.asked) for one in (first, second, third)] == [1, 1, 1]
    assert len({(row.tenant_id, row.platform_id) for row in first.rows()}) == 3


def test_a_registration_that_is_made_anew_asks_for_tokens_of_its_own(lms: Lms, given: Parts) -> None:
    lms.get()
    with given.database.write() as session:
        session.execute(Platform.__table__.update().values(client_id="tool-9"))  # type: ignore[attr-defined]
    lms.get()
    assert len(lms.asked) == 2


def test_many_who_need_a_token_at_once_fetch_it_once(lms: Lms, given: Parts) -> None:
    """Each thread with parts of its own, as other processes have them."""
    together = threading.Barrier(8)

    def ask(_: int) -> int:
        own = Parts.of(given.settings)
        together.wait()
        try:
            return lms.get(given=own).status
        finally:
            own.database.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [200] * 8
    assert len(lms.asked) == 1


def test_nothing_is_locked_while_the_platform_is_asked(lms: Lms, given: Parts) -> None:
    def grant() -> Any:
        with given.database.write() as session:
            session.execute(Platform.__table__.update().values(name="Changed"))  # type: ignore[attr-defined]
        lms.good.add("token-1")
        return {"access_token": "token-1", "expires_in": 3600}

    lms.granting = grant
    assert lms.get().status == 200


def test_who_waits_shares_the_failure_of_who_asked(lms: Lms, given: Parts) -> None:
    together = threading.Barrier(4)

    def refuse() -> Any:
        # The others have begun to wait by then; who begins after a failure asks for itself.
        time.sleep(1)
        return {"error": "invalid_client"}, 400

    lms.granting = refuse

    def ask(_: int) -> str:
        own = Parts.of(given.settings)
        together.wait()
        try:
            lms.get(given=own)
        except ServiceFailure as failure:
            return f"{failure.kind} {failure.status} {'invalid_client' in failure.said}"
        finally:
            own.database.close()
        return "no failure"

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {"refused 400 True"}
    assert len(lms.asked) <= 2


def test_a_lease_whose_holder_died_runs_out(lms: Lms, given: Parts, clock: Clock) -> None:
    lms.get()
    with given.database.write() as session:
        row = session.scalars(select(ServiceToken)).one()
        row.sealed, row.usable_until, row.leased_until = None, None, clock() + LEASE
    clock.pass_by(seconds=31)
    assert lms.get().status == 200


def test_a_token_that_is_not_taken_is_asked_for_anew_once(lms: Lms) -> None:
    lms.get()
    lms.good.clear()
    assert lms.get().status == 200
    assert len(lms.asked) == 2
    lms.serving = lambda: ({"reason": "Unauthorized token-3"}, 401)
    failure = lms.fails()
    assert (failure.kind, failure.status) == (FailureKind.refused, 401)
    assert "token-" not in failure.said
    assert "Unauthorized" in failure.said
    assert len(lms.asked) == 3


def test_the_token_of_another_process_outlives_our_forgetting(lms: Lms, given: Parts) -> None:
    with services.of(given, lms.card) as here:
        here.get(lms.url, scope=SCOPE)
        lms.good.clear()
        lms.get()  # another process notices first
        assert len(lms.asked) == 2
        assert here.get(lms.url, scope=SCOPE).status == 200
    assert len(lms.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.refused),
        (403, FailureKind.refused),
        (404, FailureKind.gone),
        (409, FailureKind.refused),
        (410, FailureKind.gone),
        (422, FailureKind.refused),
        (429, FailureKind.later),
        (500, FailureKind.later),
        (503, FailureKind.later),
    ],
)
def test_failures_are_sorted_and_carry_the_platforms_words(lms: Lms, status: int, kind: FailureKind) -> None:
    lms.serving = lambda: ({"reason": "Not like that"}, status)
    failure = lms.fails()
    assert (failure.kind, failure.status, failure.host) == (kind, status, "127.0.0.1")
    assert "Not like that" in failure.said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": 403, "reason": "Not now", "request": {"url": "/x"}}, "Not now"),
        ({"errors": {"type": "not_found", "message": "No such course."}}, "No such course."),
        ({"errors": [{"message": "No such item."}]}, "No such item."),
        ({"error": "invalid_scope", "error_description": "Not for you"}, "Not for you"),
        ({"error": "invalid_scope"}, "invalid_scope"),
        ({"reason": 5, "errors": {"errors": {"errors": {"errors": {"reason": "deep"}}}}}, None),
        ([], None),
    ],
)
def test_of_an_answer_in_json_the_sentence_is_told(lms: Lms, body: Any, said: str | None) -> None:
    lms.serving = lambda: Response(json.dumps(body), 403)
    told = lms.fails().said
    assert told == said or (said is None and told == json.dumps(body))


def test_words_are_bounded_and_pages_are_not_repeated(lms: Lms) -> None:
    lms.serving = lambda: ("x" * 5000, 400)
    assert len(lms.fails().said) == 300
    lms.serving = lambda: ("<h1>Error</h1>", 400)
    assert lms.fails().said == "-"


@pytest.mark.parametrize(
    ("told", "waits"), [("7", 7.0), ("99999999", 3600.0), ("whenever", None), ("", None)]
)
def test_a_platform_may_say_when_to_come_back(lms: Lms, told: str, waits: float | None) -> None:
    lms.serving = lambda: Response("{}", 429, headers={"Retry-After": told})
    assert lms.fails().retry_after == waits


def test_redirects_are_not_followed(lms: Lms) -> None:
    lms.serving = lambda: redirect("/elsewhere")
    assert (lms.fails().kind, len(lms.calls)) == (FailureKind.refused, 1)


def test_no_answer_is_a_failure_for_later(lms: Lms, at: Site) -> None:
    lms.get()
    with services.of(lms.given, lms.card) as here, pytest.raises(ServiceFailure) as failure:
        here.get("http://127.0.0.1:9/service", scope=SCOPE)
    assert (failure.value.kind, failure.value.status) == (FailureKind.later, None)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '{"access_token": 5}',
        '{"access_token": ""}',
        '{"access_token": "a\\nb"}',
        "[" * 9000,
    ],
)
def test_an_answer_without_a_token_is_refused(lms: Lms, body: str) -> None:
    lms.granting = lambda: body
    assert lms.fails().kind is FailureKind.refused
    assert lms.calls == []


def test_a_token_address_that_fails_is_told_and_tried_again_by_the_next(lms: Lms) -> None:
    lms.granting = lambda: ({"error": "Expired token"}, 400)
    failure = lms.fails()
    assert (failure.kind, failure.status) == (FailureKind.refused, 400)
    assert "Expired token" in failure.said
    assert lms.rows()[0].said == failure.said
    lms.granting = None
    assert lms.get().status == 200
    assert lms.rows()[0].said is None


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/service",
        "https://127.0.0.1/service",
        "https://localhost/x",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://user:secret@lms.example/x",
        "file:///etc/passwd",
        "gopher://lms.example/x",
        "//lms.example/x",
        "",
        "https://[",
    ],
)
def test_in_production_only_public_https_addresses_are_asked(lms: Lms, given: Parts, url: str) -> None:
    lms.get()
    guarded = replace(given, settings=replace(given.settings, environment="production"))
    with services.of(guarded, lms.card) as here, pytest.raises(ServiceFailure) as failure:
        here.get(url, scope=SCOPE)
    assert (failure.value.kind, failure.value.status) == (FailureKind.refused, None)
    assert len(lms.calls) == 1


def test_a_token_address_inside_the_network_is_not_asked_in_production(lms: Lms, given: Parts) -> None:
    guarded = replace(given, settings=replace(given.settings, environment="production"))
    with services.of(guarded, lms.card) as here, pytest.raises(ServiceFailure) as failure:
        here.get("https://lms.example/x", scope=SCOPE)
    assert failure.value.kind is FailureKind.refused
    assert lms.asked == []


def test_bodies_go_out_as_json_of_the_type_that_is_wanted(lms: Lms) -> None:
    lms.get()
    with services.of(lms.given, lms.card) as here:
        here.post(lms.url, scope=SCOPE, json={"é": 1}, content_type="application/vnd.ims.lis.v1.score+json")
        here.put(lms.url, scope=SCOPE, json=[], accept="application/x+json")
    (_, post, body), (method, put, _) = lms.calls[-2:]
    assert json.loads(body) == {"é": 1}
    assert post["Content-Type"] == "application/vnd.ims.lis.v1.score+json"
    assert (method, put["Accept"]) == ("PUT", "application/x+json")


def test_an_answer_that_is_no_json_is_a_failure_when_it_is_read(lms: Lms) -> None:
    lms.serving = lambda: "<h1>Maintenance</h1>"
    answer = lms.get()
    with pytest.raises(ServiceFailure):
        answer.json  # noqa: B018
    lms.serving = lambda: ""
    assert lms.get().json is None


NEXT = "https://lms.example/Members?page=bookmark:WyJBIl0"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (f'<{NEXT}>; rel="next"', NEXT),
        (f"<{NEXT}>;rel=next", NEXT),
        (f'<https://lms.example/first>; rel="first", <{NEXT}>; rel="next"', NEXT),
        (f'<https://lms.example/a,b;c>; rel="current",<{NEXT}>; rel="NEXT last"', NEXT),
        (f"<{NEXT}&amp;limit=2>; rel=“next”".encode().decode("latin-1"), f"{NEXT}&limit=2"),
        ("</api/next?page=2>; rel=next", "https://lms.example/api/next?page=2"),
        ('<https://lms.example/differences>; rel="differences"', None),
        ("nonsense", None),
        ("<" * 60_000, None),
        ("<x>; rel" + "=" * 60_000, None),
        ("", None),
    ],
)
def test_the_next_page_is_found_in_its_own_letters(told: str, found: str | None) -> None:
    from requests.structures import CaseInsensitiveDict

    answer = ServiceAnswer("https://lms.example/members", 200, CaseInsensitiveDict({"link": told}), b"")
    assert answer.next_url == found


def test_tokens_that_ended_long_ago_are_swept(lms: Lms, given: Parts, clock: Clock) -> None:
    lms.get()
    clock.pass_by(days=2)
    with given.database.write() as session:
        sweep_tokens(session, given.clock)
    assert lms.rows() == []


def test_what_fails_stands_in_the_operators_console_once(lms: Lms, given: Parts) -> None:
    lms.serving = lambda: ({"reason": "You are not allowed to see members"}, 403)
    lms.fails()
    lms.fails()
    with given.database.read() as session:
        (noted,) = session.scalars(select(ServiceError))
    assert (noted.service, noted.status, noted.times) == ("Names and Roles", 403, 2)
    assert "You are not allowed to see members" in noted.said
    assert noted.platform_id == lms.id
    lms.serving = None
    lms.get()
    with given.database.read() as session:
        assert len(list(session.scalars(select(ServiceError)))) == 1
