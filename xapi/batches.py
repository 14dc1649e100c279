"""The next statements for an LRS: claimed, built, checked and frozen, ready to be sent."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.events.models import EventType
from xapi.claim import Claimed, Held, claim
from xapi.models import Scope
from xapi.occurrences import Occurrence, occurrences, with_texts
from xapi.scopes.queries import Allowed, changes_of, scopes_now
from xapi.scopes.recalling import take_words_back
from xapi.scopes.voiding import Sent, void
from xapi.statements import Builder, Frozen, StatementWrong, freeze


@dataclass(frozen=True, slots=True)
class Ready:
    """A delivery under our lease, with the bytes to send."""

    id: UUID
    statement_id: UUID
    attempts: int
    body: bytes


@dataclass(slots=True)
class Batch:
    """Deliveries under one lease. ``full``: more may be waiting."""

    tenant_id: UUID
    lease: UUID
    lease_until: datetime
    items: list[Ready]
    full: bool
    # The number of changes of scopes, when it was built.
    as_of: int


@dataclass(slots=True)
class _Built:
    """``withheld``: may not leave. ``recalled``: may not leave so any more, and may have been sent before."""

    as_of: int
    frozen: dict[UUID, tuple[Frozen, Allowed]] = field(default_factory=dict)
    wrong: dict[UUID, str] = field(default_factory=dict)
    withheld: list[UUID] = field(default_factory=list)
    recalled: list[Claimed] = field(default_factory=list)
    # Removed by these acts.
    removed: list[Occurrence] = field(default_factory=list)


def next_batch(
    database: Database,
    clock: Clock,
    builder: Builder,
    tenant_id: UUID,
    lrs_id: UUID,
    limit: int,
    seconds: float,
) -> Batch | None:
    """Claims the oldest that are due, for ``seconds``; None if nothing is. What cannot be built is parked.
    What may not leave is withheld, and voided where it may have been sent before.

    Three transactions, none of them while the network is used: claim; read; freeze.
    """
    now, lease = clock(), uuid4()
    until = now + timedelta(seconds=seconds)
    with database.write() as session:
        claimed = claim(session, tenant_id, lrs_id, lease, now, until, limit)
    if not claimed:
        return None
    built = _build(database, builder, tenant_id, lrs_id, claimed, now)
    kept_back = {*built.withheld, *(one.id for one in built.recalled)}
    if built.frozen or built.wrong or built.removed or kept_back:
        with database.write() as session:
            held = Held(session, tenant_id, lease)
            if built.frozen:
                held.freeze(
                    [
                        (key, one.body, one.digest, how.scope, how.text)
                        for key, (one, how) in built.frozen.items()
                    ]
                )
            for key, why in built.wrong.items():
                held.parked(key, why)
            if kept_back:
                held.withheld(kept_back)
                recalled = [Sent(lrs_id, one.event_id, now) for one in built.recalled]
                void(session, builder.ids.base, tenant_id, recalled, now)
            if built.removed:
                take_words_back(session, builder.ids.base, tenant_id, lrs_id, built.removed, now)
    items = []
    for one in claimed:
        if one.id in built.frozen:
            items.append(Ready(one.id, one.statement_id, one.attempts, built.frozen[one.id][0].body))
        elif one.body is not None and one.id not in kept_back and one.id not in built.wrong:
            items.append(Ready(one.id, one.statement_id, one.attempts, one.body))
    return Batch(tenant_id, lease, until, items, full=len(claimed) == limit, as_of=built.as_of)


def _build(
    database: Database,
    builder: Builder,
    tenant_id: UUID,
    lrs_id: UUID,
    claimed: list[Claimed],
    now: datetime,
) -> _Built:
    """Builds what is sent for the first time, and anew what was frozen under another scope and never sent."""
    acts = {one.event_id: one for one in claimed if one.part == 0}
    with database.read() as session:
        built = _Built(changes_of(session, tenant_id))
        if not acts:
            return built
        found = occurrences(session, tenant_id, list(acts))
        allowed = scopes_now(session, tenant_id, lrs_id, found, now)
        found = with_texts(session, tenant_id, found, [key for key, how in allowed.items() if how.text])
    to_build = []
    for event_id, one in acts.items():
        scope, has_text = allowed[event_id].scope, found[event_id].text is not None
        if found[event_id].type == EventType.entry_deleted:
            built.removed.append(found[event_id])
        if one.body is not None and one.scope == scope and one.text == has_text:
            continue
        if one.body is not None and one.attempts > 1:
            built.recalled.append(one)
        elif scope is Scope.nothing:
            built.withheld.append(one.id)
        else:
            to_build.append((found[event_id], scope))
    for act, statement in builder.build_as(to_build, lrs_id, now):
        key = acts[act.event_id].id
        try:
            if isinstance(statement, StatementWrong):
                raise statement
            built.frozen[key] = freeze(statement), Allowed(allowed[act.event_id].scope, act.text is not None)
        except StatementWrong as error:
            built.wrong[key] = f"not sent: {error}"
    return built
