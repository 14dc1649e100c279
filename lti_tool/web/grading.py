"""Grading: the rules of a panel, the list of learners, one learner's whole contribution, and everybody's own lines."""

from uuid import UUID

from flask import Response, request

from lti_tool.bearer import changing, looking
from lti_tool.lti import grade_orders
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.web import blueprint, grading_page
from lti_tool.web.forms import from_form, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.grading_forms import (
    ColumnOrder,
    EntriesQuery,
    JudgementForm,
    ListQuery,
    Order,
    Seen,
    read_stages,
)
from lti_tool.web.panel_page import entries_context
from social_layer.grading import actions, queries
from social_layer.grading.rules import check
from social_layer.refusals import NotFound

_GRADING = "/panels/<uuid:panel_id>/grading"
_LEARNER = f"{_GRADING}/learners/<uuid:membership_id>"
_STAGE = f"{_LEARNER}/stages/<uuid:stage_id>"


@blueprint.get(_GRADING)
def grading(panel_id: UUID) -> Response:
    """The list of learners; ``show=look``: those that need a look."""
    return _overview(panel_id)


def _overview(panel_id: UUID) -> Response:
    asked = from_query(ListQuery)
    with looking(panel_id) as (session, viewer):
        context = grading_page.overview(
            session, viewer, parts().clock(), only_look=asked["show"] == "look", after=asked["after"]
        )
    page = "rows.html" if asked["after"] else "overview.html"
    return fragment(f"web/grading/{page}", **context)


@blueprint.get(f"{_GRADING}/rules")
def grading_rules(panel_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        if not viewer.may_set_up:
            raise Problem("not_staff")
        context = grading_page.rules(session, viewer, parts().clock())
    return fragment("web/grading/rules.html", **context)


@blueprint.post(f"{_GRADING}/rules")
def change_grading_rules(panel_id: UUID) -> Response:
    wanted = read_stages(request.form)
    with changing(panel_id) as (session, viewer):
        actions.set_rules(session, parts().clock, viewer, wanted)
    with looking(panel_id) as (session, viewer):
        context = grading_page.rules(session, viewer, parts().clock())
    return fragment("web/grading/rules_saved.html", **context)


@blueprint.post(f"{_GRADING}/columns/<uuid:stage_id>")
def order_column(panel_id: UUID, stage_id: UUID) -> Response:
    """A column that was left in the LMS is to go, or to stay after all."""
    wish = from_form(ColumnOrder)["wish"]
    with changing(panel_id) as (session, viewer):
        grade_orders.order_column(session, parts().clock, viewer, stage_id, wish)
    with looking(panel_id) as (session, viewer):
        context = grading_page.rules(session, viewer, parts().clock())
    return fragment("web/grading/rules.html", **context)


@blueprint.post(f"{_GRADING}/rules/preview")
def preview_grading_rules(panel_id: UUID) -> Response:
    """What is typed so far, as sentences. Nothing is kept."""
    with looking(panel_id) as (session, viewer):
        if not viewer.may_set_up:
            raise Problem("not_staff")
        wanted = [rule for _, rule in read_stages(request.form)]
        for rule in wanted:
            check(rule)
        context = grading_page.sentences(session, viewer, parts().clock(), wanted)
    return fragment("web/grading/sentences.html", **context)


@blueprint.get(_LEARNER)
def grade_learner(panel_id: UUID, membership_id: UUID) -> Response:
    return _screen(panel_id, membership_id)


def _screen(panel_id: UUID, membership_id: UUID, saved: bool = False) -> Response:
    with looking(panel_id) as (session, viewer):
        context = grading_page.screen(session, viewer, parts().clock(), membership_id)
    return fragment("web/grading/learner.html", saved=saved, **context)


@blueprint.get(f"{_LEARNER}/entries")
def more_contributions(panel_id: UUID, membership_id: UUID) -> Response:
    """The page of contributions that follows the number ``after``."""
    after = from_query(EntriesQuery)["after"]
    with looking(panel_id) as (session, viewer):
        if not viewer.is_staff:
            raise Problem("not_grader")
        now = parts().clock()
        learner = queries.grade_of(session, grading_page.sheet_of(session, viewer), now, membership_id)
        if learner is None:
            raise NotFound("learner_not_found")
        context = grading_page.written(session, viewer, learner, now, after)
    context = {**entries_context(viewer), **context, "member": membership_id}
    return fragment("web/grading/entries.html", **context)


@blueprint.post(_STAGE)
def judge(panel_id: UUID, membership_id: UUID, stage_id: UUID) -> Response:
    given = from_form(JudgementForm)
    with changing(panel_id) as (session, viewer):
        actions.judge(session, parts().clock, viewer, membership_id, stage_id, **given)
    return _screen(panel_id, membership_id, saved=True)


@blueprint.delete(_STAGE)
def take_judgement_back(panel_id: UUID, membership_id: UUID, stage_id: UUID) -> Response:
    seen = from_query(Seen)["seen"]
    with changing(panel_id) as (session, viewer):
        actions.take_back(session, parts().clock, viewer, membership_id, stage_id, seen=seen)
    return _screen(panel_id, membership_id, saved=True)


@blueprint.post(f"{_STAGE}/sending")
def order_sending(panel_id: UUID, membership_id: UUID, stage_id: UUID) -> Response:
    """What is to become of a score that was refused or held back: again, in place of the LMS's grade, or not at all."""
    wish = from_form(Order)["wish"]
    with changing(panel_id) as (session, viewer):
        grade_orders.order(session, parts().clock, viewer, membership_id, stage_id, wish)
    return _screen(panel_id, membership_id, saved=True)


@blueprint.post(f"{_GRADING}/sending")
def send_all(panel_id: UUID) -> Response:
    """Everybody's present points go to the LMS, and what was refused is tried again."""
    with changing(panel_id) as (session, viewer):
        grade_orders.send_all(session, parts().clock, viewer)
    return _overview(panel_id)


@blueprint.post(f"{_GRADING}/reading")
def read_back(panel_id: UUID) -> Response:
    """The worker looks what the LMS shows."""
    with changing(panel_id) as (session, viewer):
        grade_orders.read_back(session, parts().clock, viewer)
    return _overview(panel_id)


@blueprint.get("/panels/<uuid:panel_id>/participation")
def participation(panel_id: UUID) -> Response:
    """The reader's own lines."""
    with looking(panel_id) as (session, viewer):
        context = grading_page.own_lines(session, viewer, parts().clock())
    return fragment("web/grading/participation.html", **context)
