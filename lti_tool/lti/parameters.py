"""What a platform sends to begin a login: checked before anything is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load

from lti_tool.problems import Problem

MOST_HINT = 8_000


class Parameter(fields.String):
    """Printable and not endless: what cannot be stored is never looked up."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **options))
        if len(text) > self.most or not all(sign.isprintable() or sign in "\r\n\t" for sign in text):
            raise ValidationError("too long, or not printable")
        return text


@dataclass(frozen=True, slots=True)
class LoginParameters:
    """LTI core, section 5.1.1, and OpenID Connect Core, section 4."""

    iss: str
    login_hint: str
    target_link_uri: str
    client_id: str | None
    lti_message_hint: str | None
    lti_deployment_id: str | None
    lti_storage_target: str | None

    @property
    def passed_on(self) -> dict[str, str]:
        """As the library wants them."""
        return {
            "iss": self.iss,
            "client_id": self.client_id or "",
            "login_hint": self.login_hint,
            "lti_message_hint": self.lti_message_hint or "",
        }


class _LoginSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    iss = Parameter(512, required=True)
    login_hint = Parameter(MOST_HINT, required=True)
    target_link_uri = Parameter(2048, required=True)
    client_id = Parameter(255, load_default=None)
    lti_message_hint = Parameter(MOST_HINT, load_default=None)
    lti_deployment_id = Parameter(255, load_default=None)
    lti_storage_target = Parameter(255, load_default=None)

    @pre_load
    def without_empty_ones(self, data: Mapping[str, str], **_: Any) -> dict[str, str]:
        return {key: value for key, value in data.items() if value}

    @post_load
    def whole(self, found: dict[str, Any], **_: Any) -> LoginParameters:
        return LoginParameters(**found)


_SCHEMA = _LoginSchema()


def read_login(sent: Mapping[str, str], public_url: str) -> LoginParameters:
    """Raises ``login_incomplete`` and ``target_elsewhere``."""
    try:
        found: LoginParameters = _SCHEMA.load(sent)
    except ValidationError as error:
        raise Problem("login_incomplete", parameter=next(iter(error.normalized_messages()))) from error
    if not _is_ours(found.target_link_uri, public_url):
        raise Problem("target_elsewhere")
    return found


def _is_ours(address: str, public_url: str) -> bool:
    """Same scheme, host and port. Nobody is sent elsewhere by us, whatever the platform asks for."""
    try:
        asked, own = urlsplit(address), urlsplit(public_url)
        return (asked.scheme, asked.hostname, asked.port) == (own.scheme, own.hostname, own.port)
    except ValueError:
        return False
