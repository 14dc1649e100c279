"""Writes: sets and groups made, named, closed, and people put into them."""

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import upsert
from social_layer.people.models import CourseGroup, GroupMember, GroupOrigin, GroupSet


def add_set(
    session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, origin: GroupOrigin, name: str = ""
) -> GroupSet:
    made = GroupSet(
        tenant_id=tenant_id, id=uuid4(), course_id=course_id, origin=origin, name=name, created_at=clock()
    )
    session.add(made)
    session.flush()
    return made


def add_group(
    session: Session, tenant_id: UUID, course_id: UUID, set_id: UUID, *, number: int, name: str = ""
) -> CourseGroup:
    made = CourseGroup(
        tenant_id=tenant_id, id=uuid4(), course_id=course_id, set_id=set_id, number=number, name=name
    )
    session.add(made)
    session.flush()
    return made


def join_group(session: Session, tenant_id: UUID, person_id: UUID, groups: Collection[UUID]) -> None:
    """Into all of these groups; who is there already stays."""
    if not groups:
        return
    members = [{"tenant_id": tenant_id, "group_id": group, "person_id": person_id} for group in groups]
    session.execute(upsert(session, GroupMember).values(members).on_conflict_do_nothing())


def leave_groups(session: Session, tenant_id: UUID, person_id: UUID, groups: Collection[UUID]) -> None:
    """What they wrote there stays, out of their sight."""
    if not groups:
        return
    session.execute(
        delete(GroupMember).where(
            GroupMember.tenant_id == tenant_id,
            GroupMember.person_id == person_id,
            GroupMember.group_id.in_(groups),
        )
    )
