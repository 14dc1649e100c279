"""What a sandbox LMS is told at its start: its address, the one tool it knows, its profile, its LRS."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

ProfileName = Literal["moodle", "canvas"]
LoginMethod = Literal["POST", "GET"]


def now_in_utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class SandboxConfig:
    """Addresses are absolute URLs. What is left empty gets the profile's own default."""

    public_url: str
    """Where browsers and the tool reach the sandbox, such as http://127.0.0.1:8001."""
    tool_login_url: str
    tool_launch_urls: tuple[str, ...]
    """The registered redirect URIs; matched character by character."""
    tool_jwks_url: str
    target_link_uri: str = ""
    """The first launch URL when empty."""
    profile: ProfileName = "moodle"
    issuer: str = ""
    """The public URL for Moodle; for Canvas the issuer that all its customers share."""
    client_id: str = ""
    """Made, and kept in `state_file`, when empty."""
    deployment_id: str = ""
    login_method: LoginMethod = "POST"
    release_names: bool = True
    release_email: bool = True
    groups_service: bool = False
    """Offer the Course Groups Service, which neither Moodle nor Canvas has."""
    storage_target: str = "post_message_forwarding"
    """Canvas only: the frame that keeps data for tools, `_parent` for the page itself, empty for none."""
    lrs_endpoint: str = ""
    """With its path, such as http://127.0.0.1:8002/xAPI; empty when no LRS stands beside the course."""
    lrs_username: str = ""
    lrs_password: str = field(default="", repr=False)
    clock: Callable[[], datetime] = now_in_utc
    seed: int | None = None
    """Makes the ids of launches and the client id repeatable; never the keys."""
    state_file: Path | None = None
    """Keeps keys, client id and deployment id, so that a second start is the same registration."""

    def __post_init__(self) -> None:
        if not self.tool_launch_urls:
            raise ValueError("tool_launch_urls: name at least one launch URL of the tool")
        for name in ("public_url", "tool_login_url", "tool_jwks_url"):
            if not getattr(self, name).startswith(("http://", "https://")):
                raise ValueError(f"{name}: expected an absolute http(s) URL, got {getattr(self, name)!r}")
        if self.profile not in ("moodle", "canvas"):
            raise ValueError(f"profile: expected moodle or canvas, got {self.profile!r}")

    @property
    def base(self) -> str:
        return self.public_url.rstrip("/")
