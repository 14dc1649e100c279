"""What the page on which panels are chosen may send."""

from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from lti_tool.fields import Instant, Text
from social_layer.grading.rules import MOST_NEEDED
from social_layer.panels.models import Kind
from social_layer.panels.settings import NewPanel


class Chosen(Schema):
    """One panel. Dates are instants: the page turns what stands in its fields, in the reader's own time, into them."""

    class Meta:
        unknown = EXCLUDE

    kind = fields.Enum(Kind, by_value=True, required=True)
    title = Text(load_default="")
    purpose = Text(load_default="")
    prompt = Text(load_default="")
    opens_at = Instant(load_default=None, allow_none=True)
    due_at = Instant(load_default=None, allow_none=True)
    closes_at = Instant(load_default=None, allow_none=True)
    points = fields.Float(load_default=None, allow_none=True)
    beginnings = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, MOST_NEEDED))
    replies = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, MOST_NEEDED))
    # The earlier panel that it was begun from, and whether it is graded as that one.
    like = fields.UUID(load_default=None, allow_none=True)
    graded_alike = fields.Boolean(load_default=False)

    @post_load
    def whole(self, found: dict[str, Any], **_: Any) -> NewPanel:
        return NewPanel(**found)


class Choice(Schema):
    """All of them, or ``again``: what was handed over before."""

    class Meta:
        unknown = EXCLUDE

    panels = fields.List(fields.Nested(Chosen), load_default=list)
    again = fields.Boolean(load_default=False)


def from_json(schema: type[Schema]) -> Any:
    """Raises ``ValidationError``."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise ValidationError("no JSON object")
    return schema().load(sent)
