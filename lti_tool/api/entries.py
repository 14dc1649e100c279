"""Entries: reading them in thread order, what is new, and writing, changing, removing and reacting to one."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request, url_for
from sqlalchemy.orm import Session

from lti_tool.api import schemas
from lti_tool.api.answers import entry_answer, entry_json, etag
from lti_tool.api.description import refuses
from lti_tool.api.parsing import ApiBlueprint
from lti_tool.bearer import changing, looking
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.responses import nothing
from social_layer import cursors
from social_layer.discussion import actions, queries
from social_layer.discussion.models import ReactionKind
from social_layer.discussion.queries import EntryView
from social_layer.groups.queries import place_asked_for
from social_layer.refusals import Conflict
from social_layer.viewer import Viewer

blueprint = ApiBlueprint("entries", __name__, description="What people write to each other")
_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The entry's version, quoted."}}
_LOCATION = {"Location": {"schema": {"type": "string", "format": "uri-reference"}}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag changed.",
}
_CHANGING = (
    *("may_not_post", "entry_not_found", "not_author", "entry_removed", "entry_changed"),
    *("etag_changed", "version_missing", "in_no_group", "panel_not_open", "panel_closed"),
)
_REACTING = (
    *("entry_not_found", "may_not_post", "panel_not_open", "panel_closed", "in_no_group", "entry_removed"),
)
_EXAMPLE = {"title": "Seeds", "body": "Why do *some* seeds wait for fire?"}


@blueprint.get("/panels/<uuid:panel_id>/entries")
@refuses("bad_cursor", "group_not_found")
@blueprint.arguments(schemas.EntriesQuery, location="query")
@blueprint.response(200, schemas.Entries)
def list_entries(query: dict[str, Any], panel_id: UUID) -> Response:
    """A page of the panel's entries in thread order, the newest thread first, each thread depth first"""
    with looking(panel_id) as (session, viewer):
        place_asked_for(session, viewer, query["group"])
        page = queries.entries_page(session, viewer, **query)
    return jsonify(
        items=[entry_json(entry) for entry in page.items],
        next=page.next,
        cursor=cursors.of_change(viewer.panel.counter),
    )


@blueprint.get("/panels/<uuid:panel_id>/updates")
@refuses("bad_cursor")
@blueprint.arguments(schemas.UpdatesQuery, location="query")
@blueprint.response(200, schemas.Updates)
@blueprint.alt_response(204, description="Nothing is new for this viewer; the cursor stays good")
def list_updates(query: dict[str, Any], panel_id: UUID) -> Response:
    """Entries that are new or changed since the cursor, the oldest change first"""
    with looking(panel_id) as (session, viewer):
        news = queries.updates(session, viewer, **query)
    if news is None or not news.items:
        return nothing()
    return jsonify(items=[entry_json(entry) for entry in news.items], cursor=news.cursor, more=news.more)


@blueprint.post("/panels/<uuid:panel_id>/entries")
@refuses(
    *("may_not_post", "panel_not_open", "panel_closed"),
    "entry_not_found",
    "entry_removed",
    "idempotency_key_reused",
    "body_missing",
    "text_too_long",
    "too_much_markup",
    *("in_no_group", "group_missing", "group_not_found", "group_closed", "groups_changed"),
)
@blueprint.arguments(schemas.PostingHeaders, location="headers")
@blueprint.arguments(schemas.NewEntry, example=_EXAMPLE)
@blueprint.response(201, schemas.Entry, headers={**_LOCATION, **_ETAG})
def post_entry(headers: dict[str, Any], sent: dict[str, Any], panel_id: UUID) -> Response:
    """Opens a thread, or answers the entry `parent_id`"""
    with changing(panel_id) as (session, viewer):
        entry_id = actions.post(session, parts().clock, viewer, idempotency_key=headers["key"], **sent)
        entry = queries.find_entry(session, viewer, entry_id)
    return posted(entry)


@blueprint.get("/entries/<uuid:entry_id>")
@refuses("entry_not_found")
@blueprint.response(200, schemas.Entry, headers=_ETAG)
def get_entry(entry_id: UUID) -> Response:
    """One entry; a removed one as a placeholder"""
    with looking() as (session, viewer):
        entry = queries.find_entry(session, viewer, entry_id)
    return entry_answer(entry)


@blueprint.patch("/entries/<uuid:entry_id>")
@refuses(*_CHANGING, "body_missing", "text_too_long", "too_much_markup")
@blueprint.doc(parameters=[_IF_MATCH])
@blueprint.arguments(
    schemas.EntryChange, example={"body": "Why do *most* seeds wait for fire?", "version": 1}
)
@blueprint.response(200, schemas.Entry, headers=_ETAG)
def change_entry(sent: dict[str, Any], entry_id: UUID) -> Response:
    """Writes the entry's next version, from the one that `If-Match` or `version` names"""
    if "version" not in sent and not _matches_given():
        raise Problem("version_missing")
    with changing() as (session, viewer):
        entry = _present(session, viewer, entry_id)
        actions.edit(
            session,
            parts().clock,
            viewer,
            entry_id,
            version=sent.get("version", entry.version),
            title=sent.get("title", entry.title),
            body=sent.get("body", entry.body),
        )
        changed = queries.find_entry(session, viewer, entry_id)
    return entry_answer(changed)


@blueprint.delete("/entries/<uuid:entry_id>")
@refuses(*_CHANGING)
@blueprint.doc(parameters=[_IF_MATCH])
@blueprint.arguments(schemas.VersionQuery, location="query")
@blueprint.arguments(schemas.EntryRemoval, required=False, example={"version": 1})
@blueprint.response(204)
def remove_entry(query: dict[str, Any], sent: dict[str, Any], entry_id: UUID) -> Response:
    """Takes the entry out of sight, in the version that `If-Match` or `version` names

    What answered it stays. Its author may, and staff.
    """
    version = sent.get("version", query["version"])
    if version is None and not _matches_given():
        raise Problem("version_missing")
    with changing() as (session, viewer):
        entry = _present(session, viewer, entry_id)
        actions.remove(session, parts().clock, viewer, entry_id, version=version or entry.version)
    return nothing()


@blueprint.put("/entries/<uuid:entry_id>/reactions/<any(like, insight, same):kind>")
@refuses(*_REACTING)
@blueprint.response(200, schemas.Entry, headers=_ETAG)
def give_reaction(entry_id: UUID, kind: str) -> Response:
    """Reacts to the entry; once more changes nothing"""
    return _react(entry_id, kind, on=True)


@blueprint.delete("/entries/<uuid:entry_id>/reactions/<any(like, insight, same):kind>")
@refuses(*_REACTING)
@blueprint.response(200, schemas.Entry, headers=_ETAG)
def take_reaction_back(entry_id: UUID, kind: str) -> Response:
    """Takes the viewer's own reaction back"""
    return _react(entry_id, kind, on=False)


def posted(entry: EntryView | None) -> Response:
    """201 with where the entry is from now on."""
    response = entry_answer(entry, 201)
    if entry is not None:
        response.location = url_for("entries.get_entry", entry_id=entry.id)
    return response


def _react(entry_id: UUID, kind: str, *, on: bool) -> Response:
    with changing() as (session, viewer):
        actions.react(session, parts().clock, viewer, entry_id, ReactionKind(kind), on=on)
        entry = queries.find_entry(session, viewer, entry_id)
    return entry_answer(entry)


def _matches_given() -> bool:
    return "If-Match" in request.headers


def _present(session: Session, viewer: Viewer, entry_id: UUID) -> EntryView:
    """The entry to be changed. Raises ``entry_not_found``, ``entry_removed``, ``etag_changed``."""
    entry = queries.find_entry(session, viewer, entry_id)
    if entry is None:
        raise Problem("entry_not_found")
    if entry.deleted:
        raise Conflict("entry_removed")
    if _matches_given() and not request.if_match.contains(etag(entry)):
        raise Problem("etag_changed", version=entry.version)
    return entry
