"""The launch log: so that "why did it not open?" has an answer, one row for each attempt to open a panel, and for each
registration that was refused.

A launch that succeeds is noted in its own transaction; a refused one by one small write after its answer is made.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, g, request
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti_tool.logs import log
from lti_tool.lti.log_models import SAID_LENGTH, LaunchAttempt
from lti_tool.lti.messages import Message
from lti_tool.lti.queries import PlatformCard
from lti_tool.metrics import LAUNCHING
from lti_tool.parts import Parts, parts
from social_layer.clock import Clock
from social_layer.database import run
from social_layer.sealing import Sealer

LAUNCHED = "launched"
KEPT = timedelta(days=30)
# A flood must fill no disk: more refusals than this in a minute of a process are only counted, see metrics.py.
MOST_REFUSALS = 600
MOST_ROWS = 1_000_000
# Writing would fail for the same reason, or do what the limit is to prevent.
_NOT_NOTED = {"too_many_requests", "database_busy"}
# A refused registration shows a number as well, and it is looked for in the same place.
_NOTED = LAUNCHING | {"lti.show_registration", "lti.register"}
_PURPOSE = "launch log"
_INSERT = insert(LaunchAttempt)


@dataclass(slots=True)
class Attempt:
    """What is known so far of the launch that the present request makes."""

    platform: PlatformCard | None = None
    deployment: str | None = None
    account: bytes | None = None
    is_noted: bool = False


def attempt() -> Attempt:
    found: Attempt | None = g.get("launch_attempt")
    if found is None:
        found = g.launch_attempt = Attempt()
    return found


def begun_at(platform: PlatformCard) -> None:
    """The platform that the launch comes from, as soon as it is known."""
    attempt().platform = platform


def is_from(given: Parts, message: Message) -> None:
    """Whose launch it is, once the message was verified: what is only claimed is not noted."""
    now = attempt()
    now.deployment = message.deployment_id
    if now.platform is not None:
        now.account = account_digest(given.sealer, now.platform.issuer, message.sub)


def account_digest(sealer: Sealer, issuer: str, sub: str) -> bytes:
    return sealer.blind(_PURPOSE, f"{issuer}\n{sub}")[:16]


def note_success(session: Session, clock: Clock) -> None:
    """Within the transaction of the launch itself."""
    _write(session, clock(), LAUNCHED, None)
    attempt().is_noted = True


def note_after(response: Response) -> Response:
    """For ``after_request``: notes what was refused, and a success that nobody has noted."""
    if request.endpoint not in _NOTED:
        return response
    outcome = LAUNCHED if g.get("launched") else g.get("refused_as")
    if outcome is None or outcome in _NOT_NOTED or (outcome == LAUNCHED and attempt().is_noted):
        return response
    given = parts()
    now = given.clock()
    if outcome != LAUNCHED and not _allowance.may_write(now):
        return response
    try:
        with given.database.write() as session:
            _write(session, now, outcome, _about(g.get("refused_about")))
    except SQLAlchemyError as error:
        # The person's answer is made; the log of requests has the trace id too.
        log.warning("launch not noted", trace_id=g.get("trace_id"), error=type(error).__name__)
    return response


def _write(session: Session, now: datetime, outcome: str, about: str | None) -> None:
    known = attempt()
    platform = known.platform
    run(
        session,
        _INSERT,
        {
            "trace_id": g.trace_id,
            "at": now,
            "outcome": outcome,
            "tenant_id": platform.tenant_id if platform else None,
            "platform_id": platform.id if platform else None,
            "deployment": known.deployment,
            "account": known.account,
            "about": about,
        },
    )


def _about(facts: dict[str, object] | None) -> str | None:
    """A refusal's facts in one line. They are what its page shows to the person, and never a token."""
    said = ", ".join(f"{name}: {fact}" for name, fact in (facts or {}).items() if fact)
    return "".join(sign if sign.isprintable() else "�" for sign in said)[:SAID_LENGTH] or None


class _Allowance:
    """So many refusals are written in a minute. Lost counts between threads cost a row more, and nothing else."""

    def __init__(self) -> None:
        self._minute, self._written = 0, 0

    def may_write(self, now: datetime) -> bool:
        minute = int(now.timestamp()) // 60
        if minute != self._minute:
            self._minute, self._written = minute, 0
        self._written += 1
        return self._written <= MOST_REFUSALS


_allowance = _Allowance()


def sweep_attempts(session: Session, clock: Clock) -> int:
    """Deletes what has served its time, and answers how many. Called by the worker's schedule."""
    oldest = clock() - KEPT
    beyond = session.scalar(
        select(LaunchAttempt.at).order_by(LaunchAttempt.at.desc()).offset(MOST_ROWS).limit(1)
    )
    gone = session.execute(
        delete(LaunchAttempt)
        .where(LaunchAttempt.at <= (max(oldest, beyond) if beyond else oldest))
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def attempts_of(sealer: Sealer, issuers: list[str], sub: str) -> list[bytes]:
    """The digests under which an account of one of these issuers stands in the log."""
    return [account_digest(sealer, issuer, sub) for issuer in issuers]
