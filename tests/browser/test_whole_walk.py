"""All of it once, as people do it: one pasted address, three panels, a class of thirty, grades, and the next term.

Tool and LMS are on two sites, third-party cookies are blocked, and nothing is reached but through pages and the API.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.classmates import Classmates
from tests.browser.college import COURSE, College, invite, open_college
from tests.browser.test_placing import Placer
from tests.browser.visitor import Visitor

THREE = ["maya", "lucas", "aisha"]
TALK, THOUGHTS, FLOOR = "What surprised you?", "Looking back on this week", "Open floor"
SECONDS = 1000


@pytest.fixture(params=["moodle", "canvas"])
def college(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[College]:
    with open_college(tmp_path, request.param) as opened:
        yield opened


@pytest.mark.timeout(240)
def test_from_a_pasted_address_to_the_next_term(college: College, browser: Browser) -> None:
    walk = Walk(college, browser)
    walk.register()
    talk, thoughts, floor = walk.place()
    walk.ask_for(talk, topics=1, replies=2)
    walk.be_taught(talk, thoughts, floor)
    walk.look_at_people(talk)
    walk.grade(talk)
    walk.copy_the_course(talk)
    # Each act stands in the LRS, and stands there once.
    eventually(lambda: college.recorded().total() >= walk.classmates.acts.total())
    assert college.recorded() == walk.classmates.acts


class Walk:
    def __init__(self, college: College, browser: Browser) -> None:
        self.college, self.browser, self.lms = college, browser, college.sandbox
        self.classmates = Classmates(college, Counter())
        self.contexts: list[BrowserContext] = []
        self.visitors: list[Visitor] = []
        learners = dict.fromkeys(THREE, "learner")
        self.lms.add_course(
            COURSE, "River Studies", label="RIV1", members={"amara": "instructor", **learners}
        )
        self.others = [person.key for person in self.lms.add_members(COURSE, 30 - len(THREE))]
        self.client = ""

    def context(self) -> BrowserContext:
        context = self.browser.new_context(viewport={"width": 900, "height": 800})
        context.set_default_timeout(15 * SECONDS)
        self.contexts.append(context)
        return context

    def leave(self) -> None:
        """Everybody closes their browser, which has no word of an error, and nothing of the tool in it."""
        assert [error for visitor in self.visitors for error in visitor.errors] == []
        for context in self.contexts:
            assert context.cookies(self.college.tool_url) == []
            context.close()
        self.contexts.clear()

    def visit(self, person: str, link: str) -> Visitor:
        visitor = Visitor(self.context(), self.college.activity(link), person)
        self.visitors.append(visitor)
        visitor.open()
        self.classmates.came(person, link)
        return visitor

    def course_page(self, person: str, where: str, course: str = COURSE) -> str:
        return f"{self.college.lms_url}/as/{person}/courses/{course}/{where}"

    def register(self) -> None:
        page = self.context().new_page()
        page.goto(f"{self.college.lms_url}/as/ruth/tools")
        page.get_by_label("Registration address of the tool").fill(invite(self.college, "Fernhill"))
        page.get_by_role("button", name="Register a tool").click()
        frame = page.frame_locator("[name=registration]")
        frame.get_by_role("button", name="Connect").click()
        expect(frame.get_by_role("heading", name="knows Fernhill")).to_be_visible()
        frame.get_by_role("button", name="Done").click()
        page.get_by_role("button", name="Activate").click()
        if self.lms.config.profile == "moodle":
            page.get_by_role("button", name="Show in the activity chooser").click()
        expect(page.get_by_role("button", name=re.compile("Activate|Show in"))).to_have_count(0)
        (self.client,) = set(self.lms.tools) - {self.lms.registration.client_id}
        self.leave()

    def place(self) -> list[str]:
        """The links of three panels, placed in one go; the first is graded."""
        placer = Placer(self.context(), self.college.course(COURSE), self.client)
        placer.begin("A question without one answer")
        placer.last("Make a column for it in the grade book").check()
        placer.last("Points").fill("10")
        placer.begin("Looking back on a week")
        placer.begin("An empty discussion")
        placer.last("Name").fill(FLOOR)
        placer.last("Prompt", exact=False).fill("Say **hello**.")
        expect(placer.frame.locator("#how-many")).to_have_text("3 panels")
        placer.frame.get_by_role("button", name="Place in the course").click()
        expect(placer.frame.get_by_role("heading", name="Added to River Studies")).to_be_visible()
        assert placer.errors == []
        placer.page.goto(self.course_page("amara", "grades"))
        expect(placer.page.get_by_role("columnheader", name=f"{TALK} of 10")).to_be_visible()
        activities = placer.page.get_by_role("list", name="Activities").get_by_role("link")
        expect(activities).to_have_text([TALK, THOUGHTS, FLOOR])
        self.leave()
        return [link.key for link in self.lms.world.links_of(self.lms.world.course(COURSE))]

    def ask_for(self, talk: str, topics: int, replies: int) -> None:
        amara = self.visit("amara", talk)
        amara.button("Grading").click()
        amara.button("Rules").click()
        amara.frame.get_by_label("Topics or answers").fill(str(topics))
        amara.frame.get_by_label("Replies").fill(str(replies))
        amara.sees("1 topic or answer and 2 replies, 10 points")
        amara.button("Save").click()
        amara.sees("Learners read this above the panel")
        self.leave()

    def be_taught(self, talk: str, thoughts: str, floor: str) -> None:
        maya, lucas, aisha = (self.visit(person, talk) for person in THREE)
        maya.start_thread("A kingfisher, by the bridge.", title="Something whistled")
        lucas.look_for_news()
        lucas.sees("Something whistled")
        lucas.answer("A kingfisher", "It was me.")
        lucas.answer("It was me.", "On a bicycle.")
        aisha.look_for_news()
        aisha.frame.get_by_role("button", name="2 new replies").first.click()
        aisha.sees("On a bicycle.")
        self.classmates.did("maya", "create")
        self.classmates.did("lucas", "replied", "replied")
        # Everybody else comes at once, while she looks.
        self.classmates.take_part(self.others, talk, thoughts, floor)
        maya.look_for_news()
        expect(maya.button("27 new threads")).to_be_visible(timeout=10 * SECONDS)
        expect(maya.frame.locator(".participation .points")).to_contain_text("3.33 / 10")

        thinker = self.visit("maya", thoughts)
        thinker.frame.get_by_label("What happened?").fill("The weir was dry.")
        thinker.button("Share").click()
        thinker.button("Share with the course").click()
        expect(thinker.entry("The weir was dry.")).to_be_visible()
        self.classmates.did("maya", "submit")
        self.leave()

    def look_at_people(self, talk: str) -> None:
        amara = self.visit("amara", talk)
        amara.button("People").click()
        amara.sees("31 people in the course")
        amara.sees("List of your LMS, as of")
        amara.frame.get_by_label("Find a name").fill("chen")
        expect(amara.frame.locator(".person")).to_have_count(1)
        expect(amara.frame.locator(".person")).to_contain_text("just now")
        self.leave()

    def grade(self, talk: str) -> None:
        amara = self.visit("amara", talk)
        amara.button("Grading").click()
        expect(amara.button("All 30")).to_be_visible()
        amara.frame.get_by_role("button", name="Maya Chen").click()
        amara.sees("1 of 1 topic or answer, 0 of 2 replies")
        amara.sees("Something whistled")
        amara.frame.get_by_role("textbox", name="Points").fill("7.5")
        amara.frame.get_by_label("Comment for the learner").fill("Read Lucas again.")
        amara.button("Save").click()
        amara.sees("Said by Amara")
        amara.button("All learners").click()
        send_all(amara)
        (column,) = self.lms.gradebook.items_of(COURSE)
        eventually(lambda: len(self.lms.gradebook.grades_in(column)) == 30)
        book = self.context().new_page()
        book.goto(self.course_page("amara", "grades"))
        expect(cell(book, "Maya Chen")).to_contain_text("7.5")
        expect(book.get_by_role("row")).to_have_count(31)
        points = [grade.score for grade in self.lms.gradebook.grades_in(column).values()]
        assert Counter(points) == {10: 27, 7.5: 1, 6.67: 1, 0: 1}
        book.goto(self.course_page("maya", "grades"))
        expect(cell(book, "Maya Chen")).to_contain_text("Read Lucas again.")
        expect(book.get_by_role("row")).to_have_count(2)
        amara.button("Refresh").click()
        amara.sees("30 sent, 0 waiting, 0 with a problem")
        self.leave()

    def copy_the_course(self, talk: str) -> None:
        (before,) = self.lms.gradebook.items_of(COURSE)
        given = dict(self.lms.gradebook.grades_in(before))
        said = [entry["id"] for entry in self.classmates.open("amara", talk).entries()]
        page = self.context().new_page()
        page.goto(self.course_page("amara", "manage"))
        page.get_by_label("Title of the copy").fill("River Studies, next term")
        page.get_by_role("button", name="Copy the course").click()
        activities = page.get_by_role("list", name="Activities").get_by_role("link")
        expect(activities).to_have_text([TALK, THOUGHTS, FLOOR])
        world = self.lms.world
        (copy,) = [course for course in world.courses.values() if course.title == "River Studies, next term"]
        links = world.links_of(copy)
        self.lms.enrol("lucas", copy.key, "learner")

        for link, empty in zip(
            links,
            ["Nothing here yet", "Nobody has shared a reflection yet", "Nothing here yet"],
            strict=True,
        ):
            amara = self.visit("amara", link.key)
            expect(amara.frame.locator("h1")).to_have_text(link.title)
            amara.sees(empty)
            expect(amara.frame.locator("article.entry")).to_have_count(0)
        amara.sees("Say hello.")
        lucas = self.visit("lucas", links[0].key)
        lucas.sees("What in this week's material surprised you, and why?")
        lucas.start_thread("It dried up.", title="The weir, again")
        expect(lucas.frame.locator(".participation")).to_contain_text("1 topic or answer and 2 replies")
        self.classmates.did("lucas", "create")
        lucas.answer("It dried up.", "Since May.")
        lucas.answer("Since May.", "Or April.")
        self.classmates.did("lucas", "replied", "replied")

        # The copy's own column has his grade; the old course is as it was.
        (after,) = self.lms.gradebook.items_of(copy.key)
        assert (after.number != before.number, after.score_maximum) == (True, 10)
        amara = self.visit("amara", links[0].key)
        amara.button("Grading").click()
        expect(amara.button("All 1")).to_be_visible()
        send_all(amara)
        eventually(lambda: self.lms.gradebook.grade(after, "lucas"))
        assert {who: each.score for who, each in self.lms.gradebook.grades_in(after).items()} == {"lucas": 10}
        assert self.lms.gradebook.grades_in(before) == given
        assert [entry["id"] for entry in self.classmates.open("amara", talk).entries()] == said
        self.leave()


def send_all(staff: Visitor) -> None:
    staff.button("Send all grades now").click()
    staff.button("Send them").click()


def cell(book: Page, person: str) -> Locator:
    return book.get_by_role("row").filter(has_text=person).get_by_role("cell")


def eventually(holds: Callable[[], object], seconds: float = 25) -> None:
    """Until the worker has come to it."""
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.2)
