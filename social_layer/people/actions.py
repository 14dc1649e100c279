"""Writes: tenants, courses, and people arriving in a course."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.people.models import Account, Course, Membership, Person, Role, Tenant, Voice
from social_layer.people.queries import Known, find_known

DEFAULT_TENANT = "default"
# A last launch is noted to the minute: opening three panels of a page at once need not write three times.
_LAUNCH_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who arrives in a course, as the LMS describes them. Names and addresses may be withheld."""

    tenant_id: UUID
    course_id: UUID
    home_page: str
    account: str
    role: Role
    name: str | None = None
    email: str | None = None
    language: str | None = None
    time_zone: str | None = None
    is_test: bool = False


def find_or_make_tenant(session: Session, clock: Clock, name: str = DEFAULT_TENANT) -> Tenant:
    found = session.scalar(select(Tenant).where(Tenant.name == name))
    if found is None:
        found = Tenant(id=uuid4(), name=name, created_at=clock())
        session.add(found)
        session.flush()
    return found


def make_course(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    *,
    home_page: str,
    title: str,
    label: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> Course:
    course = Course(
        tenant_id=tenant_id,
        id=uuid4(),
        home_page=home_page,
        title=title,
        label=label,
        language=language,
        time_zone=time_zone,
        created_at=clock(),
    )
    session.add(course)
    session.flush()
    return course


def arrive(session: Session, clock: Clock, newcomer: Newcomer, known: Known | None = None) -> UUID:
    """Finds or makes account, person, membership and own voice; answers the membership's id.

    ``known``: what a query of the caller has already found of them. Writes only what differs.
    """
    known = known or find_known(
        session, newcomer.tenant_id, newcomer.course_id, newcomer.home_page, newcomer.account
    )
    now = clock()
    if known is None:
        person = Person(
            tenant_id=newcomer.tenant_id,
            id=uuid4(),
            name=newcomer.name,
            email=newcomer.email,
            language=newcomer.language,
            time_zone=newcomer.time_zone,
            created_at=now,
        )
        session.add(person)
        session.flush()
        session.add(
            Account(
                tenant_id=newcomer.tenant_id,
                id=uuid4(),
                person_id=person.id,
                home_page=newcomer.home_page,
                name=newcomer.account,
            )
        )
        return _join(session, clock, newcomer, person.id)
    tenant_id = newcomer.tenant_id
    told = {name: getattr(newcomer, name) for name in ("name", "email", "language", "time_zone")}
    changed = {name: value for name, value in told.items() if value not in (None, getattr(known, name))}
    if changed:
        session.execute(
            update(Person).where(Person.tenant_id == tenant_id, Person.id == known.person_id).values(changed)
        )
    if known.membership_id is None:
        return _join(session, clock, newcomer, known.person_id)
    last = known.last_launch_at
    changed = {
        **({"role": newcomer.role} if known.role != newcomer.role else {}),
        **({"active": True} if not known.active else {}),
        **({"last_launch_at": now} if last is None or now - last >= _LAUNCH_GRAIN else {}),
    }
    if changed:
        session.execute(
            update(Membership)
            .where(Membership.tenant_id == tenant_id, Membership.id == known.membership_id)
            .values(changed)
        )
    return known.membership_id


def _join(session: Session, clock: Clock, newcomer: Newcomer, person_id: UUID) -> UUID:
    now = clock()
    membership = Membership(
        tenant_id=newcomer.tenant_id,
        id=uuid4(),
        person_id=person_id,
        course_id=newcomer.course_id,
        role=newcomer.role,
        is_test=newcomer.is_test,
        created_at=now,
        last_launch_at=now,
    )
    voice = Voice(
        tenant_id=newcomer.tenant_id,
        id=uuid4(),
        course_id=newcomer.course_id,
        person_id=person_id,
        is_test=newcomer.is_test,
        created_at=now,
    )
    session.add_all((membership, voice))
    session.flush()
    return membership.id
