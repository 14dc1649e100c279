"""A small institution to let things happen in: a course, a panel, and people by name."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, select

from social_layer.clock import Clock
from social_layer.database import Database
from social_layer.discussion.actions import edit, post, react, remove
from social_layer.discussion.marks import mark_read
from social_layer.discussion.models import Entry, ReactionKind
from social_layer.discussion.reading import tell_readings
from social_layer.panels.actions import make_panel, open_panel
from social_layer.panels.models import Kind
from social_layer.panels.queries import find_viewer
from social_layer.people.actions import Newcomer, arrive, find_or_make_tenant, make_course
from social_layer.people.models import Role, Voice
from social_layer.reflection.actions import Thoughts, share
from social_layer.sealing import Sealer
from social_layer.viewer import Viewer
from xapi.models import Delivery, Lrs
from xapi.stores import connect

BASE = "https://alongside.example.edu"
HOME_PAGE = "https://moodle.example.edu"
SECRET = "a-secret-key-of-the-tests-long-enough"
SEALER = Sealer([SECRET])
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TestClock:
    """Stands still, but for a millisecond at each look, until it is moved."""

    __test__ = False

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class World:
    """Who is not known yet arrives as a learner when they first do something."""

    def __init__(
        self, database: Database, clock: Clock, *, tenant: str = "default", language: str = "en"
    ) -> None:
        self.database = database
        self.clock = clock
        with database.write() as session:
            self.tenant_id = find_or_make_tenant(session, clock, tenant).id
            course = make_course(
                session, clock, self.tenant_id, home_page=HOME_PAGE, title="Ecology", language=language
            )
            self.course_id = course.id
            self.panel_id = make_panel(session, clock, self.tenant_id, course.id, title="Food webs").id
        self._members: dict[str, UUID] = {}

    def member(self, name: str, *, role: Role = Role.learner, is_test: bool = False) -> UUID:
        if name not in self._members:
            with self.database.write() as session:
                newcomer = Newcomer(
                    tenant_id=self.tenant_id,
                    course_id=self.course_id,
                    home_page=HOME_PAGE,
                    account=f"{name}-7",
                    name=name.title(),
                    role=role,
                    is_test=is_test,
                )
                self._members[name] = arrive(session, self.clock, newcomer)
        return self._members[name]

    def viewer(self, name: str, panel_id: UUID | None = None) -> Viewer:
        member = self.member(name)
        with self.database.read() as session:
            viewer = find_viewer(session, self.tenant_id, member, panel_id or self.panel_id)
        assert viewer is not None
        return viewer

    def make_panel(self, title: str, kind: Kind) -> UUID:
        with self.database.write() as session:
            return make_panel(session, self.clock, self.tenant_id, self.course_id, title=title, kind=kind).id

    def open(self, name: str) -> None:
        viewer = self.viewer(name)
        with self.database.write() as session:
            open_panel(session, self.clock, viewer)

    def post(self, name: str, body: str = "Words of a learner", parent: UUID | None = None) -> UUID:
        viewer = self.viewer(name)
        with self.database.write() as session:
            return post(session, self.clock, viewer, body=body, title="A learner's title", parent_id=parent)

    def edit(self, name: str, entry_id: UUID) -> None:
        viewer = self.viewer(name)
        with self.database.write() as session:
            version = session.scalars(select(Entry.version).where(Entry.id == entry_id)).one()
            edit(session, self.clock, viewer, entry_id, version=version, body="Better words")

    def remove(self, name: str, entry_id: UUID) -> None:
        viewer = self.viewer(name)
        with self.database.write() as session:
            remove(session, self.clock, viewer, entry_id)

    def react(
        self, name: str, entry_id: UUID, kind: str = "insight", *, on: bool = True, panel: UUID | None = None
    ) -> None:
        viewer = self.viewer(name, panel)
        with self.database.write() as session:
            react(session, self.clock, viewer, entry_id, ReactionKind(kind), on=on)

    def share(self, name: str, panel_id: UUID) -> UUID:
        viewer = self.viewer(name, panel_id)
        thoughts = Thoughts("It rained", "Plants grow", "Look again")
        headings = {"what": "What?", "so_what": "So what?", "now_what": "Now what?"}
        with self.database.write() as session:
            return share(session, self.clock, viewer, thoughts, headings=headings)

    def note_reading(self, name: str, thread: UUID, seconds: int) -> None:
        viewer = self.viewer(name)
        with self.database.write() as session:
            mark_read(session, self.clock, viewer, [], {thread: seconds})

    def read_thread(self, name: str, thread: UUID, seconds: int = 93) -> None:
        """Reads, and the day goes by, so that it is told."""
        self.note_reading(name, thread, seconds)
        later = self.clock() + timedelta(days=1)
        tell_readings(self.database, lambda: later)

    def voice(self, name: str) -> Voice:
        viewer = self.viewer(name)
        with self.database.read() as session:
            return session.scalars(select(Voice).where(Voice.id == viewer.voice_id)).one()

    def connect(self, endpoint: str, name: str = "lrs", since: datetime | None = None, **values: Any) -> Lrs:
        with self.database.write() as session:
            return connect(
                session,
                self.clock,
                SEALER,
                self.tenant_id,
                name=name,
                endpoint=endpoint,
                since=since or datetime(1970, 1, 1, tzinfo=UTC),
                **{"username": "key", "password": "secret", **values},
            )

    def deliveries(self, lrs: Lrs | None = None) -> list[Delivery]:
        query = select(Delivery).order_by(Delivery.due_at)
        with self.database.read() as session:
            return list(session.scalars(query if lrs is None else query.where(Delivery.lrs_id == lrs.id)))

    def lrs(self, name: str = "lrs") -> Lrs:
        with self.database.read() as session:
            return session.scalars(select(Lrs).where(Lrs.name == name)).one()


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
