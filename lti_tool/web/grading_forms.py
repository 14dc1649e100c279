"""What the forms of grading may send."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, validate

from lti_tool.fields import Text
from lti_tool.web.forms import Form
from social_layer.grading.rules import (
    FIRST_DAY,
    LAST_DAY,
    MOST_NAME,
    MOST_NEEDED,
    MOST_STAGES,
    Counted,
    Giving,
    Need,
    Rule,
)

_DECIMAL = re.compile(r"-?\d{1,6}(\.\d{0,6})?")
_FIELD = re.compile(r"stage-(\d{1,3})-([a-z_]+)")


class Points(fields.Field[float | None]):
    """Points as people type them, with a comma or a point; nothing typed is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float | None:
        text = str(value).strip().replace(",", ".")
        if text and not _DECIMAL.fullmatch(text):
            raise ValidationError("Not a valid number.")
        return float(text) if text else None


class JudgementForm(Form):
    """Points of one learner in one stage. ``seen``: the judgement that stood when the form was made."""

    points = Points(load_default=None)
    comment = Text(load_default="")
    seen = fields.UUID(load_default=None)


class Seen(Form):
    seen = fields.UUID(load_default=None)


class Order(Form):
    """What is to become of one score."""

    wish = fields.String(required=True, validate=validate.OneOf(["again", "replace", "keep"]))


class ColumnOrder(Form):
    """What is to become of the column of a stage that is graded no more."""

    wish = fields.String(required=True, validate=validate.OneOf(["delete", "leave"]))


class ListQuery(Form):
    show = fields.String(load_default="all", validate=validate.OneOf(["all", "look"]))
    after = fields.UUID(load_default=None)


class EntriesQuery(Form):
    after = fields.Integer(load_default=0, validate=validate.Range(0, 2**62))


class StageForm(Form):
    """One rule of the set-up."""

    id = fields.UUID(load_default=None)
    name = Text(load_default="", validate=validate.Length(max=MOST_NAME))
    openings = fields.Integer(load_default=0, validate=validate.Range(0, MOST_NEEDED))
    replies = fields.Integer(load_default=0, validate=validate.Range(0, MOST_NEEDED))
    reflections = fields.Integer(load_default=0, validate=validate.Range(0, MOST_NEEDED))
    contributions = fields.Integer(load_default=0, validate=validate.Range(0, MOST_NEEDED))
    points = Points(load_default=None)
    giving = fields.Enum(Giving, by_value=True, load_default=Giving.share)
    opens_on = fields.Date(load_default=None, validate=validate.Range(FIRST_DAY, LAST_DAY))
    due_on = fields.Date(load_default=None, validate=validate.Range(FIRST_DAY, LAST_DAY))
    late_counts = fields.Boolean(load_default=False)
    by_itself = fields.Boolean(load_default=False)


def read_stages(form: Mapping[str, str]) -> list[tuple[UUID | None, Rule]]:
    """The stages of the set-up form, whose fields are called ``stage-<number>-<name>``. Raises ``ValidationError``."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        # An empty field says nothing.
        if (match := _FIELD.fullmatch(name)) and value.strip():
            found.setdefault(int(match[1]), {})[match[2]] = value
    if len(found) > MOST_STAGES:
        raise ValidationError({"stages": [f"at most {MOST_STAGES}"]})
    stages, errors = [], {}
    for number, given in sorted(found.items()):
        try:
            stages.append(_rule(StageForm().load(given)))
        except ValidationError as error:
            for field, said in error.normalized_messages().items():
                errors[f"stage-{number}-{field}"] = said
    if errors:
        raise ValidationError(errors)
    return stages


def _rule(given: dict[str, Any]) -> tuple[UUID | None, Rule]:
    needs = tuple(Need(counted, given[counted.value]) for counted in Counted if given[counted.value])
    return given["id"], Rule(
        needs=needs,
        points=given["points"] or 0,
        giving=given["giving"],
        name=given["name"].strip(),
        opens_on=given["opens_on"],
        due_on=given["due_on"],
        late_counts=given["late_counts"],
        by_itself=given["by_itself"],
    )
