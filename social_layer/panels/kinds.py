"""What differs between the kinds of panels, in one table: which entries they take, and what the log calls them."""

from dataclasses import dataclass

from social_layer.discussion.models import EntryKind
from social_layer.events.models import EventType
from social_layer.panels.models import Kind


@dataclass(frozen=True, slots=True)
class Posting:
    """A kind of entry and the event that publishes it."""

    entry_kind: EntryKind
    event_type: EventType


@dataclass(frozen=True, slots=True)
class KindRules:
    """``opening`` starts a thread, ``answering`` continues one."""

    opening: Posting
    answering: Posting


_REPLY = Posting(EntryKind.reply, EventType.reply_posted)

RULES = {
    Kind.discussion: KindRules(Posting(EntryKind.topic, EventType.topic_posted), _REPLY),
    Kind.reflection: KindRules(Posting(EntryKind.reflection, EventType.reflection_shared), _REPLY),
}
# The kinds whose pages exist; the others of the design join them here.
OFFERED_KINDS = tuple(RULES)
