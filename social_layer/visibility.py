"""Who may see an entry: decided here and nowhere else.

Pages, API, poll, search, export and reports all ask ``visible_to``. The conditions are made once and name the viewer
by parameters, so that a statement with them is compiled once too: run it with ``seen_by``.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_

from social_layer.discussion.models import Audience, Entry
from social_layer.people.models import GroupMember
from social_layer.viewer import Viewer


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The entries of the viewer's panel that the viewer may see, removed ones (as placeholders) included.

    A statement with it is run with the parameters ``seen_by(viewer)``, and fails without them.
    """
    return IN_PANEL if viewer.is_staff else FOR_MEMBERS


def seen_by(viewer: Viewer, **more: Any) -> dict[str, Any]:
    """The parameters of ``visible_to(viewer)``, and those that the statement has besides."""
    return {
        "viewer_tenant": viewer.tenant_id,
        "viewer_panel": viewer.panel.id,
        "viewer_term": viewer.panel.term,
        "viewer_voice": viewer.voice_id,
        "viewer_person": viewer.person_id,
        **more,
    }


IN_PANEL = and_(
    Entry.tenant_id == bindparam("viewer_tenant"),
    Entry.panel_id == bindparam("viewer_panel"),
    Entry.term == bindparam("viewer_term"),
)
_OF_OWN_GROUP = or_(
    Entry.group_id.is_(None),
    exists().where(
        GroupMember.tenant_id == Entry.tenant_id,
        GroupMember.group_id == Entry.group_id,
        GroupMember.person_id == bindparam("viewer_person"),
    ),
)
FOR_MEMBERS = and_(
    IN_PANEL,
    or_(Entry.audience == Audience.course, Entry.voice_id == bindparam("viewer_voice")),
    _OF_OWN_GROUP,
)
