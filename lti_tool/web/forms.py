"""What the page's forms and scripts may send."""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from social_layer.discussion.actions import MAX_DRAFT
from social_layer.panels.models import Kind
from social_layer.reflection.actions import STEPS

_LARGEST = 2**53  # a script's largest whole number


class Text(fields.String):
    """Text that can be stored: halves of characters, which JSON can carry, cannot."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValidationError("Not a valid string.") from None
        return text


class Form(Schema):
    """A form of the page. Fields it does not know are of a later or earlier page, and do no harm."""

    class Meta:
        unknown = EXCLUDE


class Writing(Form):
    """A new topic, or the reply to ``parent_id``."""

    title = Text(load_default="")
    body = Text(load_default="")
    parent_id = fields.UUID(load_default=None)
    idempotency_key = Text(load_default=None, validate=validate.Length(8, 64))


class Change(Form):
    """An entry's next version."""

    title = Text(load_default="")
    body = Text(load_default="")
    version = fields.Integer(required=True, validate=validate.Range(1, _LARGEST))


class Version(Form):
    version = fields.Integer(load_default=None, validate=validate.Range(1, _LARGEST))


class Settings(Form):
    """A panel's set-up."""

    kind = fields.Enum(Kind, by_value=True, required=True)
    title = Text(load_default="")
    purpose = Text(load_default="")
    prompt = Text(load_default="")


class ThoughtsForm(Form):
    """The steps of a reflection."""

    what = Text(load_default="")
    so_what = Text(load_default="")
    now_what = Text(load_default="")
    title = Text(load_default="")
    idempotency_key = Text(load_default=None, validate=validate.Length(8, 64))


class DraftFields(Form):
    """Whatever composer it comes from; ``key`` is the idempotency key, so that a draft restored posts once too."""

    title = Text(load_default="")
    body = Text(load_default="")
    key = Text(load_default="", validate=validate.Length(max=64))
    what = Text(load_default="")
    so_what = Text(load_default="")
    now_what = Text(load_default="")
    step = fields.Integer(load_default=0, validate=validate.Range(0, len(STEPS)))


class Reading(Form):
    """Thread → number of the last entry seen."""

    read = fields.Dict(
        keys=fields.UUID(),
        values=fields.Integer(validate=validate.Range(0, _LARGEST)),
        required=True,
        validate=validate.Length(max=100),
    )


class MarkdownText(Form):
    body = Text(load_default="", validate=validate.Length(max=MAX_DRAFT))


def from_form(schema: type[Form]) -> dict[str, Any]:
    """Raises ``ValidationError``."""
    loaded: dict[str, Any] = schema().load(request.form)
    return loaded


def from_query(schema: type[Form]) -> dict[str, Any]:
    """Raises ``ValidationError``."""
    loaded: dict[str, Any] = schema().load(request.args)
    return loaded


def from_json(schema: type[Form]) -> dict[str, Any]:
    """Raises ``ValidationError``, and ``bad_request`` where it is no JSON."""
    loaded: dict[str, Any] = schema().load(request.get_json())
    return loaded
