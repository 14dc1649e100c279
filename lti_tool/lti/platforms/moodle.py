"""Moodle. Recorded from 4.5: its launches keep to the standard; what administrators must know is at its other end."""

from lti_tool.lti.platforms.generic import Family

MOODLE = Family(
    code="moodle",
    advice=(
        (
            "Moodle refuses by default to fetch this tool's keys from private hosts and from ports other than 80 "
            "and 443; it then shows an error page. What is blocked stands under Site administration, General, "
            "Security, HTTP security."
        ),
        "A non-editing teacher launches as an instructor.",
    ),
)
