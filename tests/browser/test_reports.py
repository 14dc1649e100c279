"""The course's report and one's own timeline in the frame: drawn, read with the keyboard, and shown to nobody else."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from lti_tool.records.gathering import folder_of
from social_layer.people.models import Course
from tests.browser.house import House, Place, open_house
from tests.browser.test_access import violations
from tests.browser.visitor import Visitor
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import PEOPLE, Told
from xapi.stores import connect

VISIT = Callable[..., Visitor]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One of its own, for its institution has an LRS."""
    with open_house() as opened:
        yield opened


def read_back(house: House, place: Place) -> Told:
    """Maya and eleven others, two weeks of it; everybody has taken a quiz."""
    given = house.given
    with given.database.write() as session:
        # The latest: each test has a course of its own.
        course = session.scalars(select(Course).order_by(Course.created_at.desc())).first()
        assert course is not None
        lrs = connect(
            session,
            given.clock,
            given.sealer,
            course.tenant_id,
            name=place.course,
            endpoint=f"https://{place.course}.example.org/xAPI",
            username="key",
            password="secret",
        )
        told = Told(course.id, house.tool_url, house.sandbox.profile.issuer)
    maya = house.sandbox.world.person("maya").sub
    people = (maya, *PEOPLE[1:])
    threads = [told.open(who, hours=number) for number, who in enumerate(people)]
    for number, who in enumerate(people):
        told.answer(who, threads[number - 1], days=number % 9, hours=20)
        told.read(who, days=number % 3)
        told.reach(who, "Quiz: rivers", scaled=0.4 + number / 25, days=12)
    folder = folder_of(given.settings, lrs.tenant_id, lrs.id)
    written(folder, told.statements, as_of=given.clock() - timedelta(minutes=2))
    return told


def open_report(visitor: Visitor) -> None:
    visitor.button("Save and open").click()
    visitor.button("Report").click()
    expect(visitor.frame.get_by_role("heading", name="How the course learns together")).to_be_focused()


@pytest.mark.parametrize(("scheme", "width"), [("light", 900), ("dark", 360)])
def test_the_course_is_seen_drawn_and_read_with_the_keyboard(
    visit: VISIT, house: House, place: Place, scheme: str, width: int
) -> None:
    amara = visit("amara", color_scheme=scheme, width=width, reduced_motion="reduce")
    maya = visit("maya", width=width)
    read_back(house, place)
    open_report(amara)
    frame = amara.frame
    expect(frame.locator("[data-picture][data-drawn] canvas")).to_have_count(
        frame.locator("[data-picture]").count()
    )
    assert frame.locator("[data-picture]").count() >= 5
    assert violations(frame) == []
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    network = frame.get_by_role("region", name="Who answers whom", exact=True)
    summary = network.get_by_text("Table", exact=True)
    summary.focus()
    amara.page.keyboard.press("Enter")
    expect(network.get_by_role("row").filter(has_text="Maya Chen").first).to_be_visible()
    network.get_by_text("What these numbers are").press("Enter")
    expect(network.get_by_text("An alias is a person of its own.")).to_be_visible()
    assert violations(frame) == []

    frame.get_by_label("First day").fill("2026-02-02")
    frame.get_by_label("Last day").fill("2026-02-08")
    amara.button("Show these days").press("Enter")
    expect(frame.get_by_role("heading", name="How the course learns together")).to_be_focused()
    expect(frame.get_by_label("Last day")).to_have_value("2026-02-08")
    # The quiz was later.
    expect(frame.get_by_role("region", name="Completions and scores", exact=True)).to_contain_text(
        "Nothing of this"
    )
    expect(frame.locator("[data-picture][data-drawn] canvas").first).to_be_visible()
    assert violations(frame) == []
    assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    amara.button("Show all days").press("Enter")
    expect(frame.get_by_label("Last day")).to_have_value("")

    network.get_by_text("Table", exact=True).press("Enter")
    row = network.get_by_role("row").filter(has_text="Maya Chen").first
    row.get_by_role("button", name="1", exact=True).press("Enter")
    expect(frame.get_by_text("· Answered: 1")).to_be_visible()
    expect(frame.locator(".record")).to_have_count(1)
    assert violations(frame) == []
    amara.button("Back to the report").press("Enter")

    network.get_by_role("button", name="Statements behind it").press("Enter")
    expect(frame.get_by_role("heading", name="Who answers whom")).to_be_focused()
    frame.locator(".record summary").first.press("Enter")
    expect(frame.locator(".record pre").first).to_contain_text('"verb"')
    assert violations(frame) == []
    amara.button("Back to the report").click()
    with amara.page.expect_download() as download:
        frame.locator('button[value="/reports/course/results"]').filter(has_text="Download").click()
    assert "Quiz: rivers" in download.value.path().read_text()
    amara.button("Back to the panel").click()
    expect(amara.button("Report")).to_be_focused()

    expect(maya.button("Report")).to_have_count(0)
    maya.button("My timeline").click()
    expect(maya.frame.get_by_role("heading", name="My timeline")).to_be_focused()
    maya.sees("Quiz: rivers")
    maya.sees("Only you see this page.")
    assert violations(maya.frame) == []


def test_a_course_of_which_nothing_is_known_says_so(visit: VISIT) -> None:
    amara = visit("amara")
    open_report(amara)
    # Whether an LRS was read back before depends on which other courses there are by now.
    expect(amara.frame.locator("#sheet .notice, #sheet .measure > .quiet").first).to_be_visible()
    assert violations(amara.frame) == []
