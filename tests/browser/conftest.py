"""A house for all tests of a run, a course for each, and people who open its panel in tabs of their own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.house import House, Place, open_house
from tests.browser.visitor import Visitor


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    with open_house() as opened:
        yield opened


@pytest.fixture
def place(house: House) -> Place:
    """A course with an instructor, an assistant and three learners, and one panel nobody has opened."""
    return house.new_course(
        amara="instructor", jonas="assistant", maya="learner", lucas="learner", aisha="learner"
    )


@pytest.fixture
def visit(browser: Browser, place: Place) -> Iterator[Callable[..., Visitor]]:
    """``visit("maya")``: the panel in Maya's browser, within her course. At the end nobody's page had an error."""
    visitors: list[Visitor] = []

    def come(person: str, *, at: Place | None = None, width: int = 900, **options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": 720}, **options)
        visitor = Visitor(context, at or place, person)
        visitors.append(visitor)
        visitor.open()
        return visitor

    yield come
    for visitor in visitors:
        visitor.context.close()
    assert [error for visitor in visitors for error in visitor.errors] == []
