"""What the claims of LTI messages are made of: ids that must be right, words for people that are tidied and cut."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from lti_tool.lti.models import ID_LENGTH, URL_LENGTH

MOST_ROLES = 200
# The longest sub that OpenID Connect allows is as long (Core, section 2).
MOST_TEXT = 255
MOST_ORIGINS = 20
# Control characters, those that turn the direction of a line, and lone surrogates: no id contains them, and
# PostgreSQL cannot store all of them.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
# A scope, a type: a word of the standard's.
NAME = re.compile(r"\S{1,255}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_address(told: object) -> bool:
    """Whether it can be kept, taken apart and asked; whether it may be asked is the guard's to say."""
    if not isinstance(told, str) or len(told) > URL_LENGTH or UNPRINTABLE.search(told):
        return False
    try:
        parts = urlsplit(told)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def as_address(told: str | None) -> str | None:
    return told if is_address(told) else None


def is_id(text: str) -> bool:
    return bool(text.strip()) and len(text) <= ID_LENGTH and not UNPRINTABLE.search(text)


def tidied(text: str) -> str | None:
    """For people: tidied, and cut at 255 characters; None where nothing is left."""
    return " ".join(UNPRINTABLE.sub(" ", text[: 4 * MOST_TEXT]).split())[:MOST_TEXT] or None


class Id(fields.String):
    """A name that must be taken as it is: not empty, at most 255 characters, nothing unprintable."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not is_id(text):
            raise ValidationError("not an id of 1 to 255 printable characters")
        return text


class Words(fields.Field[str | None]):
    """Text for people: on one line, cut at 255 characters; None where nothing is left."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str | None:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        return tidied(value)


class Values(fields.Dict):
    """Custom parameters: strings by the standard; Canvas sends numbers, Moodle nulls, both leave `$Foo` behind."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, str]:
        found = super()._deserialize(value, attr, data, **options)
        kept = {}
        for key, entry in found.items():
            if isinstance(entry, dict | list):
                raise ValidationError(f"{key[:50]!r} is no string")
            text = str(entry).strip()
            if entry is not None and not text.startswith("$") and not UNPRINTABLE.search(key + text):
                kept[key] = text
        return kept


class Claims(Schema):
    """Nulls are absent; what is not named here is left out."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def without_nulls(self, data: Any, **_: Any) -> Any:
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data


class Returned(fields.String):
    """Text that goes back as it came, so it must be what every database can keep."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if re.search("[\x00\ud800-\udfff]", text):
            raise ValidationError("not a text that can be kept")
        return text


def as_language(told: str | None) -> str | None:
    """A language tag (BCP 47) from what LMSs send: `en`, `de_DE`, `pt-BR`, `de_DE.UTF-8`."""
    tag = (told or "").partition(".")[0].replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) and len(tag) <= 35 else None
