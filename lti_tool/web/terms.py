"""Terms: beginning a new one, and looking back at those that are over."""

from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lti_tool.bearer import changing, looking
from lti_tool.lti.grade_orders import leave_former
from lti_tool.parts import parts
from lti_tool.web import blueprint, grading_page
from lti_tool.web.forms import Ending, FormerPage, FormerPoints, from_form, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.panel_page import entries_context
from lti_tool.web.presenting import Presenter, day_of
from social_layer.discussion.queries import entries_page
from social_layer.panels.queries import find_viewer
from social_layer.terms.actions import start_new_term
from social_layer.terms.queries import former_terms, in_term, seems_new
from social_layer.viewer import Viewer

_TERMS = "/panels/<uuid:panel_id>/terms"


@blueprint.get(_TERMS)
def show_terms(panel_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        return _terms(session, viewer)


@blueprint.post(_TERMS)
def begin_term(panel_id: UUID) -> Response:
    over = from_form(Ending)["term"]
    with changing(panel_id) as (session, viewer):
        start_new_term(session, parts().clock, viewer, after=over)
        leave_former(session, viewer)
        after = find_viewer(session, viewer.tenant_id, viewer.membership_id, panel_id) or viewer
        return _terms(session, after, said=_("A new term has begun."))


@blueprint.get(f"{_TERMS}/<int:number>")
def former_term(panel_id: UUID, number: int) -> Response:
    """What was written in a term that is over, as it stands; the page behind the cursor ``after``."""
    after = from_query(FormerPage)["after"]
    with looking(panel_id) as (session, viewer):
        back = in_term(viewer, number)
        page = entries_page(session, back, after=after)
    return fragment(
        "web/terms/more.html" if after else "web/terms/former.html",
        **entries_context(back),
        number=number,
        threads=Presenter(back, parts().clock()).threads(page.items),
        next=page.next,
        continues=bool(after),
        within_thread=page.within_thread,
    )


@blueprint.get(f"{_TERMS}/<int:number>/points")
def former_points(panel_id: UUID, number: int) -> Response:
    """What everybody had at the end of a term that is over."""
    after = from_query(FormerPoints)["after"]
    with looking(panel_id) as (session, viewer):
        context = grading_page.former(session, in_term(viewer, number), parts().clock(), after)
    page = "points_rows.html" if after else "points.html"
    return fragment(f"web/terms/{page}", number=number, **context)


def _terms(session: Session, viewer: Viewer, said: str = "") -> Response:
    terms = former_terms(session, viewer)
    return fragment(
        "web/terms/terms.html",
        home=url_for("web.panel", panel_id=viewer.panel.id),
        viewer=viewer,
        terms=terms,
        day_of=lambda moment: day_of(moment, viewer.time_zone),
        seems_new=viewer.may_arrange and seems_new(session, viewer),
        said=said,
    )
