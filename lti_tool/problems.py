"""Everything that can be refused, in one table: HTTP status, one plain sentence, and what to do next.

The domain raises :class:`~social_layer.refusals.Refusal` with a code; the edge raises :class:`Problem` with one.
Pages show the sentence and the step, the JSON API answers problem+json (RFC 9457).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from social_layer.refusals import Refusal


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table. The sentences may name facts of the case as ``%(name)s``."""

    status: int
    sentence: LazyString
    next_step: LazyString


class Problem(Exception):
    """A refusal at the edge. ``code`` must stand in the table; ``headers`` go with the answer."""

    def __init__(self, code: str, *, headers: Mapping[str, str] | None = None, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, refusal: Refusal) -> "Problem":
        return cls(refusal.code, **refusal.facts)

    @property
    def kind(self) -> Kind:
        return PROBLEMS.get(self.code) or PROBLEMS["unexpected"]

    @property
    def sentence(self) -> str:
        return str(self.kind.sentence) % self.facts

    @property
    def next_step(self) -> str:
        return str(self.kind.next_step) % self.facts


_REOPEN = _("Open the panel again from your course.")
_RELOAD = _("Load the page again to see it as it is now.")
_WAIT = _("Wait a moment and try again; nothing that you wrote is lost.")

PROBLEMS: dict[str, Kind] = {
    # Who is asking
    "token_missing": Kind(401, _("This address needs to be opened from your course."), _REOPEN),
    "token_invalid": Kind(401, _("This page's pass was not issued here."), _REOPEN),
    "token_expired": Kind(401, _("This page was open for so long that its pass has run out."), _REOPEN),
    "other_panel": Kind(403, _("This page's pass is for another panel."), _REOPEN),
    "not_member": Kind(
        403,
        _("You are not, or no longer, a member of this course."),
        _("If you should be, ask the person who runs the course."),
    ),
    "not_staff": Kind(
        403, _("Only the people who run the course may set up the panel."), _("Ask your instructor to do it.")
    ),
    "may_not_post": Kind(403, _("You can read here, and not write."), _("Ask your instructor if you should.")),
    "not_author": Kind(403, _("Only its author can change this entry."), _("You can answer it instead.")),
    # What is asked for
    "not_found": Kind(404, _("There is nothing at this address."), _REOPEN),
    "method_not_allowed": Kind(405, _("This address does not take that kind of request."), _("See the API's description.")),
    "entry_not_found": Kind(404, _("This entry does not exist, or is not for you to see."), _RELOAD),
    "entry_removed": Kind(409, _("This entry was removed in the meantime."), _RELOAD),
    "entry_changed": Kind(
        409,
        _("This entry was changed since you opened it; it is now version %(version)s."),
        _("Look at the new version, then make your change again. Your text is still in the box."),
    ),
    "version_missing": Kind(
        428, _("The request does not say which version it changes."), _("Send If-Match or version.")
    ),
    "idempotency_key_reused": Kind(
        409, _("This Idempotency-Key was used before, with other content."), _("Use a new key for a new entry.")
    ),
    "kind_is_fixed": Kind(
        409,
        _("People have already written here, so the kind of this panel stays as it is."),
        _("Add another panel to the course for the other kind."),
    ),
    "not_a_reflection_panel": Kind(409, _("This panel is not for reflections."), _RELOAD),
    # What was given
    "bad_request": Kind(400, _("The request could not be understood."), _("See the API's description.")),
    "bad_cursor": Kind(400, _("This cursor was not issued here."), _("Start again without a cursor.")),
    "invalid": Kind(422, _("Some of what was sent cannot be taken."), _("See the fields named below.")),
    "body_missing": Kind(422, _("There is no text yet."), _("Write something, then post it.")),
    "title_missing": Kind(422, _("The panel needs a name."), _("Write a short one.")),
    "step_missing": Kind(
        422, _("The first step is still empty."), _("Write a line about what happened, then share it.")
    ),
    "text_too_long": Kind(
        422,
        _("This text has %(length)s characters; %(most)s are possible."),
        _("Shorten it, or split it in two."),
    ),
    "draft_too_long": Kind(422, _("This draft is too long to be kept."), _("Shorten it before you go on.")),
    "kind_not_offered": Kind(422, _("This kind of panel is not offered yet."), _("Choose another kind.")),
    "too_large": Kind(413, _("That is more than can be taken at once."), _("Send less.")),
    "unsupported_media_type": Kind(415, _("The request's body is in a form that is not taken here."), _("Send JSON.")),
    # What cannot be done now
    "too_many_requests": Kind(429, _("That was a lot at once."), _WAIT),
    "database_busy": Kind(503, _("The records cannot be reached just now."), _WAIT),
    "unexpected": Kind(
        500, _("Something went wrong on our side."), _("Try again; if it stays, tell your administrator the number below.")
    ),
}  # fmt: skip
