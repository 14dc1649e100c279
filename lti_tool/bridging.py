"""The bridge to the LRSs, put together from the parts of this installation."""

from sqlalchemy.orm import Session

from lti_tool.config import Settings
from lti_tool.parts import Parts
from xapi.addresses import Guard, allow_all, refuse_private
from xapi.bridge import Bridge
from xapi.installation import activity_base, find_activity_base
from xapi.scopes.pseudonyms import Masks
from xapi.statements import Builder


def base_of(given: Parts) -> str:
    """The base of all activity ids, fixed now if this is the first start."""
    with given.database.read() as session:
        found = find_activity_base(session)
    if found is None:
        with given.database.write() as session:
            found = activity_base(session, given.settings.public_url)
    return found


def guard_of(settings: Settings) -> Guard:
    """In production, no LRS inside our own network, unless the administrator named its host."""
    return refuse_private(settings.allowed_hosts) if settings.is_production else allow_all


def builder_of(given: Parts) -> Builder:
    base = base_of(given)
    return Builder(base, Masks(given.database, given.sealer, base))


def reading_builder(session: Session, given: Parts) -> Builder:
    """As :func:`builder_of`, for a page: it writes nothing. Before the base is fixed nothing was sent under any."""
    base = find_activity_base(session) or given.settings.public_url
    return Builder(base, Masks(given.database, given.sealer, base, for_looking=True))


def bridge_of(given: Parts) -> Bridge:
    return Bridge(given.database, given.clock, given.sealer, base_of(given), guard=guard_of(given.settings))
