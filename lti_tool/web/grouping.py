"""What the group modes of a panel mean, in words."""

from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

from social_layer.panels.models import GroupMode


def _(text: str) -> LazyString:
    return lazy_gettext(text)


@dataclass(frozen=True, slots=True)
class ModeWords:
    name: LazyString
    about: LazyString


GROUP_MODES = {
    GroupMode.everyone: ModeWords(_("Everybody together"), _("All read and answer each other.")),
    GroupMode.apart: ModeWords(
        _("Each group apart"),
        _("Each group has the panel for itself. You read all of them, and write into one at a time."),
    ),
    GroupMode.across: ModeWords(
        _("Groups, with you across"),
        _("Each group for itself; you may also write to all at once, and each group answers on its own."),
    ),
}
