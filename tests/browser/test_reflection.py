"""A reflection: one step at a time, private, then shared and answered."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def make_reflection(visit: VISIT) -> None:
    amara = visit("amara")
    amara.frame.get_by_label("Reflection").check()
    amara.button("Save and open").click()
    amara.sees("Your reflection")
    amara.context.close()


def test_in_three_steps_to_a_shared_reflection(visit: VISIT) -> None:
    make_reflection(visit)
    maya, lucas = visit("maya"), visit("lucas")
    maya.sees("Private: only you can see this until you share it.")
    maya.frame.get_by_label("What happened?").fill("The weir was dry.")
    maya.button("Next").click()
    expect(maya.frame.get_by_label("What does it mean?")).to_be_focused()
    maya.frame.get_by_label("What does it mean?").fill("We planned for water.")
    expect(maya.frame.locator("[data-kept]")).to_have_text("Draft saved")

    # Its author comes back to the step where they left; nobody else sees a word.
    maya.page.goto("about:blank")
    maya.open()
    expect(maya.frame.get_by_label("What does it mean?")).to_have_value("We planned for water.")
    lucas.reload_frame()
    lucas.does_not_see("The weir was dry.")

    maya.button("Next").click()
    for written in ("What? written", "So what? written", "Now what?"):
        expect(maya.button(written)).to_be_visible()
    maya.frame.get_by_label("What will you do with it?").fill("Look *twice*.")
    maya.button("Next").click()
    preview = maya.frame.get_by_role("region", name="Preview")
    expect(preview.get_by_role("heading")).to_have_text(["What?", "So what?", "Now what?"])
    maya.button("Back").click()
    maya.button("Share").click()
    maya.frame.get_by_label("A title for it").fill("Dry")
    maya.button("Share with the course").click()
    expect(maya.frame.locator(".entry")).to_contain_text("The weir was dry.")
    # Not an empty form again, as if nothing had been written.
    maya.sees("You shared one just now.")
    expect(maya.frame.get_by_label("What happened?")).to_be_hidden()
    maya.frame.get_by_role("link", name="Read it").click()
    expect(maya.entry("The weir was dry.")).to_be_focused()
    maya.reload_frame()
    maya.sees("You have shared a reflection here.")
    maya.button("Write another").click()
    expect(maya.frame.get_by_label("What happened?")).to_be_focused()
    expect(maya.frame.get_by_label("What happened?")).to_have_value("")

    lucas.look_for_news()
    lucas.answer("The weir was dry.", "I saw that too.")
    # Below the form, where Maya does not see it.
    maya.look_for_news()
    pill = maya.frame.locator("#arrived-replies")
    expect(pill).to_have_text("1 new reply ↓")
    pill.click()
    expect(maya.entry("I saw that too.")).to_be_focused()
    expect(maya.entry("I saw that too.")).to_be_in_viewport()


def test_a_reflection_can_be_discarded(visit: VISIT) -> None:
    make_reflection(visit)
    maya = visit("maya")
    expect(maya.button("Discard")).to_be_hidden()
    maya.frame.get_by_label("What happened?").fill("Better not.")
    maya.button("Next").click()
    expect(maya.frame.locator("[data-kept]")).to_have_text("Draft saved")
    maya.button("Discard").click()
    maya.button("Discard", maya.frame.get_by_role("dialog")).click()
    expect(maya.frame.get_by_label("What happened?")).to_have_value("")
    expect(maya.button("Discard")).to_be_hidden()
    maya.reload_frame()
    expect(maya.frame.get_by_label("What happened?")).to_have_value("")


def test_sharing_nothing_leads_back_to_the_first_step(visit: VISIT) -> None:
    make_reflection(visit)
    maya = visit("maya")
    maya.button("Share").click()
    maya.button("Share with the course").click()
    expect(maya.frame.get_by_role("alert")).to_contain_text("The first step is still empty.")
    expect(maya.frame.get_by_label("What happened?")).to_be_visible()
