"""A course with a panel and people in it, for tests of what they do there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.database import Database
from social_layer.discussion import actions, queries
from social_layer.events.models import Event
from social_layer.panels.models import Kind
from social_layer.panels.queries import find_viewer
from social_layer.people.models import Role
from social_layer.viewer import Viewer
from tests import factories
from tests.factories import NOW, made_in


@dataclass
class TickingClock:
    """A second passes with each look."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_by(self, **spans: float) -> None:
        self.now += timedelta(**spans)


@dataclass
class Room:
    """One course with one panel. Viewers are looked up afresh: ``room.look(member)``."""

    database: Database
    clock: TickingClock = field(default_factory=TickingClock)
    tenant_id: UUID = field(init=False)
    course_id: UUID = field(init=False)
    panel_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        with self.rows():
            course = factories.CourseFactory()
            self.tenant_id, self.course_id = course.tenant_id, course.id
        self.panel_id = self.add_panel()

    @contextmanager
    def rows(self) -> Iterator[Session]:
        """A transaction in which factories write."""
        with self.database.write() as session, made_in(session):
            yield session

    def add_panel(self, kind: Kind = Kind.discussion, course_id: UUID | None = None) -> UUID:
        with self.rows():
            version = factories.TemplateVersionFactory(tenant_id=self.tenant_id, kind=kind)
            panel = factories.PanelFactory(
                tenant_id=self.tenant_id,
                course_id=course_id or self.course_id,
                template_version_id=version.id,
            )
        panel_id: UUID = panel.id
        return panel_id

    def join(self, role: Role = Role.learner, course_id: UUID | None = None, **person: Any) -> UUID:
        """Somebody new in the course; their membership."""
        with self.rows():
            return factories.member_of(self.tenant_id, course_id or self.course_id, role, **person).id

    def look(self, member: UUID, panel_id: UUID | None = None) -> Viewer:
        with self.database.read() as session:
            viewer = find_viewer(session, self.tenant_id, member, panel_id or self.panel_id, self.clock.now)
        assert viewer is not None
        return viewer

    def newcomer(self, role: Role = Role.learner, **person: Any) -> Viewer:
        return self.look(self.join(role, **person))

    def post(self, viewer: Viewer, body: str = "Some words", **more: Any) -> UUID:
        with self.database.write() as session:
            return actions.post(session, self.clock, viewer, body=body, **more)

    def entry(self, viewer: Viewer, entry_id: UUID) -> queries.EntryView:
        with self.database.read() as session:
            entry = queries.find_entry(session, viewer, entry_id)
        assert entry is not None
        return entry

    def entries(self, viewer: Viewer, limit: int = 100) -> list[queries.EntryView]:
        """All that the viewer sees, read page by page."""
        found, after = [], None
        with self.database.read() as session:
            while True:
                page = queries.entries_page(session, viewer, after=after, limit=limit)
                found += page.items
                after = page.next
                if after is None:
                    return found

    def events(self) -> list[Event]:
        with self.database.read() as session:
            return list(session.scalars(select(Event).order_by(Event.occurred_at)))

    def event_types(self) -> list[str]:
        return [event.type for event in self.events()]
