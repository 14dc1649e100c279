"""What is emitted: a row for each type of event, from which the statements' verbs and the profile's templates come.

A type of event without a row leaves no statement that could be built, and a test says so first.
"""

from dataclasses import dataclass
from enum import StrEnum

from social_layer.discussion.models import EntryKind
from social_layer.events.models import EventType
from xapi import vocabulary as words
from xapi.vocabulary import Ids, VerbTerm


class Holder(StrEnum):
    """What a statement may be about, or stand in, besides entries."""

    panel = "panel"
    course = "course"


Thing = Holder | EntryKind
ANY_ENTRY: tuple[Thing, ...] = tuple(EntryKind)
AROUND_ENTRIES: tuple[Thing, ...] = (Holder.panel, *EntryKind)


class Act(StrEnum):
    """Templates are grouped by what somebody does; each group is a pattern."""

    visiting = "visiting"
    writing = "writing"
    reacting = "reacting"


class Refers(StrEnum):
    """Whether ``context.statement`` names what is answered.

    ``where_it_can``: always but where that left no statement, or where the object answers nothing.
    """

    never = "never"
    where_it_can = "where it can"


@dataclass(frozen=True, slots=True)
class Emitted:
    """``version``: of its template, to be raised with any change of verb, types or rules once it is released.

    ``objects`` and ``parents``: what the object may be, and what may directly hold it. ``has_text``: it may bear the
    words of the entry, where the institution says so. ``has_duration``: it says for how long.
    """

    name: str
    label: str
    says: str
    verb: VerbTerm
    act: Act
    objects: tuple[Thing, ...]
    parents: tuple[Thing, ...]
    refers: Refers = Refers.never
    has_revision: bool = False
    has_reaction: bool = False
    has_text: bool = False
    has_duration: bool = False
    version: int = 1


EMITTED: dict[EventType, Emitted] = {
    EventType.panel_opened: Emitted(
        name="panel-opened",
        label="Panel opened",
        says="Somebody opened a panel: at most once in 30 minutes for each person and panel. It says that the "
        "page was shown, and not that it was read.",
        verb=words.VIEWED,
        act=Act.visiting,
        objects=(Holder.panel,),
        parents=(Holder.course,),
    ),
    EventType.thread_read: Emitted(
        name="thread-read",
        label="Thread read",
        says="Somebody read in a thread: at most once a day for each person and thread, and for three seconds or "
        "longer. result.duration is the time for which its entries were in sight, the page was to be seen, and "
        "somebody was at it. It is told when the day is over; the timestamp is when reading was noted last.",
        verb=words.VIEWED,
        act=Act.visiting,
        objects=(EntryKind.topic, EntryKind.reflection),
        parents=(Holder.panel,),
        has_duration=True,
    ),
    EventType.topic_posted: Emitted(
        name="topic-posted",
        label="Topic posted",
        says="Somebody opened a thread. The thread's id is the id of this first entry.",
        verb=words.CREATED,
        act=Act.writing,
        objects=(EntryKind.topic,),
        parents=(Holder.panel,),
        has_revision=True,
        has_text=True,
    ),
    EventType.reply_posted: Emitted(
        name="reply-posted",
        label="Reply posted",
        says="Somebody answered an entry. The statement named in context.statement published that entry; its "
        "actor is the person answered.",
        verb=words.REPLIED,
        act=Act.writing,
        objects=(EntryKind.reply,),
        parents=ANY_ENTRY,
        refers=Refers.where_it_can,
        has_revision=True,
        has_text=True,
    ),
    EventType.reflection_shared: Emitted(
        name="reflection-shared",
        label="Reflection shared",
        says="Somebody shared a reflection with the course. A private one leaves nothing.",
        verb=words.SUBMITTED,
        act=Act.writing,
        objects=(EntryKind.reflection,),
        parents=(Holder.panel,),
        has_revision=True,
        has_text=True,
    ),
    EventType.entry_edited: Emitted(
        name="entry-edited",
        label="Entry edited",
        says="The author changed an entry's text. The revision is the new one; context.statement names what the "
        "entry answers, where it answers something.",
        verb=words.EDITED,
        act=Act.writing,
        objects=ANY_ENTRY,
        parents=AROUND_ENTRIES,
        refers=Refers.where_it_can,
        has_revision=True,
        has_text=True,
    ),
    EventType.entry_deleted: Emitted(
        name="entry-deleted",
        label="Entry deleted",
        says="The author took an entry away. It answers nobody.",
        verb=words.DELETED,
        act=Act.writing,
        objects=ANY_ENTRY,
        parents=AROUND_ENTRIES,
    ),
    EventType.entry_removed: Emitted(
        name="entry-removed",
        label="Entry removed by staff",
        says="Somebody of the staff took somebody else's entry away. It answers nobody.",
        verb=words.REMOVED,
        act=Act.writing,
        objects=ANY_ENTRY,
        parents=AROUND_ENTRIES,
    ),
    EventType.reaction_added: Emitted(
        name="reaction-given",
        label="Reaction given",
        says="Somebody reacted to an entry. The statement named in context.statement published that entry; its "
        "actor is the person thanked.",
        verb=words.LIKED,
        act=Act.reacting,
        objects=ANY_ENTRY,
        parents=AROUND_ENTRIES,
        refers=Refers.where_it_can,
        has_reaction=True,
    ),
    EventType.reaction_removed: Emitted(
        name="reaction-taken-back",
        label="Reaction taken back",
        says="Somebody took back the reaction that the same actor had given to the same object with the same "
        "value of the reaction extension.",
        verb=words.UNLIKED,
        act=Act.reacting,
        objects=ANY_ENTRY,
        parents=AROUND_ENTRIES,
        refers=Refers.where_it_can,
        has_reaction=True,
    ),
}


def types_of(ids: Ids, things: tuple[Thing, ...]) -> list[str]:
    """The activity types of these things, each once, in a fixed order."""
    return list(dict.fromkeys(_type_of(ids, thing) for thing in things))


def _type_of(ids: Ids, thing: Thing) -> str:
    if isinstance(thing, EntryKind):
        return ids.type_of_entry(thing)
    return words.COMMUNITY_SITE if thing is Holder.panel else words.COURSE
