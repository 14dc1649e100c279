"""The launch log: why did it not open for this person?"""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lti_tool.console.queries import PAGE
from lti_tool.lti import launch_log
from lti_tool.lti.launch_log import sweep_attempts
from lti_tool.lti.log_models import LaunchAttempt
from lti_tool.lti.models import Platform
from lti_tool.parts import Parts
from tests.lti_tool.console.desk import Desk, make_operator
from tests.lti_tool.lti.launching import Clock, Course, counted_statements


@pytest.fixture
def desk(course: Course, given: Parts) -> Desk:
    """On the app that the course's launches go to."""
    make_operator(given)
    found = Desk(course.app)
    found.sign_in()
    return found


def number_on(page: str) -> str:
    found = re.search(r"number ([0-9a-f]{16})", page)
    assert found is not None
    return found[1]


def entries(page: str) -> int:
    return page.count("<summary>")


def sub_of(course: Course, user: str) -> str:
    from social_layer.people.models import Account

    course.launch(user)
    found = [account.name for account in course.rows(Account)]
    assert len(found) == 1
    return found[0]


def test_the_number_on_the_page_leads_to_the_reason(course: Course, desk: Desk) -> None:
    course.launch("jonas")
    number = number_on(course.launch("maya", variation="expired").text)
    page = desk.get(f"/launches?find={number}").text
    assert entries(page) == 1
    assert "id_token_expired" in page
    assert "This message came too late." in page
    assert course.rows(Platform)[0].name in page


def test_an_account_leads_to_all_its_launches(course: Course, desk: Desk) -> None:
    sub = sub_of(course, "maya")
    course.launch("jonas")
    course.launch("maya")
    page = desk.get(f"/launches?find={sub}").text
    assert entries(page) == 2
    (link,) = set(re.findall(r'href="(/admin/launches\?find=account:[0-9a-f]{32})"', page))
    assert entries(desk.get(link.removeprefix("/admin")).text) == 2
    assert "No launch with that number or account" in desk.get("/launches?find=somebody-else").text


def test_the_log_holds_nothing_of_the_person(course: Course, given: Parts) -> None:
    sub = sub_of(course, "maya")
    course.launch("maya", variation="expired")
    for row in course.rows(LaunchAttempt):
        said = " ".join(str(value) for value in vars(row).values())
        for secret in ("maya", "Maya", "eyJ"):
            assert secret not in said
        assert row.about is None
    # Whoever has the table and no key cannot try accounts.
    other = launch_log.account_digest(
        type(given.sealer)(["another secret"]), course.sandbox.profile.issuer, sub
    )
    assert other not in {row.account for row in course.rows(LaunchAttempt)}


def test_a_message_that_was_not_verified_accuses_nobody(course: Course) -> None:
    course.launch("maya", variation="alg_none")
    (row,) = course.rows(LaunchAttempt)
    assert (row.account, row.deployment) == (None, None)
    assert row.platform_id == course.rows(Platform)[0].id


def test_a_login_from_an_lms_that_is_not_known_is_noted_with_its_names(course: Course, desk: Desk) -> None:
    course.browser().post(
        "/lti/login",
        {
            "iss": "https://<b>new</b>.example.edu",
            "login_hint": "secret-hint",
            "target_link_uri": f"{course.given.settings.public_url}/lti/launch",
            "client_id": "abc",
        },
    )
    page = desk.get("/launches").text
    assert "platform_unknown" in page
    assert "issuer: https://&lt;b&gt;new&lt;/b&gt;.example.edu, client_id: abc" in page
    assert "secret-hint" not in page


def test_the_number_of_a_refused_registration_is_found_too(course: Course, desk: Desk) -> None:
    refused = course.browser().get(
        "/lti/register?invite=used-or-made-up&openid_configuration=https://l.example/c"
    )
    page = desk.get(f"/launches?find={number_on(refused.text)}").text
    assert entries(page) == 1
    assert "invite_unknown" in page
    assert "used-or-made-up" not in page


def test_a_success_costs_one_statement_and_no_transaction_of_its_own(course: Course) -> None:
    course.launch("maya")
    with counted_statements(course.given) as seen:
        course.launch("maya")
    assert len([statement for statement in seen if "launch_attempt" in statement]) == 1
    assert [row.outcome for row in course.rows(LaunchAttempt)] == ["launched"] * 2


def test_what_is_filtered_is_found(course: Course, desk: Desk, clock: Clock) -> None:
    course.launch("maya")
    course.launch("maya", variation="expired")
    course.launch("maya", variation="alg_none")
    with course.given.database.write() as session:
        session.execute(update(LaunchAttempt).values(at=clock() - timedelta(days=2)))
    course.launch("jonas")
    platform = course.rows(Platform)[0].id
    today, before = clock().date(), (clock() - timedelta(days=1)).date()
    for query, number in (
        ("", 4),
        ("outcome=launched", 2),
        ("outcome=refused", 2),
        ("outcome=algorithm_wrong", 1),
        (f"platform={platform}&outcome=refused", 2),
        ("platform=6f1f0e4e-0000-4000-8000-000000000000", 0),
        (f"since={today}", 1),
        (f"until={before}", 3),
        (f"since={today}&outcome=refused", 0),
    ):
        assert entries(desk.get(f"/launches?{query}").text) == number, query


@pytest.mark.parametrize(
    "query", ["platform=x", "since=yesterday", "since=9999-12-31", "after=%00", "after=abc", "after=" + "x" * 3000,
              "outcome=" + "x" * 100, "find=%00"]
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused_and_nothing_breaks(desk: Desk, query: str) -> None:
    assert desk.get(f"/launches?{query}").status_code in (400, 422)


def test_the_log_is_paged_by_key(course: Course, desk: Desk, given: Parts, clock: Clock) -> None:
    with given.database.write() as session:
        for number in range(2 * PAGE + 3):
            session.add(
                LaunchAttempt(
                    trace_id=f"{number:016x}",
                    at=clock() - timedelta(seconds=number // 4),  # several at one instant
                    outcome="launched" if number % 2 else "claim_wrong",
                    about="claim: <script>alert(1)</script>",
                )
            )
    seen: list[str] = []
    path = "/launches?outcome=refused"
    pages = 0
    while path:
        with counted_statements(given) as sent:
            page = desk.get(path).text
        assert len(sent) <= 4
        assert "<script>alert" not in page
        seen += re.findall(r"<code>([0-9a-f]{16})</code>", page)
        following = re.search(r'href="/admin(/launches\?[^"]*after=[^"]*)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
        pages += 1
    assert pages == 2
    assert len(seen) == len(set(seen)) == PAGE + 2


def test_rows_leave_after_thirty_days(course: Course, given: Parts, clock: Clock) -> None:
    course.launch("maya")
    clock.pass_by(days=29)
    course.launch("maya", variation="expired")
    clock.pass_by(days=1)
    with given.database.write() as session:
        assert sweep_attempts(session, clock) == 1
    assert [row.outcome for row in course.rows(LaunchAttempt)] == ["id_token_expired"]


def test_the_log_has_an_upper_end(
    course: Course, given: Parts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        course.launch("maya", variation="expired")
        clock.pass_by(seconds=1)
    monkeypatch.setattr(launch_log, "MOST_ROWS", 3)
    with given.database.write() as session:
        sweep_attempts(session, clock)
    assert len(course.rows(LaunchAttempt)) == 3


def test_a_flood_of_refusals_is_not_written_down(
    course: Course, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(launch_log, "MOST_REFUSALS", 10)
    clock.pass_by(minutes=5)
    client = course.app.test_client()
    for _ in range(30):
        client.post("/lti/launch", data={"state": "made-up"})
    assert len(course.rows(LaunchAttempt)) == 10
    clock.pass_by(minutes=1)
    client.post("/lti/launch", data={"state": "made-up"})
    assert len(course.rows(LaunchAttempt)) == 11


def test_an_operator_of_one_institution_sees_its_launches_only(course: Course, given: Parts) -> None:
    make_operator(given, "bob", "another school")
    make_operator(given, "eve", "default")
    course.launch("maya")
    number = number_on(course.launch("maya", variation="expired").text)
    course.browser().post("/lti/login", {})
    bob, eve = Desk(course.app), Desk(course.app)
    bob.sign_in("bob")
    eve.sign_in("eve")
    assert entries(bob.get("/launches").text) == 0
    assert entries(bob.get(f"/launches?find={number}").text) == 0
    assert course.rows(Platform)[0].name not in bob.get("/launches").text
    assert entries(eve.get("/launches").text) == 2  # what belongs to no institution is for the whole house
    with given.database.read() as session:
        assert len(list(session.scalars(select(LaunchAttempt)))) == 3
