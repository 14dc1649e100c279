"""A discussion, from the instructor's set-up to an answer in somebody else's browser."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def test_from_set_up_to_an_answer_in_another_browser(visit: VISIT, third_party_cookies: str) -> None:
    amara = visit("amara")
    amara.sees("Set up this panel")
    amara.frame.get_by_label("Name").fill("The river at night")
    amara.frame.get_by_label("Purpose").fill("Notice what we walk past")
    amara.frame.get_by_label("Prompt").fill("What did you **hear**?")
    amara.button("Save and open").click()
    expect(amara.frame.get_by_role("heading", name="The river at night", level=1)).to_be_focused()

    maya, lucas = visit("maya"), visit("lucas")
    maya.sees("Notice what we walk past")
    expect(maya.frame.locator(".prompt strong")).to_have_text("hear")
    maya.start_thread("A kingfisher, or **maybe** a brake", title="Something whistled")
    expect(maya.frame.locator(".entry strong")).to_have_text("maybe")

    # Nothing is reloaded: the news comes by itself.
    lucas.sees("Something whistled")
    lucas.answer("A kingfisher", "It was my bicycle.")
    maya.sees("1 new reply")
    maya.button("1 new reply").click()
    maya.sees("It was my bicycle.")
    expect(maya.frame.get_by_role("heading", name="Lucas Ferreira")).to_be_visible()


def test_a_set_up_without_a_name_is_refused_at_the_name(visit: VISIT) -> None:
    amara = visit("amara", width=360)
    name = amara.frame.get_by_label("Name")
    name.fill("")
    amara.button("Save and open").click()
    expect(name).to_be_focused()
    problem = amara.frame.get_by_role("alert").filter(has_text="The panel needs a name.")
    expect(problem).to_be_in_viewport(ratio=1)
    above, below = name.bounding_box() or {}, problem.bounding_box() or {}
    assert 0 < below["y"] - (above["y"] + above["height"]) < 30
    expect(name).to_be_in_viewport(ratio=1)
    name.fill("The river")
    amara.button("Save and open").click()
    amara.sees("Nothing here yet")


def test_edit_remove_and_react(visit: VISIT) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Frist thoughts")
    maya.button("Edit").click()
    box = maya.frame.get_by_label("Your text")
    expect(box).to_be_focused()
    box.fill("First thoughts")
    maya.button("Save").click()
    expect(maya.entry("First thoughts")).to_contain_text("edited")

    lucas.look_for_news()
    thought = lucas.entry("First thoughts").get_by_role("button", name="Made me think")
    thought.click()
    expect(thought).to_have_attribute("aria-pressed", "true")
    expect(thought).to_have_text("Made me think 1")
    expect(thought).to_be_focused()
    maya.look_for_news()
    expect(maya.entry("First thoughts").get_by_role("button", name="Made me think")).to_have_text(
        "Made me think 1"
    )
    thought.click()
    expect(thought).to_have_attribute("aria-pressed", "false")

    maya.button("Remove").click()
    maya.button("Keep it").click()
    expect(maya.entry("First thoughts")).to_be_visible()
    maya.button("Remove", maya.entry("First thoughts")).click()
    maya.button("Remove", maya.frame.get_by_role("dialog")).click()
    maya.sees("This entry was removed.")
    lucas.look_for_news()
    lucas.sees("This entry was removed.")
    lucas.does_not_see("First thoughts")
    expect(lucas.button("Write a reply…")).to_have_count(0)


def test_a_double_click_posts_once(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("Only once")
    maya.button("Post").dblclick()
    expect(maya.entry("Only once")).to_be_visible()
    maya.look_for_news()
    maya.page.wait_for_timeout(500)
    expect(maya.entry("Only once")).to_have_count(1)


def test_a_preview_shows_what_will_be_posted(visit: VISIT) -> None:
    maya = visit("maya")
    maya.button("Start a thread…").click()
    maya.frame.get_by_label("Your thought or question").fill("- one\n- two")
    maya.button("Preview").click()
    expect(maya.frame.get_by_role("region", name="Preview").get_by_role("listitem")).to_have_text(
        ["one", "two"]
    )
    maya.button("Preview").click()
    expect(maya.frame.get_by_label("Your thought or question")).to_be_focused()


def test_marked_words_are_quoted_in_the_reply(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Water finds its way.")
    maya.frame.evaluate("getSelection().selectAllChildren(document.querySelector('.entry .text p'))")
    maya.button("Reply").click()
    expect(maya.frame.get_by_label("Your reply")).to_have_value("> Water finds its way.\n\n")


def test_replies_stand_in_order_below_what_they_answer(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("root")
    maya.answer("root", "first")
    maya.answer("root", "second")
    maya.answer("first", "below first")
    maya.answer("below first", "deeper")
    maya.frame.get_by_role("button", name="Write a reply…").click()
    form = maya.frame.locator(".reply-composer")
    form.get_by_label("Your reply").fill("third")
    maya.button("Reply", form).click()
    texts = maya.frame.locator(".entry .text")
    expected = ["root", "first", "below first", "deeper", "second", "third"]
    expect(texts).to_have_text(expected)
    maya.reload_frame()
    expect(maya.frame.locator(".entry .text")).to_have_text(expected)


def test_a_long_panel_is_shown_page_by_page(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("number 000")
    maya.frame.evaluate(
        """async () => {
          const config = JSON.parse(document.getElementById("config").textContent);
          for (let number = 1; number <= 110; number += 1) {
            await fetch(config.panel + "/entries", {
              method: "POST",
              headers: { Authorization: "Bearer " + config.token },
              body: new URLSearchParams({ body: "number " + String(number).padStart(3, "0") }),
            });
          }
        }"""
    )
    maya.reload_frame()
    expect(maya.frame.locator(".entry")).to_have_count(100)
    maya.button("Show earlier threads").click()
    expect(maya.frame.locator(".entry")).to_have_count(111)
    expect(maya.button("Show earlier threads")).to_have_count(0)
    expect(maya.frame.locator(".entry").nth(100)).to_be_focused()
    maya.answer("number 003", "still works down here")
