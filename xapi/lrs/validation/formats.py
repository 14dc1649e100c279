"""Strings of a fixed format: IRIs, UUIDs, language tags, timestamps, durations, media types (Data 4).

Each `check_…` appends a problem and answers whether the value is right; the patterns and `parse_timestamp`
serve the request parameters too, which the standard holds to the same rules (Data 2.2.s4.b4).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from xapi.lrs.validation.problem import Problem, Problems, is_object, step, wrong_type

# RFC 3987 best effort: a scheme, then something, with none of the characters no IRI may hold.
# Lone surrogates are left out as well: they cannot be written as UTF-8.
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20\x7f-\x9f<>\"{}|\\^`\ud800-\udfff]+")
MAILTO = re.compile(
    r"mailto:[^\x00-\x20\x7f-\x9f<>\"\\@:,;()\[\]\ud800-\udfff]+@([^\x00-\x20\x7f-\x9f"
    r"<>\"\\@:,;()\[\]/?#.\ud800-\udfff]+(?:\.[^\x00-\x20\x7f-\x9f<>\"\\@:,;()\[\]/?#.\ud800-\udfff]+)+)"
)
SHA1 = re.compile(r"[0-9a-fA-F]{40}")
SHA2 = re.compile(r"(?:[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})")
# All versions of variant 2 of RFC 4122, in the standard string form (Data 2.4.1).
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|sgn-(?:be-fr|be-nl|ch-de))",
    re.IGNORECASE | re.ASCII,
)
MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+"
    r"(?:\s*;\s*[A-Za-z0-9!#$%&'*+.^_`|~\-]+=(?:[A-Za-z0-9!#$%&'*+.^_`|~\-]+|\"[^\"\\\x00-\x1f\x7f]*\"))*\s*;?"
)
VERSION = re.compile(r"1\.0(?:\.[0-9]{1,9})?")
VERSION_2 = re.compile(r"(?:1\.0(?:\.[0-9]{1,9})?|2\.0\.[0-9]{1,9})")
_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}W|(?=[0-9T])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?)"
)
_FRACTION_NOT_LAST = re.compile(r"[.,][0-9]+[A-Z].")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)"
)


def parse_timestamp(text: str) -> datetime | None:
    """The instant as UTC (finer than a microsecond is cut off), or None where the text is no RFC 3339 time.

    An offset may also be written `+0200` or `+02`, as ISO 8601 has it. `-00`, `-0000` and `-00:00` are no
    offsets there, and a time without one names no instant.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    zone: timezone = UTC
    if sign is not None:
        offset = int(hours) * 60 + int(minutes or 0)
        if offset >= 24 * 60 or int(minutes or 0) > 59 or (sign == "-" and offset == 0):
            return None
        zone = timezone(timedelta(minutes=-offset if sign == "-" else offset))
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, zone
        ).astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February, hour 25, or an offset that leaves the calendar
        return None


def is_duration(text: str) -> bool:
    """ISO 8601:2004 section 4.4.3.2; only the smallest unit may have a fraction, weeks stand alone."""
    return (
        _DURATION.fullmatch(text) is not None
        and len(text) > 2
        and not text.endswith("T")
        and _FRACTION_NOT_LAST.search(text) is None
    )


def check_string(value: Any, path: str, out: Problems) -> bool:
    if type(value) is str:
        return True
    wrong_type(value, "a string", path, out)
    return False


def _check_pattern(
    value: Any, pattern: re.Pattern[str], code: str, message: str, path: str, out: Problems
) -> bool:
    if type(value) is str and pattern.fullmatch(value) is not None:
        return True
    if check_string(value, path, out):
        out.append(Problem(code, message, path))
    return False


def check_iri(value: Any, path: str, out: Problems) -> bool:
    if type(value) is str and IRI.fullmatch(value) is not None:  # by far the most frequent check
        return True
    return _check_pattern(value, IRI, "iri", "Not an absolute IRI (scheme:…).", path, out)


def check_mailto(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(value, MAILTO, "mailto", "Not of the form mailto:name@example.org.", path, out)


def check_sha1(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(value, SHA1, "sha1", "Not a SHA-1 hash of 40 hexadecimal digits.", path, out)


def check_sha2(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(
        value, SHA2, "sha2", "Not a SHA-2 hash of 56, 64, 96 or 128 hexadecimal digits.", path, out
    )


def check_uuid(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(value, UUID, "uuid", "Not a UUID (RFC 4122, variant 2).", path, out)


def check_version(value: Any, path: str, out: Problems, *, second: bool = False) -> bool:
    if second:
        return _check_pattern(
            value, VERSION_2, "version", "The version must start with 1.0 or 2.0.", path, out
        )
    return _check_pattern(value, VERSION, "version", "The version must start with 1.0.", path, out)


def check_media_type(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(value, MEDIA_TYPE, "media_type", "Not an Internet media type.", path, out)


def check_language(value: Any, path: str, out: Problems) -> bool:
    return _check_pattern(value, LANGUAGE, "language", "Not a language tag of RFC 5646.", path, out)


def check_timestamp(value: Any, path: str, out: Problems) -> bool:
    if not check_string(value, path, out):
        return False
    if parse_timestamp(value) is not None:
        return True
    out.append(Problem("timestamp", "Not an RFC 3339 time such as 2026-01-31T12:00:00.000Z.", path))
    return False


def check_duration(value: Any, path: str, out: Problems) -> bool:
    if not check_string(value, path, out):
        return False
    if is_duration(value):
        return True
    out.append(Problem("duration", "Not an ISO 8601 duration such as PT1M30S.", path))
    return False


def check_boolean(value: Any, path: str, out: Problems) -> bool:
    if type(value) is bool:
        return True
    wrong_type(value, "true or false", path, out)
    return False


def check_number(value: Any, path: str, out: Problems) -> bool:
    if type(value) is int:
        return True
    if type(value) is float:
        if value - value == 0.0:  # false for an infinity and for NaN, which JSON does not have
            return True
        out.append(Problem("number", "The number is not finite.", path))
        return False
    wrong_type(value, "a number", path, out)
    return False


def check_language_map(value: Any, path: str, out: Problems) -> None:
    if not is_object(value, path, out):
        return
    for tag, text in value.items():
        if LANGUAGE.fullmatch(tag) is None:
            out.append(Problem("language", "The key is no language tag of RFC 5646.", step(path, tag)))
        if type(text) is not str:
            wrong_type(text, "a string", step(path, tag), out)


def check_extensions(value: Any, path: str, out: Problems) -> None:
    """Keys are IRIs; the values are nobody's business but the sender's (Data 4.1)."""
    if not is_object(value, path, out):
        return
    for key in value:
        if IRI.fullmatch(key) is None:
            out.append(Problem("iri", "The key of an extension must be an absolute IRI.", step(path, key)))
