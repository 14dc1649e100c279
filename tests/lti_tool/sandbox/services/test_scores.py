"""Scores and results: as recorded from Moodle, and as the source of Canvas has them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.lti_tool.sandbox.conftest import Bench
from tests.lti_tool.sandbox.services.tool import RESULTS, SUBMISSION, Tool, part


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
