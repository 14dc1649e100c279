"""What a launch says of grades: where its link's grades go, and whose work somebody is sent to review."""

from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lti_tool.lti.grade_models import GradeService
from lti_tool.lti.messages import GradeEndpoint, Message
from lti_tool.lti.models import LtiLink
from lti_tool.lti.queries import Met, PlatformCard
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.database import run, upsert
from social_layer.people.models import Account, Membership


def note_launch(
    session: Session, clock: Clock, tenant_id: UUID, context_id: UUID, key: str, met: Met, message: Message
) -> None:
    """Keeps what the launch said, where that is new."""
    said = message.grades
    if (met.grades or GradeEndpoint()) == said:
        return
    link_id = met.link_id or session.scalar(
        select(LtiLink.id).where(
            LtiLink.tenant_id == tenant_id,
            LtiLink.context_id == context_id,
            LtiLink.resource_link_id == message.link_id,
            LtiLink.custom_key == key,
        )
    )
    told = {
        "line_items_url": said.line_items_url,
        "line_item_url": said.line_item_url,
        "scopes": " ".join(sorted(said.scopes)),
        "said_at": clock(),
    }
    kept = upsert(session, GradeService).on_conflict_do_update(
        index_elements=["tenant_id", "link_id"], set_=told
    )
    run(session, kept, {"tenant_id": tenant_id, "link_id": link_id, **told})


def find_reviewed(session: Session, platform: PlatformCard, course_id: UUID, message: Message) -> UUID:
    """The membership of whom a submission review is about. Raises ``reviewed_unknown``."""
    found = session.scalar(
        select(Membership.id)
        .join(
            Account,
            and_(Account.tenant_id == Membership.tenant_id, Account.person_id == Membership.person_id),
        )
        .where(
            Membership.tenant_id == platform.tenant_id,
            Membership.course_id == course_id,
            Account.home_page == platform.issuer,
            Account.name == message.for_user,
        )
    )
    if found is None:
        raise Problem("reviewed_unknown")
    return found
