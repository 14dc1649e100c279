"""Who may see an entry: decided here and nowhere else.

Pages, API, poll, search, export and reports all ask ``visible_to``. The conditions are made once and name the viewer
by parameters, so that a statement with them is compiled once too: run it with ``seen_by``.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, exists, literal_column, or_
from sqlalchemy.orm import aliased

from social_layer.discussion.models import Audience, Entry
from social_layer.people.models import GroupMember
from social_layer.viewer import Viewer


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The entries of the viewer's panel that the viewer may see, removed ones (as placeholders) included.

    A statement with it is run with the parameters ``seen_by(viewer)``, and fails without them.
    """
    return condition(sight_of(viewer))


class Sight(NamedTuple):
    """How somebody looks at a panel: what decides which condition, and hence which statement, is theirs.

    ``grouped``: entries of groups may stand there. ``one_group``: looked at is one of the groups, and what is for
    all; its id is the parameter ``viewer_group``. That narrows what may be seen, and never widens it. ``too_early``:
    the panel has not opened for them, and nothing is seen.
    """

    for_staff: bool
    grouped: bool = False
    one_group: bool = False
    too_early: bool = False


def sight_of(viewer: Viewer, *, one_group: bool = False) -> Sight:
    return Sight(viewer.is_staff, viewer.panel.has_groups, one_group, viewer.is_early)


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


def _condition(entry: type[Entry], sight: Sight) -> ColumnElement[bool]:
    parts = [
        entry.tenant_id == bindparam("viewer_tenant"),
        entry.panel_id == bindparam("viewer_panel"),
        entry.term == bindparam("viewer_term"),
    ]
    if not sight.for_staff:
        own_group = exists().where(
            GroupMember.tenant_id == entry.tenant_id,
            GroupMember.group_id == entry.group_id,
            GroupMember.person_id == bindparam("viewer_person"),
        )
        parts += [
            or_(entry.audience == Audience.course, entry.voice_id == bindparam("viewer_voice")),
            or_(entry.group_id.is_(None), own_group),
        ]
    if sight.too_early:
        # Spelled out: a false condition would be folded together with the parameters beside it.
        parts.append(literal_column("1") == literal_column("0"))
    if sight.one_group:
        parts.append(or_(entry.group_id.is_(None), entry.group_id == bindparam("viewer_group")))
    return and_(*parts)


@cache
def condition(sight: Sight) -> ColumnElement[bool]:
    """Which entries are in sight."""
    return _condition(Entry, sight)


# For counting what a viewer may see below an entry.
Below = aliased(Entry, name="below")


@cache
def condition_below(sight: Sight) -> ColumnElement[bool]:
    """As :func:`condition`, of ``Below``."""
    return _condition(Below, sight)


# A person's own contributions to the course, in whichever panel, group and term: they stay theirs to take along.
OWN = and_(
    Entry.tenant_id == bindparam("viewer_tenant"),
    Entry.voice_id == bindparam("viewer_voice"),
    Entry.deleted_at.is_(None),
)
