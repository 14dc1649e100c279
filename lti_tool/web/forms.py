"""What the page's forms may send."""

import json
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

from lti_tool.fields import ChosenId, LocalTime, Text
from lti_tool.moments import as_time_zone
from social_layer.grading.rules import FIRST_DAY, LAST_DAY
from social_layer.groups.plans import MOST_GROUPS, MOST_PEOPLE
from social_layer.panels.models import GroupMode, Kind
from social_layer.people.class_list import Shown
from social_layer.text import MAX_BODY
from xapi.models import Scope

_LARGEST = 2**53  # a script's largest whole number


class Form(Schema):
    """A form of the page. Fields it does not know are of a later or earlier page, and do no harm."""

    class Meta:
        unknown = EXCLUDE


class Writing(Form):
    """A new topic, or the reply to ``parent_id``."""

    title = Text(load_default="")
    body = Text(load_default="")
    parent_id = fields.UUID(load_default=None)
    group = ChosenId(load_default=None)
    idempotency_key = Text(load_default=None, validate=validate.Length(8, 64))


class Change(Form):
    """An entry's next version."""

    title = Text(load_default="")
    body = Text(load_default="")
    version = fields.Integer(required=True, validate=validate.Range(1, _LARGEST))


class Version(Form):
    version = fields.Integer(load_default=None, validate=validate.Range(1, _LARGEST))


class Settings(Form):
    """A panel's set-up. A page of an earlier day sends no dates: they stay."""

    kind = fields.Enum(Kind, by_value=True, required=True)
    title = Text(load_default="")
    purpose = Text(load_default="")
    prompt = Text(load_default="")
    opens_at = LocalTime(allow_none=True)
    due_at = LocalTime(allow_none=True)
    closes_at = LocalTime(allow_none=True)
    # Of the dates.
    zone = fields.Function(deserialize=as_time_zone)
    group_mode = fields.Enum(GroupMode, by_value=True, load_default=None)
    group_set_id = ChosenId(load_default=None)


class Looking(Form):
    """Which group is looked at; none for all of them."""

    group = ChosenId(load_default=None)


class Watching(Looking):
    """``term``: the one that the page shows."""

    term = fields.Integer(load_default=None)


class GroupNumbers(Form):
    """Groups to be drawn: so many, of so many people, or so many without people."""

    name = Text(load_default="")
    how = fields.String(required=True, validate=validate.OneOf(["groups", "size", "empty"]))
    number = fields.Integer(required=True, validate=validate.Range(1, 10_000))


class PlanName(Form):
    name = Text(load_default="")


class PlannedGroupForm(Form):
    name = Text(load_default="", validate=validate.Length(max=255))
    people = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_PEOPLE))


class Plan(Form):
    """A plan that was looked at, to be carried out."""

    name = Text(load_default="")
    plan = fields.List(
        fields.Nested(PlannedGroupForm), required=True, validate=validate.Length(1, MOST_GROUPS)
    )

    @pre_load
    def read_plan(self, data: Any, **_: Any) -> Any:
        try:
            return {**data.to_dict(), "plan": json.loads(data.get("plan", ""))}
        except (ValueError, RecursionError):
            raise ValidationError({"plan": ["Not a plan."]}) from None


class Name(Form):
    name = Text(load_default="")


class Moved(Form):
    """Into which group somebody is put; none takes them out."""

    group = ChosenId(required=True)


class Ending(Form):
    """The number of the term that is over."""

    term = fields.Integer(required=True, validate=validate.Range(1, _LARGEST))


class FormerPage(Form):
    after = fields.String(load_default=None)


class ReportDays(Form):
    """Of which days a report is to tell, both included; an empty field: no limit."""

    first = fields.Date(load_default=None, data_key="from", validate=validate.Range(FIRST_DAY, LAST_DAY))
    last = fields.Date(load_default=None, data_key="to", validate=validate.Range(FIRST_DAY, LAST_DAY))

    @pre_load
    def drop_empty(self, data: Any, **_: Any) -> Any:
        return {name: value for name, value in data.items() if value}


class ReportCell(Form):
    """Of which cell of a table the statements are asked for."""

    row = fields.String(load_default="")
    column = fields.Integer(load_default=None)


class FormerPoints(Form):
    after = fields.UUID(load_default=None)


class Wanted(Form):
    """In what form one's own contributions are downloaded."""

    form = fields.String(load_default="md", validate=validate.OneOf(["md", "json"]))


class ThoughtsForm(Form):
    """The steps of a reflection."""

    what = Text(load_default="")
    so_what = Text(load_default="")
    now_what = Text(load_default="")
    title = Text(load_default="")
    group = ChosenId(load_default=None)
    idempotency_key = Text(load_default=None, validate=validate.Length(8, 64))


class PeopleSearch(Form):
    """Which people of the course are to be listed."""

    show = fields.Enum(Shown, by_value=True, load_default=Shown.here)
    search = Text(load_default="", validate=validate.Length(max=255))
    after = Text(load_default=None)


class Seen(Form):
    """What the page shows already."""

    seen = Text(load_default="", validate=validate.Length(max=200))


class ScopeWish(Form):
    """How much may be sent of oneself; the empty one: as the institution says. ``wordless``: without texts."""

    scope = fields.String(required=True, validate=validate.OneOf(["", *(scope.value for scope in Scope)]))
    wordless = fields.Boolean(load_default=False)


class MarkdownText(Form):
    body = Text(load_default="", validate=validate.Length(max=MAX_BODY))


def from_form(schema: type[Form]) -> dict[str, Any]:
    """Raises ``ValidationError``."""
    loaded: dict[str, Any] = schema().load(request.form)
    return loaded


def from_query(schema: type[Form]) -> dict[str, Any]:
    """Raises ``ValidationError``."""
    loaded: dict[str, Any] = schema().load(request.args)
    return loaded
