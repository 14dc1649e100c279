"""Who may send which statement, and until when: deliveries under leases.

A claim is committed before the network is touched, and lasts longer than the longest wait for an answer. So one
sender holds a statement at a time, and what a killed worker held is free again when its lease runs out. Every change
names the lease: whoever lost it changes nothing any more.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, literal_column, or_, select, update
from sqlalchemy.orm import Session

from social_layer.database import run_many
from xapi.models import Delivery, DeliveryState, Lrs, LrsState, Scope

# Who answers something that failed by itself waits for it, but not after so many attempts: an LRS may never take it.
WAITED_FOR = 6
# Who answers what another sender holds looks again so soon: it is at it, or dead until its lease runs out.
LOOK_AGAIN = timedelta(seconds=5)


class Claimed(NamedTuple):
    """A delivery under our lease. ``attempts`` counts this one. ``tried``: one before it may have arrived."""

    id: UUID
    event_id: UUID
    part: int
    statement_id: UUID
    attempts: int
    tried: bool
    due_at: datetime
    body: bytes | None
    scope: str | None
    answered_as: str | None
    text: bool


class How(NamedTuple):
    """What bytes tell: under which scope whoever did it, and whom they answer if they name them; and whether words."""

    scope: Scope
    answered_as: Scope | None = None
    text: bool = False


def ready_lrss(session: Session, now: datetime) -> list[tuple[UUID, UUID]]:
    """The LRSs, as (tenant, id), that may be sent to and for which something is due. One statement."""
    waiting = exists().where(Delivery.tenant_id == Lrs.tenant_id, Delivery.lrs_id == Lrs.id, *_claimable(now))
    rows = session.execute(
        select(Lrs.tenant_id, Lrs.id).where(
            Lrs.state == LrsState.active, Lrs.resting_until.is_(None) | (Lrs.resting_until <= now), waiting
        )
    )
    return [(row.tenant_id, row.id) for row in rows]


def claim(
    session: Session, tenant_id: UUID, lrs_id: UUID, lease: UUID, now: datetime, until: datetime, limit: int
) -> list[Claimed]:
    """Takes up to ``limit`` due deliveries, the oldest first. Workers at the same time take different ones."""
    picked = (
        select(Delivery.id)
        .where(Delivery.tenant_id == tenant_id, Delivery.lrs_id == lrs_id, *_claimable(now))
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    # Past the ORM, which takes as long again for rows that are no objects.
    rows = session.connection().execute(
        update(Delivery)
        .where(Delivery.tenant_id == tenant_id, Delivery.id == picked.c.id)
        .values(
            lease=lease,
            lease_until=until,
            attempts=Delivery.attempts + 1,
            # Who held it before and did not give it back may have sent it.
            tried=Delivery.tried | (Delivery.attempts > 0),
        )
        .returning(
            Delivery.id,
            Delivery.event_id,
            Delivery.part,
            Delivery.statement_id,
            Delivery.attempts,
            Delivery.tried,
            Delivery.due_at,
            Delivery.body,
            Delivery.scope,
            Delivery.answered_as,
            Delivery.text,
        )
    )
    return sorted(map(Claimed._make, rows), key=lambda claimed: (claimed.due_at, claimed.id))


def put_off(
    session: Session,
    tenant_id: UUID,
    lrs_id: UUID,
    event_ids: Collection[UUID],
    now: datetime,
    ours: Collection[UUID],
) -> dict[UUID, datetime]:
    """Those of the acts that have yet to be sent, and when they are due: they wait by themselves, or come in a later
    batch, or another sender holds them. ``ours``: the leases under which the asking sender sends them first. At most
    one statement."""
    if not event_ids:
        return {}
    rows = session.execute(
        select(Delivery.event_id, Delivery.due_at, Delivery.lease_until).where(
            Delivery.tenant_id == tenant_id,
            Delivery.lrs_id == lrs_id,
            Delivery.event_id.in_(event_ids),
            Delivery.part == 0,
            Delivery.state == literal_column("'pending'"),
            or_(Delivery.lease.is_(None), Delivery.lease.not_in(ours)),
            or_(Delivery.attempts < WAITED_FOR, Delivery.lease_until > now),
        )
    )
    return {
        row.event_id: min(row.lease_until, now + LOOK_AGAIN)
        if row.lease_until and row.lease_until > now
        else row.due_at
        for row in rows
    }


def _claimable(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        # Written out, so that PostgreSQL sees that the partial index holds all that is asked for.
        Delivery.state == literal_column("'pending'"),
        Delivery.due_at <= now,
        Delivery.lease_until.is_(None) | (Delivery.lease_until <= now),
    )


_TABLE: Any = Delivery.__table__
_FREEZE = (
    update(_TABLE)
    .where(
        _TABLE.c.tenant_id == bindparam("of_tenant"),
        _TABLE.c.id == bindparam("delivery"),
        _TABLE.c.lease == bindparam("under"),
        _TABLE.c.body.is_(None)
        | (_TABLE.c.scope != bindparam("new_scope"))
        | (_TABLE.c.answered_as.is_not(None))
        | (_TABLE.c.text != bindparam("new_text")),
    )
    .values(
        body=bindparam("new_body"),
        digest=bindparam("new_digest"),
        scope=bindparam("new_scope"),
        answered_as=bindparam("new_as"),
        text=bindparam("new_text"),
    )
)


@dataclass(frozen=True, slots=True)
class Held:
    """Changes to deliveries, valid only while the lease is ours."""

    session: Session
    tenant_id: UUID
    lease: UUID

    def renew(self, ids: Collection[UUID], until: datetime) -> set[UUID]:
        """Holds them longer; answers those that are still ours."""
        changed = self._update(ids, lease_until=until, returning=Delivery.id)
        return set(changed.scalars())

    def freeze(self, bodies: Collection[tuple[UUID, bytes, bytes, How]]) -> None:
        """Writes down (delivery, bytes, digest, what they tell) before they are sent for the first time, or so."""
        keys, texts, digests, hows = zip(*bodies, strict=True)
        run_many(
            self.session,
            _FREEZE,
            {
                "delivery": keys,
                "new_body": texts,
                "new_digest": digests,
                "new_scope": [how.scope for how in hows],
                "new_as": [how.answered_as for how in hows],
                "new_text": [how.text for how in hows],
            },
            {"of_tenant": self.tenant_id, "under": self.lease},
        )

    def delivered(self, ids: Collection[UUID], now: datetime) -> int:
        """They stand in the LRS; the digest stays as the proof of what was sent. Answers how many were still ours."""
        changed = self._update(
            ids, state=DeliveryState.delivered, body=None, delivered_at=now, lease=None, lease_until=None
        )
        return int(changed.rowcount)

    def parked(self, delivery_id: UUID, answer: str, *, in_doubt: bool = False) -> None:
        """The LRS will not have this one; its answer stays for the administrator. ``in_doubt``: it may have it."""
        doubt = {"tried": True} if in_doubt else {}
        self._update(
            [delivery_id], state=DeliveryState.parked, answer=answer, lease=None, lease_until=None, **doubt
        )

    def withheld(self, ids: Collection[UUID]) -> None:
        """They may not leave; nothing of them stays but that they were looked at."""
        self._update(
            ids,
            state=DeliveryState.withheld,
            scope=Scope.nothing,
            text=False,
            answered_as=None,
            body=None,
            digest=None,
            answer=None,
            lease=None,
            lease_until=None,
        )

    def later(self, ids: Collection[UUID], due_at: datetime) -> None:
        """They have to wait, and let others go first."""
        self._update(ids, due_at=due_at, lease=None, lease_until=None)

    def behind(self, until: Mapping[UUID, datetime]) -> None:
        """They were not tried, and wait for another one: each by when that one is due."""
        table: Any = Delivery.__table__
        self.session.connection().execute(
            update(table)
            .where(
                table.c.tenant_id == self.tenant_id,
                table.c.id == bindparam("delivery"),
                table.c.lease == self.lease,
            )
            .values(due_at=bindparam("then"), attempts=table.c.attempts - 1, lease=None, lease_until=None),
            [{"delivery": key, "then": then} for key, then in until.items()],
        )

    def release(self, ids: Collection[UUID], *, in_doubt: bool = False) -> None:
        """Gives back what the LRS has not looked at; it keeps its place in the queue, and this was no attempt.
        ``in_doubt``: the LRS says so, and may have it all the same."""
        doubt = {"tried": True} if in_doubt else {}
        self._update(ids, attempts=Delivery.attempts - 1, lease=None, lease_until=None, **doubt)

    def _update(self, ids: Collection[UUID], returning: Any = None, **values: Any) -> Any:
        change = update(Delivery).where(
            Delivery.tenant_id == self.tenant_id, Delivery.id.in_(ids), Delivery.lease == self.lease
        )
        change = change.values(**values).execution_options(synchronize_session=False)
        return self.session.execute(change if returning is None else change.returning(returning))
