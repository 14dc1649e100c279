"""Reads: former terms, whether a new one seems to have begun, and what somebody has contributed in all of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from social_layer.discussion.models import Entry, Revision
from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import CourseTerm, Membership, Role, Voice
from social_layer.refusals import NotAllowed, NotFound
from social_layer.viewer import Viewer
from social_layer.visibility import OWN, seen_by

# A break between the last of the former learners and the first of the new ones that holidays between terms have.
BREAK = timedelta(days=14)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class FormerTerm:
    """A term that is over, and how much was written in this panel meanwhile."""

    number: int
    ended_at: datetime
    entries: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """One of a person's own entries, as it stands now."""

    id: UUID
    panel_title: str
    kind: str
    term: int
    title: str
    body: str
    created_at: datetime
    edited_at: datetime | None
    is_answer: bool


def former_terms(session: Session, viewer: Viewer) -> list[FormerTerm]:
    """The newest first. One statement. Raises ``not_staff_here``."""
    _for_staff(viewer)
    below = and_(
        Entry.tenant_id == CourseTerm.tenant_id,
        Entry.term == CourseTerm.number,
        Entry.panel_id == viewer.panel.id,
        Entry.deleted_at.is_(None),
    )
    found = session.execute(
        select(CourseTerm.number, CourseTerm.ended_at, func.count(Entry.id))
        .outerjoin(Entry, below)
        .where(CourseTerm.tenant_id == viewer.tenant_id, CourseTerm.course_id == viewer.panel.course_id)
        .group_by(CourseTerm.number, CourseTerm.ended_at)
        .order_by(CourseTerm.number.desc())
    )
    return [FormerTerm(*row) for row in found]


def in_term(viewer: Viewer, number: int) -> Viewer:
    """The same viewer looking back at a term that is over, where nothing can be written.

    Raises ``not_staff_here`` and ``term_not_found``.
    """
    _for_staff(viewer)
    if not 1 <= number < viewer.panel.term:
        raise NotFound("term_not_found")
    return replace(viewer, panel=replace(viewer.panel, term=number), reads_only=True)


def seems_new(session: Session, viewer: Viewer) -> bool:
    """Whether everybody who learned here before seems gone and others have come, as after a Moodle course reset.

    There are learners who wrote in this term; each of them has left the course (as its roster says), or was here last
    well before the first of the others came; and there are others, unless the roster says that all have left.
    One statement.
    """
    wrote = (
        select(Voice.person_id)
        .join(Entry, and_(Entry.tenant_id == Voice.tenant_id, Entry.voice_id == Voice.id))
        .where(
            Voice.tenant_id == viewer.tenant_id,
            Voice.course_id == viewer.panel.course_id,
            Entry.term == viewer.panel.term,
        )
    )
    has_written = Membership.person_id.in_(wrote)
    found = session.execute(
        select(
            func.count().filter(has_written),
            func.count().filter(has_written, Membership.active),
            func.max(Membership.last_launch_at).filter(has_written),
            func.count().filter(~has_written, Membership.active),
            func.min(Membership.created_at).filter(~has_written, Membership.active),
        ).where(
            Membership.tenant_id == viewer.tenant_id,
            Membership.course_id == viewer.panel.course_id,
            Membership.role == Role.learner,
            Membership.is_test.is_(False),
        )
    ).one()
    writers, still_there, last_seen, others, first_of_others = found
    if not writers:
        return False
    if not still_there:
        return True
    return bool(others) and last_seen is not None and first_of_others - last_seen >= BREAK


def contributions(session: Session, viewer: Viewer) -> Iterator[Contribution]:
    """The viewer's own entries in the whole course, the oldest first, whatever their term and group; in batches."""
    after: tuple[datetime, UUID] | None = None
    while True:
        asked = (
            select(
                Entry.id,
                TemplateVersion.title.label("panel_title"),
                Entry.kind,
                Entry.term,
                Revision.title,
                Revision.body,
                Entry.created_at,
                Entry.edited_at,
                Entry.parent_id.is_not(None),
            )
            .join(Panel, and_(Panel.tenant_id == Entry.tenant_id, Panel.id == Entry.panel_id))
            .join(
                TemplateVersion,
                and_(
                    TemplateVersion.tenant_id == Panel.tenant_id,
                    TemplateVersion.id == Panel.template_version_id,
                ),
            )
            .join(
                Revision,
                and_(
                    Revision.tenant_id == Entry.tenant_id,
                    Revision.entry_id == Entry.id,
                    Revision.number == Entry.version,
                ),
            )
            .where(OWN)
            .order_by(Entry.created_at, Entry.id)
            .limit(_BATCH)
        )
        if after is not None:
            moment, entry_id = after
            at_once = and_(Entry.created_at == moment, Entry.id > entry_id)
            asked = asked.where(or_(Entry.created_at > moment, at_once))
        found = session.execute(asked, seen_by(viewer)).all()
        yield from (Contribution(*row) for row in found)
        if len(found) < _BATCH:
            return
        after = (found[-1].created_at, found[-1].id)


def _for_staff(viewer: Viewer) -> None:
    if not viewer.is_staff:
        raise NotAllowed("not_staff_here")
