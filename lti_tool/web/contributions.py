"""One's own contributions, of this term and the former ones, to take along."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response, g, jsonify, url_for
from flask_babel import gettext as _

from lti_tool.bearer import looking
from lti_tool.links import make_link, read_link
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.web import blueprint
from lti_tool.web.forms import Wanted, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.panel_page import speak_to
from lti_tool.web.presenting import day_of
from social_layer.panels.queries import find_viewer
from social_layer.terms.queries import Contribution, contributions
from social_layer.viewer import Viewer

_PURPOSE = "contributions"


@blueprint.get("/panels/<uuid:panel_id>/contributions")
def show_contributions(panel_id: UUID) -> Response:
    with looking(panel_id) as (_session, viewer):
        pass
    return fragment("web/contributions.html", viewer=viewer, panel=viewer.panel)


@blueprint.post("/panels/<uuid:panel_id>/contributions")
def link_to_contributions(panel_id: UUID) -> Response:
    """Where they can be fetched within the next minutes."""
    form = from_query(Wanted)["form"]
    with looking(panel_id) as (_session, viewer):
        pass
    link = make_link(parts(), _PURPOSE, viewer.tenant_id, viewer.membership_id, panel_id)
    return jsonify(url=url_for("web.download_contributions", link=link, form=form))


@blueprint.get("/contributions/<link>")
def download_contributions(link: str) -> Response:
    """By the link alone: a browser that downloads sends no token."""
    form = from_query(Wanted)["form"]
    tenant_id, membership_id, panel_id = read_link(parts(), _PURPOSE, link)
    g.tenant_id = tenant_id
    with parts().database.read() as session:
        viewer = find_viewer(session, tenant_id, membership_id, panel_id)
        if viewer is None:
            raise Problem("not_member")
        speak_to(viewer)
        found = list(contributions(session, viewer))
    body = _as_json(viewer, found) if form == "json" else _as_markdown(viewer, found)
    response = Response(body, mimetype="application/json" if form == "json" else "text/markdown")
    response.headers.set("Content-Disposition", "attachment", filename=f"contributions.{form}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _as_json(viewer: Viewer, found: Iterable[Contribution]) -> str:
    items: list[dict[str, Any]] = [
        {
            "id": str(one.id),
            "panel": one.panel_title,
            "kind": one.kind,
            "term": one.term,
            "title": one.title,
            "body": one.body,
            "created_at": one.created_at.isoformat(),
            "edited_at": one.edited_at.isoformat() if one.edited_at else None,
        }
        for one in found
    ]
    told = {"course": viewer.panel.course_title, "author": viewer.name, "contributions": items}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _as_markdown(viewer: Viewer, found: list[Contribution]) -> str:
    pieces = [f"# {viewer.panel.course_title}", ""]
    if not found:
        pieces += [_("You have not written anything here yet."), ""]
    several = len({one.term for one in found}) > 1
    for one in found:
        where = [one.panel_title, day_of(one.created_at, viewer.time_zone, with_year=True)]
        if several:
            where.append(_("Term %(number)s", number=one.term))
        if one.is_answer:
            where.append(_("Reply"))
        pieces += [
            f"## {one.title or one.panel_title}",
            "",
            f"*{' · '.join(where)}*",
            "",
            one.body,
            "",
            "---",
            "",
        ]
    return "\n".join(pieces)
