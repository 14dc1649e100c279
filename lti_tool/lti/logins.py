"""Logins under way: a state bound to one nonce, one platform and one browser, usable once and for ten minutes.

The browser proves that it is the one that began the login by a secret: kept in a cookie of its own for each login
(so that several frames of one page can launch at once), or in the platform's storage where cookies are blocked.
Only a digest of the secret is stored.
"""

import hashlib
import re
import secrets
from datetime import timedelta
from hmac import compare_digest

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm import Session

from lti_tool.lti.adapter import BegunLogin
from lti_tool.lti.models import Login
from lti_tool.lti.queries import LoginCard, PlatformCard, find_login
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.database import run

LIFETIME = timedelta(minutes=10)
# Rows are kept a little longer than they serve, so that a late answer is told "too late" and not "unknown".
KEPT = timedelta(hours=1)
_STATE = re.compile(r"state-[A-Za-z0-9_-]{32}")


def new_secret() -> str:
    return secrets.token_urlsafe(24)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def cookie_name(state: str) -> str:
    """`__Host-` keeps other hosts of the same site from setting it; the state's end tells parallel logins apart."""
    return f"__Host-login-{state[-12:]}"


def store(
    session: Session,
    clock: Clock,
    platform: PlatformCard,
    begun: BegunLogin,
    secret: str,
    storage_target: str | None,
) -> None:
    run(
        session,
        _STORE,
        {
            "state": begun.state,
            "tenant_id": platform.tenant_id,
            "platform_id": platform.id,
            "nonce": begun.nonce,
            "binding": digest(secret),
            "authorization_url": begun.authorization_url,
            "storage_target": storage_target,
            "created_at": clock(),
        },
    )


# Plain statements, built once: this is what every launch does.
_STORE = insert(Login)
_USE = (
    update(Login)
    .where(Login.state == bindparam("of"), Login.used_at.is_(None))
    .values(used_at=bindparam("now"))
    .returning(Login.state)
)


def open_login(session: Session, clock: Clock, state: str) -> LoginCard:
    """The login that a state belongs to; raises ``login_unknown``, ``login_used`` and ``login_expired``."""
    login = find_login(session, state) if _STATE.fullmatch(state) else None
    if login is None:
        raise Problem("login_unknown")
    if login.used_at is not None:
        raise Problem("login_used")
    if login.created_at <= clock() - LIFETIME:
        raise Problem("login_expired")
    return login


def is_bound(login: LoginCard, secret: str | None) -> bool:
    """Whether ``secret`` is the one that the browser of this login was given."""
    return bool(secret) and compare_digest(digest(str(secret)), login.binding)


def renew(session: Session, clock: Clock, state: str) -> tuple[LoginCard, str]:
    """The login of a browser that kept no secret, begun anew with all that the platform said; and its new secret.

    Nothing that was known of it before serves any longer: state and nonce are new too. Otherwise somebody could get
    a token of their own for the old nonce, and then have another's browser bound to it here.
    """
    login = open_login(session, clock, state)
    renewed, nonce, secret = f"state-{secrets.token_urlsafe(24)}", secrets.token_urlsafe(24), new_secret()
    changed = session.scalar(
        update(Login)
        .where(Login.state == state, Login.used_at.is_(None))
        .values(
            state=renewed,
            nonce=nonce,
            binding=digest(secret),
            authorization_url=login.authorization_url.replace(state, renewed).replace(login.nonce, nonce),
        )
        .returning(Login.state)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise Problem("login_used")
    return open_login(session, clock, renewed), secret


def use(session: Session, clock: Clock, login: LoginCard) -> None:
    """Uses up state and nonce, in one statement: of several at the same time, one gets through.

    Raises ``login_used``.
    """
    used = run(session, _USE, {"of": login.state, "now": clock()}).first()
    if used is None:
        raise Problem("login_used")


def sweep_logins(session: Session, clock: Clock) -> int:
    """Deletes logins that can serve nobody any more, and answers how many. Called by the worker's schedule."""
    gone = session.execute(
        delete(Login).where(Login.created_at <= clock() - KEPT).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
