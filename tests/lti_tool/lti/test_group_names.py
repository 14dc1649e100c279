"""Names of groups and sets, where the LMS has a Course Groups Service: read by the worker, with patience."""

from collections.abc import Iterator

import pytest

from lti_tool.lti import group_names
from lti_tool.lti.models import GroupService, LtiGroupSet
from lti_tool.lti.tool_card import CUSTOM, GROUPS_SCOPE, scopes_for
from lti_tool.parts import Parts
from lti_tool.sandbox.registrations import SCOPES
from lti_tool.sandbox.services import groups as service
from social_layer.people.models import CourseGroup, GroupMember, GroupSet
from tests.apps import new_app
from tests.lti_tool.lti.launching import (
    Clock,
    Course,
    config_of,
    counted_statements,
    register_sandbox,
)
from tests.lti_tool.lti.rostering import own_lms


@pytest.fixture
def lms(given: Parts, clock: Clock) -> Iterator[Course]:
    """A Moodle-like LMS that has the service, and whose administrator allowed it."""
    with own_lms(given, clock, groups_service=True) as sandbox:
        sandbox.registration.custom = dict(CUSTOM)
        sandbox.registration.scopes = (*SCOPES, GROUPS_SCOPE)
        register_sandbox(given, sandbox)
        yield Course(new_app(given), given, sandbox, clock)


def names(lms: Course) -> list[str]:
    return [group.name for group in sorted(lms.rows(CourseGroup), key=lambda one: one.number)]


def test_groups_get_their_names_and_set(lms: Course) -> None:
    config_of(lms.launch("maya"))
    assert names(lms) == [""]
    assert group_names.read_due(lms.given) == 1
    # The one that Maya is in, and the other, which nobody has launched with.
    assert names(lms) == ["Group 1", "Group 2"]
    (one,) = lms.rows(GroupSet)
    assert (one.name, one.origin) == ("Project groups", "lms")
    assert [row.lti_set_id for row in lms.rows(LtiGroupSet)] == ["1"]
    assert len(lms.rows(GroupMember)) == 1
    assert group_names.read_due(lms.given) == 0


def test_a_set_that_is_told_later_is_the_one_that_panels_use(lms: Course) -> None:
    config_of(lms.launch("maya"))
    (before,) = lms.rows(GroupSet)
    group_names.read_due(lms.given)
    (after,) = lms.rows(GroupSet)
    assert before.id == after.id


def test_names_are_asked_for_again_after_hours_and_when_a_group_is_new(lms: Course, clock: Clock) -> None:
    config_of(lms.launch("maya"))
    group_names.read_due(lms.given)
    lms.sandbox.set_groups("lucas", "ecology", "9")
    config_of(lms.launch("lucas"))
    assert group_names.read_due(lms.given) == 1
    assert "Group 9" in names(lms)
    clock.pass_by(hours=5)
    assert group_names.read_due(lms.given) == 0
    clock.pass_by(hours=2)
    assert group_names.read_due(lms.given) == 1


def test_a_known_launch_writes_nothing_about_the_service(lms: Course) -> None:
    for _ in range(2):
        config_of(lms.launch("maya"))
    with counted_statements(lms.given) as seen:
        config_of(lms.launch("maya"))
    assert len(seen) <= 14
    assert [line for line in seen if "group_service" in line and not line.startswith("SELECT")] == []


def test_who_is_refused_is_not_asked_again_until_a_launch_says_so(lms: Course) -> None:
    config_of(lms.launch("maya"))
    lms.sandbox.registration.scopes = SCOPES
    assert group_names.read_due(lms.given) == 0
    (row,) = lms.rows(GroupService)
    assert (row.due_at, row.failures) == (None, 1)
    assert names(lms) == [""]
    lms.sandbox.registration.scopes = (*SCOPES, GROUPS_SCOPE)
    lms.sandbox.set_groups("maya", "ecology", "1", "5")
    config_of(lms.launch("maya"))
    assert group_names.read_due(lms.given) == 1


def test_a_service_that_is_away_is_tried_again_later(lms: Course, clock: Clock) -> None:
    config_of(lms.launch("maya"))
    found = lms.rows(GroupService)[0]
    with lms.given.database.write() as session:
        row = session.get_one(GroupService, (found.tenant_id, found.context_id))
        row.groups_url = "http://127.0.0.1:9/groups"
    assert group_names.read_due(lms.given) == 0
    (row,) = lms.rows(GroupService)
    assert row.failures == 1
    assert row.due_at is not None
    assert row.due_at > clock()


@pytest.mark.parametrize(
    "item",
    [None, 3, [], {}, {"id": ""}, {"id": None, "name": "x"}, {"id": "x" * 256}, {"id": True}, {"id": "a\nb"}],
)
def test_an_item_that_is_no_group_is_passed_over(item: object) -> None:
    assert group_names._told(item) is None


@pytest.mark.parametrize("name", [None, 7, [], {}, "", " ", "\u202e"])
def test_a_name_that_is_none_is_no_name(name: object) -> None:
    told = group_names._told({"id": 4, "name": name, "set_id": 1})
    assert told is not None
    assert (told.id, told.name, told.set_id) == ("4", "", "1")


def test_the_scope_is_asked_for_only_where_it_is_known() -> None:
    assert GROUPS_SCOPE not in scopes_for([])
    assert GROUPS_SCOPE in scopes_for([GROUPS_SCOPE])
    assert service.CLAIM.endswith("groupsservice")
