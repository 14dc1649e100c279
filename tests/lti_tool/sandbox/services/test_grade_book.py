"""The grade book's pages: who sees what, what a teacher sets, and the way to a review."""

from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest

from tests.lti_tool.sandbox.conftest import LAUNCH_URL, Bench, Clock, Form
from tests.lti_tool.sandbox.services.tool import CLAIM, ENDPOINT, Tool


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


def test_a_review_is_offered_where_the_tool_said_so_and_as_soon_as_it_said(tool: Tool) -> None:
    client = tool.bench.client
    link = tool.bench.sandbox.world.links["food-web"]
    tool.make(resourceLinkId=link.id)
    tool.make(submissionReview={"url": LAUNCH_URL})
    review = {"reviewableStatus": ["Submitted", "Completed"]}
    item = tool.make(resourceLinkId=link.id, submissionReview=review)
    for number in (1, 2, 3):
        assert "Show the work" not in client.get(f"/as/amara/courses/ecology/grades/{number}/maya").text
        assert client.get(f"/as/amara/courses/ecology/review/{number}/maya").status_code == 404
    tool.score(item, activityProgress="InProgress")
    assert client.get("/as/amara/courses/ecology/review/3/maya").status_code == 404
    tool.score(item)
    assert "Show the work" in client.get("/as/amara/courses/ecology/grades/3/maya").text
    assert client.get("/as/amara/courses/ecology/review/3/maya").status_code == 200
    assert client.get("/as/amara/courses/ecology/review/3/lucas").status_code == 404


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
