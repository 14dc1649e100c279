"""The page on which an instructor chooses panels for a course: what a deep linking launch ends on."""

from datetime import datetime
from typing import Any

from flask import g, render_template, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_tool.lti.deep_linking import holds
from lti_tool.lti.placings import MOST_PANELS, Placer
from lti_tool.parts import parts
from lti_tool.translations import language, refresh
from lti_tool.web.kinds import KINDS
from lti_tool.web.starting_points import STARTING_POINTS
from lti_tool.web.words import as_json, script_words_as_json
from social_layer.panels.queries import Earlier, earlier_settings

# Asked for more than are shown: a panel that was copied each term stands there once.
_ASKED_FOR, _SHOWN = 60, 12


def render_placing(session: Session, placer: Placer, token: str, expires_at: datetime) -> str:
    """The whole page."""
    speak_to(placer)
    config = as_json(_config(placer, token, expires_at))
    config = f'{config[:-1]},"words":{script_words_as_json(language())}}}'
    return render_template(
        "web/placing.html",
        config=Markup(config),  # noqa: S704 (no < in it)
        placer=placer,
        placing=placer.placing,
        can_send_again=holds(parts().clock, placer),
        starting_points=STARTING_POINTS,
        kinds=KINDS,
        earlier=_earlier(session, placer),
    )


def speak_to(placer: Placer) -> None:
    """From here on the request's language is the person's, and its frame that of their tenant."""
    g.language = placer.language
    allow_answer(placer.tenant_id)
    refresh()


def allow_answer(tenant_id: Any) -> None:
    """The page's form may go to the tenant's platforms."""
    g.tenant_id = tenant_id
    g.answers_platform = True


def _config(placer: Placer, token: str, expires_at: datetime) -> dict[str, Any]:
    home = url_for("web.placing", placing_id=placer.placing.id)
    return {
        "token": token,
        "expires_at": expires_at.isoformat(),
        "panel_id": None,
        "panel": home,
        "placing": home,
        "most": MOST_PANELS if placer.placing.accept_multiple else 1,
        "api": f"{parts().settings.public_url}/api/v1",
        "cursor": None,
        "roles": [placer.role.value],
        "language": language().replace("_", "-"),
        "time_zone": placer.time_zone if placer.zone_is_own else None,
    }


def _earlier(session: Session, placer: Placer) -> list[Earlier]:
    found = earlier_settings(session, placer.tenant_id, placer.person_id, placer.course_id, _ASKED_FOR)
    once = {(one.kind, one.title, one.purpose): one for one in reversed(found)}
    return [one for one in found if once[one.kind, one.title, one.purpose] is one][:_SHOWN]
