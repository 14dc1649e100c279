"""Whether what an LRS gives back is what it was sent: by the digest of the bytes, else by content."""

import hashlib
from typing import Any

from xapi.audit.ledger import Verdict
from xapi.comparison import same
from xapi.lrs.validation.formats import parse_timestamp
from xapi.statements import as_bytes, timestamp

Json = dict[str, Any]
_ADDED_BY_LRS = frozenset({"authority", "stored", "version"})


def by_digest(theirs: Json, digest: bytes | None) -> bool:
    """An LRS that keeps the order of keys gives back the very bytes, but for what it adds and how it spells times."""
    return digest is not None and _digest(_bare(theirs)) == digest


def by_content(theirs: Json, ours: Json, digest: bytes | None) -> Verdict:
    """``ours`` as it would be built today. In its order of keys the bytes may be proved even where a title has changed
    since; what cannot be proved so is compared by the standard's rules."""
    if digest is not None and _digest(_arranged(_bare(theirs), ours)) == digest:
        return Verdict.same
    return Verdict.equal if same(ours, theirs) else Verdict.differs


def _digest(statement: Json) -> bytes:
    try:
        return hashlib.sha256(as_bytes(statement)).digest()
    except RecursionError:  # nothing of ours is nested so deep
        return b""


def _bare(theirs: Json) -> Json:
    bare = {key: value for key, value in theirs.items() if key not in _ADDED_BY_LRS}
    happened = parse_timestamp(str(bare.get("timestamp")))
    return {**bare, "timestamp": timestamp(happened)} if happened else bare


def _arranged(theirs: Any, like: Any) -> Any:
    """The same values, with the keys of each object in the order of ``like``; what that has not comes last."""
    if isinstance(theirs, dict) and isinstance(like, dict):
        keys = [key for key in like if key in theirs] + [key for key in theirs if key not in like]
        return {key: _arranged(theirs[key], like.get(key)) for key in keys}
    if isinstance(theirs, list) and isinstance(like, list):
        patterns = [*like, *[None] * len(theirs)]
        return [_arranged(one, pattern) for one, pattern in zip(theirs, patterns, strict=False)]
    return theirs
