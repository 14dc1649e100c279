"""What is recorded of oneself in the institution's LRSs: the statements themselves, and how much one lets be sent."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from lti_tool.bearer import changing, looking
from lti_tool.bridging import reading_builder
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.web import blueprint
from lti_tool.web.forms import FormerPage, ScopeWish, from_form, from_query
from lti_tool.web.fragments import fragment
from lti_tool.web.presenting import Presenter
from social_layer import cursors
from social_layer.events.models import EventType
from social_layer.viewer import Viewer
from xapi.models import DeliveryState, Scope
from xapi.scopes.actions import choose
from xapi.scopes.queries import ORDER, Standing, standing_of
from xapi.scopes.sent import SentStatement, sent_page

_RECORDS = "/panels/<uuid:panel_id>/records"
_PAGE = 20

ACTS = {
    EventType.panel_opened: lazy_gettext("You opened the panel"),
    EventType.thread_read: lazy_gettext("You read in a thread"),
    EventType.topic_posted: lazy_gettext("You started a thread"),
    EventType.reply_posted: lazy_gettext("You wrote a reply"),
    EventType.reflection_shared: lazy_gettext("You shared a reflection"),
    EventType.entry_edited: lazy_gettext("You changed an entry"),
    EventType.entry_deleted: lazy_gettext("You removed an entry"),
    EventType.entry_removed: lazy_gettext("You removed somebody else's entry"),
    EventType.reaction_added: lazy_gettext("You reacted to an entry"),
    EventType.reaction_removed: lazy_gettext("You took a reaction back"),
}
# What somebody else did, in statements that name whom they answer.
NAMED = {
    EventType.reply_posted: lazy_gettext("Somebody answered you"),
    EventType.entry_edited: lazy_gettext("Somebody changed an answer to you"),
    EventType.reaction_added: lazy_gettext("Somebody reacted to an entry of yours"),
    EventType.reaction_removed: lazy_gettext("Somebody took a reaction to an entry of yours back"),
}
STATES = {
    DeliveryState.pending: lazy_gettext("on its way"),
    DeliveryState.delivered: lazy_gettext("sent"),
    DeliveryState.parked: lazy_gettext("refused there"),
    DeliveryState.withheld: lazy_gettext("not sent"),
}
HOLDS = {
    Scope.nothing: lazy_gettext("Nothing of what you do in this panel is sent."),
    Scope.pseudonymous: lazy_gettext(
        "What you do in this panel is sent under a pseudonym: random letters and figures that are the same each time. "
        "Who reads the records cannot tell from them who you are."
    ),
    Scope.identified: lazy_gettext(
        "What you do in this panel is sent under the account by which your LMS knows you, without your name."
    ),
    Scope.named: lazy_gettext(
        "What you do in this panel is sent with your name and the account by which your LMS knows you."
    ),
}
CHOICES = {
    Scope.nothing: (
        lazy_gettext("Send nothing"),
        lazy_gettext("What you do is seen in your courses, and counts nowhere else."),
    ),
    Scope.pseudonymous: (
        lazy_gettext("Under a pseudonym"),
        lazy_gettext("It counts in what is learned together, and not towards your own record."),
    ),
    Scope.identified: (
        lazy_gettext("Under my account, without my name"),
        lazy_gettext("It stands beside your other learning records."),
    ),
    Scope.named: (lazy_gettext("With my name"), lazy_gettext("As your institution offers it.")),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A statement as the page shows it. ``text``: the statement itself; empty where nothing was sent."""

    label: str
    is_own: bool
    ago: str
    iso: str
    lrs: str
    state: str
    text: str
    is_proved: bool


@blueprint.get(_RECORDS)
def show_records(panel_id: UUID) -> Response:
    """With ``after`` the next page of statements."""
    after = from_query(FormerPage)["after"]
    with looking(panel_id) as (session, viewer):
        if not after:
            return _whole(session, viewer)
        return fragment("web/records/more.html", **_listed(session, viewer, after))


@blueprint.post(_RECORDS)
def choose_scope(panel_id: UUID) -> Response:
    """Holds from now on, in all courses of the person where they may choose. Raises ``choice_not_given``."""
    wish = from_form(ScopeWish)
    chosen = Scope(wish["scope"]) if wish["scope"] else None
    with changing(panel_id) as (session, viewer):
        standing = standing_of(session, viewer.tenant_id, viewer.panel.id, viewer.person_id, parts().clock())
        if not standing.rule.may_choose or (chosen is not None and chosen not in _offered(standing)):
            raise Problem("choice_not_given")
        # Where there is no text to choose about, what was chosen elsewhere stays.
        text = not wish["wordless"] if standing.rule.text else not standing.keeps_words
        choose(session, parts().clock, viewer.tenant_id, viewer.person_id, chosen, text=text)
    with looking(panel_id) as (session, viewer):
        return _whole(session, viewer, said=_("Saved. It holds from now on."))


def _whole(session: Session, viewer: Viewer, said: str = "") -> Response:
    standing = standing_of(session, viewer.tenant_id, viewer.panel.id, viewer.person_id, parts().clock())
    return fragment(
        "web/records/records.html",
        **_listed(session, viewer, None),
        viewer=viewer,
        standing=standing,
        holds=HOLDS[standing.scope],
        choices=[(scope, *CHOICES[scope]) for scope in _offered(standing)],
        said=said,
    )


def _offered(standing: Standing) -> tuple[Scope, ...]:
    """Less than what the institution says; that itself is the first line of the choice."""
    return ORDER[: ORDER.index(standing.rule.scope)][::-1]


def _listed(session: Session, viewer: Viewer, after: str | None) -> dict[str, Any]:
    """Raises ``bad_cursor``."""
    now = parts().clock()
    page = sent_page(
        session,
        reading_builder(session, parts()),
        now,
        viewer.tenant_id,
        viewer.person_id,
        course_id=viewer.panel.course_id,
        limit=_PAGE,
        after=_to_id(after) if after else None,
    )
    presenter = Presenter(viewer, now)
    return {
        "home": url_for("web.panel", panel_id=viewer.panel.id),
        "recorded": [_shown(presenter, one) for one in page.items],
        "next": cursors.of_position(page.next.bytes) if page.next else None,
    }


def _to_id(cursor: str) -> UUID:
    return UUID(bytes=cursors.to_position(cursor)[:16].ljust(16, b"\0"))


def _shown(presenter: Presenter, one: SentStatement) -> Recorded:
    text = json.dumps(one.statement, indent=2, ensure_ascii=False) if one.statement else ""
    return Recorded(
        label=str((ACTS if one.is_own else NAMED)[EventType(one.type)]),
        is_own=one.is_own,
        ago=presenter.ago(one.at),
        iso=one.at.isoformat(timespec="seconds"),
        lrs=one.lrs,
        state=str(STATES[DeliveryState(one.state)]),
        text=text,
        is_proved=one.is_proved,
    )
