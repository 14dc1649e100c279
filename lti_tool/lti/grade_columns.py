"""The column of a stage in the LMS's grade book: the one that the LMS made, one that bears our marks, or a new one."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeColumn, OwnWords
from lti_tool.lti.grade_queries import DESTINATIONS, Destination, destination_of, find_destination
from lti_tool.lti.grade_queue import Held
from lti_tool.lti.grades import GradeBook, Item
from lti_tool.lti.models import LtiLink
from lti_tool.lti.service_answers import FailureKind, ServiceFailure
from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.grading.queries import Sheet


class Lost(Exception):
    """Somebody else holds the column now."""


def destination_for(session: Session, held: Held) -> Destination | None:
    """That of the column's own link while its platform is in use, else of the panel's latest launch."""
    column = session.get_one(GradeColumn, (held.tenant_id, held.id))
    own = session.execute(
        DESTINATIONS.where(LtiLink.tenant_id == column.tenant_id, LtiLink.id == column.link_id)
    ).first()
    return destination_of(own) if own else find_destination(session, column.tenant_id, column.panel_id)


@dataclass(frozen=True, slots=True)
class Columns:
    """Finds, makes and changes the line item of a held column."""

    database: Database
    clock: Clock
    held: Held
    to: Destination
    book: GradeBook

    def ensure(self, sheet: Sheet) -> str:
        """The line item's address. Raises ``ServiceFailure`` and :class:`Lost`."""
        column = self._column()
        if column.url and column.link_id != self.to.link_id:
            # Another grade book than before: nothing of ours stands there.
            with self.database.write() as session:
                self.held.forget_scores(session, self.clock())
            column.url = None
        wanted = Item(
            label=column.label,
            maximum=column.maximum,
            tag=str(self.held.stage),
            resource_id=str(sheet.template_id),
            resource_link_id=self.to.resource_link_id,
        )
        if column.url:
            if column.is_ours and (column.made_label, column.made_maximum) != (wanted.label, wanted.maximum):
                self._change(column.url, wanted, rescaled=column.made_maximum != wanted.maximum)
            return column.url
        return self._found_or_made(
            wanted, is_first=sheet.stages[:1] and sheet.stages[0].id == self.held.stage
        )

    def forget(self, url: str) -> None:
        """A line item that is gone is made anew, once; then staff are told."""
        if self._column().remade_at is not None:
            raise ServiceFailure(FailureKind.refused, 404, OwnWords.gone_again)
        with self.database.write() as session:
            self.held.forget_item(session, url, self.clock())

    def remove(self) -> None:
        """Deletes the line item, where it is one of ours. Raises ``ServiceFailure``."""
        column = self._column()
        if column.url and not self._is_taken(column.url):
            of_this_book = column.is_ours and column.link_id == self.to.link_id
            if not of_this_book or not self.to.makes_columns:
                raise ServiceFailure(FailureKind.refused, None, OwnWords.no_removal)
            if not self.book.remove(column.url, str(self.held.stage)):
                raise ServiceFailure(FailureKind.refused, None, OwnWords.no_removal)
        with self.database.write() as session:
            self.held.end(session)

    def _found_or_made(self, wanted: Item, is_first: object) -> str:
        # The LMS's own one belongs to the link, and so to the panel's first stage.
        theirs = self.to.line_item_url
        if theirs and is_first and not self._is_taken(theirs):
            self._keep(theirs, None)
            return theirs
        if not self.to.makes_columns:
            raise ServiceFailure(FailureKind.refused, None, OwnWords.no_column)
        for item in self.book.find(wanted.tag):
            # A copied course has copies of our marks, each at its own link.
            fits = item.resource_link_id in (None, self.to.resource_link_id)
            if fits and not self._is_taken(item.url):
                self._keep(item.url, item)
                return item.url
        made = self.book.make(wanted)
        self._keep(made.url, wanted)
        return made.url

    def _change(self, url: str, wanted: Item, rescaled: bool) -> None:
        """Label and points as they are now. An LMS may or may not rescale the grades that it has: we look."""
        look = rescaled and self.to.shows_results
        try:
            before = self.book.results(url) if look else {}
            self.book.change(url, wanted)
            after = self.book.results(url) if look else {}
        except ServiceFailure as failure:
            if failure.kind is not FailureKind.gone:
                raise
            return  # noticed again, and mended, where a score is sent there
        with self.database.write() as session:
            self.held.follow(session, before, after, self.to.issuer)
        self._keep(url, wanted)

    def _column(self) -> GradeColumn:
        with self.database.read() as session:
            return session.get_one(GradeColumn, (self.held.tenant_id, self.held.id))

    def _is_taken(self, url: str) -> bool:
        """Whether another stage or panel sends there."""
        with self.database.read() as session:
            found = session.scalar(
                select(GradeColumn.id)
                .where(
                    GradeColumn.tenant_id == self.held.tenant_id,
                    GradeColumn.url == url,
                    GradeColumn.id != self.held.id,
                )
                .limit(1)
            )
        return found is not None

    def _keep(self, url: str, item: Item | None) -> None:
        """``item``: as ours; None for the LMS's own one."""
        with self.database.write() as session:
            kept = self.held.change(
                session,
                url=url,
                link_id=self.to.link_id,
                is_ours=item is not None,
                made_label=item.label if item else None,
                made_maximum=item.maximum if item else None,
            )
        if not kept:
            raise Lost
