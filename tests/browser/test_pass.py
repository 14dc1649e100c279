"""The tab's pass: no cookie, no storage, and still a reload works and two tabs never mix."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.house import House, Place
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def test_a_reload_of_the_frame_keeps_the_panel(visit: VISIT, third_party_cookies: str) -> None:
    maya = visit("maya")
    maya.start_thread("Before the reload")
    address = maya.frame.evaluate("location.pathname")
    assert address.startswith("/panels/")
    for _ in range(2):
        maya.reload_frame()
        maya.sees("Before the reload")
        assert maya.frame.evaluate("location.pathname") == address
    maya.answer("Before the reload", "After it")


def test_nothing_is_kept_in_the_browser_but_the_tabs_own_history(visit: VISIT, place: Place) -> None:
    maya = visit("maya")
    assert maya.context.cookies(place.house.tool_url) == []
    assert maya.frame.evaluate("document.cookie") == ""
    state = maya.frame.evaluate("history.state")
    assert state["panel"] == maya.frame.evaluate("location.pathname")


def test_two_tabs_on_two_courses_never_mix(visit: VISIT, house: House, place: Place) -> None:
    other_course = house.new_course(maya="learner")
    maya = visit("maya")
    first = maya.page
    second = Visitor(maya.context, other_course, "maya")
    second.open()
    maya.page = first
    maya.start_thread("Written in the first course")
    second.start_thread("Written in the second course")
    for visitor, own in ((maya, "first"), (second, "second")):
        visitor.reload_frame()
        visitor.sees(f"Written in the {own} course")
        expect(visitor.frame.locator(".entry")).to_have_count(1)
    assert second.errors == []


def test_the_address_by_itself_opens_nothing(visit: VISIT, place: Place) -> None:
    maya = visit("maya")
    maya.start_thread("Only for the course")
    stranger = maya.context.new_page()
    stranger.goto(place.house.tool_url + maya.frame.evaluate("location.pathname"))
    expect(stranger.get_by_role("heading")).to_have_text("Open this panel from your course")
    assert "Only for the course" not in stranger.content()


def test_links_within_the_page_keep_the_pass(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Hello")
    maya.frame.evaluate("document.querySelector('.skip').click()")
    expect(maya.frame.locator("#threads")).to_be_focused()
    assert "#" not in maya.frame.evaluate("location.href")
    maya.reload_frame()
    maya.sees("Hello")


def test_the_pass_is_renewed_before_it_ends(visit: VISIT) -> None:
    maya = visit("maya")
    before = maya.frame.evaluate("history.state.token")
    maya.page.wait_for_timeout(1100)  # a pass ends at a whole second: one made in the same is the same
    # What the page does by itself when half an hour is left; the clock of this tab is set on.
    maya.frame.evaluate(
        """() => {
          const now = Date.now;
          Date.now = () => now() + (3 * 60 + 45) * 60_000;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    for _ in range(50):
        maya.page.wait_for_timeout(100)
        if maya.frame.evaluate("history.state.token") != before:
            break
    assert maya.frame.evaluate("history.state.token") != before
    maya.reload_frame()
    maya.start_thread("Still here")


def test_a_renewed_pass_that_lasts_no_longer_is_not_asked_for_again(visit: VISIT) -> None:
    """A day after the launch nothing is longer any more."""
    maya = visit("maya")
    asked: list[str] = []

    def answer_the_same(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(
            json={"token": "no longer", "expires_at": maya.frame.evaluate("history.state.expires_at")}
        )

    maya.page.route("**/api/v1/token", answer_the_same)
    before = maya.frame.evaluate("history.state.token")
    maya.frame.evaluate(
        """() => {
          const now = Date.now;
          Date.now = () => now() + (4 * 3600 - 4) * 1000;
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    maya.page.wait_for_timeout(3500)
    assert len(asked) == 1
    assert maya.frame.evaluate("history.state.token") == before


def test_a_reload_with_a_pass_that_ended_says_what_to_do(visit: VISIT) -> None:
    maya = visit("maya")
    maya.frame.evaluate("history.replaceState({ ...history.state, token: 'ended' }, '')")
    maya.frame.evaluate("location.reload()")
    alert = maya.frame.get_by_role("alert")
    expect(alert).to_contain_text("Open the panel again from your course.")
    expect(alert.get_by_role("button")).to_have_count(0)


def test_a_reload_while_the_server_restarts_is_tried_again(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Still there")
    closed = [True]
    maya.page.route(
        "**/panels/*",
        lambda route: (
            route.fulfill(status=503, body="upstream")
            if closed and "authorization" in route.request.headers
            else route.continue_()
        ),
    )
    maya.frame.evaluate("location.reload()")
    expect(maya.frame.get_by_role("alert")).to_contain_text("cannot be reached just now")
    closed.clear()
    maya.button("Try again").click()
    maya.sees("Still there")


def test_when_the_pass_has_run_out_the_text_stays_and_the_page_says_what_to_do(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("A long thought")
    maya.page.route("**/panels/*/entries", lambda route: route.fulfill(
        status=401,
        content_type="application/problem+json",
        body='{"code": "token_expired", "title": "Over.", "detail": "Reopen."}',
    ))  # fmt: skip
    maya.button("Post").click()
    alert = maya.frame.get_by_role("alert")
    expect(alert).to_contain_text("its pass has run out")
    expect(alert).to_contain_text("copy it, then open the panel again from your course")
    expect(maya.frame.get_by_label("Your thought or question")).to_have_value("A long thought")
