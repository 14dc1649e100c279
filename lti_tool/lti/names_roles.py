"""Names and Roles Provisioning Service 2.0: a context's list of members, read page by page.

What a platform sends is believed only where it is of use: somebody without an id that a launch could bring is passed
over, a name that is none is no name. A list that leads elsewhere, in circles or nowhere is refused as a whole.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lti_tool.lti.claim_fields import MOST_ROLES, MOST_TEXT, is_id, tidied
from lti_tool.lti.models import URL_LENGTH
from lti_tool.lti.roles import standing_of
from lti_tool.lti.services import Services
from social_layer.people.listed import Listed

SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
# Asked for; Canvas gives 50 at most, and whoever gives more sends more. Some give all at once, whatever is asked.
PAGE = 200
MOST_PAGES = 2_000
MOST_MEMBERS = 100_000
MOST_BYTES = 8_000_000
# Written together.
BATCH = 500
_PORTS = {"https": 443, "http": 80}


class ListWrong(Exception):
    """The list cannot be used. ``code``: which sentence says so; ``said``: a detail for operators."""

    def __init__(self, code: str, said: str = "") -> None:
        super().__init__(f"{code}: {said}")
        self.code = code
        self.said = said


def batches(lms: Services, url: str) -> Iterator[list[Listed]]:
    """Those who are in the context now, some hundred at a time; no more than a page of them is ever in memory.

    Raises :class:`ListWrong` and :class:`~lti_tool.lti.services.ServiceFailure`, after some of them maybe.
    """
    home = _origin(url)
    following: str | None = _with_limit(url)
    seen: set[int] = set()
    members = 0
    while following is not None:
        if hash(following) in seen:
            raise ListWrong("list_endless", "A page names itself, or one before it, as the next.")
        seen.add(hash(following))
        if len(seen) > MOST_PAGES:
            raise ListWrong("list_endless", f"More than {MOST_PAGES} pages.")
        answer = lms.get(following, scope=SCOPE, accept=MEDIA_TYPE, most_bytes=MOST_BYTES)
        found = _members_in(answer.json)
        members += len(found)
        if members > MOST_MEMBERS:
            raise ListWrong("list_endless", f"More than {MOST_MEMBERS} members.")
        for start in range(0, len(found), BATCH):
            batch = [read for each in found[start : start + BATCH] if (read := read_member(each))]
            if batch:
                yield batch
        following = answer.next_url
        if following is not None and (_origin(following) != home or len(following) > 2 * URL_LENGTH):
            # Our token would go there.
            raise ListWrong("list_elsewhere", following[:200])


def read_member(told: Any) -> Listed | None:
    """One member; None for whoever is not in the context now, or has no id that a launch could bring."""
    if not isinstance(told, dict):
        return None
    status = told.get("status")
    # Inactive and Deleted; whatever else a platform may think of is no admission either.
    if isinstance(status, str) and status.strip().lower() not in ("", "active"):
        return None
    account = told.get("user_id")
    if isinstance(account, int) and not isinstance(account, bool) and abs(account) < 10**30:
        account = str(account)
    if not isinstance(account, str) or not is_id(account):
        return None
    roles = told.get("roles")
    names = [name for name in roles[:MOST_ROLES] if isinstance(name, str)] if isinstance(roles, list) else []
    standing = standing_of([name for name in names if len(name) <= 512])
    return Listed(account, standing.role, _name(told), standing.is_test)


def _name(told: dict[str, Any]) -> str | None:
    def words(key: str) -> str | None:
        value = told.get(key)
        return tidied(value) if isinstance(value, str) else None

    parts = (part for part in (words("given_name"), words("family_name")) if part)
    return words("name") or " ".join(parts)[:MOST_TEXT] or None


def _members_in(body: Any) -> list[Any]:
    members = body.get("members") if isinstance(body, dict) else None
    if not isinstance(members, list):
        raise ListWrong("list_wrong", "The answer holds no list of members.")
    return members


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise ListWrong("list_elsewhere", "The address is none.") from None


def _with_limit(url: str) -> str:
    """Moodle gives everybody at once unless it is asked for fewer (section 2.4.2)."""
    parts = urlsplit(url)
    if any(name == "limit" for name, _ in parse_qsl(parts.query)):
        return url
    query = "&".join(part for part in (parts.query, urlencode({"limit": PAGE})) if part)
    return urlunsplit(parts._replace(query=query))
