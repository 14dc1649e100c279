"""A file that was previewed, sealed into the page's own form until somebody says yes to it.

So what is imported is to the byte what was looked at, no server keeps a list of people meanwhile, and any web process
can go on.
"""

import binascii
import json
import zlib
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from uuid import UUID

from social_layer.sealing import SealBroken, Sealer

GOOD_FOR = timedelta(hours=1)
_PURPOSE = "records import"


class PreviewOver(Exception):
    """It was looked at too long ago, for another institution, or is no such file."""


def sealed_preview(sealer: Sealer, now: datetime, tenant_id: UUID, content: bytes) -> str:
    return sealer.seal(
        json.dumps(
            {
                "for": _PURPOSE,
                "tenant": str(tenant_id),
                "at": now.isoformat(),
                "file": b64encode(zlib.compress(content)).decode(),
            }
        )
    )


def opened_preview(sealer: Sealer, now: datetime, tenant_id: UUID, sealed: str) -> bytes:
    """Raises :class:`PreviewOver`."""
    try:
        found = json.loads(sealer.open(sealed))
        if (found["for"], found["tenant"]) != (_PURPOSE, str(tenant_id)):
            raise PreviewOver
        if now - datetime.fromisoformat(found["at"]) > GOOD_FOR:
            raise PreviewOver
        return zlib.decompress(b64decode(found["file"]))
    except (SealBroken, ValueError, KeyError, TypeError, binascii.Error, zlib.error):
        raise PreviewOver from None
