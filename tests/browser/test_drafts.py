"""What somebody is writing survives the frame, and is shown to nobody else."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def test_a_draft_is_kept_when_the_frame_closes(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Title").fill("Half a title")
    # No pause for the draft to be saved in: it leaves as the page does.
    maya.frame.get_by_label("Your thought or question").fill("Half a thou")
    maya.page.goto("about:blank")
    maya.page.wait_for_timeout(500)
    maya.open()
    expect(maya.frame.get_by_label("Title")).to_have_value("Half a title")
    expect(maya.frame.get_by_label("Your thought or question")).to_have_value("Half a thou")
    maya.button("Post").click()
    expect(maya.entry("Half a thou")).to_be_visible()
    maya.reload_frame()
    expect(maya.button("Start a thread…")).to_be_visible()


def test_a_pause_saves_quietly(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").press_sequentially("Hm")
    expect(maya.frame.locator(".topic-composer [data-kept]")).to_have_text("Draft saved")
    lucas.reload_frame()
    lucas.does_not_see("Hm")


def test_a_reply_is_gone_on_with_where_it_was_left(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Question")
    maya.button("Reply").click()
    maya.frame.get_by_label("Your reply").fill("Half an answer")
    maya.button("Close", maya.frame.locator(".reply-composer")).click()
    expect(maya.button("Continue your reply")).to_be_focused()
    maya.page.wait_for_timeout(1800)
    maya.reload_frame()
    maya.button("Continue your reply").click()
    expect(maya.frame.get_by_label("Your reply")).to_have_value("Half an answer")
    maya.button("Reply", maya.frame.locator(".reply-composer")).click()
    expect(maya.entry("Half an answer")).to_be_visible()
    expect(maya.button("Continue your reply")).to_have_count(0)


def test_a_thread_s_draft_can_be_discarded(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    box = maya.frame.get_by_label("Your thought or question")
    box.fill("Better not")
    expect(maya.frame.locator(".topic-composer [data-kept]")).to_have_text("Draft saved")
    maya.button("Discard").click()
    maya.button("Keep it").click()
    expect(box).to_have_value("Better not")
    maya.button("Discard").click()
    maya.button("Discard", maya.frame.get_by_role("dialog")).click()
    expect(maya.button("Start a thread…")).to_be_focused()
    maya.reload_frame()
    maya.button("Start a thread…").click()
    expect(box).to_have_value("")
    # Nothing is asked about nothing; and what is written next is kept as before.
    maya.button("Discard").click()
    maya.button("Start a thread…").click()
    box.fill("Better so")
    expect(maya.frame.locator(".topic-composer [data-kept]")).to_have_text("Draft saved")
    maya.button("Post").click()
    expect(maya.entry("Better so")).to_be_visible()


def test_a_reply_s_draft_can_be_discarded(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Question")
    maya.button("Reply").click()
    maya.frame.get_by_label("Your reply").fill("Half an answer")
    maya.button("Close", maya.frame.locator(".reply-composer")).click()
    maya.button("Continue your reply").click()
    maya.button("Discard").click()
    maya.button("Discard", maya.frame.get_by_role("dialog")).click()
    expect(maya.button("Reply")).to_be_focused()
    maya.reload_frame()
    expect(maya.button("Reply")).to_be_visible()
    maya.button("Reply").click()
    expect(maya.frame.get_by_label("Your reply")).to_have_value("")


def test_what_the_server_could_not_be_told_is_not_discarded(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Still here")
    expect(maya.frame.locator(".topic-composer [data-kept]")).to_have_text("Draft saved")
    maya.context.set_offline(True)
    maya.button("Discard").click()
    maya.button("Discard", maya.frame.get_by_role("dialog")).click()
    expect(maya.frame.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(maya.frame.get_by_label("Your thought or question")).to_have_value("Still here")
    maya.context.set_offline(False)


def test_an_edit_is_gone_on_with_and_discarding_forgets_it(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Old words")
    maya.button("Edit").click()
    maya.frame.get_by_label("Your text").fill("New words")
    expect(maya.frame.locator(".edit-composer [data-kept]")).to_have_text("Draft saved")
    maya.reload_frame()
    maya.button("Continue editing").click()
    box = maya.frame.get_by_label("Your text")
    expect(box).to_have_value("New words")
    assert box.evaluate("box => [box.selectionStart, box.selectionEnd]") == [9, 9]
    box.fill("Newer words")
    maya.button("Close").click()
    maya.button("Continue editing").click()
    expect(box).to_have_value("Newer words")
    maya.button("Discard").click()
    maya.button("Discard", maya.frame.get_by_role("dialog")).click()
    expect(maya.button("Edit")).to_be_focused()
    maya.page.wait_for_timeout(300)
    maya.reload_frame()
    expect(maya.button("Edit")).to_be_visible()
    maya.sees("Old words")


def test_an_edit_that_changed_nothing_leaves_nothing(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Some words")
    maya.button("Edit").click()
    expect(maya.frame.get_by_label("Your text")).to_be_focused()
    maya.page.keyboard.press("Escape")
    expect(maya.button("Edit")).to_be_focused()


def test_a_posted_text_leaves_no_draft_behind(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    box = maya.frame.get_by_label("Your thought or question")
    box.fill("Quick")
    # Posted while its draft is about to be sent.
    maya.page.wait_for_timeout(1150)
    maya.button("Post").click()
    expect(maya.entry("Quick")).to_be_visible()
    maya.page.wait_for_timeout(1500)
    maya.reload_frame()
    expect(maya.button("Start a thread…")).to_be_visible()
