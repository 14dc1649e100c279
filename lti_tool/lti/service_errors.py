"""What platforms' services refused, in their own words, for the operator who has to find out why."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti.log_models import SAID_LENGTH, SERVICE_LENGTH, ServiceError
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.service_answers import ServiceFailure
from lti_tool.parts import Parts
from social_layer.clock import Clock
from social_layer.database import upsert

KEPT = timedelta(days=30)


def note_service_error(
    session: Session,
    clock: Clock,
    tenant_id: UUID,
    platform_id: UUID,
    service: str,
    status: int | None,
    said: str,
) -> None:
    """``service``: which one, such as ``names and roles``. ``said``: the answer's own words, or what went wrong.

    Never a token: what was sent does not belong here. The same words again only raise a count.
    """
    service = _plain(service, SERVICE_LENGTH)
    said = _plain(said, SAID_LENGTH)
    now = clock()
    row = upsert(session, ServiceError).values(
        tenant_id=tenant_id,
        id=uuid4(),
        platform_id=platform_id,
        digest=hashlib.sha256(f"{service}\n{status}\n{said}".encode()).digest(),
        service=service,
        status=status,
        said=said,
        times=1,
        first_at=now,
        last_at=now,
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "platform_id", "digest"],
            set_={"times": ServiceError.times + 1, "last_at": now},
        )
    )


def note_failure(
    given: Parts, platform: PlatformCard, scopes: Sequence[str], failure: ServiceFailure
) -> None:
    """A call that failed, in a transaction of its own. It failed for its own reason, whatever comes of the note."""
    said = f"{failure.host}: {failure.said}" if failure.host else failure.said
    try:
        with given.database.write() as session:
            note_service_error(
                session, given.clock, platform.tenant_id, platform.id, _service(scopes), failure.status, said
            )
    except SQLAlchemyError as error:
        log.warning("service error not noted", error=type(error).__name__)


def _service(scopes: Sequence[str]) -> str:
    """Its name in the standard, by what the token was to allow."""
    for mark, name in (
        ("lti-nrps", "Names and Roles"),
        ("lti-ags", "Assignment and Grades"),
        ("lti-gs", "Course Groups"),
        ("noticehandlers", "Platform Notifications"),
    ):
        if any(mark in scope for scope in scopes):
            return name
    return " ".join(scopes)


def sweep_service_errors(session: Session, clock: Clock) -> int:
    """Deletes those that have not come again for a month. Called by the worker's schedule."""
    gone = session.execute(
        delete(ServiceError)
        .where(ServiceError.last_at <= clock() - KEPT)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _plain(text: str, most: int) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:most]
