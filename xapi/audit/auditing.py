"""Goes through an LRS and through our log, and brings both into one ledger."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session, aliased

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.events.models import Event
from social_layer.panels.models import Panel
from social_layer.people.models import Course, Voice
from xapi import vocabulary as words
from xapi.audit.ledger import Due, Kind, Known, Ledger, Verdict
from xapi.audit.proof import by_content, by_digest
from xapi.dispatch import make_deliveries
from xapi.models import Delivery, DeliveryState, Lrs, Scope
from xapi.occurrences import occurrences, with_texts
from xapi.platforms import platforms_of
from xapi.reports.reading import Reader
from xapi.scopes.voiding import PART, Sent, void, void_again
from xapi.statements import Builder, StatementWrong, statement_id
from xapi.vocabulary import PROFILE_VERSIONS

Json = dict[str, Any]
Told = Callable[[str, int, int], None]
# So many that seem to be missing are asked for one by one; when there are more, the LRS has plainly lost them.
MOST_ASKED_FOR = 1000
_AT_ONCE = 500
_STREAMED = 5000
_voiding = aliased(Delivery)


class Audit:
    """``told``: what is being done, how far it is, of how many (0: unknown)."""

    def __init__(
        self, database: Database, clock: Clock, builder: Builder, lrs: Lrs, told: Told = lambda *_: None
    ) -> None:
        self._database = database
        self._clock = clock
        self._builder = builder
        self._lrs = lrs
        self._told = told

    def run(self, reader: Reader, ledger: Ledger) -> None:
        """Raises :class:`~xapi.reports.reading.ReadingFailed`."""
        with self._database.read() as session:
            ledger.expect(self._deliveries(session))
            ledger.expect(self._voidings(session))
            ledger.expect(self._undelivered(session))
        due, read = ledger.counts().due, 0
        for version in PROFILE_VERSIONS:
            iri = self._builder.ids.profile_at(version.name)
            for page in reader.pages(activity=iri, related_activities="true"):
                read += len(page)
                self._compare(ledger, page)
                self._told("read", read, due)
        self._ask_for_missing(reader, ledger)
        if ledger.counts().unvoided:
            self._look_for_voidings(reader, ledger)
        for several in ledger.strange(_AT_ONCE):
            with self._database.read() as session:
                ledger.explain(
                    session.scalars(select(Delivery.statement_id).where(Delivery.statement_id.in_(several)))
                )

    def repair(self, ledger: Ledger) -> int:
        """Makes due again what is missing, voidings too, and what voids that was never sent; answers how many there
        are. Sending them is the bridge's work."""
        count = 0
        for several in _several(finding.event_id for finding in ledger.findings(Kind.readable)):
            now = self._clock()
            shown = [Sent(self._lrs.id, event_id, now) for event_id in several if event_id]
            with self._database.write() as session:
                count += void(session, self._builder.ids.base, self._lrs.tenant_id, shown, now)
        for several in _several(finding.event_id for finding in ledger.findings(Kind.unvoided)):
            with self._database.write() as session:
                void_again(
                    session,
                    self._builder.ids.base,
                    (self._lrs.tenant_id, self._lrs.id),
                    [event_id for event_id in several if event_id],
                    self._clock(),
                )
            count += len(several)
        for several in _several(finding.event_id for finding in ledger.findings(Kind.missing)):
            with self._database.write() as session:
                count += self._make_due(session, [event_id for event_id in several if event_id])
        return count

    def _make_due(self, session: Session, event_ids: list[UUID]) -> int:
        """Forgets the bytes, too: they are built anew, for after delivery only their digest was kept."""
        sent_before = session.scalars(
            update(Delivery)
            .where(
                Delivery.tenant_id == self._lrs.tenant_id,
                Delivery.lrs_id == self._lrs.id,
                Delivery.event_id.in_(event_ids),
                Delivery.part == 0,
                Delivery.state == DeliveryState.delivered,
            )
            .values(
                state=DeliveryState.pending,
                due_at=self._clock(),
                body=None,
                digest=None,
                scope=None,
                answered_as=None,
                delivered_at=None,
            )
            .execution_options(synchronize_session=False)
            .returning(Delivery.event_id)
        ).all()
        never = set(event_ids) - set(sent_before)
        happened = session.execute(
            select(Event.id, Event.occurred_at).where(
                Event.tenant_id == self._lrs.tenant_id, Event.id.in_(never)
            )
        )
        wanted = [(self._lrs.tenant_id, self._lrs.id, row.id, row.occurred_at) for row in happened]
        return len(sent_before) + make_deliveries(session, wanted)

    def _deliveries(self, session: Session) -> Iterator[Known]:
        """Ours first, then those of other tenants to the same address."""
        same_address = session.execute(
            select(Lrs.tenant_id, Lrs.id)
            .where(Lrs.endpoint == self._lrs.endpoint)
            .order_by(Lrs.id != self._lrs.id, Lrs.id)
        ).all()
        for tenant_id, lrs_id in same_address:
            of_lrs = (Delivery.tenant_id == tenant_id, Delivery.lrs_id == lrs_id)
            if lrs_id == self._lrs.id:
                total = (
                    session.scalar(
                        select(func.count()).select_from(Delivery).where(*of_lrs, Delivery.part == 0)
                    )
                    or 0
                )
            rows = session.execute(
                select(
                    Delivery.statement_id,
                    Delivery.event_id,
                    Delivery.digest,
                    Delivery.state,
                    _voiding.id.label("voiding"),
                )
                .outerjoin(
                    _voiding,
                    and_(
                        _voiding.tenant_id == Delivery.tenant_id,
                        _voiding.lrs_id == Delivery.lrs_id,
                        _voiding.event_id == Delivery.event_id,
                        _voiding.part == PART,
                        _voiding.state == DeliveryState.delivered,
                    ),
                )
                .where(*of_lrs, Delivery.part == 0)
                .execution_options(yield_per=_STREAMED)
            )
            for number, row in enumerate(rows, 1):
                ours = lrs_id == self._lrs.id
                if ours and number % _STREAMED == 0:
                    self._told("expected", number, total)
                state = Due.voided if row.voiding else Due(row.state)
                yield Known(row.statement_id, row.event_id, row.digest, state if ours else Due.others)

    def _voidings(self, session: Session) -> Iterator[Known]:
        """The statements that void, delivered or not."""
        states = {
            DeliveryState.delivered: Due.voiding,
            DeliveryState.pending: Due.voiding_waits,
            DeliveryState.parked: Due.voiding_parked,
        }
        for row in session.execute(
            select(Delivery.statement_id, Delivery.event_id, Delivery.state)
            .where(
                Delivery.tenant_id == self._lrs.tenant_id,
                Delivery.lrs_id == self._lrs.id,
                Delivery.part == PART,
            )
            .execution_options(yield_per=_STREAMED)
        ):
            yield Known(row.statement_id, row.event_id, None, states[DeliveryState(row.state)])

    def _look_for_voidings(self, reader: Reader, ledger: Ledger) -> None:
        for page in reader.pages(verb=words.VOIDED.iri):
            keys = [key for one in page if (key := _key(one))]
            known = ledger.known(keys)
            ledger.saw((key, None) for key in keys if key in known and known[key].state is Due.voiding)

    def _undelivered(self, session: Session) -> Iterator[Known]:
        """Events of the tenant without a delivery to this LRS. The LMS's test student leaves no statements."""
        tenant_id = self._lrs.tenant_id
        platforms = platforms_of(session, self._lrs.id).get(self._lrs.id)
        rows = session.execute(
            select(Event.id, Event.occurred_at, Event.dispatched, Course.home_page)
            .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
            .join(Panel, and_(Panel.tenant_id == Event.tenant_id, Panel.id == Event.panel_id))
            .join(Course, and_(Course.tenant_id == Panel.tenant_id, Course.id == Panel.course_id))
            .outerjoin(
                Delivery,
                and_(
                    Delivery.tenant_id == Event.tenant_id,
                    Delivery.lrs_id == self._lrs.id,
                    Delivery.event_id == Event.id,
                ),
            )
            .where(
                Event.tenant_id == tenant_id, ~Voice.is_test, Voice.erased_at.is_(None), Delivery.id.is_(None)
            )
            .execution_options(yield_per=_STREAMED)
        )
        for row in rows:
            if row.occurred_at < self._lrs.since or (platforms and row.home_page not in platforms):
                state = Due.earlier
            else:
                state = Due.lost if row.dispatched else Due.pending
            yield Known(statement_id(tenant_id, row.id), row.id, None, state)

    def _compare(self, ledger: Ledger, page: list[Json]) -> None:
        """One page against the ledger; a query also finds statements about ours, such as those that void."""
        base = f"{self._builder.ids.base}/"
        found = [(key, one) for one in page if (key := _key(one)) and _is_about(one, base)]
        known = ledger.known([key for key, _ in found])
        ledger.wonder_at(key for key, _ in found if key not in known)
        verdicts: list[tuple[UUID, Verdict | None]] = []
        unproved: list[tuple[Known, Json]] = []
        for key, statement in found:
            if (one := known.get(key)) is None:
                continue
            if one.state in (Due.others, Due.voided, Due.withheld):
                verdicts.append((key, None))
            elif by_digest(statement, one.digest):
                verdicts.append((key, Verdict.same))
            else:
                unproved.append((one, statement))
        ledger.saw(verdicts + self._by_content(unproved))

    def _by_content(self, unproved: list[tuple[Known, Json]]) -> list[tuple[UUID, Verdict | None]]:
        if not unproved:
            return []
        with self._database.read() as session:
            events = occurrences(session, self._lrs.tenant_id, [one.event_id for one, _ in unproved])
            sent_as, worded = self._sent_as(session, list(events))
            events = with_texts(session, self._lrs.tenant_id, events, worded)
        now = self._clock()
        verdicts: list[tuple[UUID, Verdict | None]] = []
        acts = [(act, *sent_as.get(key, (Scope.identified, None))) for key, act in events.items()]
        built = {act.event_id: ours for act, ours in self._builder.build_as(acts, self._lrs.id, now)}
        for one, theirs in unproved:
            ours = built[one.event_id]
            if isinstance(ours, StatementWrong):
                verdicts.append((one.statement_id, Verdict.differs))
            else:
                verdicts.append((one.statement_id, by_content(theirs, ours, one.digest)))
        return verdicts

    def _sent_as(
        self, session: Session, event_ids: list[UUID]
    ) -> tuple[dict[UUID, tuple[Scope, Scope | None]], list[UUID]]:
        """Under which scope, under which the person answered is named, and which of them with text."""
        rows = session.execute(
            select(Delivery.event_id, Delivery.scope, Delivery.answered_as, Delivery.text).where(
                Delivery.tenant_id == self._lrs.tenant_id,
                Delivery.lrs_id == self._lrs.id,
                Delivery.event_id.in_(event_ids),
                Delivery.part == 0,
                Delivery.scope.is_not(None),
            )
        )
        found = [row for row in rows if row.scope]
        scopes = {
            row.event_id: (Scope(row.scope), Scope(row.answered_as) if row.answered_as else None)
            for row in found
        }
        return scopes, [row.event_id for row in found if row.text]

    def _ask_for_missing(self, reader: Reader, ledger: Ledger) -> None:
        """What no page showed may have been voided, or be shown late."""
        missing = ledger.counts().missing
        if missing > MOST_ASKED_FOR:
            return
        for number, finding in enumerate(list(ledger.findings(Kind.missing)), 1):
            self._told("missing", number, missing)
            if (statement := reader.one(finding.statement_id)) is not None:
                self._compare(ledger, [statement])
            elif reader.one(finding.statement_id, voided=True) is not None:
                ledger.found_voided(finding.statement_id)


def _key(statement: Json) -> UUID | None:
    try:
        return UUID(statement.get("id"))
    except (ValueError, TypeError, AttributeError):
        return None


def _is_about(statement: Json, base: str) -> bool:
    """About a thing under our ids: neither what somebody says of our profile, nor a reference to a statement."""
    target = statement.get("object")
    return isinstance(target, dict) and str(target.get("id")).startswith(base)


def _several(rows: Iterable[UUID | None]) -> Iterator[list[UUID | None]]:
    gathered: list[UUID | None] = []
    for row in rows:
        gathered.append(row)
        if len(gathered) == _AT_ONCE:
            yield gathered
            gathered = []
    if gathered:
        yield gathered
