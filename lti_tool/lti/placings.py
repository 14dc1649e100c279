"""Placings: an instructor who chooses panels for a course, from the platform's request to the signed answer.

What the platform said is kept here and not in the page, so that the page can be loaded again and nobody changes where
its answer goes. One answer leaves: whoever sends the page twice gets the same one, for as long as it holds.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import and_, delete, select, update
from sqlalchemy.orm import Session

from lti_tool.config import Settings as Installation
from lti_tool.logs import log
from lti_tool.lti import arrival, frames
from lti_tool.lti.messages import DeepLinkingSettings, Message
from lti_tool.lti.models import Placing, Platform
from lti_tool.lti.queries import LoginCard, PlatformCard
from lti_tool.lti.roles import standing_of
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.panels.copying import make_template
from social_layer.panels.settings import NewPanel
from social_layer.people.models import MAY_SET_UP, Course, Membership, Person, Role

ITEM_TYPE = "ltiResourceLink"
# How a panel can be shown; what else a platform offers is of no use.
TARGETS = ("iframe", "frame", "window")
# As long as the page's pass; the way back into the LMS rarely lasts longer.
LIFETIME = timedelta(hours=4)
KEPT = timedelta(days=1)
MOST_PANELS = 20


@dataclass(frozen=True, slots=True)
class Placer:
    """Somebody placing panels in a course. Made afresh for every request: rights can end."""

    tenant_id: UUID
    placing: Placing
    membership_id: UUID
    person_id: UUID
    role: Role
    name: str | None
    language: str | None
    time_zone: str | None
    course_id: UUID
    course_title: str
    zone_is_own: bool

    @property
    def may_set_up(self) -> bool:
        return self.role in MAY_SET_UP

    @property
    def targets(self) -> list[str]:
        return self.placing.targets.split()


@dataclass(frozen=True, slots=True)
class Begun:
    placing_id: UUID
    membership_id: UUID
    new_origin: bool


def begin(
    session: Session, clock: Clock, installation: Installation, login: LoginCard, message: Message
) -> Begun:
    """Keeps what the platform asks for, and brings the person into the course as a launch does.

    Raises ``not_placer``, ``nothing_to_place``, ``return_elsewhere`` and what an arrival raises.
    """
    asked = message.deep_linking
    assert asked is not None  # noqa: S101 (by the message's type)
    if standing_of(message.roles).role not in MAY_SET_UP:
        raise Problem("not_placer")
    targets = [one for one in TARGETS if one in asked.targets]
    if ITEM_TYPE not in asked.accept_types or not targets:
        log.warning("nothing to place", platform=str(login.platform.id), types=sorted(asked.accept_types)[:9])
        raise Problem("nothing_to_place")
    platform = login.platform
    here = arrival.enter(session, clock, login, message)
    _check_return(session, installation, platform, asked)
    placing = Placing(
        tenant_id=platform.tenant_id,
        id=uuid4(),
        platform_id=platform.id,
        membership_id=here.membership_id,
        lti_deployment_id=message.deployment_id,
        return_url=asked.return_url,
        data=asked.data,
        accept_multiple=asked.accept_multiple,
        accept_line_item=asked.accept_line_item,
        targets=" ".join(targets),
        created_at=clock(),
    )
    session.add(placing)
    session.execute(
        delete(Placing)
        .where(Placing.tenant_id == platform.tenant_id, Placing.created_at <= clock() - KEPT)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    return Begun(placing.id, here.membership_id, here.new_origin)


def _check_return(
    session: Session, installation: Installation, platform: PlatformCard, asked: DeepLinkingSettings
) -> None:
    """A signed answer goes to the platform that asked, by https, and to nobody else.

    The platform has signed this address; all the same it must be of a host whose pages ours may stand in: the
    platforms' own, those that launches came from, and those that an administrator has named. The page's policy lets
    its form go to these and no others.
    """
    parts = urlsplit(asked.return_url)
    origins = frames.frame_ancestors(session, platform.tenant_id)
    origin = frames.origin_of(asked.return_url)
    plain = parts.scheme == "https" or (
        not installation.is_production or (parts.hostname or "") in installation.allowed_hosts
    )
    if origin is None or origin not in origins or parts.username is not None or not plain:
        log.warning("return elsewhere", platform=str(platform.id), origin=origin)
        raise Problem("return_elsewhere", host=parts.hostname or "?")


def find_placer(session: Session, tenant_id: UUID, membership_id: UUID, placing_id: UUID) -> Placer:
    """Raises ``not_placer`` where the person may place panels no more, and ``placing_unknown``."""
    found = session.execute(
        select(
            Placing,
            Membership.role,
            Person.id,
            Person.name,
            Person.language,
            Person.time_zone,
            Course.id,
            Course.title,
            Course.language,
            Course.time_zone,
        )
        .join(
            Membership,
            and_(Membership.tenant_id == Placing.tenant_id, Membership.id == Placing.membership_id),
        )
        .join(Person, and_(Person.tenant_id == Membership.tenant_id, Person.id == Membership.person_id))
        .join(Course, and_(Course.tenant_id == Membership.tenant_id, Course.id == Membership.course_id))
        .join(Platform, and_(Platform.tenant_id == Placing.tenant_id, Platform.id == Placing.platform_id))
        .where(
            Placing.tenant_id == tenant_id,
            Placing.id == placing_id,
            Placing.membership_id == membership_id,
            Membership.active,
            Platform.removed_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        raise Problem("placing_unknown")
    placing, role, person_id, name, language, time_zone, course_id, title, course_language, course_zone = (
        found
    )
    placer = Placer(
        tenant_id,
        placing,
        membership_id,
        person_id,
        Role(role),
        name,
        language or course_language,
        time_zone or course_zone,
        course_id,
        title,
        time_zone is not None,
    )
    if not placer.may_set_up:
        raise Problem("not_placer")
    return placer


def tenant_of_placing(session: Session, placing_id: UUID) -> UUID | None:
    """Whose placing this is, asked before anybody is known."""
    return session.scalar(select(Placing.tenant_id).where(Placing.id == placing_id))


def hold(session: Session, placer: Placer) -> Placing:
    """The placing as it is now; until the transaction ends, others who would answer it wait."""
    session.execute(
        update(Placing)
        .where(Placing.tenant_id == placer.tenant_id, Placing.id == placer.placing.id)
        .values(created_at=Placing.created_at)
        .execution_options(synchronize_session=False)
    )
    session.refresh(placer.placing)
    return placer.placing


def digest_of(chosen: Sequence[NewPanel]) -> bytes:
    """The same for the same panels, whenever they are sent."""
    plain = json.dumps([asdict(one) for one in chosen], default=_plain, sort_keys=True)
    return hashlib.sha256(plain.encode()).digest()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def make_templates(session: Session, clock: Clock, placer: Placer, chosen: Sequence[NewPanel]) -> list[UUID]:
    zone = placer.time_zone if placer.zone_is_own else None
    return [make_template(session, clock, placer.tenant_id, placer.course_id, one, zone) for one in chosen]
