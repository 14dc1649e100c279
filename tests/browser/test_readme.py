"""The README's first steps, clicked as it says; and its picture, which they end with.

`PICTURES=1 make test ARGS=tests/browser/test_readme.py` takes the picture anew.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.lti_tool.test_demo import running
from tests.services.ports import free_port

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "panel.png"
SIZE = {"width": 1280, "height": 900}
PANEL = 'iframe[name="activity-food-web"]'
SECONDS = 1000


@pytest.mark.timeout(300)
def test_what_the_readme_says_to_click_works(browser: Browser, tmp_path: Path) -> None:
    ports = {name: free_port() for name in ("tool", "sandbox", "lrs")}
    with running(tmp_path / "demo", ports):
        context = browser.new_context(viewport=SIZE, color_scheme="light")
        amara = _in_the_lesson(context.new_page(), ports["sandbox"], "Amara")
        maya = _in_the_lesson(context.new_page(), ports["sandbox"], "Maya")

        writing = maya.frame_locator(PANEL)
        writing.get_by_role("button", name="Start a thread…").click()
        writing.get_by_label("Title").fill("A spider in the bus shelter")
        writing.get_by_label("Your thought or question").fill(
            "Its web is full of midges, and the midges come for the *light*. So the timetable feeds it. "
            "What does the lamp outside your door feed?"
        )
        writing.get_by_role("button", name="Post", exact=True).click()

        expect(_panel(amara).get_by_role("button", name="1 new thread")).to_be_visible(timeout=10 * SECONDS)
        _panel(amara).get_by_role("button", name="1 new thread").click()
        expect(_panel(amara).get_by_text("A spider in the bus shelter")).to_be_in_viewport()
        record = amara.get_by_text(re.compile("Maya Chen started a thread"))
        expect(record.first).to_be_visible(timeout=10 * SECONDS)

        _take_picture(maya, tmp_path)
        context.close()


def _in_the_lesson(page: Page, port: int, person: str) -> Page:
    page.goto(f"http://127.0.0.1:{port}")
    page.get_by_text(person).first.click()
    page.get_by_text("Introduction to Ecology").first.click()
    expect(page.get_by_role("heading", name="Who eats whom", level=1)).to_be_visible()
    page.locator(PANEL).scroll_into_view_if_needed()
    expect(_panel(page).locator("html[data-ready]")).to_be_attached()
    return page


def _panel(page: Page) -> FrameLocator:
    return page.frame_locator(PANEL)


def _take_picture(page: Page, folder: Path) -> None:
    taken = PICTURE if os.environ.get("PICTURES") else folder / PICTURE.name
    page.locator(PANEL).evaluate("frame => scrollTo(0, frame.getBoundingClientRect().top + scrollY - 190)")
    expect(_panel(page).get_by_text("it is outside your door")).to_be_in_viewport()
    expect(_panel(page).get_by_role("heading", name="A spider in the bus shelter")).to_be_in_viewport()
    expect(page.get_by_text(re.compile("Maya Chen started a thread")).first).to_be_in_viewport()
    page.screenshot(path=taken, animations="disabled")
    assert PICTURE.exists(), "take the README's picture, as the first lines of this file say"
    # The width and height of a PNG stand in its header.
    width, height = (int.from_bytes(taken.read_bytes()[at : at + 4]) for at in (16, 20))
    assert (width, height) == (SIZE["width"], SIZE["height"])
