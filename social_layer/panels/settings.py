"""What a panel is set to: checked once, kept as a version of a template, and taken along by the next one."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID, uuid4

from social_layer import text
from social_layer.clock import Clock
from social_layer.panels.kinds import OFFERED_KINDS
from social_layer.panels.models import Kind, TemplateVersion
from social_layer.refusals import Invalid

MAX_PURPOSE = 500
DATES = ("opens_at", "due_at", "closes_at")
MAX_POINTS = 1000
# What belongs to one row and not to the settings; all other columns are taken along, those of later days included.
_OF_THE_ROW = frozenset({"tenant_id", "id", "template_id", "number", "created_at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an instructor decides about a panel. ``points``: what it counts, none where it is not graded."""

    kind: Kind
    title: str
    purpose: str = ""
    prompt: str = ""
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPanel(Settings):
    """A panel that is yet to be placed. ``beginnings`` and ``replies``: how many of what its kind begins with, and how
    many replies, are asked for the points; where neither is said, what is usual. ``like``: the version of an earlier
    panel, whose groups it takes along, and also its grading where ``graded_alike``."""

    beginnings: int | None = None
    replies: int | None = None
    like: UUID | None = None
    graded_alike: bool = False


_Given = TypeVar("_Given", bound=Settings)


def checked(settings: _Given) -> _Given:
    """As they are stored. Raises ``kind_not_offered``, ``title_missing``, ``text_too_long``, ``dates_out_of_order``
    and ``points_wrong``, each with the field that it is about."""
    tidied = replace(
        settings,
        title=text.one_line(settings.title),
        purpose=text.one_line(settings.purpose),
        prompt=text.tidy(settings.prompt),
    )
    if tidied.kind not in OFFERED_KINDS:
        raise Invalid("kind_not_offered", field="kind", kind=tidied.kind)
    if not tidied.title:
        raise Invalid("title_missing", field="title")
    for field, most in (("title", text.MAX_TITLE), ("purpose", MAX_PURPOSE), ("prompt", text.MAX_BODY)):
        text.check_length(field, getattr(tidied, field), most)
    _check_dates(tidied)
    if tidied.points is not None and not 0 < tidied.points <= MAX_POINTS:
        raise Invalid("points_wrong", field="points", most=MAX_POINTS)
    return tidied


def _check_dates(settings: Settings) -> None:
    """They open before they are due, and close then or later."""
    given = [(name, getattr(settings, name)) for name in DATES]
    told = [(name, at) for name, at in given if at is not None]
    for (first, earlier), (name, later) in pairwise(told):
        if later < earlier or (first == "opens_at" and later == earlier):
            raise Invalid("dates_out_of_order", field=name)


def first_version(clock: Clock, tenant_id: UUID, template_id: UUID, settings: Settings) -> TemplateVersion:
    """Raises ``too_much_markup``."""
    return _version(clock, tenant_id, template_id, 1, columns(settings))


def columns(settings: Settings) -> dict[str, Any]:
    """What of it a template's version keeps."""
    return {field.name: getattr(settings, field.name) for field in fields(Settings)}


def next_version(
    clock: Clock, before: TemplateVersion, template_id: UUID, number: int, **changes: Any
) -> TemplateVersion:
    """``before`` with ``changes``, in the same template or another one. Raises ``too_much_markup``."""
    kept = {
        column.key: getattr(before, column.key)
        for column in TemplateVersion.__table__.columns
        if column.key not in _OF_THE_ROW
    }
    return _version(clock, before.tenant_id, template_id, number, kept | changes)


def _version(
    clock: Clock, tenant_id: UUID, template_id: UUID, number: int, settings: dict[str, Any]
) -> TemplateVersion:
    html = text.render(settings["prompt"], field="prompt")
    return TemplateVersion(
        tenant_id=tenant_id,
        id=uuid4(),
        template_id=template_id,
        number=number,
        created_at=clock(),
        **settings | {"prompt_html": html},
    )
