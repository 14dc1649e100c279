"""Entries: more of them, new ones, one of them, and what people do with them."""

from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from lti_tool.web import blueprint
from lti_tool.web.forms import (
    Change,
    Looking,
    MarkdownText,
    Version,
    Watching,
    Writing,
    from_form,
    from_query,
)
from lti_tool.web.fragments import fragment, html_fragment
from lti_tool.web.panel_page import entries_context
from lti_tool.web.presenting import Presenter
from social_layer import text
from social_layer.discussion import actions, queries
from social_layer.discussion.models import ReactionKind
from social_layer.discussion.queries import EntryView
from social_layer.refusals import NotFound
from social_layer.viewer import Viewer

_ENTRY = "/panels/<uuid:panel_id>/entries/<uuid:entry_id>"


@blueprint.get("/panels/<uuid:panel_id>/entries")
def more_entries(panel_id: UUID) -> Response:
    """The page of entries that follows the cursor ``after``."""
    group = from_query(Looking)["group"]
    with looking(panel_id) as (session, viewer):
        page = queries.entries_page(session, viewer, after=request.args.get("after"), group=group)
        kept = queries.drafts(session, viewer)
    context = {
        **entries_context(viewer),
        "drafts": kept,
        "next": page.next,
        "within_thread": page.within_thread,
        "group": group,
    }
    return fragment(
        "web/more.html", threads=Presenter(viewer, parts().clock()).threads(page.items), **context
    )


@blueprint.get("/panels/<uuid:panel_id>/updates")
def updates(panel_id: UUID) -> Response:
    """What is new or changed since the cursor ``after``, each entry for itself; 204 when nothing is."""
    watching = from_query(Watching)
    group = watching["group"]
    with looking(panel_id) as (session, viewer):
        if watching["term"] not in (None, viewer.panel.term):
            raise Problem("term_over")
        news = queries.updates(session, viewer, after=request.args.get("after", ""), group=group)
    if news is None or not news.items:
        return nothing()
    return fragment(
        "web/updates.html",
        threads=Presenter(viewer, parts().clock()).singly(news.items),
        cursor=news.cursor,
        more=news.more,
        **entries_context(viewer),
    )


@blueprint.post("/panels/<uuid:panel_id>/entries")
def post_entry(panel_id: UUID) -> Response:
    writing = from_form(Writing)
    with changing(panel_id) as (session, viewer):
        entry_id = actions.post(session, parts().clock, viewer, **writing)
        entry = _find(session, viewer, entry_id)
    return show_entry(viewer, entry)


@blueprint.get(_ENTRY)
def one_entry(panel_id: UUID, entry_id: UUID) -> Response:
    with looking(panel_id) as (session, viewer):
        entry = _find(session, viewer, entry_id)
    return show_entry(viewer, entry)


@blueprint.get(f"{_ENTRY}/edit")
def edit_form(panel_id: UUID, entry_id: UUID) -> Response:
    """The form to change it, with what its author had begun to change already."""
    with looking(panel_id) as (session, viewer):
        entry = _find(session, viewer, entry_id)
        kept = queries.drafts(session, viewer).get(f"edit:{entry_id}")
    actions.let_write(viewer)
    if not entry.is_mine:
        raise Problem("not_author")
    if entry.deleted:
        raise Problem("entry_removed")
    return fragment("web/edit.html", entry=entry, draft=kept, **entries_context(viewer))


@blueprint.patch(_ENTRY)
def change_entry(panel_id: UUID, entry_id: UUID) -> Response:
    change = from_form(Change)
    with changing(panel_id) as (session, viewer):
        actions.edit(session, parts().clock, viewer, entry_id, **change)
        entry = _find(session, viewer, entry_id)
    return show_entry(viewer, entry)


@blueprint.delete(_ENTRY)
def remove_entry(panel_id: UUID, entry_id: UUID) -> Response:
    version = from_query(Version)["version"]
    with changing(panel_id) as (session, viewer):
        actions.remove(session, parts().clock, viewer, entry_id, version=version)
        entry = _find(session, viewer, entry_id)
    return show_entry(viewer, entry)


@blueprint.route(f"{_ENTRY}/reactions/<any(like, insight, same):kind>", methods=["PUT", "DELETE"])
def reaction(panel_id: UUID, entry_id: UUID, kind: str) -> Response:
    """Gives it, or takes it back."""
    with changing(panel_id) as (session, viewer):
        on = request.method == "PUT"
        actions.react(session, parts().clock, viewer, entry_id, ReactionKind(kind), on=on)
        entry = _find(session, viewer, entry_id)
    return show_entry(viewer, entry)


@blueprint.post("/panels/<uuid:panel_id>/preview")
def preview(panel_id: UUID) -> Response:
    """Markdown as it will be shown. Asks who is there, so that it serves nobody else."""
    with looking(panel_id):
        return html_fragment(text.render(from_form(MarkdownText)["body"]))


def show_entry(viewer: Viewer, entry: EntryView) -> Response:
    """One entry: a thread's first one with its thread around it, any other as it stands among the replies."""
    threads = Presenter(viewer, parts().clock()).threads([entry])
    return fragment("web/entry.html", threads=threads, **entries_context(viewer))


def _find(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView:
    entry = queries.find_entry(session, viewer, entry_id)
    if entry is None:
        raise NotFound("entry_not_found")
    return entry
