"""The next statements for an LRS: claimed, built, checked and frozen, ready to be sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from social_layer.clock import Clock
from social_layer.database import Database
from xapi.claim import Claimed, Held, How, claim, put_off
from xapi.models import Scope
from xapi.occurrences import Occurrence, occurrences, with_texts
from xapi.parked import NOT_SENT
from xapi.scopes.answered import answered_scopes, named_in_answers
from xapi.scopes.queries import changes_of, scopes_now
from xapi.scopes.voiding import Sent, void
from xapi.statements import Builder, Frozen, StatementWrong

# What waits for another one is due so much later.
_AFTER = timedelta(milliseconds=1)


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
    """``withheld``: may not leave. ``recalled``: may not leave so any more, and may have been sent before.
    ``behind``: answers something that waits, until when."""

    as_of: int
    frozen: dict[UUID, tuple[Frozen, How]] = field(default_factory=dict)
    wrong: dict[UUID, str] = field(default_factory=dict)
    withheld: list[UUID] = field(default_factory=list)
    recalled: list[Claimed] = field(default_factory=list)
    behind: dict[UUID, datetime] = field(default_factory=dict)
    happened: dict[UUID, datetime] = field(default_factory=dict)


def next_batch(
    database: Database,
    clock: Clock,
    builder: Builder,
    tenant_id: UUID,
    lrs_id: UUID,
    limit: int,
    seconds: float,
    *,
    version: str = "1.0.3",
    ours: Collection[UUID] = (),
) -> Batch | None:
    """Claims the oldest that are due, for ``seconds``; None if nothing is. What cannot be built is parked.
    What may not leave is withheld, and voided where it may have been sent before. ``version``: of xAPI; since 2.0
    statements name whom they answer. ``ours``: leases of batches that the same sender sends before this one.

    Three transactions, none of them while the network is used: claim; read; freeze.
    """
    now, lease = clock(), uuid4()
    until = now + timedelta(seconds=seconds)
    with database.write() as session:
        claimed = claim(session, tenant_id, lrs_id, lease, now, until, limit)
    if not claimed:
        return None
    built = _build(database, builder, tenant_id, lrs_id, claimed, now, version, {lease, *ours})
    kept_back = {*built.withheld, *(one.id for one in built.recalled)}
    if built.frozen or built.wrong or kept_back or built.behind:
        with database.write() as session:
            held = Held(session, tenant_id, lease)
            if built.frozen:
                held.freeze([(key, one.body, one.digest, how) for key, (one, how) in built.frozen.items()])
            for key, why in built.wrong.items():
                held.parked(key, why)
            if built.behind:
                held.behind(built.behind)
            if kept_back:
                held.withheld(kept_back)
                recalled = [Sent(lrs_id, one.event_id, now) for one in built.recalled]
                void(session, builder.ids.base, tenant_id, recalled, now)
    items = []
    # What had to wait by itself is due after what answers it.
    for one in sorted(claimed, key=lambda one: built.happened.get(one.id, one.due_at)):
        if one.id in built.frozen:
            items.append(Ready(one.id, one.statement_id, one.attempts, built.frozen[one.id][0].body))
        elif one.body is not None and not {one.id} & (kept_back | built.wrong.keys() | built.behind.keys()):
            items.append(Ready(one.id, one.statement_id, one.attempts, one.body))
    return Batch(tenant_id, lease, until, items, full=len(claimed) == limit, as_of=built.as_of)


def _step_behind(
    built: _Built, acts: dict[UUID, Claimed], found: Mapping[UUID, Occurrence], waiting: dict[UUID, datetime]
) -> None:
    """Out of the batch with those that answer what waits, and with those that answer them."""
    while waiting:
        stepping = {
            event_id: waiting[act.answers_id] + _AFTER
            for event_id, act in found.items()
            if event_id in acts and act.answers_id is not None and act.answers_id in waiting
        }
        for event_id, then in stepping.items():
            built.behind[acts.pop(event_id).id] = then
        waiting = stepping


def _build(
    database: Database,
    builder: Builder,
    tenant_id: UUID,
    lrs_id: UUID,
    claimed: list[Claimed],
    now: datetime,
    version: str,
    ours: Collection[UUID],
) -> _Built:
    """Builds what is sent for the first time, and anew what was frozen under another scope and never sent."""
    names_answered = version.startswith("2.")
    acts = {one.event_id: one for one in claimed if one.part == 0}
    with database.read() as session:
        built = _Built(changes_of(session, tenant_id))
        if not acts:
            return built
        found = occurrences(session, tenant_id, list(acts))
        built.happened = {one.id: found[event_id].occurred_at for event_id, one in acts.items()}
        answers = {one.answers_id for one in found.values() if one.answers_id} - acts.keys()
        _step_behind(built, acts, found, put_off(session, tenant_id, lrs_id, answers, now, ours))
        allowed = scopes_now(session, tenant_id, lrs_id, found, now)
        scopes = {key: how.scope for key, how in allowed.items()}
        found = with_texts(session, tenant_id, found, [key for key, how in allowed.items() if how.text])
        answered = answered_scopes(session, tenant_id, lrs_id, found, scopes, now) if names_answered else {}
        changed = [one.event_id for one in acts.values() if one.body and one.scope != scopes[one.event_id]]
        named = named_in_answers(session, tenant_id, lrs_id, changed) if changed else set()
    to_build = []
    for event_id, one in acts.items():
        scope, answered_as = scopes[event_id], answered.get(event_id)
        # Of what is tried again by hand the bytes are gone, but not what they told.
        if one.body is not None or (one.tried and one.scope is not None):
            was_right = one.scope == scope and one.text == (found[event_id].text is not None)
            if was_right and one.answered_as in (None, answered_as):
                if one.body is not None:
                    continue
            # Of another version of xAPI alone it is no secret.
            elif one.tried and (not was_right or names_answered):
                built.recalled.append(one)
                continue
        if scope is Scope.nothing or event_id in named:
            if one.tried:
                built.recalled.append(one)
            else:
                built.withheld.append(one.id)
        else:
            to_build.append((found[event_id], scope, answered_as))
    for act, statement in builder.build_as(to_build, lrs_id, now):
        key = acts[act.event_id].id
        try:
            if isinstance(statement, StatementWrong):
                raise statement
            how = How(scopes[act.event_id], answered.get(act.event_id), act.text is not None)
            built.frozen[key] = builder.freeze(statement), how
        except StatementWrong as error:
            built.wrong[key] = f"{NOT_SENT}{error}"
    return built
