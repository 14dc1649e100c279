"""What the console's forms may send."""

from datetime import date

from marshmallow import ValidationError, fields, pre_load, validate

from lti_tool.console.models import NAME_LENGTH
from lti_tool.console.operators import MOST_PASSWORD
from lti_tool.fields import Text
from lti_tool.web.forms import Form, from_form, from_query
from xapi.gathering.models import ACTIVITY_LENGTH
from xapi.models import Scope
from xapi.scopes.models import Level

__all__ = [
    "Confirmation",
    "Find",
    "Launches",
    "Listing",
    "MapWish",
    "NewInvite",
    "NewPassword",
    "PreviewedFile",
    "Rename",
    "Retry",
    "ScopePlaceWish",
    "ScopeRuleWish",
    "SignIn",
    "UnmapWish",
    "from_form",
    "from_query",
]


class Line(Text):
    """One line that can be shown and stored, without spaces around it."""

    def _deserialize(self, *args: object, **kwargs: object) -> str:
        text = " ".join(super()._deserialize(*args, **kwargs).split())
        if not text.isprintable():
            raise ValidationError("Not a valid string.")
        return text


class SignIn(Form):
    name = Line(load_default="", validate=validate.Length(max=4 * NAME_LENGTH))
    password = Text(load_default="", validate=validate.Length(max=4 * MOST_PASSWORD))
    next = Text(load_default="", validate=validate.Length(max=2000))


class NewPassword(Form):
    present = Text(load_default="", validate=validate.Length(max=4 * MOST_PASSWORD))
    password = Text(load_default="", validate=validate.Length(max=4 * MOST_PASSWORD))
    again = Text(load_default="", validate=validate.Length(max=4 * MOST_PASSWORD))


class Rename(Form):
    name = Line(required=True, validate=validate.Length(1, 255))


class NewInvite(Form):
    name = Line(load_default="", validate=validate.Length(max=255))
    tenant = Line(load_default="", validate=validate.Length(max=255))
    hours = fields.Integer(load_default=24, validate=validate.Range(1, 24 * 30))
    replaces = Line(load_default="", validate=validate.Length(max=255))


class Find(Form):
    """Whose account is looked for."""

    find = Line(load_default="", validate=validate.Length(max=255))


class Confirmation(Form):
    """The account of somebody who is to be removed, typed again."""

    account = Line(load_default="", validate=validate.Length(max=255))


class ScopePlaceWish(Form):
    """Which place; without a word the institution."""

    level = fields.Enum(Level, by_value=True, load_default=Level.tenant)
    target = Text(load_default="", validate=validate.Length(max=512))


class ScopeRuleWish(ScopePlaceWish):
    """What is to leave from there; the empty scope takes the rule back."""

    scope = fields.String(required=True, validate=validate.OneOf(["", *(scope.value for scope in Scope)]))
    text = fields.Boolean(load_default=False)
    may_choose = fields.Boolean(load_default=False)
    confirmed = fields.Boolean(load_default=False)


class PreviewedFile(Form):
    """A file that was looked at, as the page was given it; ``without_unknown``: but for lines about nobody."""

    previewed = Text(required=True)
    without_unknown = fields.Boolean(load_default=False)


class UnmapWish(Form):
    activity = Line(required=True, validate=validate.Length(1, ACTIVITY_LENGTH))


class MapWish(UnmapWish):
    """Which course an activity belongs to."""

    course = Line(required=True, validate=validate.Length(1, 255))


class Retry(Form):
    """Which refused statement is to be sent again; none: all of them."""

    statement = fields.UUID(load_default=None)


class Listing(Form):
    """Where a list goes on."""

    after = Text(load_default="", validate=validate.Length(max=2000))


class Launches(Listing):
    """What is looked for in the launch log; empty fields look for nothing."""

    outcome = Line(load_default="", validate=validate.Length(max=64))
    platform = fields.UUID(load_default=None)
    since = fields.Date(load_default=None, validate=validate.Range(date(2000, 1, 1), date(3000, 1, 1)))
    until = fields.Date(load_default=None, validate=validate.Range(date(2000, 1, 1), date(3000, 1, 1)))
    find = Line(load_default="", validate=validate.Length(max=255))

    @pre_load
    def without_empty_ones(self, data: dict[str, str], **_: object) -> dict[str, str]:
        return {name: value for name, value in data.items() if value.strip()}
