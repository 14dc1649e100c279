"""When something goes wrong the text stays, and the page says what to do."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.house import Place
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def test_without_a_connection_the_text_stays_and_is_posted_once_later(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Must not be lost")
    maya.context.set_offline(True)
    maya.button("Post").click()
    alert = maya.frame.get_by_role("alert")
    expect(alert).to_contain_text("The server cannot be reached just now.")
    expect(maya.frame.get_by_label("Your thought or question")).to_have_value("Must not be lost")
    maya.context.set_offline(False)
    maya.button("Try again").click()
    expect(maya.entry("Must not be lost")).to_have_count(1)
    expect(alert).to_be_hidden()


def test_an_answer_lost_on_its_way_back_posts_nothing_twice(visit: VISIT) -> None:
    maya = visit("maya")
    lost = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    maya.page.route("**/entries", lose)
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Sent twice, there once")
    maya.button("Post").click()
    maya.button("Try again").click()
    expect(maya.entry("Sent twice, there once")).to_have_count(1)
    maya.reload_frame()
    expect(maya.entry("Sent twice, there once")).to_have_count(1)
    assert lost == [200]


def test_a_busy_server_is_named_and_tried_again(visit: VISIT) -> None:
    maya = visit("maya")
    answers = [503]

    def busy(route: Route) -> None:
        if answers:
            route.fulfill(status=answers.pop(), body="<html>upstream</html>", content_type="text/html")
        else:
            route.continue_()

    maya.page.route("**/entries", busy)
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Later")
    maya.button("Post").click()
    expect(maya.frame.get_by_role("alert")).to_contain_text("cannot be reached just now")
    maya.button("Try again").click()
    expect(maya.entry("Later")).to_be_visible()


def test_no_text_yet_is_said_at_the_box(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.button("Post").click()
    expect(maya.frame.get_by_role("alert")).to_contain_text("There is no text yet.")
    box = maya.frame.get_by_label("Your thought or question")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-invalid", "true")
    box.fill("Now")
    maya.button("Post").click()
    expect(maya.entry("Now")).to_be_visible()


def test_an_entry_changed_elsewhere_keeps_the_own_text_in_the_box(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("One")
    elsewhere = visit("maya")
    maya.button("Edit").click()
    maya.frame.get_by_label("Your text").fill("One, here")
    elsewhere.button("Edit").click()
    elsewhere.frame.get_by_label("Your text").fill("One, elsewhere")
    elsewhere.button("Save").click()
    expect(elsewhere.entry("One, elsewhere")).to_contain_text("edited")
    maya.button("Save").click()
    expect(maya.frame.get_by_role("alert")).to_contain_text("changed since you opened it")
    expect(maya.frame.get_by_label("Your text")).to_have_value("One, here")


def test_a_reaction_to_what_is_gone_is_explained_at_the_entry(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Soon gone")
    lucas.look_for_news()
    lucas.sees("Soon gone")
    lucas.page.route("**/updates*", lambda route: route.abort())
    maya.button("Remove").click()
    maya.button("Remove", maya.frame.get_by_role("dialog")).click()
    maya.sees("This entry was removed.")
    lucas.entry("Soon gone").get_by_role("button", name="Like").click()
    expect(lucas.entry("Soon gone").get_by_role("alert")).to_contain_text("removed in the meantime")


def test_a_page_whose_script_does_not_start_says_what_to_do(visit: VISIT, place: Place) -> None:
    amara = visit("amara")
    amara.page.route("**/static/app-*.js", lambda route: route.abort())
    amara.page.goto(place.address("amara"))
    notice = amara.page.frame_locator(f'iframe[name="activity-{place.link}"]').locator("#not-started")
    expect(notice).to_be_attached()
    expect(notice).to_be_hidden()
    expect(notice).to_be_visible(timeout=12_000)
    expect(notice).to_contain_text("Open the panel again from your course")


def test_a_page_that_started_says_nothing_of_the_kind(visit: VISIT) -> None:
    maya = visit("maya")
    expect(maya.frame.locator("#not-started")).to_have_count(0)
    maya.reload_frame()
    expect(maya.frame.locator("#not-started")).to_have_count(0)


def test_somebody_who_left_the_course_is_told_once(visit: VISIT) -> None:
    maya = visit("maya")
    maya.page.route("**/updates*", lambda route: route.fulfill(
        status=403,
        content_type="application/problem+json",
        body='{"code": "not_member", "title": "You left.", "detail": "Ask."}',
    ))  # fmt: skip
    maya.look_for_news()
    expect(maya.frame.locator("#page-problem")).to_contain_text("You left.")
    maya.page.locator("iframe").scroll_into_view_if_needed()
    expect(maya.frame.locator("#page-problem")).to_be_in_viewport()
