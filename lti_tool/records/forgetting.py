"""Takes an erased person out of what was gathered from LRSs: at once, not only when the voidings come back.

What others write about them later, or an LRS still holds, is theirs: a folder that is deleted and gathered anew has it
again, until it is removed there.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, select

from lti_tool.parts import Parts
from lti_tool.records.gathering import root_of
from social_layer.events.models import Event
from social_layer.people.models import Account, Voice
from xapi.gathering.models import PersonIdentifier
from xapi.gathering.taking_out import forget
from xapi.models import Delivery


@dataclass(frozen=True, slots=True)
class Traces:
    """By what statements know a person, and the ids of those that we sent, pseudonymous ones too."""

    tenant_id: UUID
    identifiers: frozenset[str]
    statements: frozenset[str]


def traces_of(given: Parts, tenant_id: UUID, person_id: UUID) -> Traces:
    """Ask before the person is erased: then nobody knows it any more."""
    with given.database.read() as session:
        accounts = session.execute(
            select(Account.home_page, Account.name).where(
                Account.tenant_id == tenant_id, Account.person_id == person_id
            )
        ).all()
        identifiers = session.scalars(
            select(PersonIdentifier.identifier).where(
                PersonIdentifier.tenant_id == tenant_id, PersonIdentifier.person_id == person_id
            )
        ).all()
        statements = session.scalars(
            select(Delivery.statement_id)
            .join(Event, and_(Event.tenant_id == Delivery.tenant_id, Event.id == Delivery.event_id))
            .join(Voice, and_(Voice.tenant_id == Event.tenant_id, Voice.id == Event.voice_id))
            .where(Delivery.tenant_id == tenant_id, Voice.person_id == person_id, Delivery.part == 0)
            .distinct()
        ).all()
    known = {*(f"{home_page}|{name}" for home_page, name in accounts), *identifiers}
    return Traces(tenant_id, frozenset(known), frozenset(str(one) for one in statements))


def forget_gathered(given: Parts, traces: Traces) -> int:
    """Answers how many statements were taken out."""
    folder = root_of(given.settings) / str(traces.tenant_id)
    if not folder.is_dir():
        return 0
    return sum(forget(one, traces.identifiers, traces.statements) for one in folder.iterdir())
