"""Brings the scores of one column to the LMS: looks what it shows, makes the column where there is none, sends, looks.

A grade that is not ours is never touched unless staff say so: what the LMS shows is read before anything is sent, and
whatever is neither what we sent nor what we may have sent is somebody else's. A score bears the second in which it is
sent, later than the last one for the same person; where that second has been used already, it waits for the next.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event as Flag
from threading import Lock
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from lti_tool.lti import services
from lti_tool.lti.grade_columns import Columns, Lost, destination_for
from lti_tool.lti.grade_counting import count_panel, panels_to_count
from lti_tool.lti.grade_looking import Gone, Look, Seen, Whole
from lti_tool.lti.grade_models import GradeColumn, OwnWords
from lti_tool.lti.grade_queries import Destination
from lti_tool.lti.grade_queue import CHUNK, ColumnKey, Due, Held, hold, ready_columns
from lti_tool.lti.grades import GradeBook, Result, ScoreMessage, shows
from lti_tool.lti.queries import find_platform
from lti_tool.lti.service_answers import FailureKind, ServiceFailure
from lti_tool.parts import Parts
from social_layer.grading.queries import Sheet, find_sheet

log = structlog.get_logger("alongside.grades")

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 3600.0
# A column that the LMS refuses altogether is tried again after this, and when staff ask for it.
REFUSED_REST = timedelta(hours=1)
# So many failures in a row are no chance any more.
_IN_A_ROW = 5
# A score that is called stale again and again is the clock's fault, not the score's.
_STALE_AT_MOST = 6
_BUSY = (None, 408, 425, 429, 503)


@dataclass
class Grader:
    """Counts and delivers grades, as one process does it. ``stop``: couriers end with the score they are at."""

    given: Parts
    rng: random.Random = field(default_factory=random.SystemRandom)
    stop: Flag = field(default_factory=Flag)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._busy: set[ColumnKey] = set()
        # What the LMS showed when a batch was interrupted for a moment.
        self.looked: dict[ColumnKey, Whole] = {}

    def sweep(self) -> list[ColumnKey]:
        """Counts what may have changed; answers the columns with something to do."""
        database, clock = self.given.database, self.given.clock
        with database.read() as session:
            panels = panels_to_count(session, clock())
        for tenant_id, panel_id in panels:
            try:
                with database.write() as session:
                    count_panel(session, clock, tenant_id, panel_id)
            except Exception:
                # What is wrong with one panel holds up nobody else's grades; it is counted again with the next sweep.
                log.exception("panel_not_counted", panel=str(panel_id))
        with database.read() as session:
            ready = ready_columns(session, clock())
        with self._lock:
            return [key for key in ready if key not in self._busy]

    def deliver(self, key: ColumnKey) -> None:
        """Works at one column until nothing is due there; nothing if this process is at it already."""
        with self._lock:
            if key in self._busy or self.stop.is_set():
                return
            self._busy.add(key)
        try:
            _Courier(self, key).run()
        finally:
            with self._lock:
                self._busy.discard(key)

    def waits_for(self, key: ColumnKey) -> float:
        """A column's courier counts as at work until it is done."""
        return 0.0


class _Courier:
    def __init__(self, grader: Grader, key: ColumnKey) -> None:
        self._given = grader.given
        self._database, self._clock = grader.given.database, grader.given.clock
        self._rng, self._stop = grader.rng, grader.stop
        self._grader, self._key = grader, key

    def run(self) -> None:
        with self._database.write() as session:
            held = hold(session, self._key, uuid4(), self._clock())
        if held is None:
            return
        try:
            self._work(held)
        except Lost:
            log.info("column_lost", column=str(held.id))
            return
        except ServiceFailure as failure:
            self._note_trouble(held, failure)
        except Exception:
            # A fault of ours, most likely: it must be seen, and must not hold the lease until that runs out.
            log.exception("column_failed", column=str(held.id))
            self._note_trouble(held, ServiceFailure(FailureKind.refused, None, OwnWords.our_fault))
        with self._database.write() as session:
            held.release(session)

    def _work(self, held: Held) -> None:
        with self._database.read() as session:
            sheet = find_sheet(session, held.tenant_id, held.panel_id)
            to = destination_for(session, held)
            platform = find_platform(session, held.tenant_id, to.platform_id) if to else None
        if sheet is not None and not _grades(sheet, held):
            # Graded no more: what still waited is not sent, and no column made for it.
            with self._database.write() as session:
                held.leave(session)
            if not self._is_to_go(held):
                return
        if sheet is None or to is None or platform is None or not to.takes_scores:
            raise ServiceFailure(FailureKind.refused, None, OwnWords.not_allowed)
        with services.of(self._given, platform) as lms:
            book = GradeBook(lms, to)
            columns = Columns(self._database, self._clock, held, to, book)
            if not _grades(sheet, held):
                columns.remove()
                return
            for _attempt in range(2):
                url = columns.ensure(sheet)
                try:
                    self._deliver(held, url, to, book)
                except Gone:
                    columns.forget(url)
                    if to.line_item_url == url:
                        # The last launch told of it when it still was there.
                        to = replace(to, line_item_url=None)
                        columns = replace(columns, to=to)
                    continue
                break
        with self._database.write() as session:
            held.change(session, failures=0, trouble=None, resting_until=None)

    def _is_to_go(self, held: Held) -> bool:
        """Whether staff want the column gone."""
        with self._database.read() as session:
            column = session.get_one(GradeColumn, (held.tenant_id, held.id))
        return column.removing_at is not None

    # Its scores.

    def _deliver(self, held: Held, url: str, to: Destination, book: GradeBook) -> None:
        look = Look(
            self._database, self._clock, held, url, to, book, self._grader.looked.pop(self._key, None)
        )
        try:
            look.as_asked()
            while not self._stop.is_set():
                seen = look.before_sending()
                claimed, stamp, more = self._claim(held, to, seen)
                if claimed:
                    self._send(held, url, book, claimed, stamp, look)
                elif not more:
                    break
            look.after_sending()
        except ServiceFailure as failure:
            if failure.status in _BUSY and look.whole is not None:
                # The same batch goes on in a moment.
                self._grader.looked[self._key] = look.whole
            raise

    def _claim(self, held: Held, to: Destination, seen: Seen | None) -> tuple[list[Due], datetime, bool]:
        """Sorts a chunk of what is due, and claims what is to be sent; also whether there was anything."""
        now = self._clock()
        stamp = now.replace(microsecond=0)
        to_send: list[Due] = []
        with self._database.write() as session:
            if not held.renew(session, now):
                raise Lost
            sheet = find_sheet(session, held.tenant_id, held.panel_id)
            if sheet is None or not _grades(sheet, held):
                # Staff have ended it since the last chunk; the next sweep clears up.
                return [], stamp, False
            due = held.due(session, now, to.issuer, CHUNK)
            for each in due:
                if each.user_id is None:
                    held.parked(session, each, OwnWords.person_unknown)
                    continue
                if seen is not None and not seen.covers(each.user_id):
                    continue  # it came after we looked
                result = seen.results.get(each.user_id) if seen is not None else None
                if seen is None and not each.replaces:
                    held.kept_back(session, each, OwnWords.unseen)
                elif _is_there(each, result):
                    held.arrived(session, [each], now)
                elif _is_of_others(each, result):
                    held.kept_back(session, each)
                elif each.stamp is not None and each.stamp >= stamp:
                    held.later(session, each, each.stamp + timedelta(seconds=1))
                else:
                    to_send.append(each)
            held.claim(session, to_send, stamp)
        return to_send, stamp, bool(due)

    def _send(
        self, held: Held, url: str, book: GradeBook, claimed: list[Due], stamp: datetime, look: Look
    ) -> None:
        """Sends a chunk, and writes down what came of each. Raises what holds up the column."""
        arrived: list[Due] = []
        failed: list[tuple[Due, ServiceFailure]] = []
        stopped: Exception | None = None
        in_a_row = 0
        left = list(claimed)
        while left and stopped is None and not self._stop.is_set():
            each = left.pop(0)
            try:
                book.send(url, _message(each, stamp))
                arrived.append(each)
                in_a_row = 0
            except ServiceFailure as failure:
                failed.append((each, failure))
                in_a_row += failure.kind is FailureKind.later
                stopped = self._what_stops(failure, in_a_row, url, book)
        now = self._clock()
        with self._database.write() as session:
            if not held.renew(session, now):
                raise Lost
            held.arrived(session, arrived, now)
            held.untried(session, left)
            for each, why in failed:
                self._note(session, held, each, why, book, now)
            if arrived:
                held.change(session, failures=0, trouble=None)
        look.note_sent(arrived)
        if stopped is not None:
            raise stopped

    def _what_stops(
        self, failure: ServiceFailure, in_a_row: int, url: str, book: GradeBook
    ) -> Exception | None:
        """What ends the work at the column for now; None where only this score has failed."""
        if failure.kind is FailureKind.gone:
            try:
                return None if book.exists(url) else Gone()
            except ServiceFailure as unclear:
                return unclear
        if failure.status in (401, 403) or failure.status in _BUSY or in_a_row >= _IN_A_ROW:
            return failure
        return None

    def _note(
        self, session: Session, held: Held, due: Due, failure: ServiceFailure, book: GradeBook, now: datetime
    ) -> None:
        attempts = due.attempts + 1
        said = f"{failure.status or ''} {failure.said}".strip()
        if failure.status in (401, 403):
            held.untried(session, [due])
        elif book.is_stale(failure) and attempts < _STALE_AT_MOST:
            held.later(session, due, now + timedelta(seconds=max(1.0, self._pause(attempts))), said)
        elif failure.kind is FailureKind.later:
            held.later(
                session, due, now + timedelta(seconds=failure.retry_after or self._pause(attempts)), said
            )
        else:
            held.parked(session, due, said)

    def _note_trouble(self, held: Held, failure: ServiceFailure) -> None:
        """The column is left alone for a while; staff see why, where that may last."""
        now = self._clock()
        said = f"{failure.status or ''} {failure.said}".strip()
        with self._database.write() as session:
            column = session.get_one(GradeColumn, (held.tenant_id, held.id))
            failures = column.failures + 1
            if failure.kind is FailureKind.later:
                rest = timedelta(seconds=failure.retry_after or self._pause(failures))
            else:
                rest = REFUSED_REST
            lasts = failure.kind is not FailureKind.later or failures > 2
            held.change(
                session,
                failures=failures,
                resting_until=now + rest,
                trouble=said[:500] if lasts else None,
            )
        log.warning("column_rests", column=str(held.id), status=failure.status, said=failure.said)

    def _pause(self, failures: int) -> float:
        longest = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE)
        return longest * self._rng.uniform(0.5, 1.0)


def _grades(sheet: Sheet, held: Held) -> bool:
    return held.stage in {stage.id for stage in sheet.stages}


def _message(due: Due, stamp: datetime) -> ScoreMessage:
    return ScoreMessage(
        user_id=due.user_id or "",
        points=due.points,
        maximum=due.maximum,
        comment=due.comment,
        at=stamp,
        activity=due.activity,
        is_first=due.sent[0] is None,
        replaces=due.replaces,
    )


def _is_there(due: Due, result: Result | None) -> bool:
    """Whether the LMS shows just this already: after an attempt without an answer, or where nothing has changed."""
    if not shows(result, due.points, due.maximum) or result is None:
        return False
    if due.attempts == 0 and due.sent[0] is None:
        # Somebody gave the same points there; a comment of ours is still to come.
        return not due.comment
    if due.sent[0] is not None and due.attempts == 0 and due.sent_comment != due.comment:
        return False
    return result.comment is None or result.comment == due.comment


def _is_of_others(due: Due, result: Result | None) -> bool:
    """Whether the LMS shows a grade that is neither what was sent nor what may have arrived, nor what is wished."""
    if due.replaces or result is None or result.points is None:
        return False
    ours = ((due.points, due.maximum), due.sent, due.tried)
    return not any(shows(result, points, maximum) for points, maximum in ours)
