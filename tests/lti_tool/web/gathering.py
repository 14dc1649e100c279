"""A course of the tool whose LRS was read back: members with accounts, and statements under them."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from lti_tool.parts import Parts
from lti_tool.records.gathering import folder_of
from social_layer.people.models import Membership, Role
from tests import factories
from tests.room import Room
from tests.xapi.gathering.writing import written
from tests.xapi.reports.told import LMS, PEOPLE, Told, lively
from xapi.models import Lrs
from xapi.stores import connect


@dataclass
class ReadBack:
    """``members``: account → membership. ``told``: the statements, under the room's own course."""

    members: dict[str, UUID]
    told: Told
    folder: Path
    lrs: Lrs


def connected(given: Parts, room: Room, name: str = "The records", **more: object) -> Lrs:
    with given.database.write() as session:
        return connect(
            session,
            given.clock,
            given.sealer,
            room.tenant_id,
            name=name,
            endpoint=f"https://{name.replace(' ', '-').lower()}.example.org/xAPI",
            username="key",
            password="secret",
            **more,  # type: ignore[arg-type]
        )


def member(room: Room, account: str, role: Role = Role.learner) -> UUID:
    """``ada`` is called Ada Member."""
    membership = room.join(role, name=f"{account.title()} Member")
    with room.rows() as session:
        person = session.get_one(Membership, (room.tenant_id, membership)).person_id
        factories.AccountFactory(tenant_id=room.tenant_id, person_id=person, home_page=LMS, name=account)
    return membership


def read_back(given: Parts, room: Room, told: Told | None = None) -> ReadBack:
    """Ada, Ben and the others of the lively course, all members."""
    told = told or lively(course=room.course_id, base=given.settings.public_url)
    lrs = connected(given, room)
    folder = folder_of(given.settings, room.tenant_id, lrs.id)
    written(folder, told.statements, as_of=given.clock() - timedelta(minutes=3))
    return ReadBack({one: member(room, one) for one in PEOPLE}, told, folder, lrs)
