"""The tools a platform knows: what its administrator sees of each, and where each is reached."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
GROUPS = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
SCOPES = (
    f"{AGS}lineitem",
    f"{AGS}lineitem.readonly",
    f"{AGS}result.readonly",
    f"{AGS}score",
    NAMES_AND_ROLES,
    NOTICES,
)


@dataclass
class Registration:
    """One tool under one client id. Addresses are absolute URLs."""

    client_id: str
    deployment_id: str
    name: str = "Alongside"
    login_url: str = ""
    launch_urls: tuple[str, ...] = ()
    """Matched character by character."""
    jwks_url: str = ""
    target_link_uri: str = ""
    deep_linking_url: str = ""
    """Empty when the tool offers no deep linking."""
    scopes: tuple[str, ...] = SCOPES
    custom: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    active: bool = True
    """A tool that registered itself waits until an administrator activates it."""
    in_chooser: bool = True
    """Moodle: whether instructors find it when they add an activity."""
    answer: dict[str, Any] = field(default_factory=dict)
    """What a tool that registered itself was told."""

    def to_state(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_state(cls, stored: dict[str, Any]) -> "Registration":
        known = {f.name for f in dataclasses.fields(cls)}
        kept = {name: value for name, value in stored.items() if name in known}
        for name in ("launch_urls", "scopes"):
            kept[name] = tuple(kept.get(name, ()))
        return cls(**kept)
