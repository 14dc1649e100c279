"""The pages of each kind of panel, in one table.

A kind is a row here, a folder of templates in ``web/kinds/`` (``opening.html``: what stands above the threads) and a
module of the same name in ``assets/kinds/`` that brings the opening to life.
"""

from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from social_layer.panels.kinds import OFFERED_KINDS
from social_layer.panels.models import Kind


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True, slots=True)
class KindPages:
    """How a kind calls itself, and what stands where there is nothing yet."""

    name: LazyString
    about: LazyString
    threads_heading: LazyString
    empty_heading: LazyString
    empty: LazyString


KINDS = {
    Kind.discussion: KindPages(
        name=_("Discussion"),
        about=_("People start threads and answer each other."),
        threads_heading=_("Threads"),
        empty_heading=_("Nothing here yet"),
        empty=_(
            "The first thought is the hardest. A question, a doubt or half an idea is enough to begin with."
        ),
    ),
    Kind.reflection: KindPages(
        name=_("Reflection"),
        about=_("Each person thinks in three steps, in private, and shares the result when they want to."),
        threads_heading=_("Shared reflections"),
        empty_heading=_("Nobody has shared a reflection yet"),
        empty=_("What people share with the course appears here, and can be answered."),
    ),
}
assert set(KINDS) == set(OFFERED_KINDS)  # noqa: S101 (a kind that is offered has its pages)
