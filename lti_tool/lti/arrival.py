"""What a verified message leads to: its course, person, membership and panel found or made, in one transaction."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti import frames, grade_endpoints, logins, notice_handlers, rosters
from lti_tool.lti.lms_groups import learn_groups, note_service
from lti_tool.lti.messages import Message
from lti_tool.lti.models import Deployment, LtiContext, LtiLink, Platform
from lti_tool.lti.origins import find_source
from lti_tool.lti.platforms import family_of
from lti_tool.lti.platforms.generic import Family
from lti_tool.lti.queries import (
    LoginCard,
    Met,
    PlatformCard,
    course_of_same_lms,
    find_met,
    panel_of_same_link,
)
from lti_tool.lti.registrations import make_deployment
from lti_tool.lti.roles import standing_of
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.panels.actions import make_panel, open_panel
from social_layer.panels.copying import make_panel_from
from social_layer.panels.models import GroupMode
from social_layer.panels.queries import find_viewer
from social_layer.people.actions import Newcomer, arrive, make_course
from social_layer.people.models import Course
from social_layer.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Arrived:
    """Somebody is there. ``new_origin``: the tenant's list of frames has grown in this transaction.

    ``reviewed``: the membership of whom they are to look at, where the LMS has sent them for that.
    """

    viewer: Viewer
    new_origin: bool
    reviewed: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody is in the course, and not yet at a panel."""

    met: Met
    family: Family
    key: str
    course_id: UUID
    context_id: UUID
    membership_id: UUID
    new_origin: bool


def receive(session: Session, clock: Clock, login: LoginCard, message: Message) -> Arrived:
    """Uses up the login and brings the person to the panel. Writes only what differs from what is known.

    Raises ``login_used`` and ``deployment_unknown``; and IntegrityError where another launch made the same course,
    person or panel at the same moment: nothing is written then, and doing it again finds them.
    """
    platform = login.platform
    here = enter(session, clock, login, message)
    panel_id = here.met.panel_id or _panel(session, clock, platform, message, here)
    _retitle(session, platform, message, here)
    session.flush()
    now = clock()
    viewer = find_viewer(session, platform.tenant_id, here.membership_id, panel_id, now)
    if viewer is None:  # the membership was made active above, and the panel is the course's own
        raise Problem("not_member")
    told = here.family.groups(message)
    names_told = message.group_service is not None
    moved = told is not None and learn_groups(
        session, clock, viewer, here.context_id, told, asks_names=names_told
    )
    if moved and viewer.panel.group_mode is not GroupMode.everyone:
        viewer = find_viewer(session, platform.tenant_id, here.membership_id, panel_id, now) or viewer
    if message.group_service:
        note_service(session, clock, viewer, here.context_id, message.group_service)
    open_panel(session, clock, viewer)
    # Last, as whoever reads a list takes its row after those of people: neither waits for the other in a circle.
    rosters.note_launch(session, clock, viewer, here.context_id, here.met.roster, message.members_url)
    grade_endpoints.note_launch(
        session, clock, platform.tenant_id, here.context_id, here.key, here.met, message
    )
    reviewed = (
        grade_endpoints.find_reviewed(session, platform, here.course_id, message)
        if message.for_user
        else None
    )
    return Arrived(viewer, here.new_origin, reviewed)


def enter(session: Session, clock: Clock, login: LoginCard, message: Message) -> Entered:
    """As :func:`receive`, as far as the course."""
    platform = login.platform
    logins.use(session, clock, login)
    family = family_of(message.family or platform.family)
    key = family.panel_key(message)
    met = find_met(session, platform, message, key) or _first_of_deployment(
        session, clock, platform, message, key
    )
    if met is None:
        log.warning("deployment unknown", platform=str(platform.id), deployment=message.deployment_id)
        raise Problem("deployment_unknown", deployment=message.deployment_id)
    _note_first_launch(session, clock, platform, met, message)
    _learn_family(session, platform, family)
    notice_handlers.note_launch(session, clock, platform.tenant_id, met, message)
    course_id, context_id = _course(session, clock, platform, message, family, met)
    membership_id = arrive(session, clock, _newcomer(platform, message, course_id), met.known)
    new_origin = frames.learn(session, clock, platform.tenant_id, message.return_url)
    return Entered(met, family, key, course_id, context_id, membership_id, new_origin)


def _first_of_deployment(
    session: Session, clock: Clock, platform: PlatformCard, message: Message, key: str
) -> Met | None:
    """A registration without a deployment id takes that of its first valid launch, and no other after it.

    Where it replaced another one, the deployment known before goes on under the new id, with all its courses.
    """
    taken = session.scalar(
        update(Platform)
        .where(
            Platform.tenant_id == platform.tenant_id, Platform.id == platform.id, Platform.deployments_open
        )
        .values(deployments_open=False)
        .returning(Platform.id)
    )
    if taken is None:
        # Unless another launch, at the same moment, has just fixed this very one.
        return find_met(session, platform, message, key)
    known = session.scalar(
        select(Deployment).where(
            Deployment.tenant_id == platform.tenant_id, Deployment.platform_id == platform.id
        )
    )
    if known is not None:
        known.lti_deployment_id, known.learned = message.deployment_id, True
    else:
        session.add(
            make_deployment(clock, platform.tenant_id, platform.id, message.deployment_id, learned=True)
        )
    session.flush()
    log.warning(
        "deployment fixed by its first launch",
        platform=str(platform.id),
        issuer=platform.issuer,
        client_id=platform.client_id,
        deployment=message.deployment_id,
        lms=message.platform_name,
    )
    return find_met(session, platform, message, key)


def _note_first_launch(
    session: Session, clock: Clock, platform: PlatformCard, met: Met, message: Message
) -> None:
    """Which installation came first stands in the log. Its guid decides nothing: it changes where an LMS moves or is
    restored, and it is signed by the same keys as all the rest."""
    if met.first_launch_at is None:
        log.info(
            "first launch of a deployment",
            platform=str(platform.id),
            deployment=message.deployment_id,
            lms=message.platform_name,
            guid=message.platform_guid,
        )
        session.execute(
            update(Deployment)
            .where(Deployment.tenant_id == platform.tenant_id, Deployment.id == met.deployment_id)
            .values(first_launch_at=clock())
        )


def _learn_family(session: Session, platform: PlatformCard, family: Family) -> None:
    if platform.family == family.code:
        return
    session.execute(
        update(Platform)
        .where(Platform.tenant_id == platform.tenant_id, Platform.id == platform.id)
        .values(family=family.code)
    )


def _course(
    session: Session, clock: Clock, platform: PlatformCard, message: Message, family: Family, met: Met
) -> tuple[UUID, UUID]:
    """The course's id and that of its context's row."""
    if met.course_id is not None and met.context_id is not None:
        _rename(session, platform, message, met)
        return met.course_id, met.context_id
    course_id = course_of_same_lms(session, platform, message.context_id)
    if course_id is None:
        course_id = make_course(
            session,
            clock,
            platform.tenant_id,
            home_page=platform.issuer,
            title=family.course_title(message) or (platform.name if not message.context_id else _("Course")),
            label=message.context_label,
        ).id
    context = LtiContext(
        tenant_id=platform.tenant_id,
        id=uuid4(),
        deployment_id=met.deployment_id,
        lti_context_id=message.context_id,
        course_id=course_id,
    )
    session.add(context)
    session.flush()
    return course_id, context.id


def _rename(session: Session, platform: PlatformCard, message: Message, met: Met) -> None:
    """As the LMS calls the course now. What it does not say stays as it was."""
    told = {"title": message.context_title, "label": message.context_label}
    known = {"title": met.course_title, "label": met.course_label}
    changed = {name: value for name, value in told.items() if value not in (None, known[name])}
    if changed:
        session.execute(
            update(Course)
            .where(Course.tenant_id == platform.tenant_id, Course.id == met.course_id)
            .values(changed)
        )


def _newcomer(platform: PlatformCard, message: Message, course_id: UUID) -> Newcomer:
    standing = standing_of(message.roles)
    return Newcomer(
        tenant_id=platform.tenant_id,
        course_id=course_id,
        home_page=platform.issuer,
        account=message.sub,
        role=standing.role,
        is_test=standing.is_test,
        from_outside=standing.from_outside,
        name=message.name,
        language=message.language,
        time_zone=message.time_zone,
    )


def _panel(session: Session, clock: Clock, platform: PlatformCard, message: Message, here: Entered) -> UUID:
    panel_id = panel_of_same_link(session, platform.tenant_id, here.course_id, message.link_id, here.key)
    if panel_id is None:
        panel_id = _new_panel(session, clock, platform, message, here)
    session.add(
        LtiLink(
            tenant_id=platform.tenant_id,
            context_id=here.context_id,
            resource_link_id=message.link_id,
            custom_key=here.key,
            title=message.link_title,
            panel_id=panel_id,
        )
    )
    session.flush()
    return panel_id


def _new_panel(
    session: Session, clock: Clock, platform: PlatformCard, message: Message, here: Entered
) -> UUID:
    """With the settings of what it is a copy of, where it is one."""
    tenant_id, course_id = platform.tenant_id, here.course_id
    source = find_source(session, platform, here.met.deployment_id, message, here.family, here.key)
    if source is None:
        title = here.family.panel_title(message) or _("Discussion")
        return make_panel(session, clock, tenant_id, course_id, title=title).id
    return make_panel_from(
        session, clock, tenant_id, course_id, source.version, is_set_up=source.is_set_up
    ).id


def _retitle(session: Session, platform: PlatformCard, message: Message, here: Entered) -> None:
    """As the LMS calls the link now, so that a copy of it is known again."""
    if here.met.panel_id is None or message.link_title in (None, here.met.link_title):
        return
    session.execute(
        update(LtiLink)
        .where(
            LtiLink.tenant_id == platform.tenant_id,
            LtiLink.context_id == here.context_id,
            LtiLink.resource_link_id == message.link_id,
            LtiLink.custom_key == here.key,
        )
        .values(title=message.link_title)
    )
