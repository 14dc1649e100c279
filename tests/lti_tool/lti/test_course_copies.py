"""Copies: whatever the LMS copies, the right panel opens, set up as its origin is, and nobody's old posts in it.

The matrix of ways to copy, for panels that were placed by deep linking and for those placed by the tool's address.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from lti_tool.lti.models import LtiLink
from lti_tool.lti.tool_card import CUSTOM
from lti_tool.sandbox import LineItem
from social_layer.discussion.models import Entry
from social_layer.grading.models import GradingStage
from social_layer.grading.rules import Counted, Giving, Need, Rule, to_json
from social_layer.panels.models import Panel, TemplateVersion
from tests import factories
from tests.factories import made_in
from tests.lti_tool.lti import rostering
from tests.lti_tool.lti.classroom import Classroom
from tests.lti_tool.lti.launching import Course, config_of
from tests.lti_tool.lti.placing import Chooser

# LMSs that can call the tool for its keys, since grades go to them.
town, course, canvas = rostering.town, rostering.course, rostering.canvas
PROMPT = "Describe **one** place."
RULE = Rule(
    (Need(Counted.reflections, 1), Need(Counted.replies, 2)),
    8,
    Giving.whole,
    due_on=date(2027, 1, 9),
    late_counts=True,
    by_itself=True,
)


@dataclass
class Origin:
    """A course of its own in the sandbox with one panel that was set up, used and changed since."""

    lms: Course
    deep_linked: bool
    placement: str = ""
    key: str = field(default_factory=lambda: f"origin-{uuid4()}")
    link: str = ""
    item: LineItem = field(init=False)

    def __post_init__(self) -> None:
        sandbox = self.lms.sandbox
        sandbox.add_course(self.key, "River studies", members={"amara": "instructor", "maya": "learner"})
        if self.deep_linked:
            chooser = Chooser(self.lms, where=self.key, placement=self.placement)
            placed = chooser.hand_over(chooser.place({"kind": "reflection", "title": "First words"}))
            self.link = placed.links[0].key
        else:
            self.link = f"{self.key}-link"
            sandbox.add_link(self.link, self.key, "By the river", placement=self.placement)
        self.set_up(
            "amara",
            self.link,
            kind="reflection",
            title="By the river",
            prompt=PROMPT,
            due_at="2027-01-09T12:00",
        )
        self.share("maya", self.link, "An old thought")
        room = Classroom(self.lms, self.link)
        room.rules(RULE)
        self.use_groups(self.link)
        room.judge("maya", 7)
        self.send(room)
        (self.item,) = self.graded(self.key, "maya", 7)

    def send(self, room: Classroom, seconds: float = 30) -> None:
        """The worker does what is due."""
        room.tick(seconds)

    def use_groups(self, link: str) -> None:
        version = self.settings(link)
        with self.lms.given.database.write() as session:
            session.execute(
                update(TemplateVersion).where(TemplateVersion.id == version.id).values(group_mode="apart")
            )

    def graded(self, course: str, who: str, points: float) -> list[LineItem]:
        """The columns of a course in which somebody has these points."""
        book = self.lms.sandbox.gradebook
        found = [(item, book.grade(item, who)) for item in book.items_of(course)]
        return [item for item, grade in found if grade is not None and grade.score == points]

    def open(self, user: str, link: str) -> dict[str, Any]:
        return config_of(self.lms.launch(user, link))

    def set_up(self, user: str, link: str, **settings: str) -> None:
        config = self.open(user, link)
        client = self.lms.app.test_client()
        answer = client.post(
            f"/panels/{config['panel_id']}/setup",
            data={"purpose": "", "prompt": "", **settings},
            headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
        )
        assert answer.status_code == 200, answer.text

    def share(self, user: str, link: str, thought: str) -> None:
        config = self.open(user, link)
        client = self.lms.app.test_client()
        answer = client.post(
            f"/panels/{config['panel_id']}/reflection",
            data={"what": thought},
            headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
        )
        assert answer.status_code < 300, answer.text

    def copied(self, source: str = "") -> str:
        """The key of a new course, copied from this one or another."""
        return self.lms.sandbox.copy_course(source or self.key, f"copy-{uuid4()}").key

    def link_in(self, course: str, number: int = 0) -> str:
        world = self.lms.sandbox.world
        return world.links_of(world.course(course))[number].key

    def settings(self, link: str, user: str = "amara") -> TemplateVersion:
        panel_id = self.open(user, link)["panel_id"]
        panels = {str(panel.id): panel for panel in self.lms.rows(Panel)}
        versions = {version.id: version for version in self.lms.rows(TemplateVersion)}
        return versions[panels[panel_id].template_version_id]

    def is_alike_and_empty(self, link: str) -> bool:
        """The panel of a link is another one than the origin's, set up as that is, and holds nothing."""
        before, after = self.open("amara", self.link), self.lms.launch("amara", link)
        config = config_of(after)
        assert config["panel_id"] != before["panel_id"]
        assert "An old thought" not in after.text
        assert 'id="set-up" class="set-up" hidden' in after.text
        assert [str(entry.panel_id) for entry in self.lms.rows(Entry)].count(config["panel_id"]) == 0
        self.is_set_up_alike(link)
        self.has_a_column_of_its_own(link)
        return True

    def is_set_up_alike(self, link: str) -> None:
        """Dates belong to the course's own term."""
        course = self.lms.sandbox.world.links[link].course
        has_dates = course == self.key
        settings = self.settings(link)
        assert (settings.kind, settings.title, settings.prompt) == ("reflection", "By the river", PROMPT)
        assert settings.group_mode == "apart"
        assert (settings.due_at is not None) is has_dates
        (stage,) = [row for row in self.lms.rows(GradingStage) if row.template_version_id == settings.id]
        kept = (stage.needs, stage.points, stage.giving, stage.by_itself, stage.late_counts)
        assert kept == (to_json(RULE.needs), RULE.points, RULE.giving, RULE.by_itself, RULE.late_counts)
        assert stage.due_on == (RULE.due_on if has_dates else None)

    def has_a_column_of_its_own(self, link: str) -> None:
        """What is graded in the copy stands in one column of its own course, and nowhere else."""
        course = self.lms.sandbox.world.links[link].course
        self.lms.sandbox.enrol("lucas", course, "learner")
        room = Classroom(self.lms, link)
        room.arrive("lucas")
        room.judge("lucas", 6)
        self.send(room)
        (item,) = self.graded(course, "lucas", 6)
        assert item is not self.item
        assert self.graded(self.key, "maya", 7) == [self.item]
        assert self.lms.sandbox.gradebook.grade(self.item, "lucas") is None


@pytest.fixture(autouse=True)
def registered_custom(town: rostering.Town) -> Iterator[None]:
    """The variables that a registration asks for, by itself or by hand."""
    tools = [running.sandbox.registration for running in town.running.values()]
    before = [tool.custom for tool in tools]
    for tool in tools:
        tool.custom = dict(CUSTOM)
    yield
    for tool, custom in zip(tools, before, strict=True):
        tool.custom = custom


HOW = pytest.mark.parametrize("deep_linked", [True, False], ids=["deep-linked", "by-address"])


# The matrix.


@HOW
def test_canvas_import(canvas: Course, deep_linked: bool) -> None:
    origin = Origin(canvas, deep_linked)
    assert origin.is_alike_and_empty(origin.link_in(origin.copied()))


@HOW
def test_canvas_page(canvas: Course, deep_linked: bool) -> None:
    """In a page a link goes by the course's id; by address alone only the course's menu has such a one."""
    origin = Origin(canvas, deep_linked, placement="editor_button" if deep_linked else "course_navigation")
    if deep_linked:
        chooser = Chooser(canvas, where=origin.key, placement="editor_button")
        other = chooser.hand_over(chooser.place({"kind": "discussion", "title": "Another panel of the page"}))
        assert origin.settings(other.links[0].key).title == "Another panel of the page"
    copy = origin.copied()
    assert origin.is_alike_and_empty(origin.link_in(copy))
    if deep_linked:
        assert origin.settings(origin.link_in(copy, 1)).title == "Another panel of the page"


@HOW
def test_moodle_backup_and_restore(course: Course, deep_linked: bool) -> None:
    origin = Origin(course, deep_linked)
    assert origin.is_alike_and_empty(origin.link_in(origin.copied()))


@HOW
def test_moodle_duplicate(course: Course, deep_linked: bool) -> None:
    origin = Origin(course, deep_linked)
    assert origin.is_alike_and_empty(course.sandbox.duplicate(origin.link).key)


@HOW
def test_moodle_reset(course: Course, deep_linked: bool) -> None:
    """The same ids: the same panel, set up and graded as before. Old posts are gone when the new term begins in it."""
    origin = Origin(course, deep_linked)
    before = origin.open("amara", origin.link)["panel_id"]
    course.sandbox.reset_course(origin.key)
    config = origin.open("amara", origin.link)
    assert config["panel_id"] == before
    done = course.app.test_client().post(
        f"/panels/{before}/terms",
        data={"term": "1"},
        headers={"Authorization": f"Bearer {config['token']}", "HX-Request": "true"},
    )
    assert done.status_code == 200, done.text
    course.sandbox.enrol("lucas", origin.key, "learner")
    for person in ("amara", "lucas"):
        assert "An old thought" not in course.launch(person, origin.link).text
    assert origin.settings(origin.link).prompt == PROMPT
    room = Classroom(course, origin.link)
    room.judge("lucas", 6)
    # In a new term nothing goes by itself.
    origin.send(room, 3700)
    assert origin.graded(origin.key, "lucas", 6) == []
    room.send_all()
    origin.send(room)
    # The same column, which the reset has emptied.
    assert origin.graded(origin.key, "lucas", 6) == [origin.item]
    assert origin.graded(origin.key, "maya", 7) == []


@HOW
@pytest.mark.parametrize("profile", ["course", "canvas"])
def test_cross_listed_sections(request: pytest.FixtureRequest, profile: str, deep_linked: bool) -> None:
    """Two sections become one course: whoever was in the other comes through the first one's context from then on.

    So it is in Canvas, where cross-listing moves a section into another course, and in Moodle's merged courses. Of
    sections themselves neither tells anything in a launch that we know of, so nothing here depends on them.
    """
    origin = Origin(request.getfixturevalue(profile), deep_linked)
    sandbox, other = origin.lms.sandbox, f"section-{uuid4()}"
    sandbox.add_course(other, "River studies, section 2", members={"lucas": "learner", "amara": "instructor"})
    sandbox.add_link(f"{other}-link", other, "By the river")
    apart = origin.open("lucas", f"{other}-link")["panel_id"]
    assert "An old thought" not in origin.lms.launch("lucas", f"{other}-link").text

    for person, role in sandbox.world.course(other).members.items():
        if person != "amara":
            sandbox.enrol(person, origin.key, role)
    panels = {origin.open(person, origin.link)["panel_id"] for person in ("amara", "maya", "lucas")}
    assert len(panels) == 1
    assert apart not in panels
    room = Classroom(origin.lms, origin.link)
    room.judge("lucas", 6)
    origin.send(room)
    assert origin.graded(origin.key, "lucas", 6) == origin.graded(origin.key, "maya", 7) == [origin.item]
    origin.is_set_up_alike(origin.link)


# Through the years.


@HOW
@pytest.mark.parametrize("profile", ["course", "canvas"])
def test_each_copy_goes_its_own_way(request: pytest.FixtureRequest, profile: str, deep_linked: bool) -> None:
    """What is changed in a copy stays in it and in copies of it."""
    origin = Origin(request.getfixturevalue(profile), deep_linked)
    second = origin.copied()
    assert origin.is_alike_and_empty(origin.link_in(second))
    origin.set_up("amara", origin.link_in(second), kind="discussion", title="Second year", prompt="New")

    third = origin.copied(second)
    assert origin.settings(origin.link_in(third)).title == "Second year"
    assert origin.is_alike_and_empty(origin.link_in(origin.copied()))
    assert origin.settings(origin.link).title == "By the river"


@pytest.mark.parametrize("profile", ["course", "canvas"])
def test_a_copy_of_a_copy_that_nobody_opened(request: pytest.FixtureRequest, profile: str) -> None:
    origin = Origin(request.getfixturevalue(profile), True)
    assert origin.is_alike_and_empty(origin.link_in(origin.copied(origin.copied())))


def test_what_was_placed_and_copied_before_anybody_opened_it(course: Course) -> None:
    sandbox = course.sandbox
    key = f"unopened-{uuid4()}"
    sandbox.add_course(key, "Unopened", members={"amara": "instructor"})
    chooser = Chooser(course, where=key)
    dates = {"due_at": "2027-01-09T22:59:00Z", "points": 5}
    placed = chooser.hand_over(chooser.place({"kind": "discussion", "title": "Unopened", **dates}))
    copied = sandbox.copy_course(key, f"{key}-copy")
    (link,) = sandbox.world.links_of(copied)

    def of(which: str) -> TemplateVersion:
        panel_id = config_of(course.launch("amara", which))["panel_id"]
        (panel,) = [panel for panel in course.rows(Panel) if str(panel.id) == panel_id]
        (version,) = [one for one in course.rows(TemplateVersion) if one.id == panel.template_version_id]
        return version

    copy, first = of(link.key), of(placed.links[0].key)
    assert copy.template_id != first.template_id
    assert (copy.points, copy.due_at) == (5, None)  # dates belong to one term
    assert first.due_at is not None


@pytest.mark.parametrize(
    "told", ["x", "", "{}", "$Alongside", "\u202e", "7" * 300, "6f1c2a52-2a3e-4a53-9d0b-0c1d5a6f7b88"]
)
def test_a_template_that_is_none_makes_a_plain_panel(lms_with_link: Callable[[str], str], told: str) -> None:
    assert lms_with_link(told) == "Plain"


@pytest.fixture
def lms_with_link(course: Course) -> Callable[[str], str]:
    """The title of the panel behind a new link that carries this template."""

    def opened(told: str) -> str:
        key = f"link-{uuid4()}"
        course.sandbox.add_link(key, "ecology", "Plain", custom={"alongside_template": told})
        panel_id = config_of(course.launch("amara", key))["panel_id"]
        (panel,) = [panel for panel in course.rows(Panel) if str(panel.id) == panel_id]
        (version,) = [one for one in course.rows(TemplateVersion) if one.id == panel.template_version_id]
        return version.title

    return opened


def test_a_template_of_another_tenant_makes_a_plain_panel(
    course: Course, lms_with_link: Callable[[str], str]
) -> None:
    with course.given.database.write() as session, made_in(session):
        foreign = factories.TemplateVersionFactory(title="Foreign").template_id
    assert lms_with_link(str(foreign)) == "Plain"


def test_a_new_link_in_a_copied_course_is_no_copy(course: Course) -> None:
    origin = Origin(course, False)
    copy = origin.copied()
    course.sandbox.add_link(f"{copy}-new", copy, "Something new")
    assert origin.settings(f"{copy}-new").title == "Something new"


def test_of_several_links_of_one_name_none_is_guessed(course: Course) -> None:
    origin = Origin(course, False)
    course.sandbox.add_link(f"{origin.key}-twin", origin.key, "By the river")
    origin.set_up("amara", f"{origin.key}-twin", kind="discussion", title="By the river", prompt="Else")
    panel = origin.settings(origin.link_in(origin.copied()))
    assert (panel.prompt, panel.kind) == ("", "discussion")


def test_a_link_that_was_renamed_is_known_by_its_new_name(course: Course) -> None:
    origin = Origin(course, False)
    world = course.sandbox.world
    world.links[origin.link] = replace(world.links[origin.link], title="On the bank")
    origin.open("maya", origin.link)
    assert "On the bank" in {link.title for link in course.rows(LtiLink)}
    assert origin.is_alike_and_empty(origin.link_in(origin.copied()))


def test_links_of_one_template_in_one_course_change_apart(course: Course) -> None:
    origin = Origin(course, True)
    duplicate = course.sandbox.duplicate(origin.link).key
    origin.set_up("amara", duplicate, kind="discussion", title="The duplicate")
    assert origin.settings(origin.link).title == "By the river"
    assert len({panel.template_version_id for panel in course.rows(Panel)}) == len(course.rows(Panel))


def test_histories_that_a_hostile_platform_sends_are_no_trouble(course: Course) -> None:
    for told in (",,,", "x" * 5000, ",".join(map(str, range(5000))), "'; --", "\u0000", "2"):
        key = f"link-{uuid4()}"
        custom = {"context_history": told, "link_history": told}
        course.sandbox.registration.custom = custom  # stands over what the link says
        course.sandbox.add_link(key, "ecology", "Plain")
        assert course.launch("amara", key).status_code == 200
    titles = {version.title for version in course.rows(TemplateVersion)}
    assert titles == {"Plain"}
