"""Who the people of a course's statements are to those who may see their names there: members by their name, aliases
by their alias. Whoever is behind an alias or a pseudonym is looked up nowhere."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext as _
from sqlalchemy import and_, select, tuple_
from sqlalchemy.orm import Session

from social_layer.panels.models import Panel, TemplateVersion
from social_layer.people.models import Account, Membership, Person, Voice
from social_layer.viewer import Viewer

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class Names:
    """``people``: identifier → name. ``panels``: activity id → title."""

    people: dict[str, str]
    panels: dict[str, str]

    def person(self, identifier: str | None) -> str:
        if not identifier:
            return ""
        return self.people.get(identifier) or _("Somebody %(letters)s", letters=_letters(identifier))

    def thing(self, activity: str | None) -> str:
        """A panel by its title; anything else by the end of its address."""
        if not activity:
            return ""
        return self.panels.get(activity) or activity.rstrip("/").rpartition("/")[2] or activity


def names_of(session: Session, viewer: Viewer, base: str, people: Iterable[str]) -> Names:
    """``base``: that of our activity ids, whose accounts are aliases and pseudonyms."""
    accounts = sorted({tuple(one.split("|", 1)) for one in people if "|" in one})
    found: dict[str, str] = {}
    for start in range(0, len(accounts), _AT_ONCE):
        part = accounts[start : start + _AT_ONCE]
        found |= _members(session, viewer, [one for one in part if one[0] != base])
        found |= _aliases(session, viewer, base, [one[1] for one in part if one[0] == base])
    return Names(found, _panels(session, viewer, base))


def _members(session: Session, viewer: Viewer, accounts: list[tuple[str, ...]]) -> dict[str, str]:
    if not accounts:
        return {}
    rows = session.execute(
        select(Account.home_page, Account.name, Person.name.label("called"))
        .join(Person, and_(Person.tenant_id == Account.tenant_id, Person.id == Account.person_id))
        .join(
            Membership,
            and_(Membership.tenant_id == Person.tenant_id, Membership.person_id == Person.id),
        )
        .where(
            Account.tenant_id == viewer.tenant_id,
            Membership.course_id == viewer.panel.course_id,
            tuple_(Account.home_page, Account.name).in_(accounts),
            Person.name.is_not(None),
        )
    )
    return {f"{row.home_page}|{row.name}": row.called for row in rows}


def _aliases(session: Session, viewer: Viewer, base: str, names: list[str]) -> dict[str, str]:
    ids = [found for found in map(_uuid, names) if found]
    if not ids:
        return {}
    rows = session.execute(
        select(Voice.id, Voice.alias).where(
            Voice.tenant_id == viewer.tenant_id,
            Voice.course_id == viewer.panel.course_id,
            Voice.id.in_(ids),
            Voice.alias.is_not(None),
        )
    )
    return {f"{base}|{id_}": alias for id_, alias in rows if alias}


def _panels(session: Session, viewer: Viewer, base: str) -> dict[str, str]:
    rows = session.execute(
        select(Panel.id, TemplateVersion.title)
        .join(
            TemplateVersion,
            and_(
                TemplateVersion.tenant_id == Panel.tenant_id,
                TemplateVersion.id == Panel.template_version_id,
            ),
        )
        .where(Panel.tenant_id == viewer.tenant_id, Panel.course_id == viewer.panel.course_id)
    )
    return {f"{base}/xapi/panels/{id_}": title for id_, title in rows}


def _letters(identifier: str) -> str:
    """The same ones each time, that say nothing of who it is; so many that no two people of a course share them."""
    digest = hashlib.sha256(identifier.encode()).digest()
    letters = "".join(chr(65 + byte % 26) for byte in digest[:6])
    return f"{letters[:3]}-{letters[3:]}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
