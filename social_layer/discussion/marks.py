"""Writes: how far somebody has read, for their own eyes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case
from sqlalchemy.orm import Session

from social_layer.database import upsert
from social_layer.discussion.models import ReadMark
from social_layer.discussion.queries import read_up_to
from social_layer.viewer import Viewer


def mark_read(session: Session, viewer: Viewer, seen: Sequence[UUID]) -> None:
    """Notes how far the viewer has read, who saw these entries. Never goes back; no event.

    A thread stands depth first, and its mark is one number in the order of posting: it rises as far as no unread
    entry is passed over. What was seen beyond is to be named again together with what was left out.
    """
    marks = [
        {"tenant_id": viewer.tenant_id, "person_id": viewer.person_id, "thread_id": thread_id, "seq": seq}
        for thread_id, seq in read_up_to(session, viewer, seen).items()
    ]
    if not marks:
        return
    change = upsert(session, ReadMark).values(marks)
    session.execute(
        change.on_conflict_do_update(
            index_elements=["tenant_id", "person_id", "thread_id"],
            set_={"seq": case((change.excluded.seq > ReadMark.seq, change.excluded.seq), else_=ReadMark.seq)},
        )
    )
