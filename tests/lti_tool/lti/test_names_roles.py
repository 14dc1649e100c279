"""What a platform may say in a list of members, and what of it is believed."""

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from sqlalchemy import func, select

from lti_tool.lti import names_roles
from lti_tool.lti.names_roles import ListWrong, batches, read_member
from lti_tool.lti.services import ServiceAnswer, ServiceFailure
from social_layer.database import Database
from social_layer.people.listed import Listed, ListedCourse, note_listed
from social_layer.people.models import Account, Membership, Person, Role
from tests.lti_tool.lti.platforms import HOSTILE, JSON
from tests.room import Room

URL = "https://lms.example/api/lti/courses/1/names_and_roles"


class Pages:
    """``answer(url)`` gives a page's body and the address of the next."""

    def __init__(self, answer: Callable[[str], tuple[Any, str | None]]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def get(self, url: str, **_: Any) -> ServiceAnswer:
        self.asked.append(url)
        body, following = self.answer(url)
        headers = CaseInsensitiveDict({"lInK": f'<{following}>; rel="next"'} if following else {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ServiceAnswer(url, 200, headers, content)


def read(answer: Callable[[str], tuple[Any, str | None]], url: str = URL) -> list[Listed]:
    return [each for batch in batches(Pages(answer), url) for each in batch]  # type: ignore[arg-type]


def refused(answer: Callable[[str], tuple[Any, str | None]]) -> str:
    with pytest.raises(ListWrong) as wrong:
        read(answer)
    return wrong.value.code


def page(*accounts: str) -> dict[str, Any]:
    return {"members": [{"user_id": account, "roles": ["Learner"]} for account in accounts]}


def test_pages_hang_together_by_their_links() -> None:
    pages = {f"{URL}?limit=200": (page("1"), f"{URL}?Page=B"), f"{URL}?Page=B": (page("2"), None)}
    assert [each.account for each in read(pages.__getitem__)] == ["1", "2"]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (URL, f"{URL}?limit=200"),
        (f"{URL}?x=1", f"{URL}?x=1&limit=200"),
        (f"{URL}?limit=7", f"{URL}?limit=7"),
    ],
)
def test_the_address_of_the_launch_is_kept_and_pages_are_asked_for(url: str, asked: str) -> None:
    lms = Pages(lambda _: (page(), None))
    list(batches(lms, url))  # type: ignore[arg-type]
    assert lms.asked == [asked]


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/members",
        "http://lms.example/members",
        "https://lms.example:8443/members",
        "https://lms.example.evil.example/members",
        "https://lms.example@evil.example/members",
        "//evil.example/members",
        "https://[/",
        "javascript:alert(1)",
        f"{URL}?{'x' * 5000}",
    ],
)
def test_our_token_goes_nowhere_else(following: str) -> None:
    assert refused(lambda _: (page("1"), following)) == "list_elsewhere"


def test_circles_and_lists_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(lambda _: (page("1"), f"{URL}?limit=200")) == "list_endless"
    numbers = count()
    monkeypatch.setattr(names_roles, "MOST_PAGES", 20)
    assert refused(lambda _: (page("1"), f"{URL}?page={next(numbers)}")) == "list_endless"
    monkeypatch.setattr(names_roles, "MOST_MEMBERS", 5)
    assert refused(lambda _: (page(*"123456"), None)) == "list_endless"


@pytest.mark.parametrize("body", [{}, [], "members", 5, None, {"members": {}}, {"members": None}])
def test_what_is_no_list_is_refused(body: Any) -> None:
    assert refused(lambda _: (body, None)) == "list_wrong"


def test_what_is_no_json_is_a_failure() -> None:
    with pytest.raises(ServiceFailure):
        read(lambda _: (b"<h1>Sign in</h1>", None))


def test_a_long_page_comes_in_batches() -> None:
    lms = Pages(lambda _: (page(*map(str, range(1200))), None))
    sizes = [len(batch) for batch in batches(lms, URL)]  # type: ignore[arg-type]
    assert sum(sizes) == 1200
    assert max(sizes) <= names_roles.BATCH


@pytest.mark.parametrize(
    ("told", "listed"),
    [
        ({"user_id": "7"}, Listed("7", Role.learner)),
        ({"user_id": "7", "status": None, "roles": None, "name": None}, Listed("7", Role.learner)),
        ({"user_id": "7", "status": "Active", "roles": ["Instructor"]}, Listed("7", Role.instructor)),
        ({"user_id": 7, "status": "active"}, Listed("7", Role.learner)),
        (
            {"user_id": "7", "given_name": "Ada", "family_name": "Byron"},
            Listed("7", Role.learner, "Ada Byron"),
        ),
        (
            {"user_id": "7", "name": " Ada\n Byron ", "given_name": "X"},
            Listed("7", Role.learner, "Ada Byron"),
        ),
        ({"user_id": "7", "name": 5, "roles": "Instructor"}, Listed("7", Role.learner)),
        ({"user_id": "7", "roles": [5, None, {}, "Instructor", "x" * 9999]}, Listed("7", Role.instructor)),
        ({"user_id": "7", "status": "Inactive"}, None),
        ({"user_id": "7", "status": "Deleted"}, None),
        ({"user_id": "7", "status": "Suspended"}, None),
        ({"user_id": ""}, None),
        ({"user_id": " "}, None),
        ({"user_id": True}, None),
        ({"user_id": 10**40}, None),
        ({"user_id": 1.5}, None),
        ({"user_id": "x" * 256}, None),
        ({"user_id": "a\x00b"}, None),
        ({"user_id": "\ud800"}, None),
        ({"user_id": None}, None),
        ({}, None),
        ("somebody", None),
        (None, None),
    ],
)
def test_of_a_member_only_what_is_of_use_is_believed(told: Any, listed: Listed | None) -> None:
    assert read_member(told) == listed


def test_the_test_student_is_marked() -> None:
    roles = ["http://purl.imsglobal.org/vocab/lti/system/person#TestUser", "Learner"]
    assert read_member({"user_id": "7", "roles": roles}) == Listed("7", Role.learner, is_test=True)


MEMBER = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.sampled_from(["1", "2", "3"]) | HOSTILE | JSON,
        "status": st.sampled_from(["Active", "Inactive", "Deleted"]) | HOSTILE | JSON,
        "roles": st.lists(st.sampled_from(["Learner", "Instructor", "Mentor"]) | HOSTILE | JSON, max_size=4)
        | JSON,
        "name": HOSTILE | JSON,
        "given_name": HOSTILE | JSON,
        "family_name": JSON,
        "email": JSON,
        "message": JSON,
    },
)


@pytest.fixture(scope="module")
def postgres_room(postgres_with_tables: str) -> Iterator[Room]:
    from tests.tables import empty_tables

    database = Database(postgres_with_tables)
    yield Room(database)
    database.close()
    empty_tables(postgres_with_tables)


@pytest.fixture(scope="module")
def sqlite_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    from tests.tables import make_tables

    database = Database(f"sqlite:///{tmp_path_factory.mktemp('roster') / 'a.db'}")
    make_tables(database)
    yield Room(database)
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@given(members=st.lists(MEMBER | JSON, max_size=8), twice=st.booleans())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_members_are_passed_over_and_nothing_breaks(
    request: pytest.FixtureRequest, kind: str, members: list[Any], twice: bool
) -> None:
    room: Room = request.getfixturevalue(f"{kind}_room")
    course = ListedCourse(room.tenant_id, room.course_id, "https://lms.example.edu")
    body = json.dumps({"members": members})
    for _ in range(1 + twice):
        for batch in batches(Pages(lambda _: (body.encode(), None)), URL):  # type: ignore[arg-type]
            with room.database.write() as session:
                note_listed(session, room.clock, course, batch, room.clock())
    with room.database.read() as session:
        accounts = session.scalar(select(func.count()).select_from(Account))
        persons = session.scalar(select(func.count()).select_from(Person))
        members_of = session.scalar(select(func.count()).select_from(Membership))
        roles = set(session.scalars(select(Membership.role)))
    assert accounts == persons == members_of
    assert roles <= {role.value for role in Role}
