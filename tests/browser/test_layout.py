"""How the page stands: nothing jumps, nothing needs scrolling sideways, and it reads both ways."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, open_house
from tests.browser.visitor import Visitor

VISIT = Callable[..., Visitor]
_SHIFTS = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""
_LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänspatent" * 3


def fill(maya: Visitor) -> None:
    maya.start_thread(f"# Heading\n\n{_LONG_WORD}\n\n```\n{'code ' * 40}\n```", title=_LONG_WORD)
    maya.answer(
        "Heading",
        "| a | b | c |\n|---|---|---|\n| 111111111111 | 222222222222222 | 33333333333333333 |",
        seen="333333",
    )
    for number in range(5):
        maya.answer(f"level {number - 1}" if number else "111111111111", f"level {number}")


@pytest.mark.parametrize("width", [320, 360, 900])
def test_nothing_jumps_while_the_page_opens_or_news_arrives(visit: VISIT, width: int) -> None:
    maya = visit("maya", width=width)
    fill(maya)
    lucas = visit("lucas", width=width)
    lucas.page.wait_for_timeout(300)
    assert lucas.frame.evaluate(_SHIFTS) == 0
    maya.answer("level 4", "fresh reply")
    maya.start_thread("fresh thread")
    lucas.look_for_news()
    lucas.button("1 new thread").wait_for()
    lucas.frame.locator("#arrived-replies").wait_for()
    assert lucas.frame.evaluate(_SHIFTS) == 0
    root = "document.documentElement"
    assert lucas.frame.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    lucas.reload_frame()
    assert lucas.frame.evaluate(_SHIFTS) == 0


@pytest.mark.parametrize("width", [320, 360, 900])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_nothing_is_wider_than_the_page(visit: VISIT, width: int, direction: str) -> None:
    maya = visit("maya", width=900)
    fill(maya)
    maya.page.goto(f"{maya.place.house.lms_url}/as/maya/launch/{maya.place.link}")
    maya.page.set_viewport_size({"width": width, "height": 700})
    maya.page.locator("html[data-ready]").wait_for(state="attached")
    maya.page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    maya.page.get_by_role("button", name="Start a thread…").click()
    maya.page.get_by_role("button", name="Edit").first.click()
    maya.page.get_by_role("button", name="Reply", exact=True).last.click()
    root = "document.documentElement"
    assert maya.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    maya.page.get_by_role("button", name="Help").click()
    assert maya.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("language", ["en", "de"])
def test_all_that_staff_can_open_stands_within_the_page(visit: VISIT, width: int, language: str) -> None:
    amara = visit("amara", width=width)
    amara.button("Save and open").click()
    amara.page.goto(f"{amara.place.house.lms_url}/as/amara/launch/{amara.place.link}?language={language}")
    amara.page.locator("html[data-ready]").wait_for(state="attached")
    tools = amara.page.locator(".tools button")
    assert tools.count() >= 4
    for box in (tool.bounding_box() for tool in tools.all()):
        assert box is not None
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("language", ["en", "de"])
def test_reactions_with_numbers_fit_in_every_language(visit: VISIT, width: int, language: str) -> None:
    maya, lucas = visit("maya"), visit("lucas")
    maya.start_thread("Root")
    maya.answer("Root", "An answer")
    lucas.reload_frame()
    for text in ("Root", "An answer"):
        for kind in ("like", "insight", "same"):
            for person in (maya, lucas):
                button = person.entry(text).locator(f"[data-kind={kind}]")
                button.click()
                expect(button).to_have_attribute("aria-pressed", "true")
    maya.page.goto(f"{maya.place.house.lms_url}/as/maya/launch/{maya.place.link}?language={language}")
    maya.page.set_viewport_size({"width": width, "height": 700})
    maya.page.locator("html[data-ready]").wait_for(state="attached")
    expect(maya.page.locator("html")).to_have_attribute("lang", language)
    for act in ("reply", "edit"):
        maya.page.locator(f".entry [data-act={act}]").first.click()
        maya.page.locator(f".{act}-composer").wait_for()
    root = "document.documentElement"
    assert maya.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    for button in maya.page.locator(".react:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width


def test_the_ring_and_the_tint_of_a_reply_stand_in_one_place(visit: VISIT) -> None:
    maya = visit("maya", width=360)
    maya.start_thread("Root")
    maya.answer("Root", "An answer")
    maya.button("Edit", maya.entry("An answer")).press("Enter")
    maya.frame.get_by_label("Your text").fill("A better answer")
    maya.button("Save").press("Enter")
    reply = maya.entry("A better answer")
    expect(reply).to_be_focused()
    outlines = (
        """reply => [getComputedStyle(reply).outlineStyle, getComputedStyle(reply, "::after").outlineStyle]"""
    )
    assert reply.evaluate(outlines) == ["none", "solid"]


def test_replies_step_in_three_times_on_a_wide_page_and_once_on_a_narrow_one(visit: VISIT) -> None:
    maya = visit("maya")
    fill(maya)
    maya.page.goto(f"{maya.place.house.lms_url}/as/maya/launch/{maya.place.link}")
    maya.page.locator("html[data-ready]").wait_for(state="attached")

    def steps() -> list[int]:
        entries = maya.page.locator(".replies > .entry")
        left = [round((entries.nth(index).bounding_box() or {})["x"]) for index in range(entries.count())]
        return [x - left[0] for x in left]

    wide = steps()
    assert wide[1] > wide[0]
    assert wide[2] > wide[1]
    assert set(wide[2:]) == {wide[2]}
    named = maya.page.locator(".to:visible")
    expect(named).to_have_count(len(wide) - 3)
    maya.page.set_viewport_size({"width": 360, "height": 700})
    assert set(steps()) == {0}
    expect(named).to_have_count(len(wide) - 1)
    assert min((one.bounding_box() or {})["height"] for one in named.all()) >= 24
    named.first.click()
    expect(maya.page.locator(".replies > .entry").first).to_be_focused()


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_the_tint_of_what_has_just_arrived_stands_evenly_around_a_reply(visit: VISIT, direction: str) -> None:
    maya = visit("maya", width=360)
    maya.frame.evaluate("direction => { document.documentElement.dir = direction }", direction)
    maya.start_thread("Root")
    maya.answer("Root", "An answer")
    start, end = maya.frame.evaluate(
        """() => {
          const reply = document.querySelector(".replies > .entry");
          reply.classList.add("arrived");
          const [style, tint] = [getComputedStyle(reply), getComputedStyle(reply, "::after")];
          return [parseFloat(style.paddingInlineStart), -parseFloat(tint.insetInlineEnd)];
        }"""
    )
    assert start == end > 0
    root = "document.documentElement"
    assert maya.frame.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_the_exact_time_is_that_of_the_persons_zone(visit: VISIT) -> None:
    maya = visit("maya", timezone_id="Pacific/Auckland")
    maya.start_thread("When")
    title = maya.frame.locator("time").get_attribute("title") or ""
    zone = maya.frame.evaluate('JSON.parse(document.getElementById("config").textContent).time_zone')
    expected = maya.frame.evaluate(
        """zone => new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "short", timeZone: zone ?? undefined })
          .format(new Date(document.querySelector("time").dateTime))""",
        zone,
    )
    assert title == expected


@pytest.fixture(scope="module")
def canvas() -> House:  # type: ignore[misc]
    with open_house("canvas") as house:
        yield house


def test_canvas_makes_the_frame_as_high_as_the_page(visit: VISIT, canvas: House) -> None:
    place = canvas.new_course(maya="learner")
    maya = visit("maya", at=place)
    frame = maya.page.locator(f'iframe[name="activity-{place.link}"]')
    before = (frame.bounding_box() or {})["height"]
    maya.start_thread("Short")
    maya.button("Edit").click()
    maya.frame.get_by_label("Your text").fill("A line\n\n" * 60)
    maya.page.wait_for_timeout(1000)  # the box grows, the frame with it, and the button to be clicked moves
    maya.button("Save").click()
    expect(maya.entry("A line")).to_contain_text("edited")
    maya.page.wait_for_timeout(1000)
    after = (frame.bounding_box() or {})["height"]
    assert after > before
    assert maya.frame.evaluate("document.documentElement.scrollHeight <= innerHeight + 2")
    # A dialog of a very high page opens beside the button that asked for it, not in the middle of nowhere.
    maya.button("Remove").click()
    expect(maya.frame.get_by_role("dialog")).to_be_in_viewport()
    maya.button("Keep it").click()


def test_people_who_want_less_motion_get_none(visit: VISIT) -> None:
    maya = visit("maya", reduced_motion="reduce")
    maya.start_thread("Still")
    assert maya.frame.evaluate("document.getAnimations().length") == 0
    assert maya.frame.evaluate("getComputedStyle(document.querySelector('.act')).transitionDuration") == "0s"
