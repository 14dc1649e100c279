"""What the tool says of itself when an LMS makes its acquaintance: as a registration, as Canvas's developer key, and
as values to be typed by hand. One place, so that the three never differ.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask_babel import LazyString, lazy_gettext

from lti_tool.lti.claims import (
    CONTEXT_HISTORY_PARAMETER,
    DEEP_LINKING_REQUEST,
    LINK_HISTORY_PARAMETER,
    RESOURCE_LINK_REQUEST,
    SUBMISSION_REVIEW_REQUEST,
    TIME_ZONE_PARAMETER,
)

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
# By which a tool names where notices of a platform go.
NOTICES_SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
_AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
_NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/"

NAME = "Alongside"
DESCRIPTION = "Peer discussion and reflection inside the course"


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that is asked of an LMS, in a sentence for its administrator."""

    scopes: tuple[str, ...]
    sentence: LazyString


SERVICES = (
    Wish(
        (f"{_NRPS}contextmembership.readonly",),
        _("Let the tool read who takes part in a course, and as what (Names and Roles)."),
    ),
    Wish(
        (f"{_AGS}lineitem", f"{_AGS}result.readonly", f"{_AGS}score"),
        _(
            "Let it make grade book columns for graded panels, and send points to them (Assignments and Grades)."
        ),
    ),
    Wish(
        (NOTICES_SCOPE,),
        _(
            "Tell it when a course was copied, so that the copy has the same panels, empty (Platform Notifications)."
        ),
    ),
)
# The kinds of messages that are understood. Each is registered where the LMS says that it sends it: Canvas refuses
# a registration that names another. Reviews of a grade come by the column's own address, registered or not.
MESSAGES = (RESOURCE_LINK_REQUEST, DEEP_LINKING_REQUEST, SUBMISSION_REVIEW_REQUEST)
CLAIMS = ("iss", "sub", "name", "given_name", "family_name")
# Values are variables that the LMS fills in at each launch. None may hold an equals sign: Moodle cuts there.
# A variable that is another LMS's arrives as it was written, and is left out.
CUSTOM = {
    TIME_ZONE_PARAMETER: "$Person.address.timezone",
    CONTEXT_HISTORY_PARAMETER: "$Context.id.history",
    LINK_HISTORY_PARAMETER: "$ResourceLink.id.history",
    "moodle_groups": "$Moodle.Person.userGroupIds",
    "canvas_groups": "$Canvas.group.contextIds",
}
# Where Canvas shows the tool: in the course's menu, and where teachers choose panels.
_CANVAS_PLACEMENTS = (
    ("course_navigation", RESOURCE_LINK_REQUEST, "Discussion"),
    ("link_selection", DEEP_LINKING_REQUEST, NAME),
    ("assignment_selection", DEEP_LINKING_REQUEST, NAME),
    ("editor_button", DEEP_LINKING_REQUEST, NAME),
)


@dataclass(frozen=True, slots=True)
class ToolCard:
    """The tool's addresses, all below the one address that people reach it by."""

    public_url: str

    @property
    def domain(self) -> str:
        """With its port where there is one: Moodle compares it to that of the target link."""
        return urlsplit(self.public_url).netloc

    @property
    def login_url(self) -> str:
        return f"{self.public_url}/lti/login"

    @property
    def launch_url(self) -> str:
        return f"{self.public_url}/lti/launch"

    @property
    def jwks_url(self) -> str:
        return f"{self.public_url}/lti/jwks.json"

    @property
    def notices_url(self) -> str:
        return f"{self.public_url}/lti/notices"

    @property
    def logo_url(self) -> str:
        return f"{self.public_url}/lti/logo.svg"

    @property
    def canvas_url(self) -> str:
        return f"{self.public_url}/lti/canvas.json"

    @property
    def custom_lines(self) -> str:
        return "\n".join(f"{name}={value}" for name, value in CUSTOM.items())

    def registration(self, scopes: list[str], kinds: list[str]) -> dict[str, Any]:
        """The body of a registration (LTI Dynamic Registration, section 3.5.1)."""
        return {
            "application_type": "web",
            "response_types": ["id_token"],
            "grant_types": ["implicit", "client_credentials"],
            "initiate_login_uri": self.login_url,
            "redirect_uris": [self.launch_url],
            "client_name": NAME,
            "jwks_uri": self.jwks_url,
            "logo_uri": self.logo_url,
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(scopes),
            TOOL_CONFIGURATION: {
                "domain": self.domain,
                "description": DESCRIPTION,
                "target_link_uri": self.launch_url,
                "custom_parameters": dict(CUSTOM),
                "claims": list(CLAIMS),
                "messages": [
                    {"type": kind, "target_link_uri": self.launch_url, "label": NAME} for kind in kinds
                ],
            },
        }

    def canvas_key(self) -> dict[str, Any]:
        """Canvas's developer key, for the "Enter URL" and "Paste JSON" methods."""
        placements = [
            {
                "placement": placement,
                "message_type": kind,
                "target_link_uri": self.launch_url,
                "text": text,
                "icon_url": self.logo_url,
                "enabled": True,
            }
            for placement, kind, text in _CANVAS_PLACEMENTS
        ]
        return {
            "title": NAME,
            "description": DESCRIPTION,
            "oidc_initiation_url": self.login_url,
            "target_link_uri": self.launch_url,
            "public_jwk_url": self.jwks_url,
            "scopes": all_scopes(),
            "custom_fields": dict(CUSTOM),
            "extensions": [
                {
                    "platform": "canvas.instructure.com",
                    "domain": self.domain,
                    "tool_id": "alongside",
                    "privacy_level": "public",
                    "settings": {"text": NAME, "icon_url": self.logo_url, "placements": placements},
                }
            ],
        }


# Asked for only where an LMS says that it has it: others refuse a scope that they do not know.
GROUPS_SCOPE = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"


def all_scopes() -> list[str]:
    return [scope for wish in SERVICES for scope in wish.scopes]


def scopes_for(supported: list[str]) -> list[str]:
    """What is wanted and offered; everything wanted, where an LMS does not say what it offers."""
    wanted = [scope for scope in all_scopes() if not supported or scope in supported]
    return [*wanted, *([GROUPS_SCOPE] if GROUPS_SCOPE in supported else [])]


def messages_for(supported: list[str]) -> list[str]:
    """What is understood and sent; everything understood, where an LMS does not say what it sends."""
    return [kind for kind in MESSAGES if not supported or kind in supported]
