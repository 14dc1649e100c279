"""What a link that is met for the first time was made from, so that a copied course has the same panels, empty.

What a platform tells of copies, the surest first: the template in the link's own parameters, the ids of the links and
of the contexts that it was copied from, and its title within those (ADR 11). All of it is of the same tenant. Ids and
titles count only of the same LMS, by whichever of its registrations; a template also where a course was taken over from
another LMS of the tenant: its id is ours, and no two are alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti.claims import CONTEXT_HISTORY_PARAMETER, LINK_HISTORY_PARAMETER, TEMPLATE_PARAMETER
from lti_tool.lti.messages import Message
from lti_tool.lti.models import ID_LENGTH, CopiedContext, Deployment, LtiContext, LtiLink, Platform
from lti_tool.lti.platforms.generic import Family
from lti_tool.lti.queries import PlatformCard
from social_layer.panels.models import Panel, TemplateOrigin, TemplateVersion
from social_layer.panels.queries import newest_version, version_by_id

# A history may be long; who copies a course every term for ten years still gets the newest.
MOST_HISTORY = 20
MOST_LINKS = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """The settings that a new panel begins with. ``is_set_up``: an instructor has chosen them."""

    version: TemplateVersion
    is_set_up: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """A panel that the new one may be a copy of."""

    context: str
    link: str
    key: str
    title: str
    version_id: UUID
    is_set_up: bool
    template_id: UUID
    root_id: UUID | None

    def is_of(self, template_id: UUID) -> bool:
        return template_id in (self.template_id, self.root_id)


def find_source(
    session: Session, platform: PlatformCard, deployment_id: UUID, message: Message, family: Family, key: str
) -> Source | None:
    """None where the link is no copy of anything known, or it cannot be told of what."""
    template = _template_of(session, platform, message)
    contexts = _contexts(session, platform, deployment_id, message)
    links = _ids(message.custom.get(LINK_HISTORY_PARAMETER))
    known = _known(session, platform, contexts, links)
    if template is not None:
        return _by_template(session, platform, template, known, contexts, links, message)
    found = _by_history(known, contexts, links, message, family, key)
    return _source(session, platform, found) if found else None


def _template_of(session: Session, platform: PlatformCard, message: Message) -> TemplateVersion | None:
    """Of the tenant, from whichever of its LMSs."""
    told = message.custom.get(TEMPLATE_PARAMETER)
    if told is None:
        return None
    try:
        template_id = UUID(told)
    except ValueError:
        log.warning("template malformed", platform=str(platform.id), template=told[:64])
        return None
    found = newest_version(session, platform.tenant_id, template_id)
    if found is None:
        log.warning("template unknown", platform=str(platform.id), template=str(template_id))
    return found


def _by_template(
    session: Session,
    platform: PlatformCard,
    template: TemplateVersion,
    known: Sequence[_Known],
    contexts: Sequence[str],
    links: Sequence[str],
    message: Message,
) -> Source:
    """As the nearest course of those that this one is a copy of has it now; else as the template itself says."""
    of_template = [one for one in known if one.is_of(template.template_id)]
    if not of_template:
        return Source(template, is_set_up=True)

    def distance(one: _Known) -> tuple[int, bool, int]:
        return _place(one.link, links), one.title != message.link_title, _place(one.context, contexts)

    return _source(session, platform, min(of_template, key=distance), is_set_up=True)


def _by_history(
    known: Sequence[_Known],
    contexts: Sequence[str],
    links: Sequence[str],
    message: Message,
    family: Family,
    key: str,
) -> _Known | None:
    """For a link that carries no template: it was placed by its address alone."""
    alike = [one for one in known if one.key == key]
    if family.is_of_course(message):
        return _nearest([one for one in alike if one.link == one.context], contexts[1:])
    if copied := [one for one in alike if one.link in links and one.link != one.context]:
        return min(copied, key=lambda one: _place(one.link, links))
    title = message.link_title or ""
    if found := _nearest([one for one in alike if one.title == title], contexts[1:]):
        return found
    original = family.original_title(title)
    return _nearest([one for one in alike if one.title == original], contexts[:1]) if original else None


def _nearest(found: Sequence[_Known], contexts: Sequence[str]) -> _Known | None:
    """Of the nearest context that has one. Of several, none: which of them it is cannot be told."""
    for context in contexts:
        here = [one for one in found if one.context == context]
        if len(here) > 1:
            log.info("copy ambiguous", context=context, links=len(here))
            return None
        if here:
            return here[0]
    return None


def _source(
    session: Session, platform: PlatformCard, found: _Known, *, is_set_up: bool | None = None
) -> Source:
    version = version_by_id(session, platform.tenant_id, found.version_id)
    return Source(version, found.is_set_up if is_set_up is None else is_set_up)


def _contexts(session: Session, platform: PlatformCard, deployment_id: UUID, message: Message) -> list[str]:
    """The context itself, then those that it is a copy of: as it says, and as notices have said."""
    told = session.scalars(
        select(CopiedContext.origin_context_id)
        .where(
            CopiedContext.tenant_id == platform.tenant_id,
            CopiedContext.deployment_id == deployment_id,
            CopiedContext.lti_context_id == message.context_id,
        )
        .order_by(CopiedContext.created_at, CopiedContext.id)
        .limit(MOST_HISTORY)
    )
    history = [*_ids(message.custom.get(CONTEXT_HISTORY_PARAMETER)), *told]
    return list(dict.fromkeys([message.context_id, *history]))


def _known(
    session: Session, platform: PlatformCard, contexts: Iterable[str], links: Sequence[str]
) -> list[_Known]:
    """The panels of those contexts and links, the oldest first."""
    wanted: list[ColumnElement[bool]] = [LtiContext.lti_context_id.in_([one for one in contexts if one])]
    if links:
        wanted.append(LtiLink.resource_link_id.in_(links))
    found = session.execute(
        select(
            LtiContext.lti_context_id,
            LtiLink.resource_link_id,
            LtiLink.custom_key,
            LtiLink.title,
            TemplateVersion.title,
            Panel.template_version_id,
            Panel.set_up_at,
            TemplateVersion.template_id,
            TemplateOrigin.root_id,
        )
        .select_from(LtiLink)
        .join(
            LtiContext,
            and_(LtiContext.tenant_id == LtiLink.tenant_id, LtiContext.id == LtiLink.context_id),
        )
        .join(
            Deployment,
            and_(Deployment.tenant_id == LtiContext.tenant_id, Deployment.id == LtiContext.deployment_id),
        )
        .join(
            Platform, and_(Platform.tenant_id == Deployment.tenant_id, Platform.id == Deployment.platform_id)
        )
        .join(Panel, and_(Panel.tenant_id == LtiLink.tenant_id, Panel.id == LtiLink.panel_id))
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id, TemplateVersion.id == Panel.template_version_id
            ),
        )
        .outerjoin(
            TemplateOrigin,
            and_(
                TemplateOrigin.tenant_id == TemplateVersion.tenant_id,
                TemplateOrigin.template_id == TemplateVersion.template_id,
            ),
        )
        .where(LtiLink.tenant_id == platform.tenant_id, Platform.issuer == platform.issuer, or_(*wanted))
        .order_by(Panel.created_at, Panel.id)
        .limit(MOST_LINKS)
    )
    return [
        _Known(context, link, key, title or own, version, set_up_at is not None, template, root)
        for context, link, key, title, own, version, set_up_at, template, root in found
    ]


def _ids(told: str | None) -> list[str]:
    """Ids with commas between, as the variables for histories give them."""
    found = (one.strip() for one in (told or "").split(",")[:MOST_HISTORY])
    return [one for one in found if one and len(one) <= ID_LENGTH]


def _place(one: str, among: Sequence[str]) -> int:
    return among.index(one) if one in among else len(among)
