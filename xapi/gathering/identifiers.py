"""How the identifiers of people are compared: mail addresses and their hashes without their case, others to the letter.

An mbox_sha1sum is the SHA-1 of the whole ``mailto:`` IRI (Data 2.4.2.3).
"""

import hashlib
import re

_HASH = re.compile("[0-9a-fA-F]{40}")

# The same as :func:`folded`, for DuckDB.
FOLDED = """
CREATE TEMP MACRO folded(told) AS
CASE WHEN told LIKE 'mailto:%' OR regexp_full_match(told, '[0-9a-fA-F]{40}') THEN lower(told) ELSE told END
"""


def folded(told: str) -> str:
    return told.lower() if told.startswith("mailto:") or _HASH.fullmatch(told) else told


def spellings(identifier: str) -> tuple[str, ...]:
    """An identifier, and its hash where it is a mail address: some write the one, some the other."""
    identifier = folded(identifier)
    if not identifier.startswith("mailto:"):
        return (identifier,)
    return identifier, hashlib.sha1(identifier.encode(), usedforsecurity=False).hexdigest()
