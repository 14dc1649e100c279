"""Reads: the people of a course who can be put into groups, and who is in which."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from social_layer.people.models import (
    Account,
    CourseGroup,
    GroupMember,
    GroupOrigin,
    GroupSet,
    Membership,
    Person,
    Role,
    Voice,
)
from social_layer.refusals import Conflict, NotFound
from social_layer.viewer import Viewer

PAGE = 50


@dataclass(frozen=True, slots=True)
class Pupil:
    """Somebody of a course who may be in a group, with the names by which their LMS knows them."""

    membership_id: UUID
    person_id: UUID
    name: str | None
    accounts: tuple[str, ...] = ()
    group_id: UUID | None = None
    # Their own voice in the course, where they have been there.
    voice_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SetBrief:
    """A group set with how many groups and people it has."""

    set: GroupSet
    groups: int
    people: int


@dataclass(frozen=True, slots=True)
class GroupBrief:
    group: CourseGroup
    people: int


@dataclass(frozen=True, slots=True)
class RollPage:
    """``next``: the membership behind which the next page begins, or None at the end."""

    items: list[Pupil]
    next: UUID | None


def _of_course(viewer: Viewer) -> Any:
    """Learners who are in the course now; the LMS's test student is nobody's fellow."""
    return and_(
        Membership.tenant_id == viewer.tenant_id,
        Membership.course_id == viewer.panel.course_id,
        Membership.active,
        Membership.role == Role.learner,
        Membership.is_test.is_(False),
    )


_HAS_PERSON = and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id)


_HAS_VOICE = and_(
    Voice.tenant_id == Membership.tenant_id,
    Voice.course_id == Membership.course_id,
    Voice.person_id == Membership.person_id,
)


def learners(session: Session, viewer: Viewer) -> list[UUID]:
    """The persons who may be put into groups."""
    return list(session.scalars(select(Membership.person_id).where(_of_course(viewer))))


def whole_roll(session: Session, viewer: Viewer) -> list[Pupil]:
    """All of them, with their accounts: for matching a file."""
    accounts: dict[UUID, list[str]] = defaultdict(list)
    found = session.execute(
        select(Account.person_id, Account.name)
        .join(
            Membership,
            and_(Membership.tenant_id == Account.tenant_id, Membership.person_id == Account.person_id),
        )
        .where(_of_course(viewer))
    )
    for person_id, account in found:
        accounts[person_id].append(account)
    people = session.execute(
        select(Membership.id, Membership.person_id, Person.name)
        .join(Person, _HAS_PERSON)
        .where(_of_course(viewer))
    )
    return [Pupil(*row, accounts=tuple(accounts[row.person_id])) for row in people]


def pupils(session: Session, viewer: Viewer) -> dict[UUID, Pupil]:
    """All of them, by person: for showing a plan."""
    found = session.execute(
        select(Membership.id, Membership.person_id, Person.name, Voice.id.label("voice_id"))
        .join(Person, _HAS_PERSON)
        .outerjoin(Voice, _HAS_VOICE)
        .where(_of_course(viewer))
    )
    return {
        person_id: Pupil(membership_id, person_id, name, voice_id=voice_id)
        for membership_id, person_id, name, voice_id in found
    }


def sets_with_numbers(session: Session, viewer: Viewer) -> list[SetBrief]:
    """The course's sets, the LMS's first. One statement."""
    groups = and_(
        CourseGroup.tenant_id == GroupSet.tenant_id,
        CourseGroup.set_id == GroupSet.id,
        CourseGroup.removed_at.is_(None),
    )
    members = and_(GroupMember.tenant_id == CourseGroup.tenant_id, GroupMember.group_id == CourseGroup.id)
    found = session.execute(
        select(
            GroupSet,
            func.count(CourseGroup.id.distinct()),
            func.count(GroupMember.person_id.distinct()),
        )
        .outerjoin(CourseGroup, groups)
        .outerjoin(GroupMember, members)
        .where(
            GroupSet.tenant_id == viewer.tenant_id,
            GroupSet.course_id == viewer.panel.course_id,
            GroupSet.removed_at.is_(None),
        )
        .group_by(GroupSet.tenant_id, GroupSet.id)
        .order_by(GroupSet.origin.desc(), GroupSet.created_at, GroupSet.id)
    )
    return [SetBrief(*row) for row in found]


def find_set(session: Session, viewer: Viewer, set_id: UUID, *, by_hand: bool = False) -> GroupSet:
    """Raises ``group_set_not_found``; with ``by_hand`` also for a set that its LMS keeps, ``group_of_lms``."""
    found = session.get(GroupSet, (viewer.tenant_id, set_id))
    if found is None or found.course_id != viewer.panel.course_id or found.removed_at is not None:
        raise NotFound("group_set_not_found")
    if by_hand and found.origin != GroupOrigin.hand:
        raise Conflict("group_of_lms")
    return found


def groups_of_set(session: Session, viewer: Viewer, set_id: UUID) -> list[GroupBrief]:
    """Its groups in their order, with how many people each has. One statement."""
    found = session.execute(
        select(CourseGroup, func.count(GroupMember.person_id))
        .outerjoin(
            GroupMember,
            and_(GroupMember.tenant_id == CourseGroup.tenant_id, GroupMember.group_id == CourseGroup.id),
        )
        .where(
            CourseGroup.tenant_id == viewer.tenant_id,
            CourseGroup.set_id == set_id,
            CourseGroup.removed_at.is_(None),
        )
        .group_by(CourseGroup.tenant_id, CourseGroup.id)
        .order_by(CourseGroup.number, CourseGroup.name, CourseGroup.id)
    )
    return [GroupBrief(*row) for row in found]


def roll_page(
    session: Session, viewer: Viewer, set_id: UUID, *, after: UUID | None = None, limit: int = PAGE
) -> RollPage:
    """A page of the course's learners by name, with the group of this set that each is in."""
    sort_name = func.coalesce(Person.name, "")
    in_set = (
        select(GroupMember.group_id)
        .join(
            CourseGroup,
            and_(CourseGroup.tenant_id == GroupMember.tenant_id, CourseGroup.id == GroupMember.group_id),
        )
        .where(
            GroupMember.tenant_id == Membership.tenant_id,
            GroupMember.person_id == Membership.person_id,
            CourseGroup.set_id == set_id,
            CourseGroup.removed_at.is_(None),
        )
        .order_by(CourseGroup.number)
        .limit(1)
        .correlate(Membership)
        .scalar_subquery()
    )
    asked = (
        select(Membership.id, Membership.person_id, Person.name, in_set, Voice.id)
        .join(Person, _HAS_PERSON)
        .outerjoin(Voice, _HAS_VOICE)
        .where(_of_course(viewer))
        .order_by(sort_name, Membership.id)
        .limit(limit + 1)
    )
    if after is not None:
        last = session.execute(
            select(sort_name, Membership.id)
            .join(Person, _HAS_PERSON)
            .where(
                Membership.tenant_id == viewer.tenant_id,
                Membership.course_id == viewer.panel.course_id,
                Membership.id == after,
            )
        ).first()
        if last is not None:
            name, membership_id = last
            asked = asked.where(or_(sort_name > name, and_(sort_name == name, Membership.id > membership_id)))
    found = session.execute(asked).all()
    items = [
        Pupil(membership, person, name, group_id=group, voice_id=voice)
        for membership, person, name, group, voice in found[:limit]
    ]
    return RollPage(items, items[-1].membership_id if len(found) > limit else None)
