"""Who looks at a panel, and what the panel is to them."""

from dataclasses import dataclass
from uuid import UUID

from social_layer.panels.models import Kind
from social_layer.people.models import MAY_SET_UP, STAFF, Role


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
    is_graded: bool = False


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

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def may_set_up(self) -> bool:
        return self.role in MAY_SET_UP

    @property
    def may_post(self) -> bool:
        return self.role is not Role.observer
