"""Writes of those who divide a course: sets and groups made, named, closed, and people put into them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from social_layer import text
from social_layer.clock import Clock
from social_layer.database import upsert
from social_layer.groups.actions import add_group, add_set
from social_layer.groups.plans import MOST_GROUPS, PlannedGroup
from social_layer.groups.roll import find_set, learners
from social_layer.people.models import CourseGroup, GroupMember, GroupOrigin, Membership
from social_layer.refusals import Conflict, Invalid, NotAllowed, NotFound
from social_layer.viewer import Viewer

MOST_NAME = 255


def let_arrange(viewer: Viewer) -> None:
    """Raises ``not_arranging``."""
    if not viewer.may_arrange:
        raise NotAllowed("not_arranging")


def carry_out(
    session: Session, clock: Clock, viewer: Viewer, name: str, plan: Sequence[PlannedGroup]
) -> UUID:
    """Makes a set of the plan's groups; answers its id. Who left the course since it was made is left out.

    Raises ``not_arranging``, ``set_name_missing``, ``text_too_long``, ``group_numbers_wrong``.
    """
    let_arrange(viewer)
    name = _name(name, "set_name_missing")
    if not 1 <= len(plan) <= MOST_GROUPS:
        raise Invalid("group_numbers_wrong")
    made = add_set(session, clock, viewer.tenant_id, viewer.panel.course_id, GroupOrigin.hand, name)
    # Each person once: a set made by hand divides.
    left = set(learners(session, viewer))
    members = []
    for number, planned in enumerate(plan, 1):
        title = text.one_line(planned.name)
        text.check_length("name", title, MOST_NAME)
        group = add_group(
            session, viewer.tenant_id, viewer.panel.course_id, made.id, number=number, name=title
        )
        for person_id in planned.people:
            if person_id in left:
                left.discard(person_id)
                members.append({"tenant_id": viewer.tenant_id, "group_id": group.id, "person_id": person_id})
    for start in range(0, len(members), 1000):
        session.execute(upsert(session, GroupMember).values(members[start : start + 1000]))
    return made.id


def add_group_by_hand(session: Session, viewer: Viewer, set_id: UUID, name: str) -> UUID:
    """Its id. Raises ``not_arranging``, ``group_set_not_found``, ``group_of_lms``, ``text_too_long`` and
    ``group_numbers_wrong``."""
    let_arrange(viewer)
    find_set(session, viewer, set_id, by_hand=True)
    name = text.one_line(name)
    text.check_length("name", name, MOST_NAME)
    of_set = (CourseGroup.tenant_id == viewer.tenant_id) & (CourseGroup.set_id == set_id)
    last, number = session.execute(select(func.max(CourseGroup.number), func.count()).where(of_set)).one()
    if number >= MOST_GROUPS:
        raise Invalid("group_numbers_wrong")
    return add_group(
        session, viewer.tenant_id, viewer.panel.course_id, set_id, number=(last or 0) + 1, name=name
    ).id


def name_group(session: Session, viewer: Viewer, set_id: UUID, group_id: UUID, name: str) -> None:
    """An LMS's group may be named too: most LMSs do not tell names. Raises as the others, and ``group_not_found``."""
    let_arrange(viewer)
    group = _group(session, viewer, set_id, group_id)
    name = text.one_line(name)
    text.check_length("name", name, MOST_NAME)
    group.name = name


def name_set(session: Session, viewer: Viewer, set_id: UUID, name: str) -> None:
    let_arrange(viewer)
    find_set(session, viewer, set_id).name = _name(name, "set_name_missing")


def close_group(session: Session, clock: Clock, viewer: Viewer, set_id: UUID, group_id: UUID) -> None:
    """Nobody writes in it any more. What was written stays readable for those who are in it, and for staff."""
    let_arrange(viewer)
    find_set(session, viewer, set_id, by_hand=True)
    _group(session, viewer, set_id, group_id).removed_at = clock()


def close_set(session: Session, clock: Clock, viewer: Viewer, set_id: UUID) -> None:
    """All its groups at once."""
    let_arrange(viewer)
    find_set(session, viewer, set_id, by_hand=True).removed_at = clock()
    session.execute(
        update(CourseGroup)
        .where(
            CourseGroup.tenant_id == viewer.tenant_id,
            CourseGroup.set_id == set_id,
            CourseGroup.removed_at.is_(None),
        )
        .values(removed_at=clock())
    )


def put(session: Session, viewer: Viewer, set_id: UUID, membership_id: UUID, group_id: UUID | None) -> None:
    """Moves somebody into a group of the set, or out of all of them. They lose sight of what others wrote before.

    Raises ``not_arranging``, ``group_set_not_found``, ``group_of_lms``, ``group_not_found``, ``person_not_found``.
    """
    let_arrange(viewer)
    find_set(session, viewer, set_id, by_hand=True)
    member = session.get(Membership, (viewer.tenant_id, membership_id))
    if member is None or member.course_id != viewer.panel.course_id or not member.active:
        raise NotFound("person_not_found")
    if group_id is not None:
        _group(session, viewer, set_id, group_id)
    in_set = select(CourseGroup.id).where(
        CourseGroup.tenant_id == viewer.tenant_id, CourseGroup.set_id == set_id
    )
    session.execute(
        delete(GroupMember).where(
            GroupMember.tenant_id == viewer.tenant_id,
            GroupMember.person_id == member.person_id,
            GroupMember.group_id.in_(in_set),
        )
    )
    if group_id is not None:
        session.add(GroupMember(tenant_id=viewer.tenant_id, group_id=group_id, person_id=member.person_id))
    session.flush()


def _group(session: Session, viewer: Viewer, set_id: UUID, group_id: UUID) -> CourseGroup:
    find_set(session, viewer, set_id)
    found = session.get(CourseGroup, (viewer.tenant_id, group_id))
    if found is None or found.set_id != set_id:
        raise NotFound("group_not_found")
    if found.removed_at is not None:
        raise Conflict("group_closed")
    return found


def _name(name: str, code: str) -> str:
    name = text.one_line(name)
    if not name:
        raise Invalid(code, field="name")
    text.check_length("name", name, MOST_NAME)
    return name
