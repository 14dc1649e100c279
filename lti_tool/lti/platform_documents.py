"""What an LMS answers while the tool registers itself: its configuration, and the registration as it took it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from lti_tool.lti.models import ID_LENGTH, URL_LENGTH
from lti_tool.lti.parameters import Parameter
from lti_tool.lti.tool_card import TOOL_CONFIGURATION

PLATFORM_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_MOST_ENTRIES = 1_000


class DocumentWrong(Exception):
    """The answer is not the document that was asked for; ``part`` names the first thing that is wrong."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """OpenID Connect Discovery with the platform's part of LTI Dynamic Registration, section 3.4."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    authorization_server: str | None
    scopes_supported: list[str]
    messages_supported: list[str]
    """Empty where it names none."""
    family: str
    account_name: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the LMS says to a registration (section 3.6)."""

    client_id: str
    deployment_id: str | None


class _Lenient(Schema):
    class Meta:
        unknown = EXCLUDE


def _texts(**options: Any) -> fields.List:
    return fields.List(Parameter(URL_LENGTH), validate=validate.Length(max=_MOST_ENTRIES), **options)


class _Message(_Lenient):
    type = Parameter(255, required=True)


class _Platform(_Lenient):
    product_family_code = Parameter(255, required=True)
    version = Parameter(255, load_default=None, allow_none=True)
    # The standard demands it; without it nothing is lost, and everything is registered.
    messages_supported = fields.List(
        fields.Nested(_Message), load_default=list, validate=validate.Length(max=_MOST_ENTRIES)
    )
    variables = _texts(load_default=list)
    account_name = Parameter(
        255, data_key="https://canvas.instructure.com/lti/account_name", load_default=None, allow_none=True
    )


class _Configuration(_Lenient):
    issuer = Parameter(512, required=True)
    authorization_endpoint = Parameter(URL_LENGTH, required=True)
    token_endpoint = Parameter(URL_LENGTH, required=True)
    jwks_uri = Parameter(URL_LENGTH, required=True)
    registration_endpoint = Parameter(URL_LENGTH, required=True)
    authorization_server = Parameter(URL_LENGTH, load_default=None, allow_none=True)
    scopes_supported = _texts(load_default=list)
    claims_supported = _texts(load_default=list)
    platform = fields.Nested(_Platform, data_key=PLATFORM_CONFIGURATION, required=True)

    @post_load
    def whole(self, found: dict[str, Any], **_: Any) -> PlatformConfiguration:
        platform = found.pop("platform")
        del found["claims_supported"]
        return PlatformConfiguration(
            **found,
            messages_supported=[message["type"] for message in platform["messages_supported"]],
            family=platform["product_family_code"].lower(),
            account_name=platform["account_name"],
        )


class _Taken(_Lenient):
    deployment_id = Parameter(ID_LENGTH, load_default=None, allow_none=True)


class _Answer(_Lenient):
    client_id = Parameter(ID_LENGTH, required=True, validate=validate.Length(min=1))
    configuration = fields.Nested(_Taken, data_key=TOOL_CONFIGURATION, load_default=None, allow_none=True)

    @post_load
    def whole(self, found: dict[str, Any], **_: Any) -> Answer:
        return Answer(found["client_id"], (found["configuration"] or {}).get("deployment_id") or None)


_CONFIGURATION, _ANSWER = _Configuration(), _Answer()


def read_configuration(body: bytes) -> PlatformConfiguration:
    """Raises :class:`DocumentWrong`."""
    found: PlatformConfiguration = _read(_CONFIGURATION, body)
    return found


def read_answer(body: bytes) -> Answer:
    """Raises :class:`DocumentWrong`."""
    found: Answer = _read(_ANSWER, body)
    return found


def _read(schema: Schema, body: bytes) -> Any:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise DocumentWrong("JSON") from None
    if not isinstance(document, Mapping):
        raise DocumentWrong("JSON")
    try:
        return schema.load(document)
    except ValidationError as error:
        raise DocumentWrong(_first(error.normalized_messages())) from None


def _first(messages: Mapping[Any, Any]) -> str:
    """The first wrong field, down to where it stands. Names of fields are our own, never the document's."""
    path = []
    level: Any = messages
    while isinstance(level, Mapping) and level:
        name, level = next(iter(level.items()))
        path.append(str(name).rpartition("/")[2])
    return ".".join(path)
