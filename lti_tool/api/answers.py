"""What the API answers, made by hand: dumping a page of entries through schemas would take longer than reading it."""

from datetime import datetime
from typing import Any

from flask import Response, jsonify

from lti_tool.problems import Problem
from lti_tool.wording import group_name
from social_layer.cursors import of_change
from social_layer.discussion.models import ReactionKind
from social_layer.discussion.queries import EntryView
from social_layer.groups.queries import Places
from social_layer.viewer import Viewer


def instant(value: datetime | None) -> str | None:
    """RFC 3339, in UTC."""
    return value.isoformat().replace("+00:00", "Z") if value else None


def entry_json(entry: EntryView) -> dict[str, Any]:
    given = entry.reactions
    return {
        "id": str(entry.id),
        "parent_id": str(entry.parent_id) if entry.parent_id else None,
        "thread_id": str(entry.thread_id),
        "kind": entry.kind,
        "title": entry.title,
        "body": entry.body,
        "html": entry.html,
        "author": {"name": entry.author_name, "role": None if entry.deleted else entry.author_role},
        "created_at": instant(entry.created_at),
        "edited_at": instant(entry.edited_at),
        "deleted": entry.deleted,
        "version": entry.version,
        "depth": entry.depth,
        "seq": entry.seq,
        "replies": entry.replies,
        "reactions": {kind: given.get(kind, 0) for kind in ReactionKind},
        "my_reactions": sorted(entry.my_reactions),
        "mine": entry.is_mine,
        "unread": entry.is_unread,
        "group": {
            "id": str(entry.group_id),
            "name": group_name(entry.group_name or "", entry.group_number or 0),
        }
        if entry.group_id
        else None,
    }


def panel_json(viewer: Viewer, places: Places | None) -> dict[str, Any]:
    panel = viewer.panel
    return {
        "id": str(panel.id),
        "kind": panel.kind,
        "title": panel.title,
        "purpose": panel.purpose,
        "prompt": panel.prompt,
        "prompt_html": panel.prompt_html,
        "is_set_up": panel.is_set_up,
        "opens_at": instant(panel.opens_at),
        "due_at": instant(panel.due_at),
        "closes_at": instant(panel.closes_at),
        "phase": viewer.phase,
        "course": {"title": panel.course_title},
        "viewer": {
            "name": viewer.name,
            "role": viewer.role,
            "may_post": viewer.may_post,
            "may_set_up": viewer.may_set_up,
        },
        "cursor": of_change(panel.counter),
        "groups": {
            "mode": panel.group_mode,
            "items": [
                {"id": str(group.id), "name": group_name(group.name, group.number)}
                for group in (places.groups if places else ())
            ],
        },
    }


def entry_answer(entry: EntryView | None, status: int = 200) -> Response:
    """One entry with its ETag; raises ``entry_not_found``."""
    if entry is None:
        raise Problem("entry_not_found")
    response = jsonify(entry_json(entry))
    response.status_code = status
    response.set_etag(etag(entry))
    return response


def etag(entry: EntryView) -> str:
    """Names the version of the text, which is what If-Match protects; reactions do not change it."""
    return f"{entry.version}-removed" if entry.deleted else str(entry.version)
