"""LTI Dynamic Registration, the platform's side: tokens that work once, and a strict reading of what tools send."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from lti_tool.sandbox.registrations import Registration
from lti_tool.sandbox.tokens import Draft
from lti_tool.sandbox.world import Unknown

if TYPE_CHECKING:
    from lti_tool.sandbox.platform import Sandbox

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
BY_KEY = "private_key_jwt"
TOKEN_LIFE = timedelta(hours=1)
REQUIRED = (
    "application_type",
    "response_types",
    "grant_types",
    "initiate_login_uri",
    "redirect_uris",
    "client_name",
    "jwks_uri",
    "token_endpoint_auth_method",
    TOOL,
)


@dataclass(eq=False)
class RegistrationRefused(Exception):
    """Moodle's own words, as recorded."""

    status: int
    error: str


@dataclass
class Ticket:
    """What a registration token stands for."""

    client_id: str
    until: datetime
    updates: bool = False
    used: bool = False


@dataclass
class Desk:
    sandbox: "Sandbox"
    tickets: dict[str, Ticket] = field(default_factory=dict)
    """By the token."""

    def invite(self, update: str = "") -> str:
        """A registration token: for a new tool, or to change the one whose client id is given."""
        sandbox = self.sandbox
        with sandbox.lock:
            now = sandbox.config.clock()
            client_id = update or sandbox.profile.new_client_id(sandbox.randomness)
            issued = int(now.timestamp())
            claims = {
                "sub": client_id,
                "scope": "reg-update" if update else "reg",
                "iat": issued,
                "exp": issued + int(TOKEN_LIFE.total_seconds()),
                "jti": f"{sandbox.randomness.getrandbits(64):016x}",
            }
            token = sandbox.keys.sign(Draft(claims, sandbox.keys.header()))
            self.tickets = {t: ticket for t, ticket in self.tickets.items() if ticket.until > now}
            self.tickets[token] = Ticket(client_id, now + TOKEN_LIFE, updates=bool(update))
            return token

    def address(self, tool_url: str, update: str = "") -> str:
        """Where the administrator's frame goes: the tool's address with the two parameters. Raises Unknown."""
        if not is_address(tool_url):
            raise Unknown(f"{tool_url!r} is not an address that begins with http:// or https://")
        token = self.invite(update)
        query = urlencode(
            {
                "openid_configuration": self.sandbox.profile.configuration_url(token),
                "registration_token": token,
            }
        )
        return f"{tool_url}{'&' if '?' in tool_url else '?'}{query}"

    def same_domain(self, tool_url: str) -> list[Registration]:
        """Tools of the same host: Moodle asks whether it is an update before it goes on."""
        host = urlsplit(tool_url).netloc
        return [tool for tool in self.sandbox.tools.values() if urlsplit(tool.login_url).netloc == host]

    def ticket_of(self, authorization: str) -> Ticket:
        """Raises RegistrationRefused."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise RegistrationRefused(401, "missing_registration_token")
        ticket = self.tickets.get(token.strip())
        if ticket is None or ticket.until <= self.sandbox.config.clock():
            raise RegistrationRefused(401, "invalid_registration_token")
        if ticket.used:
            raise RegistrationRefused(401, "token_already_used")
        return ticket

    def register(self, authorization: str, raw: bytes) -> dict[str, Any]:
        """A tool's registration; the answer for it. What was refused leaves nothing, and the token usable."""
        sandbox = self.sandbox
        with sandbox.lock:
            ticket = self.ticket_of(authorization)
            asked = _checked(raw)
            refused = sandbox.profile.messages_refused(_kinds(asked))
            if refused:
                raise RegistrationRefused(400, refused)
            before = sandbox.tools.get(ticket.client_id)
            if ticket.updates and before is None:
                raise RegistrationRefused(404, "tool_not_found")
            taken = [tool.deployment_id for tool in sandbox.tools.values()]
            tool = self._read(asked, ticket.client_id)
            if before:
                tool.deployment_id, tool.active = before.deployment_id, before.active
                tool.in_chooser = before.in_chooser
            else:
                tool.deployment_id = sandbox.profile.new_deployment_id(sandbox.randomness, taken)
            tool.answer = sandbox.profile.registration_answer(tool, asked)
            sandbox.tools[tool.client_id] = tool
            ticket.used = True
            sandbox.save()
            return tool.answer

    def _read(self, asked: dict[str, Any], client_id: str) -> Registration:
        rules, config = self.sandbox.profile, asked[TOOL]
        wanted = asked.get("scope", "").split()
        messages = {each["type"]: each for each in config.get("messages", [])}
        deep_linking = messages.get("LtiDeepLinkingRequest")
        target = config["target_link_uri"]
        return Registration(
            client_id=client_id,
            deployment_id="",
            name=asked["client_name"],
            login_url=asked["initiate_login_uri"],
            launch_urls=tuple(asked["redirect_uris"]),
            jwks_url=asked["jwks_uri"],
            target_link_uri=target,
            deep_linking_url=deep_linking.get("target_link_uri", target) if deep_linking else "",
            scopes=tuple(scope for scope in rules.scopes if scope in wanted),
            custom=rules.kept_custom(config.get("custom_parameters", {})),
            description=config.get("description", ""),
            active=False,
            in_chooser=False,
        )

    def activate(self, client_id: str, scopes: Iterable[str] | None = None, in_chooser: bool = True) -> None:
        """What the administrator does last; `scopes` trims what the tool asked for. Raises Unknown."""
        tool = self._tool(client_id)
        tool.active = True
        tool.in_chooser = tool.in_chooser or in_chooser
        if scopes is not None:
            tool.scopes = tuple(scope for scope in tool.scopes if scope in set(scopes))
        self.sandbox.save()

    def remove(self, client_id: str) -> None:
        """The tool is gone; its links stay in the courses and open no more."""
        tool = self._tool(client_id)
        if tool is self.sandbox.registration:
            raise Unknown("The tool that the sandbox was started for stays")
        del self.sandbox.tools[client_id]
        self.sandbox.save()

    def _tool(self, client_id: str) -> Registration:
        try:
            return self.sandbox.tools[client_id]
        except KeyError:
            raise Unknown(f"No tool {client_id!r}") from None


def is_address(value: Any) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.fragment
    except (ValueError, TypeError, AttributeError):
        return False


def _checked(raw: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(raw)
    except ValueError:
        raise RegistrationRefused(400, "invalid_json") from None
    if not isinstance(asked, dict):
        raise RegistrationRefused(400, "invalid_json")
    for name in REQUIRED:
        if not asked.get(name):
            raise RegistrationRefused(400, f"missing required attribute {name}")
    config = asked[TOOL]
    uris = asked["redirect_uris"]
    checks: dict[str, bool] = {
        "invalid_application_type": asked["application_type"] == "web",
        "invalid_response_types": _has(asked["response_types"], "id_token"),
        "invalid_grant_types": _has(asked["grant_types"], "implicit", "client_credentials"),
        "invalid_token_endpoint_auth_method": asked["token_endpoint_auth_method"] == BY_KEY,
        "invalid_client_name": isinstance(asked["client_name"], str),
        "invalid_initiate_login_uri": is_address(asked["initiate_login_uri"]),
        "invalid_redirect_uris": isinstance(uris, list) and all(is_address(uri) for uri in uris),
        "invalid_jwks_uri": is_address(asked["jwks_uri"]),
        "invalid_logo_uri": "logo_uri" not in asked or is_address(asked["logo_uri"]),
        "invalid_scope": isinstance(asked.get("scope", ""), str),
        "invalid_tool_configuration": isinstance(config, dict),
    }
    _pass(checks)
    messages, custom = config.get("messages", []), config.get("custom_parameters", {})
    target, domain = config.get("target_link_uri"), config.get("domain")
    _pass(
        {
            "missing_domain": bool(domain),
            "missing_target_link_uri": bool(target),
            "invalid_target_link_uri": is_address(target),
            # The host with its port, where there is one.
            "domain_targetlinkuri_mismatch": is_address(target) and urlsplit(target).netloc == domain,
            "invalid_custom_parameters": isinstance(custom, dict)
            and all(isinstance(each, str) for each in custom.values()),
            "invalid_description": isinstance(config.get("description", ""), str),
            "invalid_claims": _has(config.get("claims", [])),
            "invalid_messages": isinstance(messages, list) and all(_is_message(each) for each in messages),
        }
    )
    return asked


def _pass(checks: dict[str, bool]) -> None:
    for error, holds in checks.items():
        if not holds:
            raise RegistrationRefused(400, error)


def _has(listed: Any, *wanted: str) -> bool:
    return isinstance(listed, list) and all(isinstance(e, str) for e in listed) and set(wanted) <= set(listed)


def _kinds(asked: dict[str, Any]) -> list[str]:
    return [message["type"] for message in asked[TOOL].get("messages", [])]


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    return "target_link_uri" not in message or is_address(message["target_link_uri"])
