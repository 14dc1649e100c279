"""Custom parameters with their variables filled in, by the rules both platforms share."""

from collections.abc import Mapping

from lti_tool.sandbox.launches import Launch

OF_THE_LINK = (
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.description",
    "ResourceLink.id.history",
)
"""What has no value before there is a link."""

WITHHELD = None
"""A variable the platform knows and does not tell; each profile has its own way to say so."""


def personal(launch: Launch) -> dict[str, str | None]:
    """The variables about the person; names and e-mail are withheld when the launch says so."""
    person, options = launch.person, launch.options
    return {
        "User.id": person.sub,
        "User.username": person.username,
        "Person.sourcedId": person.sourced_id,
        "Person.name.full": person.name if options.names else WITHHELD,
        "Person.name.given": person.given_name if options.names else WITHHELD,
        "Person.name.family": person.family_name if options.names else WITHHELD,
        "Person.email.primary": person.email if options.email else WITHHELD,
    }


def of_the_course(launch: Launch) -> dict[str, str | None]:
    course, link = launch.course, launch.link
    return {
        "Context.id": course.id,
        "Context.title": course.title,
        "Context.label": course.label,
        "Context.id.history": ",".join(course.history),
        "CourseSection.title": course.title,
        "CourseSection.label": course.label,
        "ResourceLink.id": link.id,
        "ResourceLink.title": link.title,
        "ResourceLink.description": link.description,
    }


def filled(custom: Mapping[str, str], known: Mapping[str, str | None]) -> dict[str, str | None]:
    """Each value that is a known variable replaced by what it stands for; an unknown one stays `$Name`."""
    return {
        key: known.get(value[1:], value) if value.startswith("$") else value for key, value in custom.items()
    }
