"""What a launch leads to: which course, person, panel and role; and what two launches at once do."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck
from hypothesis import given as for_all
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.config import Settings
from lti_tool.lti.claims import CLAIM, DEEP_LINKING_CLAIM, PANEL_PARAMETER
from lti_tool.lti.models import Deployment, FrameAncestor, Login, LtiLink, Platform
from lti_tool.lti.registrations import Registration, register
from lti_tool.migrations import metadata
from lti_tool.parts import Parts
from social_layer.events.models import Event
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Account, Membership, Person, Voice
from social_layer.people.models import Course as CourseRow
from tests.apps import new_app
from tests.lti_tool.lti.launching import (
    TOOL,
    Browser,
    Clock,
    Course,
    asked_of_platform,
    config_of,
    counted_statements,
    parts_for,
    settings_for,
)
from tests.lti_tool.lti.platforms import HOSTILE, JSON, KeyServer, serving_keys, signed

ISSUER = "https://lms.example"


class Lms:
    """A platform whose messages are written by the test."""

    def __init__(self, given: Parts, jwks_url: str, *, deployments: tuple[str, ...] = ("1",)) -> None:
        self.given = given
        self.app = new_app(given)
        base = "http://127.0.0.1:1"
        told = Registration(ISSUER, "tool", f"{base}/auth", f"{base}/token", jwks_url, deployments)
        with given.database.write() as session:
            register(session, given.clock, given.settings, "default", told)

    def ready(self, browser: Browser, **changes: Any) -> dict[str, str]:
        login = {
            "iss": ISSUER,
            "client_id": "tool",
            "login_hint": "h",
            "target_link_uri": f"{TOOL}/lti/launch",
        }
        asked = asked_of_platform(browser.log_in(login))
        at = int(self.given.clock().timestamp())
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": "tool",
            "sub": "4",
            "nonce": asked["nonce"],
            "iat": at,
            "exp": at + 60,
            "name": "Maya Chen",
            f"{CLAIM}version": "1.3.0",
            f"{CLAIM}message_type": "LtiResourceLinkRequest",
            f"{CLAIM}deployment_id": "1",
            f"{CLAIM}roles": ["Learner"],
            f"{CLAIM}context": {"id": "2", "title": "Ecology", "label": "ECO"},
            f"{CLAIM}resource_link": {"id": "7", "title": "Food webs"},
        }
        for name, value in changes.items():
            claims[
                name
                if name in ("sub", "name", "given_name", "family_name", "email", "locale", "zoneinfo")
                or name.startswith("https://")
                else CLAIM + name
            ] = value
        return {"id_token": signed(claims), "state": asked["state"]}

    def launch(self, **changes: Any) -> TestResponse:
        browser = Browser(self.app)
        return browser.post("/lti/launch", self.ready(browser, **changes))

    def all(self, table: type[Any]) -> list[Any]:
        with self.given.database.read() as session:
            return list(session.scalars(select(table)))


@pytest.fixture
def keys() -> Any:
    with serving_keys() as server:
        yield server


@pytest.fixture
def lms(given: Parts, keys: KeyServer) -> Lms:
    return Lms(given, keys.url)


# Courses and panels.


def test_the_panel_is_named_after_its_link_and_works_before_it_was_set_up(lms: Lms) -> None:
    config = config_of(lms.launch())

    (version,) = lms.all(TemplateVersion)
    assert (version.title, version.kind) == ("Food webs", "discussion")
    assert config["panel_id"] == str(lms.all(Panel)[0].id)
    assert config["token"]


def test_without_a_title_the_panel_bears_the_courses(lms: Lms) -> None:
    lms.launch(resource_link={"id": "7"})
    lms.launch(resource_link={"id": "8", "title": None}, context={"id": "3"})

    assert [version.title for version in lms.all(TemplateVersion)] == ["Ecology", "Discussion"]


def test_a_launch_without_a_context_belongs_to_the_deployment(lms: Lms) -> None:
    first = config_of(lms.launch(context=None))
    second = config_of(lms.launch(context={"title": "no id"}, sub="5"))

    assert first["panel_id"] == second["panel_id"]
    (course,) = lms.all(CourseRow)
    assert course.title == "lms.example"


def test_a_custom_key_tells_embeds_of_one_link_apart(lms: Lms) -> None:
    keys = [None, "", "$Panel.id", "a", "b", "a"]
    panels = [config_of(lms.launch(custom={PANEL_PARAMETER: key}))["panel_id"] for key in keys]

    assert len(set(panels[:3])) == 1
    assert panels[3] == panels[5]
    assert len(set(panels)) == 3


def test_one_link_id_in_two_courses_is_two_panels(lms: Lms) -> None:
    first = config_of(lms.launch())
    second = config_of(lms.launch(context={"id": "3", "title": "Statistics"}))

    assert first["panel_id"] != second["panel_id"]
    answer = Browser(lms.app).get(
        f"/api/v1/panels/{second['panel_id']}/entries", Authorization=f"Bearer {first['token']}"
    )
    assert answer.status_code == 403


def test_a_course_renamed_in_the_lms_is_renamed_here(lms: Lms) -> None:
    lms.launch()
    lms.launch(context={"id": "2", "title": "Ecology II"})

    (course,) = lms.all(CourseRow)
    assert (course.title, course.label) == ("Ecology II", "ECO")


def test_in_canvas_the_panel_of_the_course_navigation_bears_the_courses_name(lms: Lms) -> None:
    lms.launch(
        context={"id": "c1", "title": "Ecology"},
        resource_link={"id": "c1", "title": "Alongside"},
        tool_platform={"guid": "g", "product_family_code": "canvas"},
    )

    assert lms.all(TemplateVersion)[0].title == "Ecology"
    assert lms.all(Platform)[0].family == "canvas"


def test_which_installation_a_deployment_was_launched_from_first_stands_in_the_log(
    lms: Lms, capsys: pytest.CaptureFixture[str]
) -> None:
    lms.launch(tool_platform={"guid": "first-guid", "name": "Fernhill"})
    assert "first-guid" in capsys.readouterr().out
    # A restored LMS has another: nothing is refused for it.
    lms.launch(tool_platform={"guid": "second-guid", "name": "Fernhill"})
    assert "second-guid" not in capsys.readouterr().out


# People.


def test_a_name_is_forgotten_once_the_lms_withholds_it_and_a_language_is_not(lms: Lms) -> None:
    lms.launch(name="Maya Chen", launch_presentation={"locale": "de_DE.UTF-8"})
    lms.launch(name=None)

    (person,) = lms.all(Person)
    assert (person.name, person.language) == (None, "de-DE")


def test_an_e_mail_address_is_not_kept(lms: Lms) -> None:
    lms.launch(name=None, email="maya@example.org")

    with lms.given.database.engine.connect() as connection:
        for table in metadata().sorted_tables:
            assert "maya@example.org" not in str(connection.execute(select(table)).all())


def test_names_language_and_zone_are_those_of_the_last_launch(lms: Lms) -> None:
    lms.launch(custom={"time_zone": "99"})
    lms.launch(
        name=None, given_name="Maya", family_name="Lin", locale="pt-BR", custom={"time_zone": "Europe/Dublin"}
    )
    (person,) = lms.all(Person)
    assert (person.language, person.time_zone) == ("pt-BR", "Europe/Dublin")

    lms.launch(name="Maya Lin-Chen", locale="no such language", zoneinfo="../etc/passwd")
    (person,) = lms.all(Person)
    assert (person.name, person.language, person.time_zone) == ("Maya Lin-Chen", "pt-BR", "Europe/Dublin")


def test_a_role_follows_the_lms(lms: Lms) -> None:
    lms.launch(roles=["Learner"])
    assert config_of(lms.launch(roles=["Instructor"]))["roles"] == ["instructor"]
    assert config_of(lms.launch(roles=["Mentor"]))["roles"] == ["observer"]

    assert len(lms.all(Membership)) == len(lms.all(Voice)) == 1


def test_the_test_student_is_marked(canvas: Course) -> None:
    config_of(canvas.launch("test-student"))

    assert [member.is_test for member in canvas.rows(Membership)] == [True]
    assert [voice.is_test for voice in canvas.rows(Voice)] == [True]


def test_canvas_roles(canvas: Course) -> None:
    assert config_of(canvas.launch("amara"))["roles"] == ["instructor"]
    assert config_of(canvas.launch("jonas"))["roles"] == ["assistant"]
    assert config_of(canvas.launch("maya"))["roles"] == ["learner"]


def test_hostile_names_are_text(lms: Lms) -> None:
    answer = lms.launch(
        name="</script><script>alert(1)</script>",
        context={"id": "2", "title": "<b>Ecology</b>\x00\n" + "x" * 5000},
        resource_link={"id": "7", "title": "</script><i>\ud800"},
    )

    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<b>Ecology" not in answer.text
    assert len(lms.all(CourseRow)[0].title) == 255


# Deployments.


def test_the_first_valid_launch_fixes_a_deployment_that_nobody_named(
    given: Parts, keys: KeyServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lms = Lms(given, keys.url, deployments=())
    assert lms.launch(deployment_id="d1").status_code == 200
    assert "deployment fixed by its first launch" in capsys.readouterr().out

    refused = lms.launch(deployment_id="d2")

    assert (refused.status_code, "deployment_unknown" in refused.text) == (403, True)
    (deployment,) = lms.all(Deployment)
    assert (deployment.lti_deployment_id, deployment.learned) == ("d1", True)
    assert deployment.first_launch_at == given.clock()


def test_a_bad_launch_fixes_no_deployment(given: Parts, keys: KeyServer) -> None:
    lms = Lms(given, keys.url, deployments=())

    assert lms.launch(deployment_id="d1", version="11.3").status_code == 400

    assert lms.all(Deployment) == []
    assert lms.launch(deployment_id="d2").status_code == 200


# Frames.


def test_a_valid_launch_teaches_whose_pages_hold_the_panel(lms: Lms) -> None:
    back = {"return_url": "https://school.instructure.com:8443/courses/1?x=1"}
    first = lms.launch(launch_presentation=back)
    again = lms.launch(launch_presentation=back)

    for answer in (first, again):
        policy = answer.headers["Content-Security-Policy"].partition("frame-ancestors ")[2].split()
        assert "https://school.instructure.com:8443" in policy
        assert ISSUER in policy
        assert "*" not in policy
    assert len(lms.all(FrameAncestor)) == 1


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a;script-src *", "https://", "//x", "https://[", "ftp://x"]
)
def test_what_is_no_origin_is_not_learned(lms: Lms, url: str) -> None:
    answer = lms.launch(launch_presentation={"return_url": url})

    assert answer.status_code == 200
    assert "script-src *" not in answer.headers["Content-Security-Policy"]
    assert lms.all(FrameAncestor) == []


# How much a launch costs.


def test_a_known_persons_launch_takes_few_statements_and_writes_nothing_that_is_known(lms: Lms) -> None:
    lms.launch()
    lms.launch()

    with counted_statements(lms.given) as seen:
        config_of(lms.launch())

    assert len(seen) <= 14
    writes = [statement.split()[:3] for statement in seen if not statement.startswith("SELECT")]
    assert writes == [
        ["INSERT", "INTO", "login"],
        ["UPDATE", "login", "SET"],
        ["INSERT", "INTO", "launch_attempt"],
    ]
    assert len(lms.all(Event)) == 1


def test_a_later_launch_notes_when_it_was(lms: Lms, clock: Clock) -> None:
    lms.launch()
    clock.pass_by(minutes=31)

    with counted_statements(lms.given) as seen:
        config_of(lms.launch())

    # Those of every launch, and the opening, which is looked for again under a lock.
    assert len(seen) <= 14
    assert lms.all(Membership)[0].last_launch_at == clock()
    assert [event.type for event in lms.all(Event)] == ["panel_opened"] * 2


# Claims of any kind, as far as the database.

CLAIMED = ("sub", "name", "email", "locale", "zoneinfo", "roles", "context", "resource_link", "custom")
TEXTS = st.text(max_size=300) | HOSTILE
WELL_TYPED = st.fixed_dictionaries(
    {},
    optional={
        "sub": TEXTS,
        "name": TEXTS,
        "email": TEXTS,
        "locale": TEXTS,
        "roles": st.lists(TEXTS, max_size=3),
        "context": st.fixed_dictionaries({"id": TEXTS, "title": TEXTS, "label": TEXTS}),
        "resource_link": st.fixed_dictionaries({"id": TEXTS, "title": TEXTS}),
        "custom": st.dictionaries(st.just(PANEL_PARAMETER) | TEXTS, TEXTS, max_size=2),
        "launch_presentation": st.fixed_dictionaries({"locale": TEXTS, "return_url": TEXTS}),
        "tool_platform": st.fixed_dictionaries({"product_family_code": TEXTS, "name": TEXTS}),
    },
)


DEEP_LINKING = [
    "deep_link_return_url",
    "accept_types",
    "accept_presentation_document_targets",
    "accept_multiple",
    "accept_lineitem",
    "data",
]
COPIES = ["alongside_template", "alongside_panel", "context_history", "link_history"]


class TestHostileClaims:
    """On both databases."""

    @pytest.fixture
    def settings(self, database_url: str, tmp_path: Path) -> Settings:
        return settings_for(database_url, tmp_path)

    @effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @for_all(changes=WELL_TYPED | st.dictionaries(st.sampled_from(CLAIMED), JSON, max_size=4))
    def test_none_is_more_than_refused(self, lms: Lms, changes: dict[str, Any]) -> None:
        answer = lms.launch(**changes)

        assert answer.status_code == 200 or 400 <= answer.status_code < 500
        if answer.status_code == 200:
            assert config_of(answer)["token"]

    @effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @for_all(
        told=st.dictionaries(st.sampled_from(DEEP_LINKING), JSON | TEXTS, max_size=4),
        custom=st.dictionaries(st.sampled_from(COPIES), TEXTS, max_size=3),
    )
    def test_nor_of_a_deep_linking_request(
        self, lms: Lms, told: dict[str, Any], custom: dict[str, str]
    ) -> None:
        settings = {
            "deep_link_return_url": f"{ISSUER}/return",
            "accept_types": ["ltiResourceLink"],
            "accept_presentation_document_targets": ["iframe"],
            **told,
        }
        answer = lms.launch(
            message_type="LtiDeepLinkingRequest",
            roles=["Instructor"],
            custom=custom,
            **{f"{DEEP_LINKING_CLAIM}deep_linking_settings": settings},
        )
        assert answer.status_code == 200 or 400 <= answer.status_code < 500
        if answer.status_code == 200:
            assert config_of(answer)["placing"]

    @effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @for_all(custom=st.dictionaries(st.sampled_from(COPIES), TEXTS, max_size=3))
    def test_nor_of_what_a_link_says_it_is_a_copy_of(self, lms: Lms, custom: dict[str, str]) -> None:
        answer = lms.launch(custom=custom, resource_link={"id": str(uuid4())})
        assert answer.status_code == 200 or 400 <= answer.status_code < 500


# Launches at the same moment.


class TestAtOnce:
    """On both databases."""

    @pytest.fixture
    def settings(self, database_url: str, tmp_path: Path) -> Settings:
        return settings_for(database_url, tmp_path)

    def test_of_processes_that_use_one_nonce_exactly_one_gets_through(
        self, lms: Lms, settings: Settings, clock: Clock
    ) -> None:
        browser = Browser(lms.app)
        fields = lms.ready(browser)
        cookies = {cookie.key: cookie.value for cookie in browser.client._cookies.values()}  # type: ignore[union-attr]
        context = multiprocessing.get_context("spawn")
        results: Any = context.Queue()
        start = context.Barrier(2)
        processes = [
            context.Process(target=post_launch, args=(settings, clock.now, fields, cookies, start, results))
            for _ in range(2)
        ]
        for process in processes:
            process.start()
        statuses = sorted(results.get(timeout=60) for _ in processes)
        for process in processes:
            process.join(30)

        assert statuses == [200, 403]
        assert len(lms.all(Event)) == 1

    def test_a_class_that_comes_to_a_new_course_together_finds_one_course_and_one_panel(
        self, lms: Lms
    ) -> None:
        browsers = [Browser(lms.app) for _ in range(6)]
        ready = [lms.ready(browser, sub=str(number // 2)) for number, browser in enumerate(browsers)]
        answers: list[TestResponse] = []
        start = threading.Barrier(len(browsers))

        def go(browser: Browser, fields: dict[str, str]) -> None:
            start.wait()
            answers.append(browser.post("/lti/launch", fields))

        run_together([lambda b=b, f=f: go(b, f) for b, f in zip(browsers, ready, strict=True)])  # type: ignore[misc]

        assert [answer.status_code for answer in answers] == [200] * 6
        assert [len(lms.all(table)) for table in (CourseRow, Panel, LtiLink)] == [1, 1, 1]
        assert [len(lms.all(table)) for table in (Person, Account, Membership, Voice)] == [3, 3, 3, 3]
        assert all(login.used_at for login in lms.all(Login))


def run_together(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def post_launch(
    settings: Settings, now: Any, fields: dict[str, str], cookies: dict[str, str], start: Any, results: Any
) -> None:
    """In a process of its own."""
    with parts_for(settings, Clock(now)) as given:
        browser = Browser(new_app(given))
        for name, value in cookies.items():
            browser.client.set_cookie(name, value, domain="localhost")
        start.wait(30)
        results.put(browser.post("/lti/launch", fields).status_code)
