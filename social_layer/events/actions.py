"""Appending to the log: always in the transaction of the change itself."""

from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import run
from social_layer.events.models import Event, EventType
from social_layer.viewer import Viewer


def append(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    event_type: EventType,
    object_id: UUID,
    *,
    event_id: UUID | None = None,
    answers_id: UUID | None = None,
    revision: int | None = None,
    detail: str | None = None,
) -> None:
    """Writes down that ``viewer`` did it, under the voice they speak with in this panel."""
    event = {
        "tenant_id": viewer.tenant_id,
        "id": event_id or uuid4(),
        "type": event_type,
        "occurred_at": clock(),
        "voice_id": viewer.voice_id,
        "panel_id": viewer.panel.id,
        "object_id": object_id,
        "answers_id": answers_id,
        "revision": revision,
        "detail": detail,
    }
    run(session, _APPEND, event)


_APPEND = insert(Event)
