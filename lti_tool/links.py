"""Links that carry their own right: for one download, for a few minutes, where no bearer can be sent."""

import hashlib
from datetime import timedelta
from uuid import UUID

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from lti_tool.parts import Parts
from lti_tool.problems import Problem

LASTS = timedelta(minutes=5)


def make_link(given: Parts, purpose: str, tenant_id: UUID, membership_id: UUID, panel_id: UUID) -> str:
    """What stands in the link's address. ``purpose``: a link for one thing opens nothing else."""
    ids = tenant_id.bytes + membership_id.bytes + panel_id.bytes
    return _signer(given, purpose).sign(base64_encode(ids)).decode()


def read_link(given: Parts, purpose: str, link: str) -> tuple[UUID, UUID, UUID]:
    """Tenant, membership and panel. Raises ``token_invalid`` and ``link_expired``."""
    try:
        raw = base64_decode(_signer(given, purpose).unsign(link, max_age=int(LASTS.total_seconds())))
    except SignatureExpired:
        raise Problem("link_expired") from None
    except (BadSignature, ValueError):
        raise Problem("token_invalid") from None
    tenant_id, membership_id, panel_id = (UUID(bytes=raw[at : at + 16]) for at in (0, 16, 32))
    return tenant_id, membership_id, panel_id


class _Signer(TimestampSigner):
    """Tells the time by the house's clock."""

    def __init__(self, given: Parts, purpose: str) -> None:
        super().__init__(
            given.sealer.keys_for("bearer")[::-1],
            salt=f"link:{purpose}",
            digest_method=hashlib.sha256,
            key_derivation="hmac",
        )
        self._clock = given.clock

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())


def _signer(given: Parts, purpose: str) -> _Signer:
    return _Signer(given, purpose)
