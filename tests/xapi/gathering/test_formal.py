"""Formal results: who writes them how, and which of them holds where they contradict each other."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.xapi.gathering.writing import written
from tests.xapi.world import START
from xapi.gathering.parsing import row_of, seconds_of
from xapi.gathering.store import Gathered

Json = dict[str, Any]
ADL = "http://adlnet.gov/expapi/verbs/"
LMS = "https://lms.example.edu"
COURSE = "https://alongside.example.edu/xapi/courses/1"
ANN = f"{LMS}|7"
MOODLE = {"platform": "Moodle"}
CMI5 = {
    "contextActivities": {"category": [{"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}]},
}


def said(number: int, verb: str, result: Json | None = None, **more: Any) -> Json:
    """``number``: the minute in which it was said, and its id."""
    statement = {
        "id": str(UUID(int=number, version=4)),
        "actor": {"account": {"homePage": LMS, "name": "7"}},
        "verb": {"id": verb if "/" in verb else ADL + verb},
        "object": {"id": f"{LMS}/quiz/1", "definition": {"name": {"de": "Test", "en-GB": "Quiz"}}},
        "timestamp": (START + timedelta(minutes=number)).isoformat(),
        **more,
    }
    return statement if result is None else {**statement, "result": result}


def held(folder: Path, *statements: Json, **joined: Any) -> list[tuple[Any, ...]]:
    """(outcome, minute, scaled, rule, minutes of what was overruled)."""
    with Gathered([written(folder, list(statements))], **joined) as found:
        rows = found.rows(
            "SELECT outcome, statement, scaled, rule, contradicted FROM record ORDER BY outcome, person"
        )
    return [
        (outcome, minute(statement), scaled, rule, sorted(minute(one) for one in contradicted))
        for outcome, statement, scaled, rule, contradicted in rows
    ]


def minute(statement: UUID) -> int:
    return statement.int & 0xFFFF


@pytest.mark.parametrize(
    ("statements", "held_then"),
    [
        ([said(1, "completed")], [("completed", 1, None, "only", [])]),
        ([said(1, "completed"), said(2, "completed")], [("completed", 1, None, "first", [])]),
        (
            [said(1, "completed"), said(2, "completed", {"completion": False})],
            [("uncompleted", 2, None, "taken_back", [1])],
        ),
        (
            [
                said(1, "completed"),
                said(2, "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted"),
                said(3, "completed"),
                said(4, "completed"),
            ],
            [("completed", 3, None, "latest", [2])],
        ),
        ([said(1, "failed"), said(2, "passed")], [("passed", 2, None, "passed_once", [1])]),
        ([said(1, "passed"), said(2, "failed")], [("passed", 1, None, "passed_once", [2])]),
        ([said(1, "failed"), said(2, "failed")], [("failed", 2, None, "latest", [])]),
        (
            [said(1, "passed", context=MOODLE), said(2, "failed", context=MOODLE)],
            [("failed", 2, None, "latest", [1])],
        ),
        (
            [said(1, "completed", {"completion": True, "success": False}, context=MOODLE)],
            [("completed", 1, None, "only", []), ("failed", 1, None, "only", [])],
        ),
        (
            [
                said(1, "scored", {"score": {"scaled": 0.4}}),
                said(2, "https://w3id.org/xapi/tla/verbs/scored", {"score": {"raw": 8, "min": 0, "max": 10}}),
            ],
            [("scored", 2, 0.8, "latest", [1])],
        ),
        (
            [said(1, "passed", {"score": {"scaled": 0.9}})],
            [("passed", 1, 0.9, "only", []), ("scored", 1, 0.9, "only", [])],
        ),
        ([said(1, "attempted"), said(2, "attempted")], [("attempted", 1, None, "first", [])]),
        (
            [said(1, "waived"), said(2, "abandoned")],
            [("abandoned", 2, None, "only", []), ("waived", 1, None, "only", [])],
        ),
        (
            [
                said(
                    1,
                    "progressed",
                    {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/progress": 40}},
                )
            ],
            [("progressed", 1, 0.4, "only", [])],
        ),
        ([said(1, "initialized"), said(2, "terminated"), said(3, "http://activitystrea.ms/like")], []),
        ([said(1, "http://id.tincanapi.com/verb/earned")], []),
    ],
)
def test_what_holds(tmp_path: Path, statements: list[Json], held_then: list[tuple[Any, ...]]) -> None:
    assert held(tmp_path, *statements) == held_then
    # The order in which an LRS stored them does not matter.
    assert held(tmp_path / "other", *reversed(statements)) == held_then


def test_what_was_voided_counts_for_nothing(tmp_path: Path) -> None:
    failed, passed = said(1, "failed"), said(2, "passed")
    voided = said(3, "voided", object={"objectType": "StatementRef", "id": passed["id"]})
    assert held(tmp_path, failed, passed, voided) == [("failed", 1, None, "only", [])]


@pytest.mark.parametrize(
    ("context", "source"),
    [
        (CMI5, "cmi5"),
        ({"contextActivities": {"category": {"id": "https://w3id.org/xapi/scorm/v/2"}}}, "scorm"),
        (MOODLE, "moodle"),
        (
            {
                "extensions": {
                    "https://w3id.org/xapi/openedx/extension/transformer-version": "event-routing-backends@1"
                }
            },
            "openedx",
        ),
        ({"platform": "Something"}, "other"),
        (None, "other"),
    ],
)
def test_whose_word_it_is(context: Json | None, source: str) -> None:
    row = row_of(said(1, "completed", context=context), START)
    assert row is not None
    assert (row["source"], row["name"]) == (source, "Quiz")


def test_what_is_ours_is_no_formal_result(tmp_path: Path) -> None:
    ours = {"contextActivities": {"category": [{"id": "https://alongside.example.edu/xapi/profile/v1.0"}]}}
    assert held(tmp_path, said(1, "completed", context=ours)) == []


def _people(folder: Path, statements: list[Json], **joined: Any) -> list[tuple[Any, ...]]:
    with Gathered([written(folder, statements)], **joined) as found:
        return found.rows("SELECT person, told_as, course FROM record ORDER BY told_as")


def test_people_are_joined_by_account_address_and_hash(tmp_path: Path) -> None:
    hashed = hashlib.sha1(b"mailto:ann@example.edu").hexdigest()
    edx = {"homePage": "https://edx.example.edu", "name": "32e08e30"}
    statements = [
        said(1, "completed"),
        said(2, "completed", actor={"mbox": "mailto:Ann@Example.edu"}),
        said(3, "completed", actor={"mbox_sha1sum": hashed}),
        said(4, "completed", actor={"account": edx}),
        said(5, "completed", actor={"mbox": "mailto:ben@example.edu"}),
    ]
    aliases = {"mailto:ann@example.edu": ANN, "https://edx.example.edu|32e08e30": ANN}
    found = _people(tmp_path, statements, aliases=aliases)
    assert [row[0] for row in found] == [ANN, "mailto:ben@example.edu"]
    with Gathered([tmp_path]) as apart:
        assert len(apart.rows("SELECT * FROM record")) == 5


def test_a_voice_of_ours_is_joined_to_nobody_whatever_a_table_says(tmp_path: Path) -> None:
    voice = {"account": {"homePage": "https://alongside.example.edu", "name": "a-voice"}}
    ours = {"contextActivities": {"category": [{"id": "https://alongside.example.edu/xapi/profile/v1.0"}]}}
    statement = said(1, "http://id.tincanapi.com/verb/replied", actor=voice, context=ours)
    aliases = {"https://alongside.example.edu|a-voice": ANN}
    with Gathered([written(tmp_path, [statement])], aliases) as found:
        assert found.rows("SELECT person FROM statement") == [("https://alongside.example.edu|a-voice",)]
        assert ANN not in str(found.rows("SELECT * FROM record"))


def within(*activities: tuple[str, str | None]) -> Json:
    parents = [
        {"id": one, "definition": {"type": f"http://adlnet.gov/expapi/activities/{type_}"}}
        if type_
        else {"id": one}
        for one, type_ in activities
    ]
    return {"contextActivities": {"parent": parents}}


@pytest.mark.parametrize(
    ("courses", "course"),
    [
        ({}, f"{LMS}/course/2"),
        ({f"{LMS}/course/2": COURSE}, COURSE),
        ({f"{LMS}/section/3": COURSE}, COURSE),
        ({f"{LMS}/quiz/1": COURSE, f"{LMS}/course/2": "another"}, COURSE),
        ({f"{LMS}/quiz/99": COURSE}, f"{LMS}/course/2"),
    ],
)
def test_activities_are_nested_in_courses(tmp_path: Path, courses: dict[str, str], course: str) -> None:
    statement = said(
        1, "completed", context=within((f"{LMS}/section/3", None), (f"{LMS}/course/2", "course"))
    )
    assert _people(tmp_path, [statement], courses=courses) == [(ANN, ANN, course)]


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT1M30S", 90.0),
        ("P1DT2H", 93_600.0),
        ("P2W", 1_209_600.0),
        ("PT0,5S", 0.5),
        ("P1M", 2_629_800.0),
        ("90 s", None),
        (90, None),
        (None, None),
    ],
)
def test_durations_are_seconds(duration: Any, seconds: float | None) -> None:
    assert seconds_of(duration) == seconds


SPOILT: list[Json] = [
    {"actor": "Ann"},
    {"actor": {"name": "Ann"}},
    {"verb": "completed"},
    {"id": "1"},
    {"id": None},
]
ODD: list[Json] = [
    {"object": {"objectType": "Agent", "mbox": "mailto:a@example.edu"}},
    {"object": {"objectType": "SubStatement"}},
    {"object": "quiz"},
    {"context": "none"},
    {"context": {"contextActivities": [], "extensions": 7, "registration": "1", "statement": "x"}},
    {"context": {"contextActivities": {"parent": [None, 7, {}], "grouping": {"id": 7}}}},
    {"result": {"score": {"scaled": "high", "raw": True}, "success": "yes", "duration": 3}},
    {"result": [], "timestamp": "yesterday", "stored": "2026-02-31T00:00:00Z"},
    {"object": {"id": "x", "definition": {"name": "Quiz", "type": 7}}},
    {"object": {"id": "a\u0000b \ud800", "definition": {"name": {"en": "\ud800"}}}},
]


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_names_nobody_or_nothing_is_passed_over(spoilt: Json) -> None:
    assert row_of({**said(1, "completed"), **spoilt}, START) is None


def test_whatever_shape_a_statement_has_the_rest_is_read(tmp_path: Path) -> None:
    statements = [said(number, "completed", **odd) for number, odd in enumerate(ODD, 1)]
    with Gathered([written(tmp_path, statements)]) as found:
        assert found.rows("SELECT count(*) FROM statement") == [(len(ODD),)]
        found.rows("SELECT * FROM record")


def test_times_are_utc_however_they_are_written(tmp_path: Path) -> None:
    statement = said(
        1, "completed", timestamp="2026-03-02T11:00:00.123456789+02:00", stored="2026-03-02T09:00:01Z"
    )
    with Gathered([written(tmp_path, [statement])]) as found:
        assert found.rows("SELECT happened, stored FROM statement") == [
            (datetime(2026, 3, 2, 9, 0, 0, 123456), datetime(2026, 3, 2, 9, 0, 1))  # noqa: DTZ001 - as DuckDB has it
        ]


@pytest.mark.parametrize(
    "odd",
    ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59+00:00", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z"],
)
def test_times_of_another_age_are_none(tmp_path: Path, odd: str) -> None:
    later = datetime(2026, 3, 9, tzinfo=UTC)
    statement = said(1, "completed", timestamp=odd, stored=odd)
    with Gathered([written(tmp_path, [statement], as_of=later)]) as found:
        assert found.rows("SELECT happened, stored FROM statement") == [(later.replace(tzinfo=None),) * 2]


def test_the_long_form_of_a_verb_is_the_short_one(tmp_path: Path) -> None:
    statement = said(1, "http://activitystrea.ms/schema/1.0/like")
    with Gathered([written(tmp_path, [statement])]) as found:
        assert found.rows("SELECT verb FROM statement") == [("http://activitystrea.ms/like",)]


def test_half_a_surrogate_pair_costs_its_sign_and_nothing_else(tmp_path: Path) -> None:
    odd = said(1, "passed", actor={"account": {"homePage": LMS, "name": "7"}, "name": "Ann \ud800"})
    with Gathered([written(tmp_path, [odd, said(2, "failed")])]) as found:
        assert found.rows("SELECT actor_name FROM statement ORDER BY happened") == [("Ann ?",), (None,)]
