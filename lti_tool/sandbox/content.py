"""What the sandbox opens with: a small college, two courses, and the people in them."""

from typing import TYPE_CHECKING

from lti_tool.sandbox.world import Lesson, Role

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

LEARNERS = (
    ("maya", "Maya", "Chen", "Works in a garden centre, studies in the evening"),
    ("lucas", "Lucas", "Ferreira", "Came from engineering, likes diagrams"),
    ("aisha", "Aisha", "Rahman", "Wants to teach science"),
    ("emil", "Emil", "Novák", "Reads everything, writes little"),
    ("sofia", "Sofía", "Herrera", "Grew up on a farm"),
    ("tariq", "Tariq", "Haddad", "Back at college after ten years"),
)

ECOLOGY = "ecology"
STATISTICS = "statistics"


def furnish(sandbox: "Sandbox") -> None:
    """Fill an empty world. The order of people, courses and links fixes their ids: add new ones at the end."""
    sandbox.add_course(
        ECOLOGY,
        "Introduction to Ecology",
        label="ECO101",
        summary="How living things hold each other up, seen from your own doorstep.",
        accent="green",
        lessons=(
            Lesson("food-webs", "Who eats whom", 12, "sandbox/lessons/food_webs.html", ("food-web",)),
            Lesson(
                "after-the-fire", "After the fire", 10, "sandbox/lessons/succession.html", ("first-back",)
            ),
            Lesson(
                "looking-back",
                "Looking back at the unit",
                15,
                "sandbox/lessons/ecology_review.html",
                ("ecology-reflection",),
            ),
        ),
    )
    sandbox.add_course(
        STATISTICS,
        "Statistics for Decisions",
        label="STA110",
        summary="Reading numbers well enough to act on them, and to doubt them.",
        accent="blue",
        lessons=(
            Lesson("totals", "When the total misleads", 14, "sandbox/lessons/totals.html", ("two-schools",)),
            Lesson(
                "rare-things",
                "A good test for a rare thing",
                11,
                "sandbox/lessons/base_rate.html",
                ("good-test",),
            ),
            Lesson(
                "believed-numbers",
                "Numbers we believed",
                15,
                "sandbox/lessons/statistics_review.html",
                ("statistics-reflection",),
            ),
        ),
    )
    _add_people(sandbox)
    _add_links(sandbox)


def _add_people(sandbox: "Sandbox") -> None:
    sandbox.add_user("ruth", "Ruth", "Bennett", about="Looks after the LMS", administrator=True)
    sandbox.add_user(
        "amara",
        "Amara",
        "Okafor",
        sourced_id="T-001",
        about="Teaches both courses",
        courses={ECOLOGY: Role.INSTRUCTOR, STATISTICS: Role.INSTRUCTOR},
    )
    # A role belongs to a membership: the assistant of one course sits among the learners of the other.
    sandbox.add_user(
        "jonas",
        "Jonas",
        "Lindqvist",
        sourced_id="S-100",
        about="Assists in Ecology, learns in Statistics",
        courses={ECOLOGY: Role.ASSISTANT, STATISTICS: Role.LEARNER},
    )
    for number, (key, given, family, about) in enumerate(LEARNERS, start=101):
        sandbox.add_user(
            key,
            given,
            family,
            sourced_id=f"S-{number}",
            about=about,
            courses={ECOLOGY: Role.LEARNER, STATISTICS: Role.LEARNER},
        )
        for course in (ECOLOGY, STATISTICS):
            group = "1" if number % 2 else "2"
            sandbox.world.courses[course].groups[key] = (group,)
    if sandbox.config.profile == "canvas":
        sandbox.add_user(
            "test-student",
            "Test",
            "Student",
            email="",
            about="The course as a learner sees it; not a real person",
            test_student=True,
            courses={ECOLOGY: Role.LEARNER, STATISTICS: Role.LEARNER},
        )


def _add_links(sandbox: "Sandbox") -> None:
    groups = {"moodle_groups": "$Moodle.Person.userGroupIds"}
    if sandbox.config.profile == "canvas":
        groups = {"canvas_groups": "$Canvas.group.contextIds"}
    # As an administrator is told to type them: with these names the tool finds what a course is a copy of.
    sent_always = {
        **groups,
        "time_zone": "$Person.address.timezone",
        "context_history": "$Context.id.history",
        "link_history": "$ResourceLink.id.history",
    }

    def add(key: str, course: str, title: str, kind: str, description: str) -> None:
        custom = {"kind": kind, **sent_always}
        sandbox.add_link(key, course, title, description=description, custom=custom)

    add(
        "food-web",
        ECOLOGY,
        "A food web near you",
        "discussion",
        "Who eats whom within a hundred steps of your door?",
    )
    add(
        "first-back",
        ECOLOGY,
        "What came back first?",
        "discussion",
        "A bare place you know, and what grew there.",
    )
    add(
        "ecology-reflection",
        ECOLOGY,
        "What changed in how I look",
        "reflection",
        "Closing the unit, for yourself first.",
    )
    add(
        "two-schools",
        STATISTICS,
        "Which school would you choose?",
        "discussion",
        "Decide, then say what would change your mind.",
    )
    add(
        "good-test",
        STATISTICS,
        "Explain it to an aunt",
        "discussion",
        "The same result in words that anybody can use.",
    )
    add(
        "statistics-reflection",
        STATISTICS,
        "A number I believed",
        "reflection",
        "One figure you trusted, and what you would ask now.",
    )
    if sandbox.config.profile == "canvas":
        for course in (ECOLOGY, STATISTICS):
            sandbox.add_link(
                f"{course}-commons",
                course,
                "Course commons",
                custom=sent_always,
                placement="course_navigation",
            )
