"""The LRSs that a tenant is connected to: added, found, removed, opened for sending."""

from datetime import UTC, datetime
from urllib.parse import SplitResult, urlsplit
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from social_layer.clock import Clock
from social_layer.people.models import Tenant
from social_layer.sealing import Sealer
from xapi.addresses import Guard, allow_all
from xapi.gathering.models import LrsReading
from xapi.models import TROUBLE_LENGTH, Delivery, Lrs, LrsPlatform, LrsState
from xapi.scopes.models import PseudonymKey
from xapi.scopes.pseudonyms import make_key
from xapi.transport import CONNECT_SECONDS, MOST_READ, READ_SECONDS, HttpTransport

# What their columns hold.
MOST_NAME = 64
MOST_USERNAME = 255
MOST_ADDRESS = 2048
MOST_SEALED = 2048
MOST_SCOPE = 255
VERSIONS = ("1.0.3", "2.0.0")
# When an LRS is to be read back that may be read again.
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class StoreRefused(Exception):
    """Why an LRS cannot be added or found, and what to do, in one line."""


def connect(
    session: Session,
    clock: Clock,
    sealer: Sealer,
    tenant_id: UUID,
    *,
    name: str,
    endpoint: str,
    username: str,
    password: str,
    version: str = VERSIONS[0],
    since: datetime | None = None,
    own_pseudonyms: bool = False,
    token_url: str | None = None,
    oauth_scope: str | None = None,
) -> Lrs:
    """Adds an LRS that gets what happens from ``since`` on (now by default).

    ``own_pseudonyms``: with a key of its own, so that its pseudonyms cannot be joined with those of other LRSs.
    ``token_url``: where a token is fetched with user name and password as client id and secret (OAuth 2).

    The same name at the same address again: its credentials are replaced, and it is sent to again if it was paused.
    Raises :class:`StoreRefused`, also for a name in use with another address.
    """
    endpoint, name = checked_endpoint(endpoint), _checked_name(name)
    if token_url is not None:
        token_url = checked_token_url(token_url)
    elif ":" in username:
        raise StoreRefused(f"the user name {username!r} holds a colon: no LRS can have given it")
    if len(username) > MOST_USERNAME:
        raise StoreRefused(f"the user name {username!r} is too long: no LRS can have given it")
    if oauth_scope is not None and len(oauth_scope) > MOST_SCOPE:
        raise StoreRefused(f"the scopes to ask for are too long: {MOST_SCOPE} letters at most")
    sealed = sealer.seal(password)
    if len(sealed) > MOST_SEALED:
        raise StoreRefused("the password is too long: about 1400 letters at most")
    found = session.scalar(select(Lrs).where(Lrs.tenant_id == tenant_id, Lrs.name == name))
    if found is not None:
        if found.endpoint != endpoint:
            raise StoreRefused(
                f"{name} is connected already, at {found.endpoint}; choose another name or remove it first"
            )
        found.username, found.sealed_password, found.version = username, sealed, version
        found.token_url, found.oauth_scope = token_url, oauth_scope
        resume(session, found)
        return found
    lrs = Lrs(
        tenant_id=tenant_id,
        id=uuid4(),
        name=name,
        endpoint=endpoint,
        username=username,
        sealed_password=sealed,
        version=version,
        token_url=token_url,
        oauth_scope=oauth_scope,
        since=since or clock(),
        created_at=clock(),
    )
    session.add(lrs)
    session.flush()
    if own_pseudonyms:
        make_key(session, sealer, tenant_id, lrs.id)
    return lrs


def checked_endpoint(endpoint: str) -> str:
    """The address before ``/statements``. Raises :class:`StoreRefused`."""
    endpoint = endpoint.strip().rstrip("/").removesuffix("/statements")
    parts = _address(endpoint)
    if parts is None or parts.query or parts.fragment:
        raise StoreRefused(f"{endpoint!r} is no address of an LRS; use one like https://lrs.example.org/xAPI")
    if parts.username or parts.password:
        raise StoreRefused("leave user name and password out of the address; they have options of their own")
    if len(endpoint) > MOST_ADDRESS:
        raise StoreRefused(f"the address of the LRS is too long: {MOST_ADDRESS} letters at most")
    return endpoint


def checked_token_url(address: str) -> str:
    """Raises :class:`StoreRefused`. It may have a query, and no fragment (RFC 6749, 3.2)."""
    address = address.strip()
    parts = _address(address)
    if parts is None or parts.fragment or parts.username or parts.password or len(address) > MOST_ADDRESS:
        raise StoreRefused(
            f"{address!r} is no address of a token server; use one like https://login.example.org/oauth2/token"
        )
    return address


def _address(given: str) -> SplitResult | None:
    """Its parts, where it is one of a server that can be asked."""
    try:
        parts = urlsplit(given)
        return parts if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise StoreRefused(f"the name {name!r} cannot be used; choose one of 1 to {MOST_NAME} letters")
    return name


def resume(session: Session, lrs: Lrs) -> None:
    """It works again: whatever was wrong is forgotten, of sending and of reading back."""
    session.execute(
        update(Lrs)
        .where(Lrs.tenant_id == lrs.tenant_id, Lrs.id == lrs.id)
        .values(state=LrsState.active, trouble=None, resting_until=None, failures=0)
    )
    session.execute(
        update(LrsReading)
        .where(
            LrsReading.tenant_id == lrs.tenant_id,
            LrsReading.lrs_id == lrs.id,
            LrsReading.trouble.is_not(None),
        )
        .values(due_at=_AT_ONCE, failures=0, is_refused=False, trouble=None)
    )


def note_trouble(session: Session, lrs: Lrs, trouble: str) -> None:
    """What an administrator's test found; shown until something succeeds. Sending goes on as it would."""
    session.execute(
        update(Lrs)
        .where(Lrs.tenant_id == lrs.tenant_id, Lrs.id == lrs.id)
        .values(trouble=trouble[:TROUBLE_LENGTH])
    )


def find_lrs(session: Session, tenant: str | None, name: str | None) -> Lrs:
    """By name, in the named tenant or in the only one that has it; without a name the only one that there is.

    Raises :class:`StoreRefused`.
    """
    query = select(Lrs).join(Tenant, Tenant.id == Lrs.tenant_id)
    if name is not None:
        query = query.where(Lrs.name == name)
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    found = session.scalars(query).all()
    if name is None and len(found) != 1:
        raise StoreRefused("say which LRS with --lrs; see: alongside lrs list")
    if not found:
        raise StoreRefused(f"no LRS is called {name!r}; see: alongside lrs list")
    if len(found) > 1:
        raise StoreRefused(f"several tenants have an LRS called {name!r}; say which with --tenant")
    return found[0]


def list_lrss(session: Session, tenant: str | None = None) -> list[tuple[str, Lrs]]:
    """(tenant's name, LRS), in the order of names."""
    query = select(Tenant.name, Lrs).join(Tenant, Tenant.id == Lrs.tenant_id).order_by(Tenant.name, Lrs.name)
    if tenant is not None:
        query = query.where(Tenant.name == tenant)
    return [(row[0], row[1]) for row in session.execute(query)]


def disconnect(session: Session, lrs: Lrs) -> None:
    """Forgets the LRS and what was still on its way there. What it holds, it keeps."""
    for table in (Delivery, LrsPlatform, LrsReading):
        session.execute(delete(table).where(table.tenant_id == lrs.tenant_id, table.lrs_id == lrs.id))
    session.execute(
        delete(PseudonymKey).where(PseudonymKey.tenant_id == lrs.tenant_id, PseudonymKey.of == lrs.id)
    )
    session.execute(delete(Lrs).where(Lrs.tenant_id == lrs.tenant_id, Lrs.id == lrs.id))


def open_transport(
    sealer: Sealer,
    lrs: Lrs,
    guard: Guard = allow_all,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
    most_read: int = MOST_READ,
) -> HttpTransport:
    """A way to speak to it. Raises :class:`~social_layer.sealing.SealBroken`."""
    return HttpTransport(
        lrs.endpoint,
        lrs.username,
        sealer.open(lrs.sealed_password),
        lrs.version,
        token_url=lrs.token_url,
        oauth_scope=lrs.oauth_scope,
        guard=guard,
        connect_seconds=connect_seconds,
        read_seconds=read_seconds,
        most_read=most_read,
    )
