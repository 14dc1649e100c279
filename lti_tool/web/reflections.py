"""Reflections: looked at before they are shared, and shared."""

from typing import Any
from uuid import UUID

from flask import Response

from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.web import blueprint
from lti_tool.web.entries import show_entry
from lti_tool.web.forms import ThoughtsForm, from_form
from lti_tool.web.fragments import html_fragment
from lti_tool.wording import step_headings
from social_layer import text
from social_layer.discussion.queries import find_entry
from social_layer.reflection.actions import STEPS, Thoughts, share, written
from social_layer.refusals import NotFound


@blueprint.post("/panels/<uuid:panel_id>/reflection/preview")
def preview_reflection(panel_id: UUID) -> Response:
    """As the course will see it. Nothing is kept."""
    with looking(panel_id):
        return html_fragment(text.render(written(_thoughts(from_form(ThoughtsForm)), step_headings())))


@blueprint.post("/panels/<uuid:panel_id>/reflection")
def share_reflection(panel_id: UUID) -> Response:
    form = from_form(ThoughtsForm)
    with changing(panel_id) as (session, viewer):
        entry_id = share(
            session,
            parts().clock,
            viewer,
            _thoughts(form),
            headings=step_headings(),
            title=form["title"],
            group=form["group"],
            idempotency_key=form["idempotency_key"],
        )
        entry = find_entry(session, viewer, entry_id)
    if entry is None:
        raise NotFound("entry_not_found")
    return show_entry(viewer, entry)


def _thoughts(form: dict[str, Any]) -> Thoughts:
    return Thoughts(**{step: form[step] for step in STEPS})
