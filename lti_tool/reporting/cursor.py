"""Where a page of statements ends: its last one's time and id, as a cursor that says neither."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from lti_tool.problems import Problem
from social_layer import cursors

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def write_cursor(at: datetime, id_: str) -> str:
    return cursors.of_position(((at - _EPOCH) // _MICROSECOND).to_bytes(8, signed=True) + UUID(id_).bytes)


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Raises ``bad_cursor``."""
    raw = cursors.to_position(cursor)
    try:
        at = _EPOCH + int.from_bytes(raw[:8], signed=True) * _MICROSECOND
        return at, str(UUID(bytes=raw[8:]))
    except (ValueError, OverflowError):
        raise Problem("bad_cursor") from None
