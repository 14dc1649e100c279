"""A panel for groups: two learners apart, staff between them, groups drawn at random, and a new term."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lti_tool.lti.tool_card import CUSTOM
from tests.browser.house import House, Place
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


@pytest.fixture
def place(house: House, place: Place) -> Place:
    """A course whose LMS tells groups: Maya is in one, Lucas in the other, Aisha in both."""
    house.sandbox.registration.custom = dict(CUSTOM)
    house.sandbox.set_groups("maya", place.course, "1")
    house.sandbox.set_groups("lucas", place.course, "2")
    house.sandbox.set_groups("aisha", place.course, "1", "2")
    return place


def set_up_for_groups(amara: Visitor, mode: str, groups: str = "") -> None:
    amara.frame.get_by_label(mode).check()
    if groups:
        amara.frame.get_by_label("Which groups").select_option(label=groups)
    amara.frame.locator(".set-up-form [type=submit]").click()
    expect(amara.frame.locator("#panel h1")).to_be_focused()


def test_two_groups_and_staff_between_them(visit: VISIT, third_party_cookies: str) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    amara = visit("amara")
    set_up_for_groups(amara, "Groups, with you across")
    maya.reload_frame()
    lucas.reload_frame()
    maya.sees("Your group")
    maya.start_thread("The reds met at the weir")
    lucas.start_thread("The blues met at the mill")
    maya.look_for_news()
    lucas.look_for_news()
    maya.does_not_see("The blues met at the mill")
    lucas.does_not_see("The reds met at the weir")

    amara.reload_frame()
    amara.sees("The reds met at the weir")
    amara.sees("The blues met at the mill")
    show = amara.frame.get_by_label("Show")
    show.select_option(label="Group 2")
    amara.does_not_see("The reds met at the weir")
    amara.sees("The blues met at the mill")
    expect(amara.frame.get_by_label("Show")).to_be_focused()
    amara.reload_frame()
    amara.does_not_see("The reds met at the weir")
    amara.frame.get_by_label("Show").select_option(label="All groups")
    amara.sees("The reds met at the weir")
    amara.start_thread("Dear both, what did you hear?")

    for group, reader in (("Group 1", maya), ("Group 2", lucas)):
        reader.button("1 new thread").click(timeout=9000)
        reader.button("Reply", reader.entry("what did you hear?")).click()
        expect(reader.frame.locator(".reply-composer .for-whom")).to_contain_text(group)
        form = reader.frame.locator(".reply-composer")
        form.get_by_label("Your reply").fill(f"Heard by {group}")
        reader.button("Reply", form).click()
        reader.sees(f"Heard by {group}")
    maya.look_for_news()
    maya.does_not_see("Heard by Group 2")

    aisha = visit("aisha")
    aisha.sees("You are in several groups")
    aisha.sees("Heard by Group 1")
    aisha.does_not_see("Heard by Group 2")
    aisha.frame.get_by_label("Your group").select_option(label="Group 2")
    aisha.sees("Heard by Group 2")
    aisha.does_not_see("Heard by Group 1")


def test_groups_drawn_at_random_are_looked_at_made_and_used(visit: VISIT, place: Place) -> None:
    for person in ("maya", "lucas", "aisha"):
        visit(person)
    amara = visit("amara")
    amara.button("Later").click()
    amara.button("Groups").click()
    expect(amara.frame.get_by_role("heading", name="Groups", level=1)).to_be_focused()
    amara.frame.locator("#draw-name").fill("Riverbanks")
    amara.frame.get_by_label("At random, by number of groups").check()
    amara.frame.get_by_label("How many").fill("2")
    amara.button("Preview", amara.frame.locator("form").filter(has_text="How many")).click()
    amara.sees("These groups would be made")
    expect(amara.frame.locator(".chips li")).to_have_count(3)
    amara.button("Draw again").click()
    amara.sees("These groups would be made")
    amara.button("Make these groups").click()
    expect(amara.frame.get_by_role("heading", name="Riverbanks", level=1)).to_be_focused()
    amara.frame.get_by_label("Maya").select_option(label="Group 1")
    amara.frame.get_by_label("Lucas").select_option(label="Group 2")
    amara.frame.get_by_label("Name of Group 1").fill("Weir")
    amara.button("Rename", amara.frame.locator("li").filter(has_text="Rename").first).click()
    expect(amara.frame.get_by_label("Maya").locator("option:checked")).to_have_text("Weir")
    amara.button("Set up this panel").click()
    set_up_for_groups(amara, "Each group apart", "Riverbanks")
    maya = visit("maya")
    maya.sees("Weir")
    lucas = visit("lucas")
    maya.start_thread("For the weir alone")
    lucas.look_for_news()
    lucas.does_not_see("For the weir alone")


def test_a_file_of_groups_is_looked_at_before_it_counts(visit: VISIT, tmp_path: Path) -> None:
    visit("maya")
    amara = visit("amara")
    amara.button("Later").click()
    amara.button("Groups").click()
    sheet = tmp_path / "groups.csv"
    sheet.write_text("Name,Group\nMaya Chen,Otters\nSomebody Else,Otters\n")
    amara.frame.locator("#file-file").set_input_files(sheet)
    amara.button("Preview", amara.frame.locator("form:has(#file-file)")).click()
    amara.sees("1 row is left out")
    amara.sees("Otters")
    amara.button("Cancel").click()
    amara.sees("New groups")
    amara.does_not_see("Otters")


def test_a_new_term_and_taking_ones_own_along(visit: VISIT) -> None:
    maya = visit("maya")
    maya.start_thread("Last year's kingfisher")
    amara = visit("amara")
    amara.button("Later").click()
    amara.button("Terms").click()
    amara.frame.locator("summary", has_text="Start a new term").click()
    amara.button("End term 1 and begin anew").click()
    amara.sees("until")
    amara.button("Term 1").click()
    amara.sees("Last year's kingfisher")
    expect(amara.frame.locator(".former .act")).to_have_count(0)
    maya.reload_frame()
    maya.sees("Nothing here yet")
    maya.button("My contributions").click()
    with maya.page.expect_download() as download:
        maya.button("Download as text").click()
    assert "Last year's kingfisher" in Path(download.value.path()).read_text()
    maya.button("Back to the panel").click()
    maya.sees("Nothing here yet")
    expect(maya.button("My contributions")).to_be_focused()
