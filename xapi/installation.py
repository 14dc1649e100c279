"""The base of all activity ids: the public address at first start, kept for ever, however the tool moves."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.database import upsert
from social_layer.people.models import Installation

_NAME = "activity_base"


def activity_base(session: Session, public_url: str) -> str:
    """The base fixed at first start; ``public_url`` becomes it now if there was none.

    Only the first call writes, so the session must be one of ``Database.write()`` until the base is fixed.
    """
    found = find_activity_base(session)
    if found is None:
        # Two first starts at once: one of them wins, and both read what it wrote.
        session.execute(
            upsert(session, Installation)
            .values(name=_NAME, value=public_url.rstrip("/"))
            .on_conflict_do_nothing()
        )
        found = session.scalars(select(Installation.value).where(Installation.name == _NAME)).one()
    return found


def find_activity_base(session: Session) -> str | None:
    return session.scalar(select(Installation.value).where(Installation.name == _NAME))
