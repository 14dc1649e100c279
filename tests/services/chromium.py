"""Debian's Chromium for pytest-playwright, with third-party cookies blocked or allowed.

Chromium blocks them by default in headless contexts. No switch of its command line allows them, only its
preferences do, so the allowing browser is started with a profile; contexts made in it follow that profile.
"""

import json
from pathlib import Path

from playwright.sync_api import Browser, BrowserType

from tests.services import find

# The suggestions below Chromium's address bar are pages of their own, two for each window: half of what a window costs,
# for an address bar that nobody sees.
_NOT_STARTED = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"]
# What Playwright switches off, which only the last of several such switches does.
_SWITCHED_OFF = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
]
# Without the others Chromium looks for updates and hosts that a test machine cannot reach.
ARGUMENTS = [
    f"--disable-features={','.join([*_SWITCHED_OFF, *_NOT_STARTED])}",
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
