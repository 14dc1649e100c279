"""The LMS's groups: learned from launches by their ids, and named by its Course Groups Service where it has one."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.lti.messages import GroupServiceOffer
from lti_tool.lti.models import GroupService, LtiContext, LtiGroup, LtiGroupSet
from social_layer.clock import Clock
from social_layer.database import rows, run, upsert
from social_layer.groups.actions import add_group, add_set, join_group, leave_groups
from social_layer.people.models import CourseGroup, GroupMember, GroupOrigin
from social_layer.viewer import Viewer

# The id of the set of groups whose LMS tells no sets.
UNTOLD = ""
_LARGEST_NUMBER = 9_999_999


def learn_groups(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    context_id: UUID,
    told: Sequence[str],
    *,
    asks_names: bool = True,
) -> bool:
    """Puts the viewer into these groups of the LMS, and into no other of its groups; whether anything changed.

    Groups that are new here are made, and their names asked for where the LMS tells any.
    """
    values = {
        "tenant_id": viewer.tenant_id,
        "context_id": context_id,
        "person_id": viewer.person_id,
        "told": list(told),
    }
    met = rows(session, _MET, values)
    known = {row.lti_group_id: row.group_id for row in met if row.group_id}
    present = {row.group_id for row in met if row.is_member}
    missing = [lti_id for lti_id in told if lti_id not in known]
    if missing:
        course_id, set_id = viewer.panel.course_id, met[0].set_id if met else None
        if set_id is None:
            set_id = _make_set(session, clock, viewer.tenant_id, course_id, context_id, UNTOLD)
            first = 0
        else:
            first = _last_number(session, viewer.tenant_id, set_id)
        known |= _add_groups(session, viewer.tenant_id, course_id, context_id, set_id, missing, first)
        if asks_names:
            ask_soon(session, clock, viewer.tenant_id, context_id)
    wanted = {known[lti_id] for lti_id in told}
    leave_groups(session, viewer.tenant_id, viewer.person_id, present - wanted)
    join_group(session, viewer.tenant_id, viewer.person_id, wanted - present)
    return wanted != present


def make_groups(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    course_id: UUID,
    context_id: UUID,
    lti_ids: Iterable[str],
    lti_set_id: str = UNTOLD,
) -> dict[str, UUID]:
    """Groups for ids met for the first time, nameless; by the LMS's number where its ids are such."""
    set_id = find_or_make_set(session, clock, tenant_id, course_id, context_id, lti_set_id)
    last = _last_number(session, tenant_id, set_id)
    return _add_groups(session, tenant_id, course_id, context_id, set_id, lti_ids, last)


def _last_number(session: Session, tenant_id: UUID, set_id: UUID) -> int:
    of_set = (CourseGroup.tenant_id == tenant_id) & (CourseGroup.set_id == set_id)
    return session.scalar(select(func.max(CourseGroup.number)).where(of_set)) or 0


def _add_groups(
    session: Session,
    tenant_id: UUID,
    course_id: UUID,
    context_id: UUID,
    set_id: UUID,
    lti_ids: Iterable[str],
    last: int,
) -> dict[str, UUID]:
    made = {}
    for lti_id in lti_ids:
        told = int(lti_id) if lti_id.isascii() and lti_id.isdigit() and len(lti_id) < 8 else 0
        number = told if 0 < told <= _LARGEST_NUMBER else last + 1
        last = max(last, number)
        group = add_group(session, tenant_id, course_id, set_id, number=number)
        session.add(
            LtiGroup(tenant_id=tenant_id, context_id=context_id, lti_group_id=lti_id, group_id=group.id)
        )
        made[lti_id] = group.id
    session.flush()
    return made


def find_or_make_set(
    session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, context_id: UUID, lti_set_id: str
) -> UUID:
    known = session.get(LtiGroupSet, (tenant_id, context_id, lti_set_id))
    if known is None:
        return _make_set(session, clock, tenant_id, course_id, context_id, lti_set_id)
    return known.set_id


def _make_set(
    session: Session, clock: Clock, tenant_id: UUID, course_id: UUID, context_id: UUID, lti_set_id: str
) -> UUID:
    made = add_set(session, clock, tenant_id, course_id, GroupOrigin.lms)
    session.add(
        LtiGroupSet(tenant_id=tenant_id, context_id=context_id, lti_set_id=lti_set_id, set_id=made.id)
    )
    session.flush()
    return made.id


def note_service(
    session: Session, clock: Clock, viewer: Viewer, context_id: UUID, offer: GroupServiceOffer
) -> None:
    """Keeps where the groups' names are told; the worker asks there at its next turn."""
    key = {"tenant_id": viewer.tenant_id, "context_id": context_id}
    known = rows(session, _SERVICE, key)
    if known and tuple(known[0]) == (offer.groups_url, offer.sets_url):
        return
    told = {"groups_url": offer.groups_url, "sets_url": offer.sets_url, "due_at": clock(), "failures": 0}
    run(
        session,
        upsert(session, GroupService).on_conflict_do_update(
            index_elements=["tenant_id", "context_id"], set_=told
        ),
        {**key, **told},
    )


def ask_soon(session: Session, clock: Clock, tenant_id: UUID, context_id: UUID) -> None:
    """There is a group whose name is not known."""
    session.execute(
        update(GroupService)
        .where(GroupService.tenant_id == tenant_id, GroupService.context_id == context_id)
        .values(due_at=clock(), failures=0)
    )


_SERVICE: Select[*tuple[Any, ...]] = select(GroupService.groups_url, GroupService.sets_url).where(
    GroupService.tenant_id == bindparam("tenant_id"), GroupService.context_id == bindparam("context_id")
)
# One row at least: with the set of groups whose set the LMS does not tell, where there is one.
_IS_MEMBER = and_(
    GroupMember.tenant_id == LtiGroup.tenant_id,
    GroupMember.group_id == LtiGroup.group_id,
    GroupMember.person_id == bindparam("person_id"),
)
_MET: Select[*tuple[Any, ...]] = (
    select(
        LtiGroupSet.set_id,
        LtiGroup.lti_group_id,
        LtiGroup.group_id,
        GroupMember.person_id.is_not(None).label("is_member"),
    )
    .select_from(LtiContext)
    .outerjoin(
        LtiGroupSet,
        and_(
            LtiGroupSet.tenant_id == LtiContext.tenant_id,
            LtiGroupSet.context_id == LtiContext.id,
            LtiGroupSet.lti_set_id == UNTOLD,
        ),
    )
    .outerjoin(
        LtiGroup,
        and_(
            LtiGroup.tenant_id == LtiContext.tenant_id,
            LtiGroup.context_id == LtiContext.id,
            or_(
                LtiGroup.lti_group_id.in_(bindparam("told", expanding=True)),
                exists().where(_IS_MEMBER).correlate(LtiGroup),
            ),
        ),
    )
    .outerjoin(GroupMember, _IS_MEMBER)
    .where(LtiContext.tenant_id == bindparam("tenant_id"), LtiContext.id == bindparam("context_id"))
)
