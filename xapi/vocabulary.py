"""IRIs: the verbs and activity types that we write, and the ids of our own things.

Sources: the Tin Can registry (T), Activity Streams in its short form (AS), ADL's vocabulary (ADL), the AcrossX
profile (AX), and what no published vocabulary names, under the installation's own base.
"""

from dataclasses import dataclass
from uuid import UUID

from social_layer.discussion.models import EntryKind

T = "http://id.tincanapi.com/"
AS = "http://activitystrea.ms/"
ADL = "http://adlnet.gov/expapi/"
AX = "https://w3id.org/xapi/acrossx/"

# What `context.platform` says.
PLATFORM = "Alongside"


@dataclass(frozen=True, slots=True)
class ProfileVersion:
    """A version of the profile; ``after``: the one that it revises."""

    name: str
    generated_at: str
    after: str | None = None


# The newest one last. A version that was released stays as it is: any change of a template makes a new one.
PROFILE_VERSIONS = (ProfileVersion("v1.0", "2026-11-21T00:00:00Z"),)
PROFILE_VERSION = PROFILE_VERSIONS[-1].name


@dataclass(frozen=True, slots=True)
class VerbTerm:
    """A verb and the English word that readers show for it."""

    iri: str
    display: str


VIEWED = VerbTerm(f"{T}verb/viewed", "viewed")
CREATED = VerbTerm(f"{AS}create", "created")
ASKED = VerbTerm(f"{ADL}verbs/asked", "asked")
ANSWERED = VerbTerm(f"{ADL}verbs/answered", "answered")
REPLIED = VerbTerm(f"{T}verb/replied", "replied")
EDITED = VerbTerm(f"{AX}verbs/edited", "edited")
DELETED = VerbTerm(f"{AS}delete", "deleted")
REMOVED = VerbTerm(f"{AS}remove", "removed")
LIKED = VerbTerm(f"{AS}like", "liked")
UNLIKED = VerbTerm(f"{AS}unlike", "unliked")
SUBMITTED = VerbTerm(f"{AS}submit", "submitted")
REVIEWED = VerbTerm(f"{T}verb/reviewed", "reviewed")
APPLAUDED = VerbTerm(f"{T}verb/applauded", "thanked")
ACCEPTED = VerbTerm(f"{AS}accept", "accepted")
REJECTED = VerbTerm(f"{AS}reject", "took the acceptance back")
SHARED = VerbTerm(f"{ADL}verbs/shared", "shared")
VOIDED = VerbTerm(f"{ADL}verbs/voided", "voided")

# An entry with a later one of these is gone: its author took it away, or staff did.
TAKING_AWAY = (DELETED, REMOVED)

COMMUNITY_SITE = f"{T}activitytype/community-site"
DISCUSSION = f"{T}activitytype/discussion"
FORUM_REPLY = f"{T}activitytype/forum-reply"
QUESTION = f"{ADL}activities/question"
COURSE = f"{ADL}activities/course"
PROFILE = f"{ADL}activities/profile"


@dataclass(frozen=True, slots=True)
class Ids:
    """Absolute IRIs under the base that was fixed at first start: one id per thing everywhere."""

    base: str

    @property
    def profile_of_all_versions(self) -> str:
        return f"{self.base}/xapi/profile"

    @property
    def profile(self) -> str:
        """The version that statements follow now."""
        return self.profile_at(PROFILE_VERSION)

    def profile_at(self, version: str) -> str:
        return f"{self.profile_of_all_versions}/{version}"

    def template(self, name: str, version: int) -> str:
        return f"{self.base}/xapi/templates/{name}/{version}"

    def pattern(self, name: str, version: int = 1) -> str:
        return f"{self.base}/xapi/patterns/{name}/{version}"

    @property
    def course_prefix(self) -> str:
        return f"{self.base}/xapi/courses/"

    def course(self, course_id: UUID) -> str:
        return f"{self.course_prefix}{course_id}"

    def panel(self, panel_id: UUID) -> str:
        return f"{self.base}/xapi/panels/{panel_id}"

    def entry(self, entry_id: UUID) -> str:
        """An entry; a thread is the entry that opened it."""
        return f"{self.base}/xapi/entries/{entry_id}"

    def activity_type(self, name: str) -> str:
        return f"{self.base}/xapi/activity-types/{name}"

    def relation(self, name: str) -> str:
        """How somebody in ``contextAgents`` is related to a statement (IEEE 9274.1.1, relevantTypes)."""
        return f"{self.base}/xapi/relations/{name}"

    def extension(self, name: str) -> str:
        return f"{self.base}/xapi/extensions/{name}"

    def type_of_entry(self, kind: str) -> str:
        """The activity type of an entry of this kind."""
        if kind == EntryKind.reflection:
            return self.activity_type("reflection")
        if kind == EntryKind.question:
            return QUESTION
        if kind == EntryKind.topic:
            return DISCUSSION
        return FORUM_REPLY
