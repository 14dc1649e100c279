"""Everybody can use it: with the keyboard alone, with a screen reader, in light and in dark."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, expect

from tests.browser.test_reflection import make_reflection
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]
_AXE = Axe()


def violations(frame: Frame) -> list[str]:
    frame.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    found = _AXE.run(frame).response["violations"]  # type: ignore[arg-type]
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 360])
def test_a_discussion_in_each_state(visit: VISIT, scheme: str, width: int) -> None:
    amara = visit("amara", color_scheme=scheme, width=width)
    assert violations(amara.frame) == []
    amara.frame.get_by_label("Purpose").fill("Notice things")
    amara.frame.get_by_label("Prompt").fill("What did you [see](https://example.org)? `code`")
    amara.button("Save and open").click()
    amara.sees("Nothing here yet")
    assert violations(amara.frame) == []

    maya = visit("maya", color_scheme=scheme, width=width)
    maya.button("Start a thread…").click()
    assert violations(maya.frame) == []
    maya.button("Post").click()
    expect(maya.frame.get_by_role("alert")).to_be_visible()
    assert violations(maya.frame) == []
    maya.button("Close").click()
    maya.start_thread("> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code`", title="All that Markdown can")
    maya.answer("quoted", "A reply")
    maya.answer("A reply", "A reply to it")
    maya.entry("A reply to it").get_by_role("button", name="Same here").click()
    maya.button("Remove", maya.entry("A reply to it")).click()
    assert violations(maya.frame) == []
    maya.button("Keep it").click()
    maya.button("Edit", maya.entry("A reply to it")).click()
    maya.button("Reply", maya.entry("quoted")).click()
    maya.frame.get_by_label("Your reply").fill("*Preview*")
    maya.button("Preview", maya.frame.locator(".reply-composer")).click()
    maya.frame.get_by_role("region", name="Preview").get_by_text("Preview").wait_for()
    assert violations(maya.frame) == []
    maya.button("Help").click()
    assert violations(maya.frame) == []
    maya.button("Close", maya.frame.get_by_role("dialog")).click()

    amara.look_for_news()
    amara.sees("All that Markdown can")
    maya.button("Close", maya.frame.locator(".reply-composer")).click()
    maya.start_thread("One more")
    amara.look_for_news()
    amara.button("1 new thread").wait_for()
    assert violations(amara.frame) == []
    amara.button("1 new thread").click()
    amara.button("Set up").click()
    amara.sees("the kind stays as it is")
    assert violations(amara.frame) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reflection_in_each_step(visit: VISIT, scheme: str) -> None:
    make_reflection(visit)
    maya = visit("maya", color_scheme=scheme)
    for step in ("What happened?", "What does it mean?", "What will you do with it?"):
        maya.frame.get_by_label(step).fill("Something")
        assert violations(maya.frame) == []
        maya.button("Next").click()
    maya.frame.get_by_role("region", name="Preview").get_by_role("heading").first.wait_for()
    assert violations(maya.frame) == []
    maya.button("Share with the course").click()
    expect(maya.frame.locator(".entry")).to_be_visible()
    assert violations(maya.frame) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_without_a_pass(visit: VISIT, scheme: str) -> None:
    maya = visit("maya", color_scheme=scheme)
    maya.page.goto(maya.place.house.tool_url + maya.frame.evaluate("location.pathname"))
    maya.page.get_by_role("heading", name="Open this panel from your course").wait_for()
    assert violations(maya.page.main_frame) == []


def test_posting_and_answering_with_the_keyboard_alone(visit: VISIT) -> None:
    maya = visit("maya")
    keys = maya.page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(30):
            keys.press("Tab")
            if maya.frame.evaluate("document.activeElement.textContent.trim()") == name:
                return
        raise AssertionError(f"Tab does not reach {name!r}")

    maya.frame.evaluate("document.body.tabIndex = -1; document.body.focus()")
    keys.press("Tab")
    expect(maya.frame.get_by_role("link", name="Skip to the threads")).to_be_focused()
    expect(maya.frame.get_by_role("link", name="Skip to the threads")).to_be_in_viewport()
    tab_to("Start a thread…")
    keys.press("Enter")
    expect(maya.frame.get_by_label("Your thought or question")).to_be_focused()
    keys.type("By keyboard")
    keys.press("Control+Enter")
    expect(maya.entry("By keyboard")).to_be_focused()
    tab_to("Reply")
    keys.press("Enter")
    keys.type("Also by keyboard")
    tab_to("Reply")
    keys.press("Enter")
    expect(maya.entry("Also by keyboard")).to_be_focused()
    tab_to("Like")
    keys.press("Space")
    expect(maya.entry("Also by keyboard").get_by_role("button", name="Like 1")).to_be_focused()
    tab_to("Remove")
    keys.press("Enter")
    tab_to("Keep it")
    keys.press("Enter")
    expect(maya.button("Remove", maya.entry("Also by keyboard"))).to_be_focused()
    tab_to("Write a reply…")
    keys.press("Enter")
    expect(maya.frame.get_by_label("Your reply")).to_be_focused()
    keys.press("Escape")
    expect(maya.button("Write a reply…")).to_be_focused()


def test_the_page_has_landmarks_headings_and_a_voice(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("text", title="A title")
    expect(maya.frame.get_by_role("main")).to_have_count(1)
    expect(maya.frame.get_by_role("heading", level=1)).to_have_count(1)
    expect(maya.frame.get_by_role("region", name="Threads")).to_be_visible()
    expect(maya.frame.get_by_role("article", name="A title")).to_be_visible()
    expect(maya.frame.get_by_role("status")).to_have_text("Posted.")
