"""The quirks of each LMS, each in a file of its own and nowhere else."""

from lti_tool.lti.platforms.canvas import CANVAS
from lti_tool.lti.platforms.generic import GENERIC, Family
from lti_tool.lti.platforms.moodle import MOODLE

FAMILIES = {family.code: family for family in (MOODLE, CANVAS)}


def family_of(code: str | None) -> Family:
    """By the product family code that an LMS sends with its launches (LTI core, section 5.4.2)."""
    return FAMILIES.get((code or "").lower(), GENERIC)
