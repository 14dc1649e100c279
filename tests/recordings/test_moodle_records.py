"""Moodle's own statements as formal records, joined with launches that were recorded from the same Moodle.

What the logstore plugin (5.0.1) sent of forums and views is recorded; of completions and grades the verb, the object
and the result are those that its source writes, in the recorded actor, context and course.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.bridging import base_of
from lti_tool.parts import Parts
from lti_tool.records.joining import courses_by_activity, known_as
from social_layer.panels.models import Panel
from tests.lti_tool.lti.launching import Clock, config_of
from tests.lti_tool.lti.platforms import serving_keys
from tests.recordings.test_moodle_launches import RECORDINGS, Replay
from tests.xapi.gathering.writing import written
from xapi.gathering.store import Gathered

Json = dict[str, Any]
MOODLE = "http://127.0.0.1:8090"
COURSE = {
    "id": f"{MOODLE}/course/view.php?id=2",
    "definition": {
        "type": "https://w3id.org/xapi/cmi5/activitytype/course",
        "name": {"en": "Intro to Discussion"},
    },
}
QUIZ = {"id": f"{MOODLE}/mod/quiz/view.php?id=30", "definition": {"name": {"en": "Quiz on reading"}}}


@pytest.fixture
def moodle(given: Parts, clock: Clock) -> Iterator[Replay]:
    with serving_keys() as keys:
        yield Replay(given, clock, keys.url)


def recorded() -> list[Json]:
    found = json.loads((RECORDINGS / "logstore_xapi_statement_samples.json").read_text())
    return [{"id": str(uuid4()), **one} for one in found.values()]


def about(sub: str, verb: str, target: Json, minute: int, result: Json | None = None) -> Json:
    sample = recorded()[2]
    parents = [] if target is COURSE else sample["context"]["contextActivities"]["parent"]
    statement = {
        **sample,
        "id": str(uuid4()),
        "actor": {"account": {"homePage": MOODLE, "name": sub}},
        "verb": {"id": verb},
        "object": target,
        "timestamp": f"2026-11-21T18:{minute:02}:00.000Z",
    }
    statement["context"] = {**sample["context"], "contextActivities": {"parent": parents}}
    return {**statement, "result": result} if result else statement


def test_formal_records_stand_beside_launches_of_the_same_moodle(
    given: Parts, moodle: Replay, tmp_path: Path
) -> None:
    launch = json.loads((RECORDINGS / "launch_resource_link_student_dynreg.json").read_text())
    sub = launch["id_token_payload"]["sub"]
    config = config_of(moodle.launch("launch_resource_link_student_dynreg"))
    completed = "http://adlnet.gov/expapi/verbs/completed"
    statements = [
        *recorded(),
        about(sub, completed, COURSE, 5),
        about(sub, completed, QUIZ, 1, {"completion": True, "success": False}),
        about(sub, completed, QUIZ, 2, {"completion": True, "success": True}),
        about(
            sub,
            "https://w3id.org/xapi/tla/verbs/scored",
            QUIZ,
            3,
            {"success": True, "score": {"raw": 7.5, "min": 0, "max": 10, "scaled": 0.75}},
        ),
    ]
    base = base_of(given)
    person = f"{MOODLE}|{sub}"
    with given.database.read() as session:
        tenant_id, course_id = _placed(session, config)
        courses = courses_by_activity(session, tenant_id, base)
        assert known_as(session, tenant_id) == {}
    with Gathered([written(tmp_path / "gathered", statements)], courses=courses) as found:
        records = found.rows(
            "SELECT person, course, name, outcome, scaled, rule, len(contradicted) FROM record ORDER BY name, outcome"
        )
        views = found.rows("SELECT DISTINCT course, platform FROM statement")
    course = f"{base}/xapi/courses/{course_id}"
    assert records == [
        (person, course, "Intro to Discussion", "completed", None, "only", 0),
        (person, course, "Quiz on reading", "completed", None, "first", 0),
        (person, course, "Quiz on reading", "passed", None, "latest", 1),
        (person, course, "Quiz on reading", "scored", 0.75, "only", 0),
    ]
    assert views == [(course, "Moodle")]


def _placed(session: Session, config: Json) -> tuple[UUID, UUID]:
    found = session.execute(
        select(Panel.tenant_id, Panel.course_id).where(Panel.id == UUID(config["panel_id"]))
    ).one()
    return found.tenant_id, found.course_id
