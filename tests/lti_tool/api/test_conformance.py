"""Whatever is sent to the API, it answers as its OpenAPI description says: schemathesis makes the requests."""

from collections.abc import Callable
from functools import cache
from itertools import count
from uuid import UUID

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation

from lti_tool.app import create_app
from lti_tool.config import read_settings
from lti_tool.parts import Parts
from social_layer.discussion.actions import post
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room

ENTRIES = 40


@pytest.fixture
def tables_url(sqlite_tables_url: str) -> str:
    return sqlite_tables_url


@pytest.fixture
def own_entries(room: Room) -> Callable[[Speaker], list[str]]:
    """Entries by the speaker, made once for a test, enough that some are left when others were removed."""

    @cache
    def made(member: UUID) -> list[str]:
        viewer = room.look(member)
        with room.database.write() as session:
            return [
                str(post(session, room.clock, viewer, body=f"Entry {number}")) for number in range(ENTRIES)
            ]

    return lambda speaker: made(speaker.member)


# The app that describes itself; the tests' own ones, with databases, take its place in the calls.
_describing = create_app(
    Parts.of(read_settings({"ALONGSIDE_HOME": "nowhere", "ALONGSIDE_SECRET_KEY": "k" * 40}))
)
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", _describing)
# A cursor, an ETag or a version can be well formed and yet not be the right one.
schema.config.checks.positive_data_acceptance.expected_statuses += ["400", "412", "428"]
bounded = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
_turn = count()


@schema.parametrize()
@bounded
def test_a_learner_gets_the_answers_of_the_description(
    case: schemathesis.Case, learner: Speaker, own_entries: Callable[[Speaker], list[str]]
) -> None:
    check(case, learner, own_entries(learner))


@schema.parametrize()
@bounded
def test_an_instructor_gets_the_answers_of_the_description(
    case: schemathesis.Case, instructor: Speaker, own_entries: Callable[[Speaker], list[str]]
) -> None:
    check(case, instructor, own_entries(instructor))


def check(case: schemathesis.Case, speaker: Speaker, entry_ids: list[str]) -> None:
    """Sends the case with what its maker cannot know, the speaker's token, panel and entries, where it is not wrong
    on purpose.
    """
    wrong = {place for place, made in case.meta.components.items() if made.mode.is_negative}
    if ParameterLocation.PATH not in wrong and "panel_id" in case.path_parameters:
        case.path_parameters["panel_id"] = str(speaker.panel_id)
    if ParameterLocation.PATH not in wrong and "entry_id" in case.path_parameters:
        case.path_parameters["entry_id"] = entry_ids[next(_turn) % ENTRIES]
    token = {} if ParameterLocation.HEADER in wrong else speaker.headers
    case.call_and_validate(app=speaker.app, headers=token)
