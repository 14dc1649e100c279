"""The panel's page: rendered once by a launch, and again for a reload."""

from datetime import datetime
from typing import Any

from flask import g, render_template, url_for
from flask_babel import get_locale
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_tool.parts import parts
from lti_tool.translations import refresh
from lti_tool.web.kinds import KINDS
from lti_tool.web.presenting import Presenter
from lti_tool.web.words import as_json, script_words_as_json
from social_layer import cursors
from social_layer.discussion.queries import drafts, entries_page
from social_layer.viewer import Viewer


def render_panel(
    session: Session, viewer: Viewer, token: str, expires_at: datetime, opening: str = ""
) -> str:
    """The whole page. Two statements. ``opening``: the path below the panel's that it begins with."""
    speak_to(viewer)
    context = panel_context(session, viewer)
    config = as_json({**_config(viewer, token, expires_at), "drafts": context["drafts"], "open": opening})
    words = script_words_as_json(str(get_locale() or "en"))
    config = f'{config[:-1]},"words":{words}}}'
    return render_template("web/panel.html", config=Markup(config), **context)  # noqa: S704 (no < in it)


def panel_context(session: Session, viewer: Viewer) -> dict[str, Any]:
    """What the templates of the page's content need."""
    page = entries_page(session, viewer)
    return {
        **entries_context(viewer),
        "threads": Presenter(viewer, parts().clock(), on_arrival=True).threads(page.items),
        "next": page.next,
        "within_thread": page.within_thread,
        "drafts": drafts(session, viewer),
        "panel": viewer.panel,
        "kind": KINDS[viewer.panel.kind],
        "kinds": KINDS,
        "offers_set_up": viewer.may_set_up and not viewer.panel.is_set_up,
    }


def entries_context(viewer: Viewer) -> dict[str, Any]:
    """What the template of entries needs beside the threads."""
    return {
        "viewer": viewer,
        "home": url_for("web.panel", panel_id=viewer.panel.id),
        "drafts": {},
    }


def speak_to(viewer: Viewer) -> None:
    """From here on the request's language is the viewer's, and its frame that of the viewer's tenant."""
    g.viewer, g.tenant_id = viewer, viewer.tenant_id
    refresh()


def _config(viewer: Viewer, token: str, expires_at: datetime) -> dict[str, Any]:
    return {
        "token": token,
        "expires_at": expires_at.isoformat(),
        "panel_id": str(viewer.panel.id),
        "panel": url_for("web.panel", panel_id=viewer.panel.id),
        "api": f"{parts().settings.public_url}/api/v1",
        "cursor": cursors.of_change(viewer.panel.counter),
        "roles": [viewer.role.value],
        "kind": viewer.panel.kind.value,
        "language": str(get_locale() or "en").replace("_", "-"),
        "time_zone": viewer.time_zone,
    }
