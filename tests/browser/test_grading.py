"""Grading in a browser: a rule is made, a learner is graded with the keyboard alone, and the LMS shows the grade."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from lti_tool.lti.grade_courier import Grader
from tests.browser.test_access import violations
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]


def worker(visitor: Visitor, person: str, points: float | None) -> None:
    """What the worker does within seconds; then the LMS shows these points."""
    house = visitor.place.house
    grader = Grader(house.given)
    for key in grader.sweep():
        grader.deliver(key)
    book = house.sandbox.gradebook
    shown = [book.grade(item, person) for item in book.items_of(visitor.place.course)]
    assert [grade.score if grade else None for grade in shown] == [points]


def make_rule(visit: VISIT, **options: object) -> Visitor:
    amara = visit("amara", **options)
    amara.button("Save and open").click()
    amara.button("Set up").click()
    amara.button("Make a rule").click()
    expect(amara.frame.get_by_role("heading", name="How this panel is graded")).to_be_focused()
    amara.frame.get_by_label("Topics or answers").fill("1")
    amara.frame.get_by_label("Replies").fill("1")
    amara.sees("1 topic or answer and 1 reply, 10 points")
    amara.button("Save").click()
    amara.sees("Learners read this above the panel")
    return amara


def test_grading_a_learner_by_keyboard_and_sending(visit: VISIT, third_party_cookies: str) -> None:
    make_rule(visit)
    maya, lucas = visit("maya"), visit("lucas")
    maya.frame.locator(".participation summary").click()
    maya.sees("0 of 1 topic or answer")
    lucas.start_thread("A bicycle bell")
    maya.start_thread("A kingfisher", title="Something whistled")
    expect(maya.frame.locator(".participation")).to_contain_text("5 / 10")
    lucas.button("1 new thread").click(timeout=9000)
    lucas.answer("A kingfisher", "It was me")

    amara = visit("amara")
    keys = amara.page.keyboard
    amara.button("Grading").focus()
    keys.press("Enter")
    expect(amara.frame.get_by_role("heading", name="Grading", level=1)).to_be_focused()
    amara.frame.get_by_role("button", name="Lucas Ferreira").focus()
    keys.press("Enter")
    expect(amara.frame.get_by_role("heading", name="Lucas Ferreira", level=1)).to_be_focused()
    amara.sees("1 of 1 topic or answer, 1 of 1 reply → 10 of 10 points")
    keys.press("j")
    expect(amara.frame.get_by_role("heading", name="Maya Chen", level=1)).to_be_focused()
    amara.sees("Something whistled")
    keys.press("k")
    expect(amara.frame.get_by_role("heading", name="Lucas Ferreira", level=1)).to_be_focused()
    keys.press("ArrowRight")
    expect(amara.frame.get_by_role("heading", name="Maya Chen", level=1)).to_be_focused()
    keys.press("p")
    keys.type("7.5")
    keys.press("Tab")
    # Letters are letters within a field.
    keys.type("jolly good")
    keys.press("Control+Enter")
    amara.sees("Said by Amara")
    expect(amara.frame.get_by_role("textbox", name="Points")).to_have_value("7.5")
    expect(amara.frame.get_by_label("Comment for the learner")).to_have_value("jolly good")
    worker_shows = {"maya": 7.5, "lucas": 10.0}
    grader = Grader(amara.place.house.given)
    for key in grader.sweep():
        grader.deliver(key)
    book = amara.place.house.sandbox.gradebook
    (item,) = book.items_of(amara.place.course)
    assert {who: grade.score for who, grade in book.grades_in(item).items()} == worker_shows
    keys.press("Escape")
    expect(amara.frame.get_by_role("heading", name="Grading", level=1)).to_be_focused()
    amara.sees("2 sent")
    amara.button("Back to the panel").click()
    expect(amara.button("Grading")).to_be_focused()

    maya.reload_frame()
    maya.frame.locator(".participation summary").click()
    maya.sees("Given by hand: 7.5 of 10 points")
    maya.sees("jolly good")

    # And back from the LMS's own grade book.
    house, course = amara.place.house, amara.place.course
    amara.page.goto(f"{house.lms_url}/as/amara/courses/{course}/grades/{item.number}/maya")
    amara.page.get_by_role("link", name="Show the work").click()
    work = amara.page.frame_locator("iframe[name=review]")
    expect(work.get_by_role("heading", name="Maya Chen", level=1)).to_be_visible()
    expect(work.get_by_text("Something whistled").first).to_be_visible()


def test_a_grade_of_the_lms_is_replaced_only_after_asking(visit: VISIT) -> None:
    amara = make_rule(visit)
    maya = visit("maya")
    maya.start_thread("A kingfisher")
    amara.button("See all learners").click()
    amara.button("Send all grades now").click()
    amara.button("Send them").click()
    amara.sees("On its way")
    house, book = amara.place.house, amara.place.house.sandbox.gradebook
    worker(amara, "maya", 5)
    (item,) = book.items_of(amara.place.course)
    house.sandbox.set_grade(item, "maya", 9)
    amara.frame.get_by_role("button", name="Maya Chen").click()
    amara.page.wait_for_timeout(1100)
    amara.frame.get_by_role("textbox", name="Points").fill("3")
    amara.button("Save").click()
    amara.sees("Said by Amara")
    worker(amara, "maya", 9)
    amara.button("All learners").click()
    amara.frame.get_by_role("button", name="Needs a look").click()
    amara.frame.get_by_role("button", name="Maya Chen").click()
    amara.sees("The LMS shows 9 of 10 points, and that is not from here.")
    amara.button("Replace the LMS’s grade").click()
    amara.button("Leave it").click()
    worker(amara, "maya", 9)
    amara.button("Replace the LMS’s grade").click()
    amara.button("Replace it").click()
    expect(amara.button("Replace the LMS’s grade")).to_have_count(0)
    worker(amara, "maya", 3)
    # What was given here is taken back, or replaced by the LMS's grade, after asking too.
    amara.button("Take back").click()
    amara.button("Keep it").click()
    expect(amara.frame.get_by_role("textbox", name="Points")).to_have_value("3")
    house.sandbox.set_grade(item, "maya", 8)
    amara.button("All learners").click()
    amara.button("Look what the LMS shows").click()
    amara.sees("Maya Chen")
    worker(amara, "maya", 8)
    amara.frame.get_by_role("button", name="Maya Chen").click()
    amara.button("Keep the LMS’s grade, here too").click()
    amara.button("Not now").click()
    expect(amara.frame.get_by_role("textbox", name="Points")).to_have_value("3")
    amara.button("Keep the LMS’s grade, here too").click()
    amara.button("Keep that one").click()
    expect(amara.frame.get_by_role("textbox", name="Points")).to_have_value("8")
    amara.button("Take back").click()
    amara.button("Take it back").click()
    expect(amara.button("Take back")).to_have_count(0)
    expect(amara.frame.get_by_role("textbox", name="Points")).to_have_value("")


def at_maya(visit: VISIT) -> Visitor:
    """Amara grades Maya; Lucas is there as well."""
    visit("maya").start_thread("A kingfisher")
    visit("lucas").start_thread("A bicycle bell")
    amara = make_rule(visit)
    amara.button("See all learners").click()
    amara.frame.get_by_role("button", name="Maya Chen").click()
    expect(amara.frame.get_by_role("heading", name="Maya Chen", level=1)).to_be_focused()
    return amara


def test_what_is_typed_and_not_saved_is_not_lost_unasked(visit: VISIT) -> None:
    amara = at_maya(visit)
    frame, keys = amara.frame, amara.page.keyboard
    maya = frame.get_by_role("heading", name="Maya Chen", level=1)
    frame.get_by_label("Comment for the learner").fill("A long comment")
    for leave in ("Previous", "All learners"):
        amara.button(leave).click()
        amara.button("Stay here").click()
        expect(maya).to_be_visible()
    keys.press("Escape")
    for key in ("k", "Escape"):
        maya.focus()
        keys.press(key)
        amara.button("Stay here").click()
        expect(frame.get_by_label("Comment for the learner")).to_have_value("A long comment")
    asked: list[str] = []
    amara.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    amara.page.close(run_before_unload=True)
    amara.page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    amara.button("Save").click()
    amara.sees("Said by Amara")
    amara.button("Previous").click()
    expect(frame.get_by_role("heading", name="Lucas Ferreira", level=1)).to_be_focused()
    frame.get_by_role("textbox", name="Points").fill("2")
    amara.button("Next").click()
    amara.button("Go on without").click()
    expect(maya).to_be_focused()


def test_single_letters_can_be_switched_off(visit: VISIT, third_party_cookies: str) -> None:
    amara = at_maya(visit)
    frame, keys = amara.frame, amara.page.keyboard
    frame.locator(".keys summary").click()
    frame.get_by_label("Single letters and arrows do something").uncheck()
    maya = frame.get_by_role("heading", name="Maya Chen", level=1)
    maya.focus()
    for key in ("k", "ArrowLeft", "p"):
        keys.press(key)
        amara.page.wait_for_timeout(200)
        expect(maya).to_be_focused()
    # The next screen, and a reload of the page, remember it.
    amara.reload_frame()
    amara.button("Grading").click()
    amara.frame.get_by_role("button", name="Lucas Ferreira").click()
    lucas = amara.frame.get_by_role("heading", name="Lucas Ferreira", level=1)
    expect(lucas).to_be_focused()
    keys.press("j")
    amara.page.wait_for_timeout(200)
    expect(lucas).to_be_focused()
    amara.frame.locator(".keys summary").click()
    amara.frame.get_by_label("Single letters and arrows do something").check()
    lucas.focus()
    keys.press("j")
    expect(amara.frame.get_by_role("heading", name="Maya Chen", level=1)).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 360])
def test_everybody_can_grade(visit: VISIT, scheme: str, width: int) -> None:
    amara = visit("amara", color_scheme=scheme, width=width)
    amara.button("Save and open").click()
    amara.button("Set up").click()
    amara.button("Make a rule").click()
    amara.button("Add a stage with days and points of its own").click()
    expect(amara.frame.get_by_role("group", name="Stage 2")).to_be_visible()
    assert violations(amara.frame) == []
    assert no_sideways(amara)
    amara.frame.get_by_role("textbox", name="Points").nth(1).fill("0")
    amara.button("Save").click()
    expect(amara.frame.get_by_role("alert")).to_be_visible()
    assert violations(amara.frame) == []
    amara.button("Remove this stage").nth(1).click()
    amara.button("Save").click()
    assert violations(amara.frame) == []
    amara.button("See all learners").click()
    amara.sees("No learners yet")
    assert violations(amara.frame) == []
    maya = visit("maya", color_scheme=scheme, width=width)
    maya.start_thread("A kingfisher", title="Something whistled")
    maya.frame.locator(".participation summary").click()
    maya.sees("1 of 2 topics or answers")
    assert violations(maya.frame) == []
    amara.button("Back to the panel").click()
    amara.wait()
    amara.button("Grading").click()
    amara.sees("Maya Chen")
    assert violations(amara.frame) == []
    assert no_sideways(amara)
    amara.frame.get_by_role("button", name="Maya Chen").click()
    amara.frame.locator(".keys summary").click()
    # Not the mark of a reflection's finished step, which goes by the same word.
    marks = (
        "[...document.querySelectorAll('ol.written')].map(one => getComputedStyle(one, '::before').content)"
    )
    assert amara.frame.evaluate(marks) == ["none"]
    assert violations(amara.frame) == []
    assert no_sideways(amara)


def no_sideways(visitor: Visitor) -> bool:
    found: bool = visitor.frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found
