"""Whatever a platform's services answer, the worker goes on, half of nothing is kept, and pages show it as text.

Line items, scores and results, Names and Roles, and groups: each through its real caller, on both databases, where only
what comes over the line is the test's.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example
from hypothesis import given as for_all
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from lti_tool import bearer
from lti_tool.config import Settings
from lti_tool.lti import group_names, reading
from lti_tool.lti.claims import _group_service
from lti_tool.lti.grade_models import GradeColumn, GradeCount, Score, ScoreState
from lti_tool.lti.models import GroupService, LtiContext, LtiGroup, Roster
from lti_tool.lti.service_answers import failure_of
from lti_tool.lti.services import ServiceAnswer, Services
from lti_tool.parts import Parts
from social_layer.people.models import Account, CourseGroup, GroupSet, Membership, Person
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom, empty_book, one_topic
from tests.lti_tool.lti.launching import Clock, settings_for
from tests.lti_tool.lti.platforms import HOSTILE, JSON

town = rostering.town
# Shown anywhere as it is, it would be a part of the page.
MARK = '<b data-hostile="\'&">'
WORDS = (
    st.text(max_size=40) | HOSTILE | st.sampled_from([MARK, f"{MARK}\x00", f"{MARK}\ud800", "=1+1", "\u202e"])
)
VALUE = WORDS | JSON
ENOUGH = effort(
    max_examples=15,
    deadline=None,
    derandomize=True,
    # Each example takes some requests: a failing one is shown as it is.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@pytest.fixture
def settings(tables_url: str, tmp_path: Path) -> Settings:
    """On SQLite and on PostgreSQL."""
    return settings_for(tables_url, tmp_path)


@pytest.fixture
def room(given: Parts, clock: Clock, town: rostering.Town) -> Iterator[Classroom]:
    """Graded, with a contribution that is worth points."""
    for course in rostering.registered(given, clock, town, "moodle"):
        with empty_book(course):
            made = Classroom(course)
            made.arrive("maya")
            made.rules(one_topic())
            made.write("maya")
            yield made


Said = Callable[[str, str], tuple[int, Any, dict[str, str]]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, given: Parts) -> Callable[[Said], None]:
    """From here on services answer so: status, JSON and headers by method and address."""

    def answering(said: Said) -> None:
        def send(_: Services, method: str, url: str, **__: Any) -> ServiceAnswer:
            import requests

            status, body, headers = said(method, url)
            answer = requests.Response()
            answer.status_code, answer._content = status, json.dumps(body).encode()
            answer.headers.update(headers)
            if failure := failure_of(answer, url, given.clock):
                raise failure
            return ServiceAnswer(url, status, answer.headers, answer.content)

        monkeypatch.setattr(Services, "send", send)

    return answering


def shown(room: Classroom, *paths: str) -> None:
    """Each page is there, and says nothing as HTML that came from the LMS."""
    client = room.course.app.test_client()
    amara = room.look("amara")
    token, _ = bearer.issue(room.course.given, amara.tenant_id, amara.membership_id, room.panel_id)
    headers = {"Authorization": f"Bearer {token}", "HX-Request": "true"}
    for path in paths:
        answer = client.get(f"/panels/{room.panel_id}{path}", headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        assert MARK not in answer.text, path


LINK = st.none() | st.sampled_from(
    [
        '<http://[>; rel="next"',
        '<>; rel="next"',
        '<//elsewhere.example/>; rel="next"',
        '<?p=2>; rel="next"',
        "rel=next",
        "<" * 50,
    ]
)


class TestGrades:
    @ENOUGH
    @for_all(
        status=st.sampled_from([200, 200, 201, 204, 400, 404, 429, 500]),
        where=WORDS,
        item=st.dictionaries(
            st.sampled_from(["label", "scoreMaximum", "tag", "resourceId", "resourceLinkId"]),
            VALUE,
            max_size=4,
        ),
        results=VALUE
        | st.lists(
            JSON
            | st.fixed_dictionaries(
                {"userId": st.just("maya") | VALUE},
                optional={"resultScore": VALUE, "resultMaximum": VALUE, "comment": VALUE},
            ),
            max_size=3,
        ),
        link=LINK,
        failing=st.sampled_from(["", "scores", "results", "lineitems"]),
    )
    def test_no_line_item_or_result_stops_the_worker(
        self,
        room: Classroom,
        say: Callable[[Said], None],
        status: int,
        where: str,
        item: dict[str, Any],
        results: Any,
        link: str | None,
        failing: str,
    ) -> None:
        self.begin_anew(room)
        home = ""

        def said(method: str, url: str) -> tuple[int, Any, dict[str, str]]:
            nonlocal home
            path = url.partition("?")[0]
            home = home or path
            headers = {"Link": link} if link else {}
            if failing and path.endswith(failing):
                return status, {"error": results, "message": MARK}, headers
            if path.endswith("results"):
                told = results
                if isinstance(told, list):
                    told = [
                        {**one, "userId": room.sub("maya")}
                        if isinstance(one, dict) and one.get("userId") == "maya"
                        else one
                        for one in told
                    ]
                return 200, told, headers
            made = {**item, "id": f"{home}/{where}"}
            return 200, (made if method == "POST" else [made, results]), headers

        say(said)
        room.tick()
        room.read_back()
        room.tick()
        (score,) = room.scores()
        assert score.state in set(ScoreState)
        (column,) = room.columns()
        assert column.url is None or len(column.url) <= 2048
        shown(room, "/grading", f"/grading/learners/{room.look('maya').membership_id}")

    def begin_anew(self, room: Classroom) -> None:
        with room.course.given.database.write() as session:
            for table in (Score, GradeColumn, GradeCount):
                session.execute(delete(table))
        room.grader = room.new_grader()

    @pytest.mark.parametrize(
        "address", ["http://[", "https://[::1", "http://lms.example:x/", "http://", "https:///x"]
    )
    def test_an_address_that_is_none_is_left_out_of_the_launch(self, address: str) -> None:
        from lti_tool.lti.claims import GradesClaim

        found = GradesClaim().load({"lineitems": address, "lineitem": address, "scope": []})
        assert (found.line_items_url, found.line_item_url) == (None, None)
        assert _group_service({"context_groups_url": address}) is None


class TestNamesAndRoles:
    @ENOUGH
    @for_all(
        body=VALUE
        | st.fixed_dictionaries(
            {
                "members": st.lists(
                    JSON
                    | st.fixed_dictionaries(
                        {"user_id": st.sampled_from(["1", "2"]) | VALUE},
                        optional={"name": WORDS, "given_name": VALUE, "roles": VALUE, "status": VALUE},
                    ),
                    max_size=4,
                )
            }
        ),
        status=st.sampled_from([200, 200, 200, 403, 404, 500]),
        link=LINK,
    )
    def test_no_page_of_a_list_stops_the_worker(
        self, room: Classroom, say: Callable[[Said], None], body: Any, status: int, link: str | None
    ) -> None:
        course = room.course
        with course.given.database.write() as session:
            session.execute(update(Roster).values(due_at=course.clock(), leased_until=None))
            session.execute(update(Membership).values(active=True))
        said_then = [(status, body, {"Link": link} if link else {})]
        say(lambda *_: said_then.pop() if said_then else (200, {"members": []}, {}))
        (roster,) = course.rows(Roster)
        before = {row.id: row.active for row in course.rows(Membership)}
        whole = reading.read(course.given, roster.tenant_id, roster.context_id)
        with course.given.database.read() as session:
            accounts, persons, members = (
                session.scalar(select(func.count()).select_from(table))
                for table in (Account, Person, Membership)
            )
        assert accounts == persons == members
        if not whole:
            now = {row.id: row.active for row in course.rows(Membership)}
            assert all(now[member] for member, active in before.items() if active), (
                "nobody is locked out by half"
            )
        with course.given.database.write() as session:
            session.execute(update(Membership).values(active=True))  # so that somebody can look
        shown(room, "/people", "/people/list")


class TestGroups:
    @example(
        groups=[{"id": "1"}, {"id": "1", "set_id": "s"}],
        sets=[{"id": "s"}, {"id": "s"}],
        status=200,
        link=None,
    )
    @ENOUGH
    @for_all(
        groups=VALUE
        | st.lists(
            JSON
            | st.fixed_dictionaries(
                {"id": st.sampled_from(["1", "2"]) | VALUE},
                optional={"name": WORDS, "set_id": VALUE | st.just("s")},
            ),
            max_size=4,
        ),
        sets=VALUE | st.lists(st.fixed_dictionaries({"id": st.just("s") | VALUE, "name": VALUE}), max_size=3),
        status=st.sampled_from([200, 200, 200, 403, 500]),
        link=LINK,
    )
    def test_no_list_of_groups_stops_the_worker(
        self,
        room: Classroom,
        say: Callable[[Said], None],
        groups: Any,
        sets: Any,
        status: int,
        link: str | None,
    ) -> None:
        course = room.course
        (context,) = course.rows(LtiContext)
        with course.given.database.write() as session:
            session.execute(delete(GroupService))
            session.add(
                GroupService(
                    tenant_id=context.tenant_id,
                    context_id=context.id,
                    groups_url="http://127.0.0.1/groups",
                    sets_url="http://127.0.0.1/sets",
                    due_at=course.clock(),
                )
            )
        headers = {"Link": link} if link else {}
        say(
            lambda _, url: (
                (status, {"groups": groups}, headers) if "groups" in url else (200, {"sets": sets}, {})
            )
        )
        before = len(course.rows(LtiGroup)), len(course.rows(CourseGroup))
        done = group_names.read_due(course.given)
        after = len(course.rows(LtiGroup)), len(course.rows(CourseGroup))
        assert after[1] - before[1] == after[0] - before[0]
        if not done:
            assert after == before
        assert len(course.rows(GroupSet)) <= after[1] + 1
        shown(room, "/groups")
