"""A panel with dates: when it opens and closes, as who runs the course sets it up and as learners meet it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from social_layer.panels.models import TemplateVersion
from tests.browser.house import Place
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def set_dates(amara: Visitor, **dates: datetime | None) -> None:
    """In UTC, the sandbox's own zone."""
    amara.button("Set up").click()
    for label, moment in dates.items():
        amara.frame.get_by_label(label, exact=True).fill(f"{moment:%Y-%m-%dT%H:%M}" if moment else "")
    amara.button("Save").click()
    expect(amara.frame.locator("#set-up")).to_be_hidden()


@pytest.fixture
def amara(visit: VISIT) -> Visitor:
    found = visit("amara")
    found.button("Save and open").click()
    expect(found.frame.locator("#set-up")).to_be_hidden()
    return found


def test_before_it_opens_learners_see_when_that_will_be(visit: VISIT, amara: Visitor) -> None:
    amara.start_thread("Read chapter two first.")
    set_dates(
        amara, Opens=datetime.now(UTC) + timedelta(days=3), Closes=datetime.now(UTC) + timedelta(days=9)
    )
    amara.sees("Learners do not see this yet.")
    expect(amara.entry("Read chapter two first.")).to_be_visible()

    maya = visit("maya")
    maya.sees("This panel is not open yet.")
    maya.sees("Opens on")
    maya.does_not_see("Read chapter two first.")
    expect(maya.button("Start a thread…")).to_have_count(0)

    set_dates(amara, Opens=None)
    maya.reload_frame()
    expect(maya.entry("Read chapter two first.")).to_be_visible()
    maya.start_thread("I have read it.")


def test_once_it_has_closed_one_reads_and_keeps_what_one_had_begun(visit: VISIT, amara: Visitor) -> None:
    maya = visit("maya")
    maya.start_thread("Moss holds water.")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("And lichen, which")
    expect(maya.frame.locator("[data-kept]").first).to_have_text("Draft saved")

    set_dates(amara, Closes=datetime.now(UTC) - timedelta(days=1))
    amara.sees("Learners can read here, and no longer write.")
    amara.answer("Moss holds water.", "Well seen.")

    # Who had the page open hears it when they send, and loses nothing.
    maya.button("Post").click()
    maya.sees("closed")
    expect(maya.frame.get_by_label("Your thought or question")).to_have_value("And lichen, which")
    maya.reload_frame()
    maya.sees("This panel is closed.")
    maya.sees("And lichen, which")
    expect(maya.entry("Well seen.")).to_be_visible()
    for name in ("Start a thread…", "Reply"):
        expect(maya.button(name)).to_have_count(0)


def test_the_page_of_those_who_wait_opens_by_itself(visit: VISIT, amara: Visitor, place: Place) -> None:
    amara.start_thread("Read chapter two first.")
    set_dates(amara, Opens=datetime.now(UTC) + timedelta(hours=1))
    with place.house.given.database.write() as session:
        soon = place.house.given.clock() + timedelta(seconds=6)
        session.execute(
            update(TemplateVersion).where(TemplateVersion.opens_at.is_not(None)).values(opens_at=soon)
        )
    maya = visit("maya")
    maya.sees("This panel is not open yet.")
    expect(maya.entry("Read chapter two first.")).to_be_visible(timeout=15_000)
    maya.start_thread("I have read it.")
