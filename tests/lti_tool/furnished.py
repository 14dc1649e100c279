"""One of everything that an address can name, in a course: what a sweep over the route map tries to get at."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from lti_tool.lti.invites import make_invite
from lti_tool.lti.models import Deployment, Invite, Placing, Platform
from lti_tool.reporting.rules import say
from social_layer.grading import actions as grading
from social_layer.grading.rules import Counted, Need, Rule
from social_layer.people.models import Membership, Role, Tenant
from social_layer.sealing import Sealer
from tests import factories
from tests.room import Room
from xapi.stores import connect

# What stands in the texts of a course, and must stand in no answer to anybody of elsewhere.
SECRET = "For this course alone"


@dataclass
class Furnished:
    """``ids``: by the names that the routes give to what they name."""

    room: Room
    owner: UUID = field(init=False)
    ids: dict[str, UUID] = field(init=False)

    def __post_init__(self) -> None:
        room, clock = self.room, self.room.clock
        self.owner = room.join(Role.instructor, name=SECRET)
        learner = room.join(name=SECRET)
        entry = room.post(room.look(learner), SECRET)
        with room.rows() as session:
            where = {"tenant_id": room.tenant_id, "course_id": room.course_id}
            group_set = factories.GroupSetFactory(**where, name=SECRET)
            group = factories.CourseGroupFactory(**where, set_id=group_set.id, name=SECRET)
            person = session.get_one(Membership, (room.tenant_id, learner)).person_id
            factories.AccountFactory(tenant_id=room.tenant_id, person_id=person)
            factories.GroupMemberFactory(tenant_id=room.tenant_id, group_id=group.id, person_id=person)
            # Those who run the course may look at timelines here.
            say(session, room.tenant_id, None, may_look=True)
            sheet = grading.set_rules(
                session, clock, room.look(self.owner), [(None, Rule((Need(Counted.openings, 1),), 10))]
            )
            platform = self._platform()
            session.add(platform)
            session.flush()
            session.add(
                Deployment(
                    tenant_id=room.tenant_id,
                    id=uuid4(),
                    platform_id=platform.id,
                    lti_deployment_id="1",
                    created_at=clock(),
                )
            )
            placing = self._placing(platform.id)
            session.add(placing)
            tenant = session.get_one(Tenant, room.tenant_id)
            make_invite(session, clock, tenant.name, name=f"{SECRET} {room.course_id}")
            lrs = connect(
                session,
                clock,
                Sealer(["a-secret-key-of-the-tests-long-enough"]),
                room.tenant_id,
                name=SECRET,
                endpoint="https://lrs.example.edu/xAPI",
                username="key",
                password="secret",
            )
            session.flush()
            invite = session.scalars(select(Invite).where(Invite.name == f"{SECRET} {room.course_id}")).one()
            self.ids = {
                "tenant_id": room.tenant_id,
                "person_id": person,
                "panel_id": room.panel_id,
                "entry_id": entry,
                "set_id": group_set.id,
                "group_id": group.id,
                "member_id": learner,
                "after": learner,
                "membership_id": learner,
                "stage_id": sheet.stages[0].id,
                "placing_id": placing.id,
                "platform_id": platform.id,
                "invite_id": invite.id,
                "lrs_id": lrs.id,
            }

    def _platform(self) -> Platform:
        address = "https://lms.example.edu"
        return Platform(
            tenant_id=self.room.tenant_id,
            id=uuid4(),
            name=SECRET,
            issuer=address,
            client_id=str(uuid4()),
            auth_login_url=f"{address}/auth",
            auth_token_url=f"{address}/token",
            jwks_url=f"{address}/jwks",
            created_at=self.room.clock(),
        )

    def _placing(self, platform_id: UUID) -> Placing:
        return Placing(
            tenant_id=self.room.tenant_id,
            id=uuid4(),
            platform_id=platform_id,
            membership_id=self.owner,
            lti_deployment_id="1",
            return_url="https://lms.example.edu/return",
            accept_multiple=True,
            accept_line_item=True,
            targets="iframe",
            created_at=self.room.clock() - timedelta(seconds=1),
        )


def in_another_course(room: Room) -> Room:
    """Of the same tenant."""
    with room.rows():
        course = factories.CourseFactory(tenant_id=room.tenant_id)
    other = object.__new__(Room)
    other.database, other.clock = room.database, room.clock
    other.tenant_id, other.course_id = room.tenant_id, course.id
    other.panel_id = other.add_panel()
    return other
