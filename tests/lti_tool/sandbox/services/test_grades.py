"""Line items, scores and results: as recorded from Moodle, as known of Canvas, and as the grade book shows them."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import jwt
import pytest
from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import LAUNCH_URL, Bench, Clock, Form

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
SUBMISSION = "https://canvas.instructure.com/lti/submission"
MAKES = {"scoreMaximum": 20, "label": "Reflection wk1", "resourceId": "refl-1", "tag": "reflection"}


class Tool:
    """The tool at the services, with every scope, and a score that is a second later each time."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.url: str = bench.claims("amara", "food-web")[ENDPOINT]["lineitems"]
        self.token = bench.sandbox.grants.issue(bench.sandbox.registration, bench.sandbox.registration.scopes)
        self.at = bench.sandbox.config.clock()

    def call(
        self, method: str, url: str, accept: str = "", content: str = "", body: Any = None
    ) -> TestResponse:
        headers = {"Accept": accept} if accept else {}
        if content:
            headers["Content-Type"] = content
        data = json.dumps(body) if body is not None else None
        return self.bench.service(method, url, token=self.token, headers=headers, data=data)

    def make(self, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.call("POST", self.url, content=ITEM, body=MAKES | changes).get_json()
        return made

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", more(self.url, query), accept=ITEMS).get_json()
        return found

    def score(
        self, item: dict[str, Any], who: str = "maya", content: str = SCORE, **changes: Any
    ) -> TestResponse:
        self.at += timedelta(seconds=1)
        usual = {
            "userId": self.bench.sandbox.world.person(who).sub,
            "scoreGiven": 15,
            "scoreMaximum": 20,
            "timestamp": self.at.isoformat(),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        }
        body = {name: value for name, value in (usual | changes).items() if value is not None}
        return self.call("POST", part(item["id"], "scores"), content=content, body=body)

    def results(self, item: dict[str, Any], query: str = "") -> Any:
        url = more(part(item["id"], "results"), query)
        return self.call("GET", url, accept=RESULTS).get_json()

    def points(self, item: dict[str, Any], who: str = "maya") -> float | None:
        sub = self.bench.sandbox.world.person(who).sub
        return {each["userId"]: each.get("resultScore") for each in self.results(item)}.get(sub)


def part(url: str, name: str) -> str:
    """`/scores` or `/results` behind the path of a line item's address (LTI-AGS 2.0, section 3.3.1)."""
    path, mark, query = url.partition("?")
    return f"{path}/{name}{mark}{query}"


def more(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


@pytest.fixture
def tool(moodle: Bench) -> Tool:
    return Tool(moodle)


@pytest.fixture
def canvas_tool(canvas: Bench) -> Tool:
    return Tool(canvas)


@pytest.fixture(params=["moodle", "canvas"])
def either(request: pytest.FixtureRequest) -> Tool:
    return Tool(request.getfixturevalue(request.param))


# Line items.


def test_the_launch_names_the_endpoint_and_the_links_only_line_item(moodle: Bench) -> None:
    endpoint = moodle.claims("maya", "food-web")[ENDPOINT]
    assert endpoint["lineitems"] == "http://lms.test:8001/mod/lti/services.php/2/lineitems?type_id=1"
    assert endpoint["scope"] == [
        f"{AGS}lineitem",
        f"{AGS}lineitem.readonly",
        f"{AGS}result.readonly",
        f"{AGS}score",
    ]
    assert "lineitem" not in endpoint
    tool, link = Tool(moodle), moodle.sandbox.world.links["food-web"].id
    first = tool.make(resourceLinkId=link)
    assert moodle.claims("maya", "food-web")[ENDPOINT]["lineitem"] == first["id"]
    tool.make(resourceLinkId=link, tag="second")
    assert "lineitem" not in moodle.claims("maya", "food-web")[ENDPOINT]


def test_a_line_item_is_made_read_changed_and_removed(either: Tool) -> None:
    response = either.call("POST", either.url, content=ITEM, body=MAKES)
    made = response.get_json()
    assert response.status_code == 201
    assert response.headers["Content-Type"] == f"{ITEM}; charset=utf-8"
    assert made == MAKES | {"id": made["id"]}
    assert either.call("GET", made["id"], accept=ITEM).get_json() == made
    changed = made | {"label": "Reflection wk1 v2", "scoreMaximum": 30, "tag": "reflection2"}
    assert either.call("PUT", made["id"], content=ITEM, body=changed).get_json() == changed
    assert either.listed() == [changed]
    assert either.call("DELETE", made["id"]).status_code == 204
    gone = either.call("GET", made["id"], accept=ITEM)
    assert gone.status_code == 404
    assert either.listed() == []


def test_moodle_answers_refusals_as_they_were_recorded(tool: Tool) -> None:
    path = "/mod/lti/services.php/2/lineitems?type_id=1"
    wrong = tool.call("GET", tool.url, accept="application/json")
    assert wrong.status == "400 No handler found for /2/lineitems application/json"
    assert wrong.get_json()["request"]["url"] == path
    wrong = tool.call("POST", tool.url, content="application/json", body=MAKES)
    assert wrong.get_json()["reason"] == "No handler found for /2/lineitems  application/json"
    wrong = tool.call("POST", tool.url, content=ITEM, body={"scoreMaximum": 5})
    assert (wrong.status_code, wrong.get_json()["reason"]) == (400, "No label or Score Maximum")
    wrong = tool.call("POST", tool.url, content=ITEM, body=MAKES | {"resourceLinkId": "9999"})
    assert (wrong.status_code, wrong.get_json()["reason"]) == (403, "Forbidden")
    gone = tool.call("GET", tool.url.replace("lineitems", "lineitems/99/lineitem"), accept=ITEM)
    assert gone.get_json()["reason"] == "Not Found: Grade item 99 doesn't exist"


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"label": 7},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"scoreMaximum": "20"},
        {"tag": 1},
    ],
)
def test_a_wrong_line_item_is_refused(either: Tool, changes: dict[str, Any]) -> None:
    assert either.call("POST", either.url, content=ITEM, body=MAKES | changes).status_code == 400
    assert either.call("POST", either.url, content=ITEM, body=["not", "one"]).status_code == 400
    assert either.listed() == []


def test_line_items_are_filtered(either: Tool) -> None:
    link = either.bench.sandbox.world.links["food-web"].id
    coupled = either.make(resourceLinkId=link, tag="participation", resourceId="panel-1")
    either.make()
    for query in (f"resource_link_id={link}", "tag=participation", "resource_id=panel-1"):
        assert [each["id"] for each in either.listed(query)] == [coupled["id"]]
    assert either.listed("resource_link_id=9999") == []


def test_moodles_link_header_is_as_odd_as_recorded(tool: Tool) -> None:
    for number in range(11):
        tool.make(label=f"Item {number}")
    response = tool.call("GET", f"{tool.url}&limit=2", accept=ITEMS)
    assert [each["label"] for each in response.get_json()] == ["Item 0", "Item 1"]
    header = response.headers["Link"].encode("latin-1").decode()
    base = "<http://lms.test:8001/mod/lti/services.php/2/lineitems?type_id=1&amp;limit=2&amp;from"
    assert header == (
        f"{base}=0>; rel=“first”, {base}=0>; rel=“canonical”, {base}=2>; rel=“next”, {base}=10>; rel=“last”"
    )


def test_canvas_pages_line_items(canvas_tool: Tool) -> None:
    for number in range(13):
        canvas_tool.make(label=f"Item {number}")
    response = canvas_tool.call("GET", canvas_tool.url, accept=ITEMS)
    assert len(response.get_json()) == 10
    found = re.search(r'<([^>]+)>; rel="next"', response.headers["Link"])
    assert found is not None
    assert [e["label"] for e in canvas_tool.call("GET", found[1], accept=ITEMS).get_json()] == [
        "Item 10",
        "Item 11",
        "Item 12",
    ]


def test_a_tool_sees_and_touches_its_own_line_items_only(either: Tool) -> None:
    book = either.bench.sandbox.gradebook
    foreign = book.add("ecology", "another-client", "Theirs", 10)
    mine = either.make()
    assert [each["id"] for each in either.listed()] == [mine["id"]]
    url = re.sub(r"(lineitems|line_items)/\d+", rf"\1/{foreign.number}", mine["id"])
    assert either.call("GET", url, accept=ITEM).status_code == 403
    assert either.call("DELETE", url).status_code == 403
    assert either.score({"id": url}).status_code == 403
    assert foreign.number in book.items


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("lineitem", {"list", "make", "remove"}),
        ("lineitem.readonly", {"list"}),
        ("score", {"score"}),
        ("result.readonly", {"results"}),
    ],
)
def test_each_scope_opens_its_own_doors(either: Tool, scope: str, allowed: set[str]) -> None:
    item = either.make()
    sandbox = either.bench.sandbox
    either.token = sandbox.grants.issue(sandbox.registration, [f"{AGS}{scope}"])
    answers = {
        "list": either.call("GET", either.url, accept=ITEMS),
        "make": either.call("POST", either.url, content=ITEM, body=MAKES),
        "score": either.score(item),
        "results": either.call("GET", part(item["id"], "results"), accept=RESULTS),
        "remove": either.call("DELETE", item["id"]),
    }
    assert {name for name, answer in answers.items() if answer.status_code < 300} == allowed
    assert {answer.status_code for name, answer in answers.items() if name not in allowed} == {401}


# Scores and results.


def test_moodle_takes_a_score_and_gives_it_back_as_recorded(tool: Tool) -> None:
    item = tool.make(scoreMaximum=30)
    response = tool.score(item, scoreMaximum=30, comment="Good <b>work</b>")
    assert (response.status_code, response.text) == (200, "")
    sub = tool.bench.sandbox.world.person("maya").sub
    url = part(item["id"], "results")
    assert tool.results(item) == [
        {
            "id": f"{url}&user_id={sub}",
            "userId": sub,
            "resultScore": 15,
            "resultMaximum": 30,
            "comment": "Good <b>work</b>",
            "scoreOf": item["id"],
            "timestamp": "2026-11-21T18:00:01+00:00",
        }
    ]


def test_a_score_must_be_later_than_the_last(either: Tool) -> None:
    item = either.make()
    at = "2026-11-21T18:00:10.039Z"
    assert either.score(item, timestamp=at).status_code == 200
    # Moodle counts whole seconds; Canvas has another word for the same refusal.
    moodle = either.bench.sandbox.config.profile == "moodle"
    refused = [at, "2026-11-21T17:00:00Z", "2026-11-21T19:00:10+01:00"]
    for again in refused + ["2026-11-21T18:00:10.999Z"] * moodle:
        answer = either.score(item, scoreGiven=16, timestamp=again)
        assert answer.status_code == (409 if moodle else 400)
    assert either.points(item) == 15
    assert either.score(item, scoreGiven=16, timestamp="2026-11-21T18:00:11Z").status_code == 200
    # Another person's clock is another one.
    assert either.score(item, "lucas", timestamp=at).status_code == 200


def test_moodle_says_which_item_and_person_a_stale_score_was_for(tool: Tool) -> None:
    item = tool.make()
    tool.score(item, timestamp="2026-11-21T18:00:10Z")
    sub = tool.bench.sandbox.world.person("maya").sub
    refused = tool.score(item, timestamp="2026-11-21T18:00:10Z")
    assert refused.status == f"409 Refusing score with an earlier timestamp for item 1 and user {sub}"


@pytest.mark.parametrize(
    ("given", "maximum", "points"), [(9, 10, 18), (15, 10, 20), (-1, 10, 0), (0, 10, 0), (10, 40, 5)]
)
def test_a_score_is_scaled_to_the_line_item(
    either: Tool, given: float, maximum: float, points: float
) -> None:
    item = either.make()
    either.score(item, scoreGiven=given, scoreMaximum=maximum)
    assert either.points(item) == points


@pytest.mark.parametrize("progress", ["NotReady", "Pending", "PendingManual", "Failed"])
def test_moodle_erases_a_grade_when_a_score_is_not_fully_graded(tool: Tool, progress: str) -> None:
    item = tool.make()
    tool.score(item)
    assert tool.score(item, scoreGiven=None, scoreMaximum=None, gradingProgress=progress).status_code == 200
    sub = tool.bench.sandbox.world.person("maya").sub
    assert tool.results(item) == [{"id": f"{part(item['id'], 'results')}&user_id={sub}", "userId": sub}]


@pytest.mark.parametrize("progress", ["NotReady", "PendingManual", "FullyGraded"])
def test_canvas_erases_a_grade_unless_asked_to_preserve_it(canvas_tool: Tool, progress: str) -> None:
    item = canvas_tool.make()
    canvas_tool.score(item)
    kept = {SUBMISSION: {"preserve_score": True}}
    canvas_tool.score(item, scoreGiven=None, gradingProgress=progress, **kept)
    assert canvas_tool.points(item) == 15
    canvas_tool.score(item, scoreGiven=None, gradingProgress=progress)
    assert canvas_tool.points(item) is None


def test_canvas_counts_submissions_unless_told_not_to(canvas_tool: Tool) -> None:
    item, book = canvas_tool.make(), canvas_tool.bench.sandbox.gradebook
    canvas_tool.score(item)
    canvas_tool.score(item, **{SUBMISSION: {"new_submission": False}})
    (grade,) = book.grades.values()
    assert grade.submissions == 1
    canvas_tool.score(item, comment="well")
    (grade,) = book.grades.values()
    assert (grade.submissions, grade.comments) == (2, ["well"])
    assert canvas_tool.score(item, **{SUBMISSION: "no"}).status_code == 400


def test_canvas_spares_a_teachers_grade_when_asked_to(canvas_tool: Tool) -> None:
    item, sandbox = canvas_tool.make(), canvas_tool.bench.sandbox
    sandbox.set_grade(sandbox.gradebook.items[1], "maya", 19)
    spare = {SUBMISSION: {"prioritize_non_tool_grade": True}}
    assert canvas_tool.score(item, **spare).status_code == 200
    assert canvas_tool.points(item) == 19
    canvas_tool.score(item)
    assert canvas_tool.points(item) == 15


@pytest.mark.parametrize("who", ["amara", "ruth", "jonas"])
def test_only_learners_have_grades(either: Tool, who: str) -> None:
    item = either.make()
    for wrong in ({"who": who}, {"userId": "999"}, {"userId": 4}):
        assert either.score(item, **wrong).status_code in (400, 422)
    assert either.results(item) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": None},
        {"timestamp": "today"},
        {"timestamp": 7},
        {"activityProgress": None},
        {"activityProgress": "Done"},
        {"gradingProgress": "fullygraded"},
        {"scoreMaximum": None},
        {"scoreMaximum": 0},
        {"scoreGiven": "15"},
        {"scoreGiven": True},
        {"comment": 7},
        {"content": "application/json"},
    ],
)
def test_a_wrong_score_is_refused(either: Tool, changes: dict[str, Any]) -> None:
    item = either.make()
    assert either.score(item, **changes).status_code in (400, 415)
    assert either.results(item) == []


def test_a_timestamp_without_a_zone_is_moodles_time_and_canvas_refuses_it(
    tool: Tool, canvas_tool: Tool
) -> None:
    for written in ("2026-11-21T18:00:03", "2026-11-21 18:00:04", "2026-11-21T18:00:05.123456+00:00"):
        assert (
            tool.score(
                item := tool.listed()[0] if tool.listed() else tool.make(), timestamp=written
            ).status_code
            == 200
        )
    assert tool.points(item) == 15
    assert canvas_tool.score(canvas_tool.make(), timestamp="2026-11-21T18:00:03").status_code == 400


def test_moodle_breaks_on_a_limit_for_results_and_canvas_pages(tool: Tool, canvas_tool: Tool) -> None:
    url = part(tool.make()["id"], "results")
    assert tool.call("GET", f"{url}&limit=1", accept=RESULTS).status_code == 404
    item = canvas_tool.make()
    for who in ("maya", "lucas", "aisha"):
        canvas_tool.score(item, who)
    response = canvas_tool.call("GET", f"{part(item['id'], 'results')}?limit=2", accept=RESULTS)
    assert len(response.get_json()) == 2
    assert 'rel="next"' in response.headers["Link"]


def test_results_of_one_person(either: Tool) -> None:
    item = either.make()
    for who in ("maya", "lucas"):
        either.score(item, who)
    sub = either.bench.sandbox.world.person("lucas").sub
    assert [each["userId"] for each in either.results(item, f"user_id={sub}")] == [sub]


# What people see.


def test_the_grade_book_shows_people_and_line_items(tool: Tool) -> None:
    item = tool.make(label="Food <web>")
    tool.score(item, comment="Two <b>good</b> answers")
    page = tool.bench.client.get("/as/amara/courses/ecology/grades").text
    assert "Food &lt;web&gt;" in page
    assert "Two &lt;b&gt;good&lt;/b&gt; answers" in page
    assert ">15</a>" in page
    assert "Lucas Ferreira" in page
    own = tool.bench.client.get("/as/maya/courses/ecology/grades").text
    assert "Maya Chen</th>" in own
    assert "Lucas Ferreira</th>" not in own
    assert '<a href="/as/maya/courses/ecology/grades/' not in own
    assert tool.bench.client.get("/as/maya/courses/ecology/grades/1/maya").status_code == 404


def test_a_teacher_sets_a_grade_and_the_tool_reads_it_back(either: Tool, clock: Clock) -> None:
    item, client = either.make(), either.bench.client
    clock.pass_by(minutes=5)
    form = "/as/amara/courses/ecology/grades/1/maya"
    done = client.post(form, data={"points": "17.5", "comment": "From the seminar"})
    assert done.location == "/as/amara/courses/ecology/grades"
    assert either.points(item) == 17.5
    assert "by a teacher" in client.get(done.location).text
    # The tool's score of before that is too late; a later one stands over it.
    assert either.score(item).status_code in (409, 400)
    later = (clock.now + timedelta(seconds=2)).isoformat()
    assert either.score(item, timestamp=later).status_code == 200
    assert either.points(item) == 15


@pytest.mark.parametrize("points", ["x", "-1", "21", "nan"])
def test_a_grade_that_is_none_is_not_set(tool: Tool, points: str) -> None:
    tool.make()
    form = "/as/amara/courses/ecology/grades/1/maya"
    assert tool.bench.client.post(form, data={"points": points}).status_code == 400
    refused = tool.bench.client.post(form, data={"points": "5"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert (
        tool.bench.client.post(form.replace("/as/amara", "/as/maya"), data={"points": "5"}).status_code == 404
    )
    assert tool.bench.sandbox.gradebook.grades == {}


def test_a_long_class_has_pages(tool: Tool) -> None:
    tool.make()
    tool.bench.sandbox.add_members("ecology", 60)
    page = tool.bench.client.get("/as/amara/courses/ecology/grades?page=2").text
    assert page.count('<th scope="row">') == 16
    assert "Previous page" in page


@pytest.mark.parametrize("profile", ["moodle", "canvas"])
def test_a_submission_review_opens_the_tool_for_one_learner(
    profile: str, bench_for: Callable[..., Bench]
) -> None:
    bench = bench_for(profile=profile)
    tool, sandbox = Tool(bench), bench.sandbox
    link = sandbox.world.links["food-web"]
    review = {"url": f"{LAUNCH_URL}?review", "custom": {"review": "1", "who": "$User.id"}}
    made = tool.make(resourceLinkId=link.id, submissionReview=review)
    path = "/as/amara/courses/ecology/grades/1/maya"
    assert "Show the work" in bench.client.get(path).text
    assert 'src="/as/amara/courses/ecology/review/1/maya"' in bench.client.get(f"{path}?review=1").text
    form = Form(bench.client.get("/as/amara/courses/ecology/review/1/maya"))
    assert form.fields["target_link_uri"] == review["url"]
    asked = bench.request() | {n: form.fields[n] for n in ("login_hint", "lti_message_hint")}
    claims = jwt.decode(Form(bench.auth(asked)).fields["id_token"], options={"verify_signature": False})
    assert claims[f"{CLAIM}message_type"] == "LtiSubmissionReviewRequest"
    maya = sandbox.world.person("maya")
    assert claims[f"{CLAIM}for_user"]["user_id"] == maya.sub
    assert ("name" in claims[f"{CLAIM}for_user"]) is (profile == "canvas")
    assert claims[f"{CLAIM}resource_link"]["id"] == link.id
    assert claims[f"{CLAIM}custom"]["review"] == "1"
    assert claims[f"{CLAIM}custom"]["kind"] == "discussion"
    assert claims[f"{CLAIM}custom"]["who"] == claims["sub"] == sandbox.world.person("amara").sub
    assert claims[ENDPOINT]["lineitem"] == made["id"]
    for other in ("maya", "lucas"):
        assert bench.client.get(f"/as/{other}/courses/ecology/review/1/maya").status_code == 404


def test_many_at_once_are_kept_apart(bench_for: Callable[..., Bench]) -> None:
    bench = bench_for(profile="moodle")
    tool = Tool(bench)
    item, people = tool.make(), bench.sandbox.add_members("ecology", 60)
    turn = iter(range(10**6))
    # Every fifth call fails one way or the other.
    bench.sandbox.door.weather = lambda method, path: {0: 429, 1: 500}.get(next(turn) % 10)

    def send(number: int) -> None:
        one = Tool(bench)
        one.token = tool.token
        while one.score(item, people[number].key, scoreGiven=number % 20).status_code != 200:
            one.call("GET", part(item["id"], "results"), accept=RESULTS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(len(people))))
    bench.sandbox.door.weather = None
    points = {each["userId"]: each["resultScore"] for each in tool.results(item)}
    assert points == {person.sub: number % 20 for number, person in enumerate(people)}
    answered = [
        call.status for call in bench.sandbox.door.calls if call.method == "POST" and "scores" in call.url
    ]
    assert answered.count(200) == len(people)
    assert {429, 500} & set(answered)
