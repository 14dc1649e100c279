"""Grading in words: a rule as one sentence, what somebody has of it line by line, and what became of a grade."""

from collections.abc import Sequence
from datetime import date

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _
from flask_babel import ngettext as plural

from lti_tool.lti.grade_models import OwnWords, ScoreState
from lti_tool.lti.grade_queries import Sending, near
from lti_tool.moments import day
from social_layer.grading.queries import Grade
from social_layer.grading.rules import Counted, Giving, Need, Rule

OWN_WORDS = {
    OwnWords.not_allowed: lazy_gettext("The LMS does not let the tool send grades for this panel any more."),
    OwnWords.no_column: lazy_gettext("The LMS does not let the tool make a column in its grade book."),
    OwnWords.no_removal: lazy_gettext("The LMS does not let the tool delete this column any more."),
    OwnWords.gone_again: lazy_gettext(
        "The column was removed in the LMS, and so was the one made in its place. “Send all grades now” makes another."
    ),
    OwnWords.person_unknown: lazy_gettext("The LMS has not told who this person is."),
    OwnWords.our_fault: lazy_gettext(
        "Something went wrong in the tool itself. It is tried again in an hour; your administrator finds more in "
        "the log."
    ),
    OwnWords.unseen: lazy_gettext(
        "The LMS does not let the tool look whether somebody gave a grade there already."
    ),
}
# The names of the form's fields.
WHAT_COUNTS = {
    Counted.openings: lazy_gettext("Topics or answers"),
    Counted.replies: lazy_gettext("Replies"),
    Counted.reflections: lazy_gettext("Shared reflections"),
    Counted.contributions: lazy_gettext("Contributions of any kind"),
}


def sentence(rule: Rule, today: date) -> str:
    """The rule as people read it: "2 topics or answers and 3 replies, 10 points; by 14 March"."""
    asked = {"work": _joined([needed(need) for need in rule.needs]), "points": worth(rule.points)}
    if rule.giving is Giving.whole:
        said = _("%(work)s, %(points)s for all of it and none for a part", **asked)
    else:
        said = _("%(work)s, %(points)s", **asked)
    return f"{said}; {days}" if (days := _days(rule, today)) else said


def _days(rule: Rule, today: date) -> str:
    first = rule.opens_on and day(rule.opens_on, today)
    last = rule.due_on and day(rule.due_on, today)
    if first and last and rule.late_counts:
        return _("from %(first)s, by %(last)s, and what comes later counts too", first=first, last=last)
    if first and last:
        return _("from %(first)s, by %(last)s", first=first, last=last)
    if last and rule.late_counts:
        return _("by %(last)s, and what comes later counts too", last=last)
    if last:
        return _("by %(last)s", last=last)
    return _("from %(first)s", first=first) if first else ""


def needed(need: Need) -> str:
    """ "3 replies"."""
    match need.counted:
        case Counted.openings:
            return plural("%(num)s topic or answer", "%(num)s topics or answers", need.number)
        case Counted.replies:
            return plural("%(num)s reply", "%(num)s replies", need.number)
        case Counted.reflections:
            return plural("%(num)s shared reflection", "%(num)s shared reflections", need.number)
    return plural("%(num)s contribution", "%(num)s contributions", need.number)


def had(need: Need, number: int) -> str:
    """ "1 of 3 replies"."""
    match need.counted:
        case Counted.openings:
            return plural(
                "%(have)s of %(num)s topic or answer",
                "%(have)s of %(num)s topics or answers",
                need.number,
                have=number,
            )
        case Counted.replies:
            return plural(
                "%(have)s of %(num)s reply", "%(have)s of %(num)s replies", need.number, have=number
            )
        case Counted.reflections:
            return plural(
                "%(have)s of %(num)s shared reflection",
                "%(have)s of %(num)s shared reflections",
                need.number,
                have=number,
            )
    return plural(
        "%(have)s of %(num)s contribution", "%(have)s of %(num)s contributions", need.number, have=number
    )


def lines(grade: Grade) -> list[str]:
    """What somebody has of each need, and what does not count for being late."""
    rule = grade.stage.rule
    said = [had(line.need, min(line.counted(rule), line.need.number)) for line in grade.lines]
    if grade.has_late:
        late = sum(line.late for line in grade.lines)
        said.append(
            plural("%(num)s came late and does not count", "%(num)s came late and do not count", late)
        )
    return said


def explained(grade: Grade) -> str:
    """ "2 of 2 topics or answers, 1 of 3 replies → 6 of 10 points"."""
    return f"{', '.join(lines(grade))} →\N{NO-BREAK SPACE}{out_of(grade.computed, grade.stage.rule.points)}"


def worth(points: float) -> str:
    return plural("%(points)s point", "%(points)s points", _number(points), points=number(points))


def out_of(points: float, most: float) -> str:
    return plural(
        "%(have)s of %(points)s point",
        "%(have)s of %(points)s points",
        _number(most),
        have=number(points),
        points=number(most),
    )


def number(points: float) -> str:
    return format_decimal(points, format="0.##", locale=_locale())


def state(sending: Sending | None, grade: Grade, can_send: bool) -> tuple[str, str]:
    """What became of a grade: a word for its look (``waits``, ``sent``, ``trouble``, ``off``), and words for people."""
    if sending is None:
        if not can_send:
            return "off", _("Stays here")
        return "waits", _("Not sent yet")
    shown = "" if sending.shown is None else number(sending.shown)
    if sending.state is ScoreState.parked:
        return "trouble", _("Refused")
    if sending.state is ScoreState.held:
        if not shown:
            return "trouble", _("Held back")
        return "trouble", _("Held back: your LMS shows %(points)s", points=shown)
    if sending.state is ScoreState.pending:
        return ("trouble", _("Trying again")) if sending.attempts > 1 else ("waits", _("On its way"))
    if sending.differs:
        return (
            ("trouble", _("Sent, but your LMS shows %(points)s", points=shown))
            if shown
            else (
                "trouble",
                _("Sent, but your LMS shows no grade"),
            )
        )
    if not near(sending.sent, grade.points):
        return "waits", _("Sent before; now %(points)s", points=number(grade.points))
    return "sent", _("Sent")


def told(answer: str | None) -> str:
    """What the LMS said, or what we say in its place."""
    text = answer or ""
    for words, sentence in OWN_WORDS.items():
        if words in text:
            return str(sentence)
    return text


def _joined(parts: Sequence[str]) -> str:
    return format_list(list(parts), locale=_locale())


def _number(points: float) -> int:
    """What decides between one and several: half a point is of several."""
    return int(points) if points == int(points) else 2


def _locale() -> Locale:
    return get_locale() or Locale("en")
