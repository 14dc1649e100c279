"""Groups of the LMS: learned at each launch, replaced when it tells others, and named when it names them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from lti_tool.lti.models import GroupService, LtiGroup
from lti_tool.lti.platforms.generic import ids_listed
from lti_tool.lti.tool_card import CUSTOM
from social_layer.people.models import CourseGroup, GroupMember, GroupSet, Person
from tests.lti_tool.lti.launching import Course, config_of, counted_statements


@pytest.fixture(params=["moodle", "canvas"])
def lms(request: pytest.FixtureRequest) -> Iterator[Course]:
    """An LMS that was told what to send, as it is when it registers the tool."""
    found: Course = request.getfixturevalue("course" if request.param == "moodle" else "canvas")
    sandbox = found.sandbox
    before, groups = sandbox.registration.custom, dict(sandbox.world.course("ecology").groups)
    sandbox.registration.custom = dict(CUSTOM)
    yield found
    sandbox.registration.custom = before
    sandbox.world.course("ecology").groups.clear()
    sandbox.world.course("ecology").groups.update(groups)


def groups_of(lms: Course, name: str) -> set[int]:
    """The numbers of the groups that the person is in."""
    with lms.given.database.read() as session:
        return set(
            session.scalars(
                select(CourseGroup.number)
                .join(GroupMember, GroupMember.group_id == CourseGroup.id)
                .join(Person, Person.id == GroupMember.person_id)
                .where(Person.name == name)
            )
        )


def test_a_launch_puts_people_into_their_groups_and_moves_them(lms: Course) -> None:
    course = lms.sandbox.world.course("ecology").key
    lms.sandbox.set_groups("maya", course, "1")
    lms.sandbox.set_groups("lucas", course, "1", "2")
    config_of(lms.launch("maya"))
    config_of(lms.launch("lucas"))
    maya, lucas = lms.sandbox.world.person("maya").name, lms.sandbox.world.person("lucas").name
    assert groups_of(lms, maya) == {1}
    assert groups_of(lms, lucas) == {1, 2}
    assert [one.origin for one in lms.rows(GroupSet)] == ["lms"]
    assert len(lms.rows(LtiGroup)) == 2

    lms.sandbox.set_groups("maya", course, "2")
    config_of(lms.launch("maya"))
    assert groups_of(lms, maya) == {2}
    lms.sandbox.set_groups("maya", course)
    config_of(lms.launch("maya"))
    assert groups_of(lms, maya) == set()
    assert groups_of(lms, lucas) == {1, 2}


def test_who_was_told_groups_before_costs_one_statement_more(lms: Course) -> None:
    for _ in range(2):
        config_of(lms.launch("maya"))
    with counted_statements(lms.given) as seen:
        config_of(lms.launch("maya"))
    assert len(seen) <= 12
    course = lms.sandbox.world.course("ecology").key
    lms.sandbox.set_groups("lucas", course, "1", "2")
    config_of(lms.launch("lucas"))
    lms.sandbox.set_groups("maya", course, "2", "1")
    with counted_statements(lms.given) as seen:
        config_of(lms.launch("maya"))
    assert len(seen) <= 14


def test_a_group_that_is_met_for_the_first_time_costs_few_statements(lms: Course) -> None:
    """Of the message that comes back from the LMS; the login before it costs three."""
    course = lms.sandbox.world.course("ecology").key
    lms.sandbox.set_groups("maya", course)
    for _ in range(2):
        config_of(lms.launch("maya"))
    for groups in (("1",), ("1", "2"), ("1", "2", "3")):
        lms.sandbox.set_groups("maya", course, *groups)
        browser = lms.browser()
        fields = lms.ready(browser)
        with counted_statements(lms.given) as seen:
            config_of(browser.post("/lti/launch", fields))
        assert len(seen) <= 14
    assert groups_of(lms, lms.sandbox.world.person("maya").name) == {1, 2, 3}


def test_an_lms_that_does_not_tell_changes_nothing(lms: Course) -> None:
    config_of(lms.launch("maya"))
    maya = lms.sandbox.world.person("maya").name
    before = groups_of(lms, maya)
    assert before
    lms.sandbox.registration.custom = {"moodle_groups": "$Foo", "canvas_groups": "$Foo"}
    config_of(lms.launch("maya"))
    lms.sandbox.registration.custom = {"moodle_groups": "no such; list", "canvas_groups": "no such; list"}
    config_of(lms.launch("maya"))
    assert groups_of(lms, maya) == before


def test_where_names_are_told_is_kept(lms: Course) -> None:
    config_of(lms.launch("maya"))
    assert lms.rows(GroupService) == []


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("1,2", ("1", "2")),
        (" 7 ", ("7",)),
        ("1,1", ("1",)),
        ("", ()),
        (" ", ()),
        (None, None),
        ("1,,2", None),
        ("1;2", None),
        ("x" * 256, None),
        (",".join(map(str, range(101))), None),
        ("<b>", None),
    ],
)
def test_only_lists_of_ids_are_taken(value: str | None, ids: tuple[str, ...] | None) -> None:
    assert ids_listed(value) == ids
