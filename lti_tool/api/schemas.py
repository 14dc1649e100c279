"""What may be sent, and what is answered, as the OpenAPI description has it."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from lti_tool.api.parsing import Whole
from lti_tool.fields import Instant, Text
from social_layer.discussion.actions import MAX_DRAFT
from social_layer.discussion.models import EntryKind, ReactionKind
from social_layer.panels.kinds import OFFERED_KINDS
from social_layer.panels.models import GroupMode, Kind
from social_layer.panels.settings import MAX_PURPOSE
from social_layer.people.models import Role
from social_layer.reflection.actions import STEPS
from social_layer.text import MAX_BODY, MAX_TITLE
from social_layer.viewer import Phase

LARGEST = 2**53 - 1  # the largest whole number that every JSON reader keeps exact
MAX_LIMIT = 200
# What one report of reading may hold; a page says it sooner than that.
MAX_THREADS_READ = 50
MAX_SECONDS_READ = 3600
# What Python calls a space, spelled out since every language has its own idea of it, NUL, and what nobody sees.
_UNSEEN = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_SPACES = (
    _UNSEEN + r"\u0000\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
)
_SAYS_SOMETHING = validate.Regexp(f"^[{_SPACES}]*[^{_SPACES}]", error="There is no text yet.")


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


def _one_of(kinds: Any) -> fields.Field:
    return fields.String(required=True, validate=validate.OneOf([str(kind) for kind in kinds]))


# What may be sent


class Sent(Schema):
    class Meta:
        unknown = RAISE


class NewEntry(Sent):
    body = Text(
        required=True, validate=[validate.Length(1, MAX_BODY), _SAYS_SOMETHING], metadata=_about("Markdown.")
    )
    title = Text(load_default="", validate=validate.Length(max=MAX_TITLE))
    parent_id = fields.UUID(
        load_default=None, allow_none=True, metadata=_about("The entry answered; none opens a thread.")
    )
    group = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata=_about(
            "For which of the panel's groups it is, where its writer has a choice; none, by staff, is for all."
        ),
    )


class EntryChange(Sent):
    body = Text(
        validate=[validate.Length(1, MAX_BODY), _SAYS_SOMETHING],
        metadata=_about("As it was, where left out."),
    )
    title = Text(validate=validate.Length(max=MAX_TITLE), metadata=_about("As it was, where left out."))
    version = Whole(
        validate=validate.Range(1, LARGEST),
        metadata=_about("The version changed, where no If-Match says it."),
    )


class EntryRemoval(Sent):
    """The body may be left out."""

    body_may_lack = True
    version = Whole(
        validate=validate.Range(1, LARGEST),
        metadata=_about("The version removed, where neither If-Match nor the query says it."),
    )


class SetUp(Sent):
    kind = _one_of(OFFERED_KINDS)
    title = Text(required=True, validate=[validate.Length(1, MAX_TITLE), _SAYS_SOMETHING])
    purpose = Text(load_default="", validate=validate.Length(max=MAX_PURPOSE))
    prompt = Text(load_default="", validate=validate.Length(max=MAX_BODY), metadata=_about("Markdown."))
    opens_at = Instant(
        allow_none=True,
        metadata=_about("Learners see nothing before; none: at once. As it was, where left out."),
    )
    due_at = Instant(allow_none=True, metadata=_about("Shown, and nothing else. As it was, where left out."))
    closes_at = Instant(
        allow_none=True, metadata=_about("From then on learners only read. As it was, where left out.")
    )
    group_mode = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([*map(str, GroupMode), None]),
        metadata=_about("As it was, where left out."),
    )
    group_set_id = fields.UUID(
        load_default=None, allow_none=True, metadata=_about("Which groups, where there are several sets.")
    )


class Thoughts(Sent):
    what = Text(required=True, validate=[validate.Length(1, MAX_BODY), _SAYS_SOMETHING])
    so_what = Text(load_default="", validate=validate.Length(max=MAX_BODY))
    now_what = Text(load_default="", validate=validate.Length(max=MAX_BODY))
    title = Text(load_default="", validate=validate.Length(max=MAX_TITLE))
    group = fields.UUID(load_default=None, allow_none=True, metadata=_about("As of an entry."))


class DraftFields(Sent):
    """What a composer holds: a text, or the steps of a reflection and the one its author is at."""

    title = Text(validate=validate.Length(max=MAX_DRAFT))
    body = Text(validate=validate.Length(max=MAX_DRAFT))
    what = Text(validate=validate.Length(max=MAX_DRAFT))
    so_what = Text(validate=validate.Length(max=MAX_DRAFT))
    now_what = Text(validate=validate.Length(max=MAX_DRAFT))
    step = Whole(validate=validate.Range(0, len(STEPS)))
    key = Text(validate=validate.Length(max=64))


class MarkdownText(Sent):
    body = Text(required=True, validate=validate.Length(max=MAX_BODY))


class TimeRead(Sent):
    thread = fields.UUID(required=True)
    seconds = Whole(
        required=True,
        validate=validate.Range(1, MAX_SECONDS_READ),
        metadata=_about("For how long entries of the thread were in sight of somebody who was there."),
    )


class Read(Sent):
    entries = fields.List(
        fields.UUID(),
        required=True,
        validate=validate.Length(max=MAX_LIMIT),
        metadata=_about("Entries that were in sight, in any order."),
    )
    reading = fields.List(
        fields.Nested(TimeRead),
        load_default=list,
        validate=validate.Length(max=MAX_THREADS_READ),
        metadata=_about("For how long threads were read since that was last said."),
    )


class EntriesQuery(Schema):
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MAX_LIMIT))
    after = fields.String(load_default=None, metadata=_about("`next` of the page before."))
    group = fields.UUID(
        load_default=None, metadata=_about("Only what is for this group of the panel, and for all.")
    )


class UpdatesQuery(Schema):
    after = fields.String(
        required=True,
        error_messages={
            "required": "Send the cursor of the panel, of its entries, or of the updates before."
        },
        metadata=_about("`cursor` of the panel, of its entries, or of the updates before."),
    )
    limit = fields.Integer(load_default=100, validate=validate.Range(1, MAX_LIMIT))
    group = fields.UUID(load_default=None, metadata=_about("As of the entries."))


class VersionQuery(Schema):
    version = fields.Integer(load_default=None, validate=validate.Range(1, LARGEST))


class PostingHeaders(Schema):
    key = fields.String(
        data_key="Idempotency-Key",
        load_default=None,
        validate=validate.Regexp(r"^[ -~]{1,255}$"),
        metadata=_about("Chosen by the sender: with the same key, the same entry is posted once."),
    )


# What is answered


class Author(Schema):
    name = fields.String(required=True, allow_none=True, metadata=_about("None where it is withheld."))
    role = fields.String(required=True, allow_none=True, validate=validate.OneOf([*map(str, Role), None]))


class Reactions(Schema):
    like = fields.Integer(required=True)
    insight = fields.Integer(required=True)
    same = fields.Integer(required=True)


class Group(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class Entry(Schema):
    id = fields.UUID(required=True)
    parent_id = fields.UUID(required=True, allow_none=True)
    thread_id = fields.UUID(required=True)
    kind = _one_of(EntryKind)
    title = fields.String(required=True)
    body = fields.String(required=True, metadata=_about("Markdown."))
    html = fields.String(required=True, metadata=_about("The body, safe to show."))
    author = fields.Nested(Author, required=True)
    created_at = fields.DateTime(required=True)
    edited_at = fields.DateTime(required=True, allow_none=True)
    deleted = fields.Boolean(required=True, metadata=_about("Removed; it has no text and no author then."))
    version = fields.Integer(required=True)
    depth = fields.Integer(required=True, metadata=_about("0 for a thread's first entry."))
    seq = fields.Integer(required=True, metadata=_about("In the order of posting within the panel."))
    replies = fields.Integer(
        required=True, metadata=_about("Of a thread's first entry: how many are below it.")
    )
    reactions = fields.Nested(Reactions, required=True)
    my_reactions = fields.List(_one_of(ReactionKind), required=True)
    mine = fields.Boolean(required=True)
    unread = fields.Boolean(required=True)
    group = fields.Nested(
        Group, required=True, allow_none=True, metadata=_about("For whom it is; none for all in the panel.")
    )


class Entries(Schema):
    items = fields.List(fields.Nested(Entry), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata=_about("Send it as `after`; none at the end.")
    )
    cursor = fields.String(required=True, metadata=_about("For the updates that follow."))


class Updates(Schema):
    items = fields.List(fields.Nested(Entry), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True, metadata=_about("Others wait behind the cursor: ask again at once."))


class CourseBrief(Schema):
    title = fields.String(required=True)


class ViewerBrief(Schema):
    name = fields.String(required=True, allow_none=True)
    role = _one_of(Role)
    may_post = fields.Boolean(required=True)
    may_set_up = fields.Boolean(required=True)


class Groups(Schema):
    mode = _one_of(GroupMode)
    items = fields.List(
        fields.Nested(Group),
        required=True,
        metadata=_about("Those that the viewer may look into and write to."),
    )


class Panel(Schema):
    id = fields.UUID(required=True)
    kind = _one_of(Kind)
    title = fields.String(required=True)
    purpose = fields.String(required=True)
    prompt = fields.String(required=True, metadata=_about("Markdown."))
    prompt_html = fields.String(required=True)
    is_set_up = fields.Boolean(required=True)
    opens_at = fields.DateTime(required=True, allow_none=True)
    due_at = fields.DateTime(required=True, allow_none=True)
    closes_at = fields.DateTime(required=True, allow_none=True)
    phase = fields.String(
        required=True,
        validate=validate.OneOf([*map(str, Phase)]),
        metadata=_about(
            "Where it is between its dates. Learners see no prompt and no entries while it is ahead."
        ),
    )
    course = fields.Nested(CourseBrief, required=True)
    viewer = fields.Nested(ViewerBrief, required=True)
    cursor = fields.String(required=True, metadata=_about("For the updates that follow."))
    groups = fields.Nested(Groups, required=True)


class Draft(Schema):
    about = fields.String(required=True)
    kept = fields.Dict(data_key="fields", required=True)


class Drafts(Schema):
    items = fields.List(fields.Nested(Draft), required=True)


class Html(Schema):
    html = fields.String(required=True)


class Token(Schema):
    token = fields.String(required=True)
    expires_at = fields.DateTime(required=True)


class ProblemDetails(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    code = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True, metadata=_about("What to do next."))
    status = fields.Integer(required=True)
    trace_id = fields.String(required=True, allow_none=True)
    errors = fields.Dict(metadata=_about("Field → what is wrong with it."))
    at = fields.DateTime(metadata=_about("Of panel_not_open and panel_closed: when."))
