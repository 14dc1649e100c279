"""A panel's set-up, by the people who run the course."""

from uuid import UUID

from flask import Response, url_for

from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.web import blueprint
from lti_tool.web.dates import dates_form, read_dates
from lti_tool.web.forms import Settings, from_form
from lti_tool.web.fragments import fragment
from lti_tool.web.grouping import GROUP_MODES
from lti_tool.web.kinds import KINDS
from lti_tool.web.panel_page import panel_context
from lti_tool.wording import set_name
from social_layer.groups.queries import set_in_use, sets_offered
from social_layer.panels.actions import set_up
from social_layer.panels.queries import has_entries


@blueprint.get("/panels/<uuid:panel_id>/setup")
def set_up_form(panel_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        if not viewer.may_set_up:
            raise Problem("not_staff")
        fixed = has_entries(session, viewer)
        sets, chosen = sets_offered(session, viewer), set_in_use(session, viewer)
    return fragment(
        "web/set_up_form.html",
        home=url_for("web.panel", panel_id=panel_id),
        panel=viewer.panel,
        kinds=KINDS,
        kind_is_fixed=fixed,
        group_modes=GROUP_MODES,
        group_sets=sets,
        group_set_id=chosen,
        set_name=set_name,
        **dates_form(viewer),
    )


@blueprint.post("/panels/<uuid:panel_id>/setup")
def change_set_up(panel_id: UUID) -> Response:
    """The page's whole content again: the kind may be another one."""
    wanted = from_form(Settings)
    with changing(panel_id) as (session, viewer):
        dates = read_dates(viewer, wanted)
        set_up(session, parts().clock, viewer, dates=dates, **wanted)
    with looking(panel_id) as (session, viewer):
        context = panel_context(session, viewer)
    return fragment("web/content.html", as_fragment=True, **context)
