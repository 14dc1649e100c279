"""GET /panels/<id>: without a token an empty page that knows nobody, with one the panel."""

from uuid import UUID

from flask import Response, g, make_response, render_template, request

from lti_tool import bearer
from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.web import blueprint
from lti_tool.web.forms import Looking, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.panel_page import panel_context, render_panel
from social_layer.panels.actions import OPENING_LASTS, open_panel
from social_layer.panels.queries import opened_since, tenant_of


@blueprint.get("/panels/<uuid:panel_id>/content")
def content(panel_id: UUID) -> Response:
    """All that stands in the page, of another group or after something changed."""
    group = from_query(Looking)["group"]
    with looking(panel_id) as (session, viewer):
        context = panel_context(session, viewer, group)
    return fragment("web/content.html", **context)


@blueprint.get("/panels/<uuid:panel_id>")
def panel(panel_id: UUID) -> Response:
    """A browser that loads this address sends no token: the page's script finds it in the tab's history."""
    response = make_response(_panel(panel_id) if "Authorization" in request.headers else _shell(panel_id))
    response.vary.add("Authorization")
    return response


def _shell(panel_id: UUID) -> str:
    """The same whether there is such a panel or not; only its tenant's frames differ."""
    with parts().database.read() as session:
        g.tenant_id = tenant_of(session, panel_id)
    return render_template("web/shell.html")


def _panel(panel_id: UUID) -> str:
    group = from_query(Looking)["group"]
    with looking(panel_id) as (session, viewer):
        token = request.headers["Authorization"].partition(" ")[2].strip()
        page = render_panel(session, viewer, token, bearer.read(parts(), token).expires_at, group)
        noted = opened_since(session, viewer, parts().clock() - OPENING_LASTS)
    if not noted:
        with changing(panel_id) as (session, viewer):
            open_panel(session, parts().clock, viewer)
    return page
