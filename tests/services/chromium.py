"""Debian's Chromium for pytest-playwright, with third-party cookies blocked or allowed.

Chromium blocks them by default in headless contexts. No switch of its command line allows them, only its
preferences do, so the allowing browser is started with a profile; contexts made in it follow that profile.
"""

import json
from pathlib import Path

from playwright.sync_api import Browser, BrowserType

from tests.services import find

# Without these Chromium looks for updates and hosts that a test machine cannot reach.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

COOKIES = ("blocked", "allowed")


def launch_with_cookies(browser_type: BrowserType, profile: Path, setting: str, **options: object) -> Browser:
    """A browser that treats third-party cookies as `setting` says: "blocked" or "allowed"."""
    blocked = {"blocked": True, "allowed": False}[setting]
    preferences = {"block_third_party_cookies": blocked, "cookie_controls_mode": 1 if blocked else 0}
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps({"profile": preferences}))
    options.pop("channel", None)
    context = browser_type.launch_persistent_context(str(profile), **options)  # type: ignore[arg-type]
    browser = context.browser
    assert browser is not None
    return browser


def executable() -> str:
    """The path of Chromium; Missing where it is not installed."""
    return find.path_of(find.CHROMIUM)
