"""What an instructor may begin a panel with: a few that are built in, for each kind, beside their own earlier ones."""

from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from social_layer.panels.models import Kind


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """``about``: when it is of use, for the instructor; the rest is for learners, and to be changed."""

    kind: Kind
    name: LazyString
    about: LazyString
    title: LazyString | str = ""
    purpose: LazyString | str = ""
    prompt: LazyString | str = ""


STARTING_POINTS = {
    "question": StartingPoint(
        Kind.discussion,
        name=_("A question without one answer"),
        about=_("Learners see how differently others think about the same thing."),
        title=_("What surprised you?"),
        purpose=_("See what others noticed that you did not."),
        prompt=_(
            "What in this week's material surprised you, and why?\n\n"
            "Then answer somebody who was surprised by something else."
        ),
    ),
    "examples": StartingPoint(
        Kind.discussion,
        name=_("Examples from everybody's own place"),
        about=_("Learners find the idea in their own life or work, and compare."),
        title=_("Where do you meet it?"),
        purpose=_("Collect examples that no textbook has."),
        prompt=_(
            "Describe one example from where you live or work, so that somebody far away can picture it.\n\n"
            "Then answer somebody whose example is unlike yours: what is the same in both?"
        ),
    ),
    "claim": StartingPoint(
        Kind.discussion,
        name=_("A claim to disagree with"),
        about=_("Learners take a side and give reasons."),
        title=_("Do you agree?"),
        purpose=_("Find the best reason against what you believe."),
        prompt=_(
            "> Write your claim here.\n\n"
            "Take a side and give one reason of your own. "
            "Then answer somebody on the other side: what is right in what they say?"
        ),
    ),
    "discussion": StartingPoint(
        Kind.discussion, name=_("An empty discussion"), about=_("You write all of it yourself.")
    ),
    "week": StartingPoint(
        Kind.reflection,
        name=_("Looking back on a week"),
        about=_("Learners think on their own first, and share what they want to."),
        title=_("Looking back on this week"),
        purpose=_("Know what you have learned, and what you will try next."),
        prompt=_(
            "Think of one moment of this week in which you understood something, or noticed that you did not."
        ),
    ),
    "practice": StartingPoint(
        Kind.reflection,
        name=_("After practice"),
        about=_("After a placement, a lab, a lesson taught or a project."),
        title=_("After practice"),
        purpose=_("Take one thing from what you did into the next time."),
        prompt=_(
            "Choose one situation that went otherwise than you had expected. Leave out names of other people."
        ),
    ),
    "reflection": StartingPoint(
        Kind.reflection, name=_("An empty reflection"), about=_("You write all of it yourself.")
    ),
}
