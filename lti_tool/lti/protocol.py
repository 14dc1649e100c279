"""What the protocol keeps in memory for an app: the platforms' keys, our own, and the session to platforms."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from lti_tool.lti.key_sets import KeySets
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.outbound import PlatformSession
from lti_tool.parts import Parts, parts

_NAME = "alongside.protocol"


@dataclass(frozen=True)
class Protocol:
    """Made once for each app and process; nothing in it is lost with it."""

    session: PlatformSession
    key_sets: KeySets
    tool_keys: ToolKeys

    @classmethod
    def of(cls, given: Parts) -> "Protocol":
        session = PlatformSession(given.settings)
        return cls(session, KeySets(given.database, given.clock, session), ToolKeys(given))


def protocol() -> Protocol:
    """That of the app that serves the present request."""
    found = current_app.extensions.get(_NAME)
    if found is None:
        found = current_app.extensions.setdefault(_NAME, Protocol.of(parts()))
    return cast(Protocol, found)
