"""Writes: how far somebody has read, for their own eyes, and for how long, which becomes one event a day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.database import upsert
from social_layer.discussion.models import ReadingTime, ReadMark
from social_layer.discussion.queries import read_up_to
from social_layer.people.zones import zone_named
from social_layer.viewer import Viewer

_NOTHING: Mapping[UUID, int] = {}
# A day with a change of clocks has 25 hours; no more can be read in one, whatever several tabs say.
MOST_SECONDS = 25 * 3600


def mark_read(
    session: Session,
    clock: Clock,
    viewer: Viewer,
    seen: Sequence[UUID],
    seconds: Mapping[UUID, int] = _NOTHING,
) -> None:
    """Notes how far the viewer has read, who saw these entries. Never goes back; no event.

    A thread stands depth first, and its mark is one number in the order of posting: it rises as far as no unread
    entry is passed over. What was seen beyond is to be named again together with what was left out.

    ``seconds``: by thread, for how long it was read since that was last said. What is none of the viewer's threads
    is left out.
    """
    marks, threads = read_up_to(session, viewer, seen, seconds.keys())
    if marks:
        _raise_marks(session, viewer, marks)
    # The LMS's test student leaves no statements, and needs no times.
    if threads and not viewer.is_test:
        _add_times(session, clock, viewer, {thread_id: seconds[thread_id] for thread_id in threads})


def _raise_marks(session: Session, viewer: Viewer, marks: Mapping[UUID, int]) -> None:
    change = upsert(session, ReadMark).values(
        [
            {"tenant_id": viewer.tenant_id, "person_id": viewer.person_id, "thread_id": thread_id, "seq": seq}
            for thread_id, seq in marks.items()
        ]
    )
    session.execute(
        change.on_conflict_do_update(
            index_elements=["tenant_id", "person_id", "thread_id"],
            set_={"seq": case((change.excluded.seq > ReadMark.seq, change.excluded.seq), else_=ReadMark.seq)},
        )
    )


def _add_times(session: Session, clock: Clock, viewer: Viewer, seconds: Mapping[UUID, int]) -> None:
    """To the day that it is for the viewer."""
    now = clock()
    today = now.astimezone(zone_named(viewer.time_zone))
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
    change = upsert(session, ReadingTime).values(
        [
            {
                "tenant_id": viewer.tenant_id,
                "voice_id": viewer.voice_id,
                "thread_id": thread_id,
                "day": today.date(),
                "panel_id": viewer.panel.id,
                "seconds": some,
                "last_at": now,
                "over_at": midnight + timedelta(days=1),
            }
            # In one order, so that two tabs at once wait for each other, and not each for the other.
            for thread_id, some in sorted(seconds.items())
        ]
    )
    total = ReadingTime.seconds + change.excluded.seconds
    session.execute(
        change.on_conflict_do_update(
            index_elements=["tenant_id", "voice_id", "thread_id", "day"],
            set_={
                "seconds": case((total < MOST_SECONDS, total), else_=MOST_SECONDS),
                "last_at": change.excluded.last_at,
            },
        )
    )
