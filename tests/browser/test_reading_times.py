"""A thread is read for a while, and the statement that says so stands in the LRS: with another clock, in no time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from celery import Celery
from playwright.sync_api import expect
from sqlalchemy import select

from lti_tool.bridging import bridge_of
from lti_tool.parts import Parts
from lti_tool.worker import note_readings
from social_layer.discussion.models import ReadingTime
from social_layer.panels.models import Panel
from tests.browser.house import House, open_house
from tests.browser.visitor import Visitor
from tests.services.servers import LearningLocker
from xapi.stores import connect
from xapi.vocabulary import VIEWED

VISIT = Callable[..., Visitor]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One of its own, for its institution has an LRS."""
    with open_house() as opened:
        yield opened


def connect_lrs(house: House, endpoint: str) -> None:
    with house.given.database.write() as session:
        connect(
            session,
            house.given.clock,
            house.given.sealer,
            session.scalars(select(Panel.tenant_id)).first(),
            name="lrs",
            endpoint=endpoint,
            username="key",
            password="secret",
        )


def seconds_noted(house: House, thread: UUID) -> int:
    with house.given.database.read() as session:
        return session.scalar(select(ReadingTime.seconds).where(ReadingTime.thread_id == thread)) or 0


def open_by_another_clock(visitor: Visitor) -> None:
    """The page once more, with a clock that can be moved."""
    visitor.page.clock.install()
    visitor.open()


def pass_by(visitor: Visitor, seconds: int) -> None:
    visitor.page.clock.run_for(seconds * 1000)


def leave_tab(visitor: Visitor) -> None:
    """As when another tab is chosen: browsers without a screen never hide one."""
    visitor.frame.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )


def tick(given: Parts) -> None:
    """As the worker does every minute, when the day is over."""
    celery = Celery("test", broker="memory://localhost", set_as_current=False)
    note_readings(celery, replace(given, clock=lambda: given.clock() + timedelta(days=1)))
    (ticks,) = celery.conf.beat_schedule.values()
    celery.tasks[ticks["task"]]()


def test_a_thread_that_is_read_is_told_to_the_lrs_once(
    visit: VISIT, house: House, learning_locker: LearningLocker
) -> None:
    maya = visit("maya")
    maya.start_thread("Herons at dusk " * 20)
    endpoint = learning_locker.endpoint
    connect_lrs(house, endpoint)
    lucas = visit("lucas")
    open_by_another_clock(lucas)
    entry = lucas.entry("Herons at dusk")
    expect(entry).to_be_visible()
    thread = UUID(str(entry.get_attribute("id")).removeprefix("e-"))
    entry.hover()

    pass_by(lucas, 40)
    with lucas.page.expect_response(lambda answer: answer.url.endswith("/read")) as left:
        leave_tab(lucas)
    assert left.value.status == 204
    noted = seconds_noted(house, thread)
    assert 30 <= noted < 300
    pass_by(lucas, 600)  # in another tab
    assert seconds_noted(house, thread) == noted

    given = house.given
    for _ in range(2):
        tick(given)
    bridge = bridge_of(given)
    for key in bridge.sweep():
        bridge.deliver(key)
    bridge.close()
    answer = requests.get(
        f"{endpoint}/statements",
        params={"verb": VIEWED.iri},
        headers={"X-Experience-API-Version": "1.0.3"},
        auth=("key", "secret"),
        timeout=30,
    )
    found = [one for one in answer.json()["statements"] if str(thread) in one["object"]["id"]]
    (statement,) = found
    assert statement["result"] == {"duration": f"PT{noted}S"}
    assert statement["actor"]["account"]["name"] == house.sandbox.world.person("lucas").sub


def test_who_has_gone_reads_no_more(visit: VISIT, house: House) -> None:
    maya = visit("maya")
    maya.start_thread("A text that stays open")
    lucas = visit("lucas")
    open_by_another_clock(lucas)
    entry = lucas.entry("A text that stays open")
    expect(entry).to_be_visible()
    thread = UUID(str(entry.get_attribute("id")).removeprefix("e-"))
    entry.hover()
    pass_by(lucas, 120)  # after half of it the page says what was read
    for _ in range(100):
        if (noted := seconds_noted(house, thread)) >= 60:
            break
        lucas.page.wait_for_timeout(50)
    assert 60 <= noted < 300
    pass_by(lucas, 3600)
    leave_tab(lucas)
    lucas.page.wait_for_timeout(300)
    assert seconds_noted(house, thread) == noted
