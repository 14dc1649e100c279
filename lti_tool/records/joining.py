"""What ties formal records to us: by what else people are known, and which activities belong to which course.

Nothing here leads to an alias or a pseudonym: both are accounts of our own base, and an identifier of our own base is
never kept.
"""

from datetime import datetime
from enum import Enum, auto
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from lti_tool.lti.models import Deployment, LtiContext, Platform
from lti_tool.lti.platforms import family_of
from social_layer.database import upsert
from social_layer.people.models import Account, Course
from xapi.gathering.models import ACTIVITY_LENGTH, MappedActivity, PersonIdentifier
from xapi.lrs.validation.formats import IRI
from xapi.vocabulary import Ids


class Wrong(Enum):
    """What is wrong with a wish to map."""

    activity = auto()
    unknown_course = auto()
    several_courses = auto()
    not_mapped = auto()


class MappingRefused(Exception):
    """Why an activity cannot be mapped, and what to do, in one line."""

    def __init__(self, wrong: Wrong, words: str) -> None:
        super().__init__(words)
        self.wrong = wrong


def known_as(session: Session, tenant_id: UUID) -> dict[str, str]:
    """Identifier → the person's account, as ``homePage|name``; of several the one of an LMS that is still connected."""
    connected = set(
        session.scalars(
            select(Platform.issuer).where(Platform.tenant_id == tenant_id, Platform.removed_at.is_(None))
        )
    )
    rows = session.execute(
        select(PersonIdentifier.identifier, Account.home_page, Account.name)
        .join(
            Account,
            and_(
                Account.tenant_id == PersonIdentifier.tenant_id,
                Account.person_id == PersonIdentifier.person_id,
            ),
        )
        .where(PersonIdentifier.tenant_id == tenant_id)
    )
    in_order = sorted(rows, key=lambda row: (row.home_page not in connected, row.home_page, row.name))
    found: dict[str, str] = {}
    for identifier, home_page, name in in_order:
        found.setdefault(identifier, f"{home_page}|{name}")
    return found


def courses_by_activity(session: Session, tenant_id: UUID, base: str) -> dict[str, str]:
    """The LMS's activity → our course's activity id: as the launches tell it, and as administrators said, who count."""
    ids = Ids(base)
    found: dict[str, str] = {}
    contexts = session.execute(
        select(Platform.issuer, Platform.family, LtiContext.lti_context_id, LtiContext.course_id)
        .join(
            Deployment,
            and_(Deployment.tenant_id == Platform.tenant_id, Deployment.platform_id == Platform.id),
        )
        .join(
            LtiContext,
            and_(LtiContext.tenant_id == Deployment.tenant_id, LtiContext.deployment_id == Deployment.id),
        )
        .where(Platform.tenant_id == tenant_id, LtiContext.lti_context_id != "")
    )
    for issuer, family, context_id, course_id in contexts:
        for activity in family_of(family).course_activities(issuer, context_id):
            found[activity] = ids.course(course_id)
    for activity, course_id in _mapped(session, tenant_id):
        found[activity] = ids.course(course_id)
    return found


def map_activity(session: Session, now: datetime, tenant_id: UUID, activity: str, course_id: UUID) -> None:
    """Raises :class:`MappingRefused`."""
    activity = activity.strip()
    # In bytes, for an index takes no more.
    if IRI.fullmatch(activity) is None or len(activity.encode()) > ACTIVITY_LENGTH:
        raise MappingRefused(
            Wrong.activity,
            f"{activity!r} is no activity id: give an absolute IRI, as it stands in statements",
        )
    said = {"course_id": course_id, "mapped_at": now}
    session.execute(
        upsert(session, MappedActivity)
        .values(tenant_id=tenant_id, id=uuid4(), activity=activity, **said)
        .on_conflict_do_update(index_elements=["tenant_id", "activity"], set_=said)
    )


def unmap_activity(session: Session, tenant_id: UUID, activity: str) -> None:
    """Raises :class:`MappingRefused`."""
    done = session.execute(
        delete(MappedActivity).where(
            MappedActivity.tenant_id == tenant_id, MappedActivity.activity == activity
        )
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise MappingRefused(Wrong.not_mapped, f"{activity!r} is not mapped; see: alongside records maps")


def list_maps(
    session: Session, tenant_id: UUID, *, after: str = "", limit: int | None = None
) -> list[tuple[str, UUID, str]]:
    """(activity, course, its title), in the order of activities."""
    found = session.execute(
        select(MappedActivity.activity, Course.id, Course.title)
        .join(
            Course,
            and_(Course.tenant_id == MappedActivity.tenant_id, Course.id == MappedActivity.course_id),
        )
        .where(MappedActivity.tenant_id == tenant_id, MappedActivity.activity > after)
        .order_by(MappedActivity.activity)
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in found]


def find_course(session: Session, tenant_id: UUID, base: str, named: str) -> UUID:
    """By our id, by its activity id, or by a label or title that only one has. Raises :class:`MappingRefused`."""
    named = named.removeprefix(Ids(base).course_prefix)
    query = select(Course.id).where(Course.tenant_id == tenant_id)
    try:
        found = session.scalars(query.where(Course.id == UUID(named))).all()
    except ValueError:
        found = session.scalars(query.where(or_(Course.label == named, Course.title == named))).all()
    if not found:
        raise MappingRefused(Wrong.unknown_course, f"no course is {named!r}; give its id, label or title")
    if len(found) > 1:
        raise MappingRefused(
            Wrong.several_courses,
            f"{len(found)} courses are called {named!r}; give the id of one: {found[0]} …",
        )
    return found[0]


def _mapped(session: Session, tenant_id: UUID) -> list[tuple[str, UUID]]:
    found = session.execute(
        select(MappedActivity.activity, MappedActivity.course_id).where(MappedActivity.tenant_id == tenant_id)
    )
    return [(row[0], row[1]) for row in found]
