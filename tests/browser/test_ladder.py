"""Launches in browsers that keep no cookie of ours at all in another site's page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.house import House, open_house
from tests.browser.visitor import Visitor


@contextmanager
def house_in_a_strict_browser(profile: str) -> Iterator[House]:
    """In frames, every cookie that the tool sets is lost; in tabs they are kept."""
    with open_house(profile) as opened:
        inner = opened.app.wsgi_app

        def losing_cookies(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                if environ.get("HTTP_SEC_FETCH_DEST") == "iframe":
                    headers = [(name, value) for name, value in headers if name != "Set-Cookie"]
                return start_response(status, headers, *rest)

            return inner(environ, start)

        opened.app.wsgi_app = losing_cookies  # type: ignore[method-assign]
        yield opened


@pytest.fixture(scope="module")
def moodle() -> Iterator[House]:
    with house_in_a_strict_browser("moodle") as opened:
        yield opened


@pytest.fixture(scope="module")
def canvas() -> Iterator[House]:
    """An LMS that keeps data for tools."""
    with house_in_a_strict_browser("canvas") as opened:
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context()
    yield made
    made.close()


def test_a_new_tab_is_offered_and_opens_the_panel(context: BrowserContext, moodle: House) -> None:
    place = moodle.new_course(maya="learner")
    maya = Visitor(context, place, "maya")
    maya.page.goto(place.address("maya"))
    button = maya.frame.get_by_role("button", name="Open in a new tab")
    expect(button).to_be_visible()

    with context.expect_page() as opened:
        button.click()
    tab = opened.value
    tab.locator("html[data-ready]").wait_for(state="attached")

    assert "/panels/" in tab.url
    assert maya.errors == []
    assert context.cookies(place.house.tool_url) == []


def test_the_platforms_storage_keeps_what_cookies_cannot(context: BrowserContext, canvas: House) -> None:
    place = canvas.new_course(maya="learner")
    maya = Visitor(context, place, "maya")
    maya.open()

    maya.start_thread("Without any cookie")
    assert maya.errors == []


def test_a_platform_that_does_not_answer_leads_to_the_new_tab(context: BrowserContext, canvas: House) -> None:
    place = canvas.new_course(maya="learner")
    deaf = "window.addEventListener('message', (event) => event.stopImmediatePropagation(), true)"
    context.add_init_script(f"if (location.hostname === '127.0.0.1') {deaf}")
    maya = Visitor(context, place, "maya")
    maya.page.goto(place.address("maya"))

    expect(maya.frame.get_by_role("button", name="Open in a new tab")).to_be_visible(timeout=12_000)
