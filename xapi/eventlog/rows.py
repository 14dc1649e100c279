"""Rows of the event log as far as they may leave: by the same rules as statements, and never with a text or a name."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.events.models import Event
from social_layer.events.numbering import number_events
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Voice
from xapi.eventlog.bookmark import SCOPES_CHANGED, ExportRefused
from xapi.eventlog.columns import PersonIs
from xapi.models import Scope
from xapi.occurrences import Occurrence, occurrences
from xapi.scopes.pseudonyms import Mask, Masks, as_known
from xapi.scopes.queries import FOLLOWS, KNOWN, Rulings, changes_of, least, scope_of_act

Row = dict[str, Any]
PORTION = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events, and how people are told. ``most``: pseudonymous, or identified where the rules allow it.

    ``as_of``: the number of changes of scopes when the export was begun; after another one it ends, for rows under an
    account and rows under a pseudonym could be about the same entry.
    """

    tenant_id: UUID
    most: Scope = Scope.pseudonymous
    course_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """Some rows, in order; ``up_to``: the number up to which all is said, whether or not it made a row."""

    rows: list[Row]
    up_to: int


class EventLog:
    """Reads the log on from a number. Memory holds one portion; rules are those of the moment of each portion."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        masks: Masks,
        base: str,
        wanted: Wanted,
        portion: int = PORTION,
    ) -> None:
        """``base``: of whom pseudonyms and aliases are accounts."""
        self._database = database
        self._clock = clock
        self._masks = masks
        self._base = base
        self._wanted = wanted
        self._portion = portion

    def number(self) -> int:
        """How far the log reaches now: all that has committed is below it, and nothing will ever come in between."""
        return number_events(self._database, self._wanted.tenant_id)

    def portions(self, after: int, up_to: int) -> Iterator[Portion]:
        """Raises :class:`~social_layer.sealing.SealBroken` where the key of pseudonyms cannot be opened; the
        portions raise :class:`~xapi.eventlog.bookmark.ExportRefused` where scopes change meanwhile."""
        # Now, and not with the first portion: nobody shall have begun to answer by then.
        mask = self._masks.of(self._wanted.tenant_id, self._wanted.tenant_id)
        return self._portions(mask, after, up_to)

    def _portions(self, mask: Mask, after: int, up_to: int) -> Iterator[Portion]:
        while after < up_to:
            with self._database.read() as session:
                found = session.execute(_picked(self._wanted, after, up_to, self._portion)).all()
                rows = self._rows(session, found, mask) if found else []
                # Last: what was read before it was read under the same rules.
                if self._wanted.as_of not in (None, changes_of(session, self._wanted.tenant_id)):
                    raise ExportRefused(SCOPES_CHANGED)
            after = found[-1].number if len(found) == self._portion else up_to
            yield Portion(rows, after)

    def _rows(self, session: Session, found: Any, mask: Mask) -> list[Row]:
        tenant_id, now = self._wanted.tenant_id, self._clock()
        acts = occurrences(session, tenant_id, [one.id for one in found])
        scopes = _scopes(session, tenant_id, acts, now, self._wanted.most)
        gone = _of_nobody(session, tenant_id, {act.answers_id for act in acts.values() if act.answers_id})
        # Many events are of few people.
        people: dict[tuple[UUID, Scope], tuple[str, PersonIs]] = {}
        rows = []
        for one in found:
            act, scope = acts[one.id], scopes[one.id]
            if scope is Scope.nothing:
                continue
            key = act.speaker.voice_id, scope
            if key not in people:
                people[key] = self._person(act, scope, mask)
            rows.append(self._row(one, act, people[key], gone))
        return rows

    def _person(self, act: Occurrence, scope: Scope, mask: Mask) -> tuple[str, PersonIs]:
        speaker = as_known(act, scope, mask).speaker
        if speaker.home_page is None or speaker.account is None:
            return f"{self._base}|{speaker.voice_id}", PersonIs.alias
        person_is = PersonIs.account if scope in KNOWN else PersonIs.pseudonym
        return f"{speaker.home_page}|{speaker.account}", person_is

    def _row(self, one: Any, act: Occurrence, who: tuple[str, PersonIs], gone: set[UUID]) -> Row:
        person, person_is = who
        answers = None if act.answers_id in gone else act.answers_id
        return {
            "number": one.number,
            "event": str(act.event_id),
            "type": act.type,
            "schema_version": one.schema_version,
            "occurred_at": _time(act.occurred_at),
            "platform": act.place.home_page,
            "course": str(act.place.course_id),
            "panel": str(act.place.panel_id),
            "panel_kind": one.panel_kind,
            "object": str(one.object_id),
            "object_kind": act.entry.kind if act.entry else "panel",
            "thread": str(act.thread.id) if act.thread else None,
            "answers": str(answers) if answers else None,
            "revision": act.revision,
            "detail": act.detail,
            "person": person,
            "person_is": person_is.value,
        }


def _time(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _picked(wanted: Wanted, after: int, up_to: int, portion: int) -> Select[*tuple[Any, ...]]:
    """By number. The LMS's test student and people who were erased leave nothing."""
    query = (
        select(
            Event.id,
            Event.number,
            Event.schema_version,
            Event.object_id,
            TemplateVersion.kind.label("panel_kind"),
        )
        .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
        .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .where(
            Event.tenant_id == wanted.tenant_id,
            Event.number > after,
            Event.number <= up_to,
            ~Voice.is_test,
            Voice.erased_at.is_(None),
        )
        .order_by(Event.number)
        .limit(portion)
    )
    if wanted.course_id is not None:
        query = query.where(Panel.course_id == wanted.course_id)
    if wanted.since is not None:
        query = query.where(Event.occurred_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Event.occurred_at < wanted.until)
    return query


def _scopes(
    session: Session, tenant_id: UUID, acts: Mapping[UUID, Occurrence], now: datetime, most: Scope
) -> dict[UUID, Scope]:
    """Under which scope each act stands in the export: what the rules allow, and no more than ``most``.

    As with statements, what only the same person can do is held back where the other act bears another name.
    """
    people = {act.speaker.person_id for act in acts.values() if act.speaker.person_id}
    rulings = Rulings(session, tenant_id, {act.place for act in acts.values()}, people)
    scopes = {key: least(most, scope_of_act(rulings, act, now)) for key, act in acts.items()}
    following = [act for act in acts.values() if act.type in FOLLOWS and act.entry is not None]
    if not following:
        return scopes
    published: defaultdict[tuple[UUID, UUID], list[datetime]] = defaultdict(list)
    for voice_id, object_id, at in session.execute(
        select(Event.voice_id, Event.object_id, Event.occurred_at).where(
            Event.tenant_id == tenant_id,
            Event.voice_id.in_({act.speaker.voice_id for act in following}),
            Event.object_id.in_({act.entry.id for act in following if act.entry}),
            Event.type.not_in(FOLLOWS),
        )
    ):
        published[voice_id, object_id].append(at)
    for act in following:
        holds = scopes[act.event_id]
        for at in published[act.speaker.voice_id, act.entry.id] if act.entry else ():
            then = rulings.scope(act.place, act.speaker.person_id, at)
            before = least(most, then, rulings.scope(act.place, act.speaker.person_id, max(now, at)))
            if before is Scope.nothing or (before in KNOWN) is not (holds in KNOWN):
                scopes[act.event_id] = Scope.nothing
    return scopes


def _of_nobody(session: Session, tenant_id: UUID, event_ids: set[UUID]) -> set[UUID]:
    """Those that are in no export: of the LMS's test student, or of somebody erased."""
    if not event_ids:
        return set()
    return set(
        session.scalars(
            select(Event.id)
            .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
            .where(
                Event.tenant_id == tenant_id,
                Event.id.in_(event_ids),
                or_(Voice.is_test, Voice.erased_at.is_not(None)),
            )
        )
    )
