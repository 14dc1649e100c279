"""Writes: tenants, courses, and people arriving in a course."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.people.models import Account, Course, Membership, Person, Role, Tenant, Voice
from social_layer.people.names import checked_tenant_name
from social_layer.people.queries import Known, find_known

DEFAULT_TENANT = "default"
# A last launch is noted to the minute: opening three panels of a page at once need not write three times.
LAUNCH_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who arrives in a course, as the LMS describes them. It may withhold the name."""

    tenant_id: UUID
    course_id: UUID
    home_page: str
    account: str
    role: Role
    name: str | None = None
    language: str | None = None
    time_zone: str | None = None
    is_test: bool = False
    from_outside: bool = False


def find_or_make_tenant(session: Session, clock: Clock, name: str = DEFAULT_TENANT) -> Tenant:
    """Raises :class:`~social_layer.people.names.NameTooLong`."""
    checked_tenant_name(name)
    by_name = select(Tenant).where(Tenant.name == name)
    found = session.scalar(by_name)
    if found is None:
        made = {"id": uuid4(), "name": name, "created_at": clock()}
        run(session, upsert(session, Tenant).on_conflict_do_nothing(), made)
        found = session.scalars(by_name).one()
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

    ``known``: what a query of the caller has already found of them. Writes only what differs. Two launches of theirs
    at once are one arrival: whoever comes second takes what the first has made.

    A name that the LMS withholds now is forgotten. Language and time zone stay as they were said last: not to say
    them withholds nothing.
    """
    known = known or _known(session, newcomer)
    if known is None:
        return _join(session, clock, newcomer, _meet(session, clock, newcomer))
    tenant_id = newcomer.tenant_id
    told = {name: getattr(newcomer, name) for name in ("language", "time_zone")}
    changed = {name: value for name, value in told.items() if value not in (None, getattr(known, name))}
    if newcomer.name != known.name:
        changed["name"] = newcomer.name
    if changed:
        session.execute(
            update(Person).where(Person.tenant_id == tenant_id, Person.id == known.person_id).values(changed)
        )
    if known.membership_id is None:
        return _join(session, clock, newcomer, known.person_id)
    now, last = clock(), known.last_launch_at
    changed = {
        **({"role": newcomer.role} if known.role != newcomer.role else {}),
        **({"launch_role": newcomer.role} if known.launch_role != newcomer.role else {}),
        **({"from_outside": newcomer.from_outside} if known.from_outside != newcomer.from_outside else {}),
        **({"active": True} if not known.active else {}),
        **({"is_test": True} if newcomer.is_test and not known.is_test else {}),
        **({"last_launch_at": now} if last is None or now - last >= LAUNCH_GRAIN else {}),
    }
    if changed:
        session.execute(
            update(Membership)
            .where(Membership.tenant_id == tenant_id, Membership.id == known.membership_id)
            .values(changed)
        )
    if "is_test" in changed:
        session.execute(
            update(Voice)
            .where(
                Voice.tenant_id == tenant_id,
                Voice.course_id == newcomer.course_id,
                Voice.person_id == known.person_id,
            )
            .values(is_test=True)
        )
    return known.membership_id


def _known(session: Session, newcomer: Newcomer) -> Known | None:
    return find_known(session, newcomer.tenant_id, newcomer.course_id, newcomer.home_page, newcomer.account)


def _meet(session: Session, clock: Clock, newcomer: Newcomer) -> UUID:
    """Somebody whom the tenant does not know yet: person and account. Answers the person's id."""
    person = Person(
        tenant_id=newcomer.tenant_id,
        id=uuid4(),
        name=newcomer.name,
        language=newcomer.language,
        time_zone=newcomer.time_zone,
        created_at=clock(),
    )
    session.add(person)
    session.flush()
    account = {
        "tenant_id": newcomer.tenant_id,
        "id": uuid4(),
        "person_id": person.id,
        "home_page": newcomer.home_page,
        "name": newcomer.account,
    }
    # What an INSERT returns is known on every database; how many rows it wrote is not.
    written = upsert(session, Account).on_conflict_do_nothing().returning(Account.id)
    if run(session, written, account).first():
        return person.id
    session.delete(person)
    met = _known(session, newcomer)
    if met is None:
        raise RuntimeError("an account that conflicts cannot be found")
    return met.person_id


def _join(session: Session, clock: Clock, newcomer: Newcomer, person_id: UUID) -> UUID:
    """Membership and own voice. Answers the membership's id."""
    now = clock()
    in_course = {
        "tenant_id": newcomer.tenant_id,
        "course_id": newcomer.course_id,
        "person_id": person_id,
        "is_test": newcomer.is_test,
        "created_at": now,
    }
    launched = {
        "role": newcomer.role,
        "launch_role": newcomer.role,
        "from_outside": newcomer.from_outside,
        "active": True,
        "last_launch_at": now,
    }
    # The LMS's list of members, read at this moment, may have made it already.
    made = upsert(session, Membership).on_conflict_do_update(
        index_elements=["tenant_id", "course_id", "person_id"], set_=launched
    )
    run(session, made, {**in_course, **launched, "id": uuid4()})
    run(session, upsert(session, Voice).on_conflict_do_nothing(), {**in_course, "id": uuid4()})
    joined = _known(session, newcomer)
    if joined is None or joined.membership_id is None:
        raise RuntimeError("a membership that was made cannot be found")
    return joined.membership_id
