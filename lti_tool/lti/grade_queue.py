"""Scores that wait, under leases: which columns have something due, who works at one, and what came of each score.

One courier at a time works at a column, so a person's scores there never overtake each other. A claim is committed
before the network is touched. Every change names the lease: whoever lost it changes nothing any more.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeColumn, GradeService, Score, ScoreState
from lti_tool.lti.grades import Result, shows
from social_layer.people.models import Account, Membership

# Longer than a chunk can take, with every answer as late as may be.
LEASE = timedelta(minutes=10)
CHUNK = 25
ColumnKey = tuple[UUID, UUID]


def ready_columns(session: Session, now: datetime) -> list[ColumnKey]:
    """Columns with something to do, as (tenant, column); one statement."""
    due = exists().where(
        Score.tenant_id == GradeColumn.tenant_id,
        Score.panel_id == GradeColumn.panel_id,
        Score.stage == GradeColumn.stage,
        # Written out, so that PostgreSQL sees that the partial index holds all that is asked for.
        Score.state == literal_column("'pending'"),
        Score.due_at <= now,
    )
    is_renamed = and_(
        GradeColumn.is_ours,
        GradeColumn.url.is_not(None),
        or_(GradeColumn.made_label != GradeColumn.label, GradeColumn.made_maximum != GradeColumn.maximum),
    )
    found = session.execute(
        select(GradeColumn.tenant_id, GradeColumn.id).where(
            or_(GradeColumn.resting_until.is_(None), GradeColumn.resting_until <= now),
            or_(GradeColumn.lease_until.is_(None), GradeColumn.lease_until <= now),
            or_(due, GradeColumn.read_due_at <= now, is_renamed, GradeColumn.removing_at <= now),
        )
    )
    return [(row[0], row[1]) for row in found]


@dataclass(frozen=True, slots=True)
class Due:
    """A score that waits, with the LMS's id of its person, where there is one."""

    id: UUID
    user_id: str | None
    wish: int
    points: float
    maximum: float
    comment: str
    activity: str
    replaces: bool
    attempts: int
    stamp: datetime | None
    tried: tuple[float | None, float | None]
    sent: tuple[float | None, float | None]
    sent_comment: str | None


def _due(row: Any) -> Due:
    told = row._asdict()
    tried = (told.pop("tried_points"), told.pop("tried_maximum"))
    sent = (told.pop("sent_points"), told.pop("sent_maximum"))
    return Due(**told, tried=tried, sent=sent)


def _known_there(issuer: str) -> tuple[ColumnElement[bool], ...]:
    """The account by which an LMS knows a member."""
    return (
        Account.tenant_id == Membership.tenant_id,
        Account.person_id == Membership.person_id,
        # In a guise, so that no database begins with the thousands that one LMS knows instead of with the person.
        func.coalesce(Account.home_page, "") == issuer,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A column under our lease."""

    tenant_id: UUID
    id: UUID
    lease: UUID
    panel_id: UUID
    stage: UUID

    def is_ours(self) -> tuple[Any, ...]:
        return (
            GradeColumn.tenant_id == self.tenant_id,
            GradeColumn.id == self.id,
            GradeColumn.lease == self.lease,
        )

    def change(self, session: Session, **values: Any) -> bool:
        """Changes the column; False where the lease is lost."""
        changed = session.execute(
            update(GradeColumn)
            .where(*self.is_ours())
            .values(**values)
            .execution_options(synchronize_session=False)
            .returning(GradeColumn.id)
        )
        return changed.first() is not None

    def renew(self, session: Session, now: datetime) -> bool:
        return self.change(session, lease_until=now + LEASE)

    def release(self, session: Session) -> None:
        self.change(session, lease=None, lease_until=None)

    def due(self, session: Session, now: datetime, issuer: str, limit: int = CHUNK) -> list[Due]:
        """The oldest first."""
        account = (
            select(func.min(Account.name))
            .where(*_known_there(issuer))
            .correlate(Membership)
            .scalar_subquery()
            .label("user_id")
        )
        found = session.execute(
            select(
                Score.id,
                account,
                Score.wish,
                Score.points,
                Score.maximum,
                Score.comment,
                Score.activity,
                Score.replaces,
                Score.attempts,
                Score.stamp,
                Score.tried_points,
                Score.tried_maximum,
                Score.sent_points,
                Score.sent_maximum,
                Score.sent_comment,
            )
            .join(
                Membership,
                and_(Membership.tenant_id == Score.tenant_id, Membership.id == Score.membership_id),
            )
            .where(
                *self._scores(),
                Score.state == literal_column("'pending'"),
                Score.due_at <= now,
            )
            .order_by(Score.due_at, Score.id)
            .limit(limit)
        )
        return [_due(row) for row in found]

    def claim(self, session: Session, due: Sequence[Due], stamp: datetime) -> None:
        """Writes down what is about to be said, and when: it counts as said from now on."""
        if due:
            session.execute(
                update(Score),
                [
                    {
                        "tenant_id": self.tenant_id,
                        "id": each.id,
                        "attempts": each.attempts + 1,
                        "stamp": stamp,
                        "tried_points": each.points,
                        "tried_maximum": each.maximum,
                    }
                    for each in due
                ],
            )

    def arrived(self, session: Session, due: Sequence[Due], at: datetime) -> None:
        """The LMS has them. A wish that came meanwhile stays pending."""
        taken = [
            {
                "its_tenant": self.tenant_id,
                "its_id": each.id,
                "its_wish": each.wish,
                "its_points": each.points,
                "its_maximum": each.maximum,
                "its_comment": each.comment,
                "arrived_at": at,
            }
            for each in due
        ]
        if taken:
            session.flush()
            connection = session.connection()
            connection.execute(_DONE, taken)
            connection.execute(_TAKEN, taken)

    def parked(self, session: Session, due: Due, said: str) -> None:
        self._score(session, due, state=ScoreState.parked, answer=said)

    def kept_back(self, session: Session, due: Due, said: str | None = None) -> None:
        """The LMS shows a grade that is not ours: staff decide."""
        self._score(session, due, state=ScoreState.held, answer=said)

    def later(self, session: Session, due: Due, at: datetime, said: str | None = None) -> None:
        self._score(session, due, due_at=at, answer=said)

    def untried(self, session: Session, due: Sequence[Due]) -> None:
        """Gives back what was claimed and not said: this was no attempt. The stamp stays."""
        for each in due:
            self._score(
                session,
                each,
                attempts=each.attempts,
                tried_points=each.tried[0],
                tried_maximum=each.tried[1],
            )

    def is_read_due(self, session: Session, now: datetime) -> bool:
        """Whether staff have asked what the LMS shows."""
        asked = select(GradeColumn.id).where(*self.is_ours(), GradeColumn.read_due_at <= now)
        return session.scalar(asked) is not None

    def unseen(self, session: Session, issuer: str, until: datetime, limit: int) -> list[str]:
        """To whom something was sent that was not seen in the LMS yet; nobody while more is due before ``until``."""
        more = select(Score.id).where(
            *self._scores(), Score.state == literal_column("'pending'"), Score.due_at <= until
        )
        if session.scalar(more.limit(1)) is not None:
            return []
        people = self._of_people(issuer).where(Score.state == ScoreState.sent, Score.shown_at.is_(None))
        return [row.user_id for row in session.execute(people.limit(limit))]

    def seen(
        self,
        session: Session,
        results: Mapping[str, Result],
        issuer: str,
        now: datetime,
        people: Collection[str] | None = None,
    ) -> None:
        """Writes down what the LMS shows, where that has changed: to these people, or to all of the column."""
        asked = self._of_people(issuer)
        found = session.execute(asked if people is None else asked.where(Account.name.in_(people))).all()
        none = Result(None, None, None)
        changed = []
        for row in found:
            shown = results.get(row.user_id, none)
            known = (row.shown_points, row.shown_maximum, row.shown_comment)
            if row.shown_at is None or (shown.points, shown.maximum, shown.comment) != known:
                changed.append(
                    {
                        "tenant_id": self.tenant_id,
                        "id": row.id,
                        "shown_points": shown.points,
                        "shown_maximum": shown.maximum,
                        "shown_comment": shown.comment,
                        "shown_at": now,
                    }
                )
        if changed:
            session.execute(update(Score), changed)
        if people is None:
            self.change(session, read_at=now, read_due_at=None)

    def follow(
        self, session: Session, before: Mapping[str, Result], after: Mapping[str, Result], issuer: str
    ) -> None:
        """What was ours before the column's points changed is ours as it stands after."""
        found = session.execute(self._of_people(issuer)).all()
        changed = []
        for row in found:
            theirs, now = before.get(row.user_id), after.get(row.user_id)
            ours = ((row.sent_points, row.sent_maximum), (row.tried_points, row.tried_maximum))
            if now is not None and any(shows(theirs, points, maximum) for points, maximum in ours):
                changed.append(
                    {
                        "tenant_id": self.tenant_id,
                        "id": row.id,
                        "tried_points": now.points,
                        "tried_maximum": now.maximum,
                    }
                )
        if changed:
            session.execute(update(Score), changed)

    def forget_item(self, session: Session, url: str, now: datetime) -> None:
        """The line item is gone: another will be made, and is to get everything again."""
        self.change(session, url=None, is_ours=False, remade_at=now, made_label=None, made_maximum=None)
        session.execute(
            update(GradeService)
            .where(GradeService.tenant_id == self.tenant_id, GradeService.line_item_url == url)
            .values(line_item_url=None)
            .execution_options(synchronize_session=False)
        )
        self.forget_scores(session, now)

    def leave(self, session: Session) -> None:
        """Its stage is graded no more: nothing waits, and the line item stays as the LMS has it."""
        ours = self.change(
            session,
            read_due_at=None,
            label=func.coalesce(GradeColumn.made_label, GradeColumn.label),
            maximum=func.coalesce(GradeColumn.made_maximum, GradeColumn.maximum),
        )
        if ours:
            waiting = delete(Score).where(*self._scores(), Score.state == ScoreState.pending)
            session.execute(waiting.execution_options(synchronize_session=False))

    def end(self, session: Session) -> None:
        """The column is gone for good, and with it all that was known of its scores."""
        ours = delete(GradeColumn).where(*self.is_ours()).execution_options(synchronize_session=False)
        if session.execute(ours.returning(GradeColumn.id)).first() is not None:
            gone = delete(Score).where(*self._scores()).execution_options(synchronize_session=False)
            session.execute(gone)

    def forget_scores(self, session: Session, now: datetime) -> None:
        """Nothing has arrived, and nothing was seen. The stamps stay: time goes on."""
        nothing = ("sent_points", "sent_maximum", "sent_comment", "sent_at", "tried_points", "tried_maximum")
        shown = ("shown_points", "shown_maximum", "shown_comment", "shown_at")
        session.execute(
            update(Score)
            .where(*self._scores())
            .values(
                state=case((Score.state == ScoreState.former, Score.state), else_=ScoreState.pending),
                due_at=now,
                attempts=0,
                answer=None,
                **dict.fromkeys((*nothing, *shown)),
            )
            .execution_options(synchronize_session=False)
        )

    def _of_people(self, issuer: str) -> Select[*tuple[Any, ...]]:
        """What is known of each of the column's scores, by the LMS's id of its person."""
        of_person = and_(Membership.tenant_id == Score.tenant_id, Membership.id == Score.membership_id)
        return (
            select(
                Score.id,
                Account.name.label("user_id"),
                Score.sent_points,
                Score.sent_maximum,
                Score.tried_points,
                Score.tried_maximum,
                Score.shown_points,
                Score.shown_maximum,
                Score.shown_comment,
                Score.shown_at,
            )
            .join(Membership, of_person)
            .join(Account, and_(*_known_there(issuer)))
            .where(*self._scores())
        )

    def _scores(self) -> tuple[Any, ...]:
        return (
            Score.tenant_id == self.tenant_id,
            Score.panel_id == self.panel_id,
            Score.stage == self.stage,
        )

    def _score(self, session: Session, due: Due, **values: Any) -> None:
        """Only while nothing else is wished meanwhile."""
        session.execute(
            update(Score)
            .where(Score.tenant_id == self.tenant_id, Score.id == due.id, Score.wish == due.wish)
            .values(**values)
            .execution_options(synchronize_session=False)
        )


# As statements for many rows at once: one by one they would cost more than the sending.
_TABLE: Any = Score.__table__
_ITS_OWN = (_TABLE.c.tenant_id == bindparam("its_tenant"), _TABLE.c.id == bindparam("its_id"))
_TAKEN = (
    update(_TABLE)
    .where(*_ITS_OWN)
    .values(
        sent_points=bindparam("its_points"),
        sent_maximum=bindparam("its_maximum"),
        sent_comment=bindparam("its_comment"),
        sent_at=bindparam("arrived_at"),
        shown_at=None,
    )
)
_DONE = (
    update(_TABLE)
    .where(*_ITS_OWN, _TABLE.c.wish == bindparam("its_wish"))
    .values(state=ScoreState.sent, replaces=False, answer=None)
)


def hold(session: Session, key: ColumnKey, lease: UUID, now: datetime) -> Held | None:
    """Takes the column, where nobody has it."""
    taken = session.execute(
        update(GradeColumn)
        .where(
            GradeColumn.tenant_id == key[0],
            GradeColumn.id == key[1],
            or_(GradeColumn.lease_until.is_(None), GradeColumn.lease_until <= now),
        )
        .values(lease=lease, lease_until=now + LEASE)
        .execution_options(synchronize_session=False)
        .returning(GradeColumn.panel_id, GradeColumn.stage)
    ).first()
    return Held(key[0], key[1], lease, taken[0], taken[1]) if taken else None
