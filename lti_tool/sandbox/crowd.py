"""Many people at once: names for a roster as long as a test needs it."""

from typing import TYPE_CHECKING

from lti_tool.sandbox.world import Person, Role

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

GIVEN = ("Ana", "Bo", "Chidi", "Dilnoza", "Élise", "Farid", "Gwen", "Haruki", "Imani", "Jón", "Katya", "Li")
FAMILY = ("Abara", "Brandt", "Castillo", "Dvořák", "Eriksen", "Fontaine", "García", "Huang", "O’Neil", "Zhou")


def add_one(sandbox: "Sandbox", course: str, role: Role | str) -> Person:
    number = len(sandbox.world.people) + 1
    given = GIVEN[number % len(GIVEN)]
    family = f"{FAMILY[number // len(GIVEN) % len(FAMILY)]}-{number}"
    return sandbox.add_user(
        f"extra-{number}", given, family, sourced_id=f"X-{number}", extra=True, courses={course: role}
    )
