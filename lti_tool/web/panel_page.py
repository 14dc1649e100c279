"""The panel's page: rendered once by a launch, and again for a reload."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import g, render_template, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_tool.parts import parts
from lti_tool.translations import language, refresh
from lti_tool.web.dates import dates_form, dates_shown
from lti_tool.web.grouping import GROUP_MODES
from lti_tool.web.kinds import KINDS
from lti_tool.web.presenting import Presenter
from lti_tool.web.words import as_json, script_words_as_json
from lti_tool.wording import group_name, set_name
from social_layer import cursors
from social_layer.discussion.queries import drafts, entries_page
from social_layer.groups.queries import places_of, sets_offered
from social_layer.terms.queries import seems_new
from social_layer.viewer import Viewer


def render_panel(
    session: Session,
    viewer: Viewer,
    token: str,
    expires_at: datetime,
    group: UUID | None = None,
    opening: str = "",
) -> str:
    """The whole page. Two statements; one more where the panel has groups.

    ``opening``: the path below the panel's that it begins with.
    """
    speak_to(viewer)
    context = panel_context(session, viewer, group)
    config = as_json(
        {
            **_config(viewer, token, expires_at),
            "group": context["group"],
            "drafts": context["drafts"],
            "open": opening,
        }
    )
    words = script_words_as_json(language())
    config = f'{config[:-1]},"words":{words}}}'
    return render_template("web/panel.html", config=Markup(config), **context)  # noqa: S704 (no < in it)


def panel_context(session: Session, viewer: Viewer, group: UUID | None = None) -> dict[str, Any]:
    """What the templates of the page's content need. ``group``: which one is to be looked at."""
    places = places_of(session, viewer, group)
    chosen = places.chosen if places else None
    page = entries_page(session, viewer, group=chosen)
    offers_set_up = viewer.may_set_up and not viewer.panel.is_set_up
    now = parts().clock()
    return {
        **entries_context(viewer),
        "threads": Presenter(viewer, now, on_arrival=True).threads(page.items),
        "next": page.next,
        "within_thread": page.within_thread,
        "drafts": drafts(session, viewer),
        "panel": viewer.panel,
        "dates_shown": dates_shown(viewer, now),
        **(dates_form(viewer) if offers_set_up else {}),
        "kind": KINDS[viewer.panel.kind],
        "kinds": KINDS,
        "places": places,
        "group": str(chosen or ""),
        "group_name": group_name,
        "set_name": set_name,
        "group_modes": GROUP_MODES,
        "cursor": cursors.of_change(viewer.panel.counter),
        "offers_set_up": offers_set_up,
        "group_sets": sets_offered(session, viewer) if offers_set_up else (),
        "group_set_id": None,
        "term_seems_over": viewer.may_arrange and seems_new(session, viewer),
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
        "language": language().replace("_", "-"),
        "time_zone": viewer.time_zone,
    }
