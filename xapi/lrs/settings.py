"""What the bundled LRS is told from outside, in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def system_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class LrsSettings:
    """`credentials` are pairs of user name and password; more of them may stand, hashed, in the database.

    `home_page` names this LRS in the authority of the statements it stores: keep it the same for ever.
    """

    database_url: str
    credentials: tuple[tuple[str, str], ...] = ()
    home_page: str = "http://localhost/xAPI"
    max_body_bytes: int = 8 * 1024 * 1024
    max_multipart_bytes: int = 64 * 1024 * 1024
    default_limit: int = 100
    maximum_limit: int = 500
    retry_after_seconds: int = 5
    busy_timeout_seconds: float = 10.0
    pool_size: int = 8
    clock: Callable[[], datetime] = system_clock
