"""A room whose panel is for groups."""

from uuid import UUID

from social_layer.groups.queries import places_of
from social_layer.panels.actions import set_up
from social_layer.panels.models import GroupMode, Kind
from social_layer.people.models import GroupMember, Role
from social_layer.viewer import Viewer
from tests import factories
from tests.room import Room


class Divided(Room):
    """Two groups, ``red`` and ``blue``, with a learner each, and an instructor. Members, to be looked up afresh."""

    set_id: UUID
    groups: dict[str, UUID]
    members: dict[str, UUID]

    def divide(self, mode: GroupMode = GroupMode.apart) -> "Divided":
        self.groups, self.members = {}, {}
        with self.rows():
            self.set_id = factories.GroupSetFactory(tenant_id=self.tenant_id, course_id=self.course_id).id
        for number, name in enumerate(("red", "blue"), 1):
            self.groups[name] = self.add_group(name, number)
            self.members[name] = self.join()
            self.put(self.members[name], name)
        self.members["staff"] = self.join(Role.instructor)
        self.choose(mode)
        return self

    def add_group(self, name: str, number: int, set_id: UUID | None = None) -> UUID:
        with self.rows():
            group_id: UUID = factories.CourseGroupFactory(
                tenant_id=self.tenant_id,
                course_id=self.course_id,
                set_id=set_id or self.set_id,
                name=name,
                number=number,
            ).id
        return group_id

    def choose(self, mode: GroupMode) -> None:
        with self.database.write() as session:
            set_up(
                session,
                self.clock,
                self.staff,
                kind=Kind.discussion,
                title="Divided",
                purpose="",
                prompt="",
                group_mode=mode,
                group_set_id=None if mode is GroupMode.everyone else self.set_id,
            )

    def put(self, member: UUID, name: str) -> None:
        person_id = self.look(member).person_id
        with self.rows():
            factories.GroupMemberFactory(
                tenant_id=self.tenant_id, group_id=self.groups[name], person_id=person_id
            )

    def take_out(self, member: UUID, name: str) -> None:
        key = (self.tenant_id, self.groups[name], self.look(member).person_id)
        with self.database.write() as session:
            session.delete(session.get_one(GroupMember, key))

    def of(self, name: str) -> Viewer:
        return self.look(self.members[name])

    @property
    def red(self) -> Viewer:
        return self.of("red")

    @property
    def blue(self) -> Viewer:
        return self.of("blue")

    @property
    def staff(self) -> Viewer:
        return self.of("staff")

    def reads(self, viewer: Viewer) -> set[str]:
        """The texts in sight."""
        return {entry.body for entry in self.entries(viewer)}

    def names_of_places(self, viewer: Viewer) -> list[str]:
        with self.database.read() as session:
            places = places_of(session, viewer)
        return [] if places is None else [place.name for place in places.groups]
