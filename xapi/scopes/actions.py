"""Writes: the institution's rules and a person's own choice. Each holds from the instant at which it commits."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import upsert
from xapi.models import Scope
from xapi.scopes.models import Level, ScopeChanges, ScopeChoice, ScopeRule


def set_rule(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    level: Level,
    target: str,
    *,
    scope: Scope | None,
    may_choose: bool,
    set_by: str,
    text: bool = False,
) -> None:
    """``scope``: None takes the rule of this place back."""
    note_change(session, tenant_id)
    session.add(
        ScopeRule(
            tenant_id=tenant_id,
            id=uuid4(),
            level=level,
            target=target,
            scope=scope,
            may_choose=may_choose,
            text=text,
            since=clock(),
            set_by=set_by,
        )
    )
    session.flush()


def choose(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    person_id: UUID,
    scope: Scope | None,
    *,
    text: bool = True,
) -> None:
    """For all their courses, wherever the institution lets people choose; None: as it says. Not ``text``: without
    the words that they write."""
    note_change(session, tenant_id)
    session.add(
        ScopeChoice(
            tenant_id=tenant_id, id=uuid4(), person_id=person_id, scope=scope, text=text, since=clock()
        )
    )
    session.flush()


def note_change(session: Session, tenant_id: UUID) -> None:
    """Couriers look at this number before each request, and build anew what they hold if it is another one."""
    change = upsert(session, ScopeChanges).values(tenant_id=tenant_id, number=1)
    session.execute(
        change.on_conflict_do_update(index_elements=["tenant_id"], set_={"number": ScopeChanges.number + 1})
    )
