"""What the LMS shows: read before anything is sent, so that nobody's grade is overwritten, and after, to be sure.

For a few people each is asked for by name; for many the whole column is read, and again when that is ten seconds old.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.lti.grade_queries import Destination
from lti_tool.lti.grade_queue import Due, Held
from lti_tool.lti.grades import GradeBook, Result
from lti_tool.lti.service_answers import FailureKind, ServiceFailure
from social_layer.clock import Clock
from social_layer.database import Database

FEW = 5
FRESH = timedelta(seconds=10)
# What is due again so soon is sent first, and looked at together with the rest.
_SOON = timedelta(minutes=1)
_NOTHING = Result(None, None, None)


class Gone(Exception):
    """The line item is not there any more."""


@dataclass(frozen=True, slots=True)
class Whole:
    """All that a column showed, and when."""

    at: datetime
    results: dict[str, Result]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen. ``is_whole``: of all people; otherwise only of those who are named in it."""

    results: Mapping[str, Result]
    is_whole: bool

    def covers(self, user_id: str) -> bool:
        return self.is_whole or user_id in self.results


@dataclass
class Look:
    """Looks at one held column. Raises ``ServiceFailure`` and :class:`Gone`.

    ``whole``: as it was seen a moment ago, when the same batch was interrupted.
    """

    database: Database
    clock: Clock
    held: Held
    url: str
    to: Destination
    book: GradeBook
    whole: Whole | None

    def as_asked(self) -> None:
        """All of it, where staff have asked for that."""
        with self.database.read() as session:
            asked = self.held.is_read_due(session, self.clock())
        if asked and self.to.shows_results:
            self._look_at_all()

    def before_sending(self) -> Seen | None:
        """What the LMS shows to those who come next; None where it does not let us look."""
        if not self.to.shows_results:
            return None
        now = self.clock()
        if self.whole is not None and now - self.whole.at <= FRESH:
            return Seen(self.whole.results, is_whole=True)
        with self.database.read() as session:
            due = self.held.due(session, now, self.to.issuer, FEW + 1)
        people = [each.user_id for each in due if each.user_id is not None]
        if len(due) > FEW:
            return Seen(self._look_at_all(), is_whole=True)
        return Seen(self._look_at(people), is_whole=False)

    def note_sent(self, arrived: Sequence[Due]) -> None:
        for each in arrived:
            if self.whole is not None and each.user_id is not None:
                self.whole.results[each.user_id] = Result(each.points, each.maximum, None)

    def after_sending(self) -> None:
        """Whether it is there, once nothing more is on its way."""
        if not self.to.shows_results:
            return
        with self.database.read() as session:
            unseen = self.held.unseen(session, self.to.issuer, self.clock() + _SOON, FEW + 1)
        if len(unseen) > FEW:
            self._look_at_all()
        elif unseen:
            self._look_at(unseen)

    def _look_at_all(self) -> Mapping[str, Result]:
        results = self._asked(None)
        self.whole = Whole(self.clock(), results)
        with self.database.write() as session:
            self.held.seen(session, results, self.to.issuer, self.clock())
        return results

    def _look_at(self, people: Collection[str]) -> Mapping[str, Result]:
        results: dict[str, Result] = {}
        for user_id in people:
            results[user_id] = self._asked(user_id).get(user_id, _NOTHING)
        if people:
            with self.database.write() as session:
                self.held.seen(session, results, self.to.issuer, self.clock(), people)
        return results

    def _asked(self, user_id: str | None) -> dict[str, Result]:
        try:
            return self.book.results(self.url, user_id)
        except ServiceFailure as failure:
            if failure.kind is FailureKind.gone and not self.book.exists(self.url):
                raise Gone from None
            raise
