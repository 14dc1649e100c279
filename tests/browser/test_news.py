"""News appears by itself and never moves what somebody is reading."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]
LONG = "A line of a longer text.\n\n" * 12


def test_the_first_thread_simply_comes(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("From Maya")
    maya.start_thread("Another one")
    lucas.look_for_news()
    expect(lucas.frame.locator(".entry .text")).to_have_text(["Another one", "From Maya"])
    expect(lucas.frame.get_by_text("Nothing here yet")).to_be_hidden()
    expect(lucas.frame.locator("#live")).to_have_text("2 new threads")
    maya.start_thread("A third one")
    lucas.look_for_news()
    expect(lucas.button("1 new thread")).to_be_visible()


def test_replies_out_of_sight_are_led_to(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread(LONG, title="Lower thread")
    maya.start_thread(LONG, title="Upper thread")
    lucas.reload_frame()
    maya.answer("Lower thread", "The first of two")
    maya.answer("The first of two", "The second of two")
    lucas.look_for_news()
    pill = lucas.frame.locator("#arrived-replies")
    expect(pill).to_have_text("2 new replies ↓")
    expect(pill).to_be_in_viewport()
    pill.click()
    expect(lucas.entry("The first of two")).to_be_focused()
    expect(lucas.entry("The first of two")).to_be_in_viewport()
    lucas.entry("The second of two").scroll_into_view_if_needed()
    expect(pill).to_be_hidden()

    # What waits above, because it would move what is read, is led to as well.
    maya.answer("Upper thread", "Above")
    lucas.look_for_news()
    expect(pill).to_have_text("1 new reply ↑")
    pill.click()
    expect(lucas.entry("Above")).to_be_focused()
    expect(pill).to_be_hidden()


def test_what_one_wrote_oneself_elsewhere_is_no_news(visit: VISIT) -> None:
    here, there = visit("maya"), visit("maya")
    here.start_thread(LONG, title="A long thread")
    there.reload_frame()
    here.answer("A long thread", "From the other tab")
    there.look_for_news()
    expect(there.entry("From the other tab")).to_have_count(1)
    there.page.wait_for_timeout(300)
    expect(there.frame.locator("#arrived-replies")).to_be_hidden()


def test_a_new_thread_waits_until_it_is_asked_for(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    lucas.start_thread("What Lucas is reading")
    place_before = lucas.entry("What Lucas is reading").bounding_box()
    maya.start_thread("From Maya")
    lucas.look_for_news()
    expect(lucas.button("1 new thread")).to_be_visible()
    lucas.does_not_see("From Maya")
    assert lucas.entry("What Lucas is reading").bounding_box() == place_before
    lucas.button("1 new thread").click()
    expect(lucas.entry("From Maya")).to_be_focused()


def test_a_reply_below_the_window_stands_there_and_one_in_sight_waits(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Short thread")
    maya.start_thread(LONG, title="Long thread")
    lucas.look_for_news()
    expect(lucas.entry("Short thread")).to_be_attached()
    lucas.frame.evaluate("scrollTo(0, 0)")
    scroll = lucas.frame.evaluate("scrollY")

    maya.look_for_news()
    maya.answer("Short thread", "Out of sight")
    lucas.look_for_news()
    expect(lucas.entry("Out of sight")).to_have_count(1, timeout=9000)
    assert lucas.frame.evaluate("scrollY") == scroll

    lucas.entry("Short thread").scroll_into_view_if_needed()
    lucas.frame.evaluate("scrollBy(0, 400)")
    maya.answer("Out of sight", "In sight")
    lucas.look_for_news()
    button = lucas.button("1 new reply")
    expect(button).to_be_visible(timeout=9000)
    lucas.does_not_see("In sight")
    button.click()
    expect(lucas.entry("In sight")).to_be_focused()


def test_replies_to_replies_that_wait_come_in_order(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Root")
    lucas.look_for_news()
    expect(lucas.entry("Root")).to_be_visible()
    maya.answer("Root", "One")
    maya.answer("One", "Below one")
    maya.answer("Root", "Two")
    lucas.look_for_news()
    lucas.button("3 new replies").click()
    expect(lucas.frame.locator(".entry .text")).to_have_text(["Root", "One", "Below one", "Two"])


def test_the_news_of_a_thread_that_waits_waits_with_it(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    lucas.start_thread("Of Lucas")
    maya.start_thread("Root")
    maya.answer("Root", "Answer")
    lucas.look_for_news()
    lucas.button("1 new thread").click()
    expect(lucas.frame.locator(".entry .text")).to_have_text(["Root", "Answer", "Of Lucas"])


def test_news_is_said_to_those_who_listen(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Hello")
    lucas.look_for_news()
    expect(lucas.frame.locator("#live")).to_have_text("1 new thread")


def test_what_is_being_edited_is_left_alone(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Mine")
    maya.button("Edit").click()
    maya.frame.get_by_label("Your text").fill("Mine, longer")
    lucas.look_for_news()
    lucas.entry("Mine").get_by_role("button", name="Like").click()
    expect(lucas.entry("Mine").get_by_role("button", name="Like")).to_have_text("Like 1")
    maya.look_for_news()
    maya.page.wait_for_timeout(500)
    expect(maya.frame.get_by_label("Your text")).to_have_value("Mine, longer")
    maya.button("Save").click()
    expect(maya.entry("Mine, longer").get_by_role("button", name="Like")).to_have_text("Like 1")


def test_what_was_in_sight_is_not_new_next_time(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("The older one")
    maya.start_thread("The newer one")
    lucas.start_thread("Of Lucas")
    lucas.reload_frame()
    expect(lucas.frame.get_by_text("New", exact=True)).to_have_count(2)
    with lucas.page.expect_response(lambda response: response.url.endswith("/read"), timeout=15_000):
        for text in ("The newer one", "The older one"):
            lucas.entry(text).scroll_into_view_if_needed()
            lucas.page.wait_for_timeout(1200)
    lucas.reload_frame()
    expect(lucas.frame.get_by_text("New", exact=True)).to_have_count(0)


def test_what_was_passed_over_in_a_thread_is_new_next_time(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    lucas.start_thread("Root")
    maya.look_for_news()
    maya.answer("Root", f"r1 {LONG * 2}", seen="r1 A line")
    maya.answer("Root", f"r2 {LONG * 2}", seen="r2 A line")
    maya.answer("r1 A line", "r11")

    def sees(text: str) -> None:
        """Jumps to it; what lies between is not in sight for long."""
        lucas.frame.evaluate(
            "id => document.getElementById(id).scrollIntoView({ block: 'center' })", ids[text]
        )
        lucas.page.wait_for_timeout(1200)

    def unread() -> list[str]:
        lucas.reload_frame()
        return [text for text in ids if lucas.entry(text).get_by_text("New", exact=True).count()]

    ids = {text: maya.entry(text).get_attribute("id") or "" for text in ("r1 A line", "r11", "r2 A line")}
    lucas.frame.evaluate("document.body.style.paddingBlockEnd = '60rem'")
    assert unread() == list(ids)
    with lucas.page.expect_response(lambda response: response.url.endswith("/read"), timeout=15_000):
        sees("r11")
    assert "r2 A line" in unread()
    with lucas.page.expect_response(lambda response: response.url.endswith("/read"), timeout=15_000):
        for text in ids:
            sees(text)
    assert unread() == []
