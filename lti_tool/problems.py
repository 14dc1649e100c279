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
    """A refusal at the edge. ``code`` must stand in the table; ``headers`` go with the answer.

    ``errors``: field → what is wrong with it, where it is about fields.
    """

    def __init__(
        self,
        code: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Mapping[str, object] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.headers = dict(headers or {})
        self.errors = errors

    @classmethod
    def of(cls, refusal: Refusal) -> "Problem":
        problem = cls(refusal.code)
        problem.facts = refusal.facts
        if field := refusal.facts.get("field"):
            problem.errors = {str(field): [problem.sentence]}
        return problem

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
_TELL_ADMINISTRATOR = _("Tell your administrator the code and the number below; loading again will not help.")
_TELL_ADMINISTRATOR_WHY = _("Tell your administrator, with the words of the LMS below.")
_REOPEN_OR_CLOCK = _(
    "Open the panel again from your course; if it stays, a server's clock is wrong: tell your administrator."
)
_REOPEN_OR_KEYS = _(
    "Open the panel again from your course; if it stays, tell your administrator the code below."
)
_ANOTHER_INVITE = _("Ask the administrator of this tool for a new address: alongside platform invite.")
_RETRY_REGISTRATION = _(
    "Begin again in the LMS, with the same address; it stays good until it is used or expires."
)

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
    "not_placer": Kind(
        403, _("Only the people who run the course may place panels in it."), _("Ask your instructor to do it.")
    ),
    "may_not_post": Kind(403, _("You can read here, and not write."), _("Ask your instructor if you should.")),
    "not_author": Kind(403, _("Only its author can change this entry."), _("You can answer it instead.")),
    "panel_not_open": Kind(403, _("This panel opens on %(at)s."), _("Come back then.")),
    "panel_closed": Kind(
        403,
        _("This panel closed on %(at)s: it can be read, and no longer written in."),
        _("What you had begun to write is kept. Ask your instructor if you should still post it."),
    ),
    "in_no_group": Kind(
        403,
        _("This panel is for groups, and you are not in one yet."),
        _("Ask your instructor to put you into a group, then open the panel again from your course."),
    ),
    "choice_not_given": Kind(
        403,
        _("Your institution does not let people choose this here."),
        _("Open “What is recorded of me” again: it shows what you can choose."),
    ),
    "not_arranging": Kind(
        403, _("Only instructors arrange groups and terms."), _("Ask your instructor to do it.")
    ),
    "not_staff_here": Kind(
        403, _("Only the people who run the course look back at former terms."), _("You can download your own contributions.")
    ),
    "report_not_given": Kind(
        403,
        _("Only the people who run the course see its report."),
        _("Your own timeline is at the end of the panel's page."),
    ),
    "timeline_not_given": Kind(
        403,
        _("Your institution lets nobody but the person look at a timeline."),
        _("The course's report tells what the course does together."),
    ),
    "reports_busy": Kind(
        503, _("Several reports are being made just now."), _("Try again in a few seconds.")
    ),
    "reports_unreadable": Kind(
        503,
        _("What was read back for reports cannot be read just now."),
        _("It is read anew from the learning records. Try again in an hour; if it stays, tell your administrator."),
    ),
    "report_too_large": Kind(
        503,
        _("There is more behind this report than it has memory for."),
        _("Choose fewer days where you can, and tell your administrator."),
    ),
    "link_expired": Kind(403, _("This download's link has run out."), _("Ask for it again in the panel.")),
    # What is asked for
    "not_found": Kind(404, _("There is nothing at this address."), _REOPEN),
    "method_not_allowed": Kind(405, _("This address does not take that kind of request."), _("See the API's description.")),
    "for_the_lms": Kind(
        405,
        _("This address is for the LMS to send people to, and cannot be opened by itself."),
        _("Open the panel from your course. Administrators find what to give the LMS at /lti/manual."),
    ),
    "entry_not_found": Kind(404, _("This entry does not exist, or is not for you to see."), _RELOAD),
    "entry_removed": Kind(409, _("This entry was removed in the meantime."), _RELOAD),
    "entry_changed": Kind(
        409,
        _("This entry was changed since you opened it; it is now version %(version)s."),
        _("Look at the new version, then make your change again. Your text is still in the box."),
    ),
    "etag_changed": Kind(
        412,
        _("This entry is no longer the one that If-Match names; it is now version %(version)s."),
        _("Look at the new version, then make your change again."),
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
    "group_not_found": Kind(404, _("This group does not exist, or is not yours."), _RELOAD),
    "group_set_not_found": Kind(404, _("These groups do not exist any more."), _RELOAD),
    "person_not_found": Kind(404, _("This person is not in the course any more."), _RELOAD),
    "term_not_found": Kind(404, _("There was no such term."), _RELOAD),
    "term_over": Kind(
        409,
        _("A new term has begun in this course. What you see here is of the one before."),
        _("Load the page again. What you had begun to write is kept."),
    ),
    "term_changed": Kind(409, _("A new term was begun in the meantime."), _RELOAD),
    "group_of_lms": Kind(
        409, _("These groups are kept by your LMS."), _("Change them there; they are learned anew when people open the panel.")
    ),
    "group_closed": Kind(
        409, _("This group was closed; it can be read, and not written in."), _("Write in one of the present groups.")
    ),
    "groups_changed": Kind(
        409,
        _("This panel's groups were changed while you wrote, and your text could be read by others than you meant."),
        _("Load the page again, look who reads along, and post it then. Your draft is kept."),
    ),
    "not_a_reflection_panel": Kind(409, _("This panel is not for reflections."), _RELOAD),
    # Panels being placed in a course
    "nothing_to_place": Kind(
        400,
        _("Your course's site takes no panels at this place."),
        _("Begin where your course's site offers activities, or tell your administrator."),
    ),
    "return_elsewhere": Kind(
        403,
        _("What you choose would be handed to %(host)s, which is not known here."),
        _("If it is your course's site, let the administrator of this tool add it: alongside platform frame add."),
    ),
    "placing_unknown": Kind(
        404, _("This page's choice has ended, or its site was removed."), _("Begin again from your course.")
    ),
    "placed_before": Kind(
        409,
        _("Panels were handed to your course from this page before."),
        _("Look into your course; if they are missing, or for others, begin again from there."),
    ),
    "nothing_chosen": Kind(422, _("There is no panel to be placed yet."), _("Choose a starting point first.")),
    "one_panel_only": Kind(
        422, _("Your course's site takes one panel at a time here."), _("Remove the others, and place them one by one.")
    ),
    "too_many_panels": Kind(
        422, _("No more than %(most)s panels can be placed at once."), _("Place the others after these.")
    ),
    "starting_point_unknown": Kind(404, _("This starting point is not there any more."), _("Choose another one.")),
    # 409: each date is right by itself, and no schema can say how they stand to each other.
    "dates_out_of_order": Kind(
        409,
        _("The dates are not in order: a panel opens first, then work is due, then it closes."),
        _("Change the date that is marked."),
    ),
    # Grading
    "not_grader": Kind(
        403, _("Only the people who teach the course see and give grades."), _("Your own points stand above the panel.")
    ),
    "learner_not_found": Kind(404, _("This person gets no grades in this panel."), _("Go back to the list of learners.")),
    "stage_not_found": Kind(409, _("The rules of this panel were changed in the meantime."), _RELOAD),
    "grade_changed": Kind(
        409,
        _("Somebody else has graded this person since you opened the page."),
        _("Look at this person again, then save; copy your comment before."),
    ),
    "judgement_missing": Kind(422, _("There are no points and no comment yet."), _("Give one of them, then save.")),
    "points_beyond": Kind(422, _("Points go from 0 to %(most)s."), _("Give a number between them.")),
    "points_wrong": Kind(
        422, _("Points are a number above 0 and up to %(most)s, with two places at most."), _("Give such a number.")
    ),
    "rule_empty": Kind(422, _("This rule asks for nothing yet."), _("Say how many of what.")),
    "rule_number_wrong": Kind(422, _("A rule asks for 1 to %(most)s of a kind."), _("Give such a number.")),
    "day_out_of_reach": Kind(422, _("Days lie in the years 2000 to 2999."), _("Give such a day.")),
    "dates_crossed": Kind(422, _("The last day lies before the first."), _("Change one of the two.")),
    "too_many_stages": Kind(422, _("A panel has %(most)s stages at most."), _("Remove some.")),
    "grades_stay_here": Kind(
        409,
        _("The LMS takes no grades for this panel."),
        _("Ask your administrator to allow the tool to send grades, then open the panel from the course once."),
    ),
    "nothing_to_keep": Kind(409, _("The LMS shows no grade for this person."), _RELOAD),
    "column_stays": Kind(
        409,
        _("This column cannot be deleted from here: your LMS made it, or it is still graded."),
        _RELOAD,
    ),
    # What was given
    "bad_request": Kind(400, _("The request could not be understood."), _("See the API's description.")),
    "bad_cursor": Kind(400, _("This cursor was not issued here."), _("Start again without a cursor.")),
    "invalid": Kind(422, _("Some of what was sent cannot be taken."), _("See the fields named below.")),
    "body_missing": Kind(422, _("There is no text yet."), _("Write something, then post it.")),
    "group_missing": Kind(409, _("It is not clear for which group this is."), _("Choose a group, then try again.")),
    "group_numbers_wrong": Kind(
        422,
        _("That number does not fit: there must be at least one person to each group, and at most 500 groups."),
        _("Choose another number."),
    ),
    "set_name_missing": Kind(422, _("These groups need a name."), _("Write a short one, such as the occasion.")),
    "file_missing": Kind(422, _("There is no file."), _("Choose one, then try again.")),
    "file_unreadable": Kind(422, _("This file cannot be read."), _("Save it as CSV (comma-separated values), then try again.")),
    "file_too_long": Kind(422, _("This file has more than %(most)s rows."), _("Split it in two.")),
    "file_without_group": Kind(
        422,
        _("This file does not say who is in which group."),
        _("It needs a column with names or accounts, and one headed Group."),
    ),
    "group_set_missing": Kind(
        409, _("It is not clear which groups the panel is for."), _("Choose them, or make groups first.")
    ),
    "title_missing": Kind(422, _("The panel needs a name."), _("Write a short one.")),
    "step_missing": Kind(
        422, _("The first step is still empty."), _("Write a line about what happened, then share it.")
    ),
    "text_too_long": Kind(
        422,
        _("This text has %(length)s characters; %(most)s are possible."),
        _("Shorten it, or split it in two."),
    ),
    "too_much_markup": Kind(
        422,
        _("This text has so much markup that it cannot be shown well."),
        _("Use smaller tables and fewer links, or split it in two."),
    ),
    "draft_misplaced": Kind(422, _("There is no place here for such a draft."), _RELOAD),
    "draft_too_long": Kind(422, _("This draft is too long to be kept."), _("Shorten it before you go on.")),
    "kind_not_offered": Kind(422, _("This kind of panel is not offered yet."), _("Choose another kind.")),
    "too_large": Kind(413, _("That is more than can be taken at once."), _("Send less.")),
    "unsupported_media_type": Kind(415, _("The request's body is in a form that is not taken here."), _("Send JSON.")),
    # A login that a platform begins
    "login_incomplete": Kind(
        400, _("The course's site began the login without a usable %(parameter)s."), _TELL_ADMINISTRATOR
    ),
    "platform_unknown": Kind(
        403,
        _("This course's site is not registered here."),
        _("Tell your administrator which course it was, and show them this page."),
    ),
    "target_elsewhere": Kind(
        400, _("The link in the course leads to another address than this tool's."), _TELL_ADMINISTRATOR
    ),
    "login_unknown": Kind(403, _("This launch did not begin here."), _REOPEN),
    "login_used": Kind(403, _("This launch was used before, and each one opens the panel once."), _REOPEN),
    "login_expired": Kind(403, _("This launch was begun more than ten minutes ago."), _REOPEN),
    "browser_wrong": Kind(
        403,
        _("This launch was not begun in this browser, or the browser kept nothing that shows it."),
        _("Open the panel again from your course; if that does not help, allow cookies for this site."),
    ),
    "cookies_blocked": Kind(
        403,
        _("Your browser keeps no cookies for %(host)s, so the panel cannot recognise you."),
        _("Allow cookies for this site in your browser's settings, then open the panel again from your course."),
    ),
    "platform_refused": Kind(403, _("Your course's site did not confirm who you are."), _REOPEN),
    "platform_wants_login": Kind(
        403, _("Your course's site wants you to sign in again."), _("Sign in there, then open the panel again.")
    ),
    # The message with which a platform answers
    "id_token_missing": Kind(400, _("The course's site sent no message."), _REOPEN),
    "id_token_too_long": Kind(400, _("The course's site sent a message that is far too long."), _TELL_ADMINISTRATOR),
    "id_token_malformed": Kind(400, _("The course's site sent something that is no message."), _TELL_ADMINISTRATOR),
    "nonce_wrong": Kind(403, _("This message answers another launch than the one begun here."), _REOPEN),
    "issuer_wrong": Kind(403, _("This message comes from another site than the launch."), _TELL_ADMINISTRATOR),
    "audience_wrong": Kind(403, _("This message is meant for another tool."), _TELL_ADMINISTRATOR),
    "authorized_party_wrong": Kind(403, _("This message was made for another tool's use."), _TELL_ADMINISTRATOR),
    "times_missing": Kind(403, _("This message does not say when it was made and how long it holds."), _TELL_ADMINISTRATOR),
    "id_token_expired": Kind(403, _("This message came too late."), _REOPEN_OR_CLOCK),
    "issued_in_future": Kind(403, _("This message claims to be from the future."), _REOPEN_OR_CLOCK),
    "issued_long_ago": Kind(403, _("This message was made too long ago."), _REOPEN_OR_CLOCK),
    "algorithm_wrong": Kind(403, _("This message is not signed in the way that LTI asks for."), _TELL_ADMINISTRATOR),
    "key_id_missing": Kind(403, _("This message does not say with which key it was signed."), _TELL_ADMINISTRATOR),
    "key_unknown": Kind(403, _("This message was signed with a key that the course's site does not publish."), _REOPEN_OR_KEYS),
    "keys_unreachable": Kind(424, _("The keys of the course's site could not be fetched."), _REOPEN_OR_KEYS),
    "signature_wrong": Kind(403, _("This message was altered, or not signed by the course's site."), _TELL_ADMINISTRATOR),
    "lti_version_wrong": Kind(400, _("This message is not of LTI version 1.3."), _TELL_ADMINISTRATOR),
    "message_not_supported": Kind(400, _("This kind of message is not supported yet."), _TELL_ADMINISTRATOR),
    "claim_missing": Kind(400, _("The message of the course's site lacks %(claim)s."), _TELL_ADMINISTRATOR),
    "claim_wrong": Kind(400, _("In the message of the course's site, %(claim)s is not of the right form."), _TELL_ADMINISTRATOR),
    "notices_malformed": Kind(
        400, _("This is no list of notices."), _("See the standard's Platform Notification Service.")
    ),
    "deployment_unknown": Kind(
        403,
        _("Deployment %(deployment)s of this course's site is not known here."),
        _("Tell your administrator which course it was, and show them this page."),
    ),
    "reviewed_unknown": Kind(
        404,
        _("This person has not been in the panel yet, so there is nothing to review."),
        _("Open the panel from the course once, then try again: it asks the LMS who is in the course."),
    ),
    # An LMS that registers itself
    "invite_unknown": Kind(
        403, _("This address was not given out here, or not in full."), _ANOTHER_INVITE
    ),
    "invite_used": Kind(
        403,
        _("This address was used before, and each one registers a single LMS."),
        _("If that was you, all is done; look with: alongside platform list. Otherwise ask for a new one: alongside platform invite."),
    ),
    "invite_withdrawn": Kind(403, _("This address was taken back before it was used."), _ANOTHER_INVITE),
    "invite_expired": Kind(403, _("This address was not used in time."), _ANOTHER_INVITE),
    "registration_incomplete": Kind(
        400,
        _("This page needs to be opened by an LMS, which says who it is."),
        _("Paste the address into your LMS, where it asks for a tool's registration address; see the guide for administrators."),
    ),
    "registration_address_wrong": Kind(
        400,
        _("The LMS's address %(part)s cannot be used: it must be a public https address."),
        _("Is the LMS reached by https? Let the administrator of this tool allow its host by name (ALONGSIDE_ALLOWED_HOSTS), where it is inside the network."),
    ),
    "address_refused": Kind(
        403,
        _("%(host)s is inside this network, and the tool does not ask such addresses."),
        _("If that is right, let the administrator of this tool allow the host by name (ALONGSIDE_ALLOWED_HOSTS); then try again."),
    ),
    "lms_unreachable": Kind(
        424, _("%(host)s did not answer, or not in time, or with far too much."), _RETRY_REGISTRATION
    ),
    "lms_redirects": Kind(
        424,
        _("%(host)s sends the tool on to another address, which it does not follow."),
        _("Set the LMS's own address to the one that it is really reached by, then try again."),
    ),
    "configuration_wrong": Kind(
        424, _("What the LMS says of itself cannot be used: %(part)s."), _RETRY_REGISTRATION
    ),
    "issuer_elsewhere": Kind(
        403,
        _("The LMS calls itself %(issuer)s, but its configuration stands at %(host)s."),
        _("Only an LMS that speaks from its own host can register itself. Register it by hand: alongside platform add."),
    ),
    "registration_refused": Kind(
        424,
        _("The LMS refused the registration (status %(status)s): %(said)s"),
        _("Begin again in the LMS, with the same address; what is missing may stand in the LMS's own log."),
    ),
    "registration_answer_wrong": Kind(
        424,
        _("The LMS took the registration, but its answer cannot be used: %(part)s."),
        _("Remove the new tool in the LMS and begin again, or register it by hand: alongside platform add."),
    ),
    "registration_not_kept": Kind(
        409,
        _("The LMS took the registration, but its ids stand in the way of another one here."),
        _("Remove the new tool in the LMS. The log of this tool says what it collides with; see also: alongside platform list."),
    ),
    # The list of a course's members, which the LMS is asked for
    "list_not_offered": Kind(
        409, _("Your LMS offers no list of this course's members."), _("Whoever opens a panel appears by themselves.")
    ),
    "list_unreachable": Kind(
        424, _("Your LMS did not answer, or not in time."), _("It is asked again by itself in a few minutes.")
    ),
    "list_refused": Kind(
        424,
        _("Your LMS refused the list of members."),
        _("Ask your administrator whether this tool may read names and roles (Names and Roles service)."),
    ),
    "list_gone": Kind(
        424,
        _("Your LMS does not know this course's list of members any more."),
        _("Open the panel again from your course: that tells where the list is now."),
    ),
    "list_wrong": Kind(
        424, _("Your LMS answered with something that is no list of members."), _TELL_ADMINISTRATOR_WHY
    ),
    "list_elsewhere": Kind(
        424, _("Your LMS sends the tool to another address for the rest of the list."), _TELL_ADMINISTRATOR_WHY
    ),
    "list_endless": Kind(424, _("Your LMS's list of members does not come to an end."), _TELL_ADMINISTRATOR_WHY),
    "list_empty": Kind(
        424,
        _("Your LMS says that nobody is in this course."),
        _("Nobody was shut out for it. Ask your administrator whether this tool may read names and roles."),
    ),
    "list_not_kept": Kind(
        500, _("The list could not be kept on our side."), _("It is tried again by itself in a few minutes.")
    ),
    # The operator's console
    "sign_in_first": Kind(
        401, _("This page is for the people who look after this installation."), _("Sign in, then go on.")
    ),
    "form_elsewhere": Kind(
        403,
        _("This form was not sent by a page of the console, or by one of a sign-in that has ended."),
        _("Go back, load the page again and send the form once more. Nothing was changed."),
    ),
    "console_form_wrong": Kind(
        422, _("Something in the form or in the address cannot be taken."), _("Go back and correct it. Nothing was changed.")
    ),
    "records_file_too_large": Kind(
        413,
        _("This file has more than %(most)s."),
        _("Import it in parts, or with the command: alongside records import. Nothing was changed."),
    ),
    "preview_over": Kind(
        409,
        _("The preview of this file has ended: it is good for an hour."),
        _("Choose the file again and look at it once more. Nothing was changed."),
    ),
    "event_number_unknown": Kind(
        422,
        _("The event log has no such number yet."),
        _("Give the number in the last whole line of the file that you have, or nothing for all of it."),
    ),
    "pseudonyms_sealed": Kind(
        503,
        _("The key of this institution's pseudonyms cannot be opened here: another secret has sealed it."),
        _("Add the former secret to ALONGSIDE_SECRET_KEY, behind the present one and a comma, and start again."),
    ),
    # What cannot be done now
    "too_many_requests": Kind(429, _("That was a lot at once."), _WAIT),
    "database_busy": Kind(503, _("The records cannot be reached just now."), _WAIT),
    "unexpected": Kind(
        500, _("Something went wrong on our side."), _("Try again; if it stays, tell your administrator the number below.")
    ),
}  # fmt: skip
