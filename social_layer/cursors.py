"""Cursors as they stand outside: opaque words around a position in a list or in a panel's changes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from social_layer.refusals import Invalid


def of_position(position: bytes) -> str:
    return urlsafe_b64encode(b"p" + position).decode().rstrip("=")


def to_position(cursor: str) -> bytes:
    """Raises ``bad_cursor``."""
    return _opened(cursor, b"p", 64)


def of_change(number: int) -> str:
    return urlsafe_b64encode(b"c" + number.to_bytes(8)).decode().rstrip("=")


def to_change(cursor: str) -> int:
    """Raises ``bad_cursor``."""
    number = int.from_bytes(_opened(cursor, b"c", 8))
    if number >= 2**63:
        raise Invalid("bad_cursor")
    return number


def _opened(cursor: str, mark: bytes, longest: int) -> bytes:
    try:
        raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if cursor.isascii() else b""
    except ValueError:
        raw = b""
    if raw[:1] != mark or not 1 < len(raw) <= longest + 1:
        raise Invalid("bad_cursor")
    return raw[1:]
