"""An instructor chooses three panels on one page and places them in one go, in a frame of another site."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect

from tests.browser.house import House, Place
from tests.browser.test_access import violations
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


class Added(Place):
    """What was added to a course has a page of its own there."""

    def address(self, person: str) -> str:
        return f"{self.house.lms_url}/as/{person}/courses/{self.course}/links/{self.link}"


class Placer:
    """The LMS's page for adding activities, with the tool's page in its frame."""

    def __init__(self, context: BrowserContext, place: Place, client: str = "") -> None:
        context.set_default_timeout(15_000)
        self.house, self.place = place.house, place
        self.page: Page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        client = client or self.house.sandbox.registration.client_id
        self.page.goto(f"{self.house.lms_url}/as/amara/courses/{place.course}/add?tool={client}")
        self.wait()

    def wait(self) -> None:
        self.frame.locator("html[data-ready]").wait_for(state="attached")

    @property
    def frame(self) -> Frame:
        handle = self.page.locator('iframe[name="deep-linking"]').element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def begin(self, name: str) -> None:
        before = self.frame.locator("#chosen > li").count()
        self.frame.get_by_role("button", name=re.compile(name)).click()
        expect(self.frame.locator("#chosen > li")).to_have_count(before + 1)
        # Where it scrolls to is settled.
        expect(self.last("Name")).to_be_focused()

    def last(self, label: str, exact: bool = True) -> "Locator":  # type: ignore[name-defined]  # noqa: F821
        return self.frame.locator("#chosen > li").last.get_by_label(label, exact=exact)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 360])
def test_everybody_can_use_the_page(browser: Browser, place: Place, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 720}, color_scheme=scheme)
    placer = Placer(context, place)
    assert violations(placer.frame) == []
    placer.begin("A claim to disagree with")
    placer.begin("An empty reflection")
    placer.last("Make a column for it in the grade book").check()
    placer.frame.get_by_role("button", name="Preview").last.click()
    placer.frame.locator(".how-it-looks .preview-title").wait_for()
    placer.frame.get_by_role("button", name="Place in the course").click()
    expect(placer.frame.locator("#chosen > li").last.locator(".problem")).to_be_visible()
    assert violations(placer.frame) == []
    assert placer.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.fixture
def placer(browser: Browser, place: Place) -> "Placer":
    context = browser.new_context(viewport={"width": 900, "height": 720})
    made = Placer(context, place)
    yield made
    context.close()


def test_three_panels_in_one_go(placer: Placer, place: Place, house: House, third_party_cookies: str) -> None:
    placer.begin("A question without one answer")
    placer.last("Name").fill("Week one")
    placer.begin("Looking back on a week")
    placer.last("Make a column for it in the grade book").check()
    placer.last("Points").fill("5")
    placer.begin("An empty discussion")
    placer.last("Name").fill("Open <floor>")
    placer.last("Prompt", exact=False).fill("Say **anything**")
    placer.frame.get_by_role("button", name="Preview").last.click()
    expect(placer.frame.locator(".how-it-looks strong")).to_have_text("anything")
    expect(placer.frame.locator("#how-many")).to_have_text("3 panels")
    placer.frame.get_by_role("button", name="Place in the course").click()

    expect(placer.frame.get_by_role("heading", name="Added to")).to_be_visible()
    for title in ("Week one", "Looking back on this week", "Open <floor>"):
        expect(placer.frame.get_by_text(title, exact=True)).to_be_visible()
    links = [
        link
        for link in house.sandbox.world.links.values()
        if link.course == place.course and link.deep_linked
    ]
    assert [link.title for link in links] == ["Week one", "Looking back on this week", "Open <floor>"]
    assert house.sandbox.gradebook.sole_item_of(links[1].key).score_maximum == 5
    assert placer.errors == []
    assert placer.page.context.cookies(house.tool_url) == []


def test_a_learner_finds_what_was_placed(placer: Placer, place: Place, house: House, visit: VISIT) -> None:
    placer.begin("An empty discussion")
    placer.last("Name").fill("By the weir")
    placer.last("Prompt", exact=False).fill("What do you hear?")
    placer.frame.get_by_role("button", name="Place in the course").click()
    expect(placer.frame.get_by_role("heading", name="Added to")).to_be_visible()
    (link,) = [
        each
        for each in house.sandbox.world.links.values()
        if each.course == place.course and each.deep_linked
    ]

    maya = visit("maya", at=Added(house, place.course, link.key))
    maya.sees("What do you hear?")
    expect(maya.frame.locator("h1")).to_have_text("By the weir")
    maya.start_thread("Water, and a wren")


def test_a_reload_loses_nothing_and_what_is_wrong_is_said_at_its_field(placer: Placer) -> None:
    placer.begin("A claim to disagree with")
    placer.last("Name").fill("A claim")
    placer.last("Due").fill("2027-01-09T22:59")
    placer.begin("An empty reflection")
    placer.frame.evaluate("location.reload()")
    placer.page.wait_for_timeout(300)
    placer.wait()
    expect(placer.frame.locator("#chosen > li")).to_have_count(2)
    placer.frame.get_by_role("button", name="Place in the course").click()

    name = placer.last("Name")
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(placer.frame.locator("#chosen > li").last.locator(".problem")).to_contain_text("needs a name")
    placer.frame.get_by_role("button", name="Remove this panel").last.click()
    expect(placer.frame.locator("#how-many")).to_have_text("1 panel")
    placer.frame.get_by_role("button", name="Undo").click()
    expect(placer.frame.locator("#how-many")).to_have_text("2 panels")
    first = placer.frame.locator("#chosen > li").first
    first.locator("summary").click()
    expect(first.get_by_label("Name")).to_have_value("A claim")
    expect(first.get_by_label("Due")).to_have_value("2027-01-09T22:59")


def test_where_the_course_failed_the_same_can_be_handed_over_again(
    placer: Placer, house: House, place: Place
) -> None:
    placer.page.route(
        "**/deep_linking_return*", lambda route: route.fulfill(status=500, body="The course is down")
    )
    placer.begin("Looking back on a week")
    placer.frame.get_by_role("button", name="Place in the course").click()
    expect(placer.frame.get_by_text("The course is down")).to_be_visible()
    placer.page.unroute_all()
    placer.frame.evaluate("setTimeout(() => history.back())")
    placer.frame.get_by_role("button", name="Hand over again").click()
    expect(placer.frame.get_by_role("heading", name="Added to")).to_be_visible()
    links = [
        link
        for link in house.sandbox.world.links.values()
        if link.course == place.course and link.deep_linked
    ]
    assert len(links) == 1
