"""The course's people: the LMS's list appears while one looks, those who never came stand back, and who is taken out
of the course is out here."""

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from lti_tool.lti.reading import Readers
from tests.browser.house import House
from tests.browser.test_access import violations
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


@pytest.fixture
def worker(house: House) -> Iterator[threading.Event]:
    """What the worker's tick does, while the event is set."""
    runs, ends = threading.Event(), threading.Event()
    readers = Readers(house.given)

    def tick() -> None:
        while not ends.wait(0.1):
            if runs.is_set():
                readers.start()

    thread = threading.Thread(target=tick)
    thread.start()
    yield runs
    ends.set()
    thread.join()
    readers.stop()
    readers.wait()


def open_people(visitor: Visitor) -> None:
    visitor.button("Later").click()
    visitor.button("People").click()
    expect(visitor.frame.get_by_role("heading", name="People")).to_be_focused()


def row(visitor: Visitor, name: str):  # type: ignore[no-untyped-def]
    return visitor.frame.locator(".person").filter(has_text=name)


def test_everybody_of_the_course_appears_and_who_is_taken_out_is_out(
    visit: VISIT, house: House, worker: threading.Event
) -> None:
    maya, amara = visit("maya"), visit("amara")
    open_people(amara)
    amara.sees("The list is asked for, and read in a moment.")
    expect(row(amara, "Maya Chen")).to_be_visible()
    expect(row(amara, "Lucas")).to_have_count(0)

    worker.set()
    expect(row(amara, "Lucas")).to_be_visible(timeout=10_000)
    expect(row(amara, "Lucas")).to_contain_text("never came")
    expect(row(amara, "Maya Chen")).to_contain_text("just now")
    amara.sees("List of your LMS, as of")
    amara.sees("5 people in the course")

    amara.frame.get_by_label("Show").select_option("Who never came")
    expect(row(amara, "Maya Chen")).to_have_count(0)
    amara.frame.get_by_label("Show").select_option("Everybody in the course")
    amara.frame.get_by_label("Find a name").fill("CHEN")
    expect(amara.frame.locator(".person")).to_have_count(1)
    amara.frame.get_by_label("Find a name").fill("nobody at all")
    amara.sees("Nobody of that name")
    amara.frame.get_by_label("Find a name").fill("")
    expect(amara.frame.locator(".person")).to_have_count(5)

    house.sandbox.suspend("maya", amara.place.course)
    # Whoever launched within the last minute is in the course, whatever the list says.
    _launched_long_ago(house)
    amara.button("Refresh").click()
    expect(row(amara, "Maya Chen")).to_have_count(0, timeout=10_000)
    amara.frame.get_by_label("Show").select_option("Who is not in the course any more")
    expect(row(amara, "Maya Chen")).to_contain_text("not in the course any more")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Am I still here?")
    maya.button("Post").click()
    maya.sees("You are not, or no longer, a member of this course.")

    amara.button("Back to the panel").click()
    expect(amara.button("People")).to_be_focused()


def test_what_the_lms_refuses_is_told_plainly(visit: VISIT, house: House, worker: threading.Event) -> None:
    house.sandbox.door.weather = lambda method, path: 403
    try:
        amara = visit("amara")
        open_people(amara)
        worker.set()
        amara.sees("Your LMS refused the list of members.")
        amara.sees("Not now")
        expect(row(amara, "Amara")).to_be_visible()
    finally:
        house.sandbox.door.weather = None
    amara.button("Refresh").click()
    amara.sees("List of your LMS, as of")
    amara.does_not_see("Your LMS refused the list of members.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 360])
def test_everybody_can_use_the_list(
    visit: VISIT, house: House, worker: threading.Event, scheme: str, width: int
) -> None:
    amara = visit("amara", color_scheme=scheme, width=width)
    house.sandbox.add_members(amara.place.course, 60)
    open_people(amara)
    assert violations(amara.frame) == []
    worker.set()
    amara.sees("65 people in the course")
    expect(amara.frame.locator(".person")).to_have_count(50)
    assert violations(amara.frame) == []
    amara.button("Show more people").press("Enter")
    expect(amara.frame.locator(".person")).to_have_count(65)
    expect(amara.frame.locator(".person").nth(50)).to_be_focused()
    overflow = amara.frame.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    amara.frame.get_by_label("Find a name").fill("nobody at all")
    amara.sees("Nobody of that name")
    assert violations(amara.frame) == []


def _launched_long_ago(house: House) -> None:
    from datetime import timedelta

    from sqlalchemy import update

    from social_layer.people.models import Membership

    moment = house.given.clock() - timedelta(minutes=5)
    with house.given.database.write() as session:
        launched = Membership.last_launch_at.is_not(None)
        session.execute(update(Membership).where(launched).values(last_launch_at=moment))
