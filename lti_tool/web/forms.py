"""What the page's forms may send."""

from typing import Any

from flask import request
from marshmallow import EXCLUDE, Schema, fields, validate

from lti_tool.fields import Text
from social_layer.panels.models import Kind
from social_layer.people.class_list import Shown
from social_layer.text import MAX_BODY

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


class PeopleSearch(Form):
    """Which people of the course are to be listed."""

    show = fields.Enum(Shown, by_value=True, load_default=Shown.here)
    search = Text(load_default="", validate=validate.Length(max=255))
    after = Text(load_default=None)


class Seen(Form):
    """What the page shows already."""

    seen = Text(load_default="", validate=validate.Length(max=200))


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
