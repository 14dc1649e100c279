"""Who may see an entry: decided here and nowhere else.

Pages, API, poll, search, export and reports all ask ``visible_to``.
"""

from sqlalchemy import ColumnElement, and_, exists, or_

from social_layer.discussion.models import Audience, Entry
from social_layer.people.models import GroupMember
from social_layer.viewer import Viewer


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The entries of the viewer's panel that the viewer may see, removed ones (as placeholders) included."""
    in_panel = and_(
        Entry.tenant_id == viewer.tenant_id,
        Entry.panel_id == viewer.panel.id,
        Entry.term == viewer.panel.term,
    )
    if viewer.is_staff:
        return in_panel
    for_viewer = or_(Entry.audience == Audience.course, Entry.voice_id == viewer.voice_id)
    return and_(in_panel, for_viewer, _of_own_group(viewer))


def _of_own_group(viewer: Viewer) -> ColumnElement[bool]:
    return or_(
        Entry.group_id.is_(None),
        exists().where(
            GroupMember.tenant_id == Entry.tenant_id,
            GroupMember.group_id == Entry.group_id,
            GroupMember.person_id == viewer.person_id,
        ),
    )
