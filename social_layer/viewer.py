"""Who looks at a panel, and what the panel is to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from social_layer.panels.models import GroupMode, Kind
from social_layer.people.models import MAY_ARRANGE, MAY_SET_UP, STAFF, Role


class Phase(StrEnum):
    """Where a panel is between its dates."""

    ahead = "ahead"
    open = "open"
    closed = "closed"


@dataclass(frozen=True, slots=True)
class PanelCard:
    """A panel as its readers see it: settings of its template's version, and the counter of changes."""

    id: UUID
    course_id: UUID
    course_title: str
    kind: Kind
    title: str
    purpose: str
    prompt: str
    prompt_html: str
    template_id: UUID
    template_version_id: UUID
    is_set_up: bool
    counter: int
    term: int
    group_mode: GroupMode = GroupMode.everyone
    # Whether entries of groups may stand here: the panel has groups, or had them.
    has_groups: bool = False
    is_graded: bool = False
    # When people may begin, should be done, and can write no more.
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None

    def phase(self, now: datetime) -> Phase:
        if self.opens_at is not None and now < self.opens_at:
            return Phase.ahead
        return Phase.closed if self.closes_at is not None and now >= self.closes_at else Phase.open


@dataclass(frozen=True, slots=True)
class Viewer:
    """A member of a course looking at one of its panels. Made afresh for every request: rights can end."""

    tenant_id: UUID
    membership_id: UUID
    person_id: UUID
    voice_id: UUID
    name: str | None
    role: Role
    is_test: bool
    language: str | None
    time_zone: str | None
    panel: PanelCard
    # Nothing may be written while looking so: a term that is over.
    reads_only: bool = False
    # In how many of the panel's groups they are, where it has groups now.
    own_groups: int = 0
    # At the moment of the look.
    phase: Phase = Phase.open
    # Whether the time zone is the person's own, and not their course's.
    zone_is_own: bool = False

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def may_set_up(self) -> bool:
        return self.role in MAY_SET_UP

    @property
    def has_no_hours(self) -> bool:
        """Whether the panel's dates do not hold for them: they run the course."""
        return self.is_staff or self.may_set_up

    @property
    def is_early(self) -> bool:
        """Whether they see nothing of the panel yet but when it opens."""
        return self.phase is Phase.ahead and not self.has_no_hours

    @property
    def is_late(self) -> bool:
        """Whether they can read, and no longer write."""
        return self.phase is Phase.closed and not self.has_no_hours

    @property
    def may_post(self) -> bool:
        return (
            self.role is not Role.observer
            and not self.reads_only
            and not self.lacks_group
            and not self.is_early
            and not self.is_late
        )

    @property
    def lacks_group(self) -> bool:
        """Whether they have nobody to write to: the panel is for groups, and they are in none."""
        return self.panel.group_mode is not GroupMode.everyone and not self.is_staff and not self.own_groups

    @property
    def may_arrange(self) -> bool:
        """Whether they divide the course into groups, and begin and end its terms."""
        return self.role in MAY_ARRANGE
