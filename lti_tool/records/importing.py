"""Identifiers of people out of a CSV file: first what would come of it, then all of it or nothing.

A line says by what a person is known elsewhere (``identifier``: a mail address, its SHA-1, ``homePage|name``, an
OpenID), and who that is here (``account``: ``homePage|name``, or the name alone where only one LMS has it).
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from social_layer.people.models import Account
from xapi.gathering.identifiers import folded
from xapi.gathering.models import IDENTIFIER_LENGTH, PersonIdentifier
from xapi.lrs.validation.formats import IRI

COLUMNS = ("identifier", "account")
# A file for a whole university, and no more than fits into memory at ease.
MOST_LINES = 200_000
_MAIL = re.compile(r"[^\s@<>\":|]+@[^\s@<>\"]+\.[^\s@<>\"]+")
_SHA1 = re.compile("[0-9a-fA-F]{40}")


class FileWrong(Exception):
    """Why the file cannot be read at all, in one line."""


class Verdict(StrEnum):
    """What a line comes to. Only with ``new`` and ``known`` lines alone anything is written."""

    new = "new"
    known = "known"
    # Nobody has this account; no identifier; two lines, or a line and what is there, disagree; one of our own accounts.
    unknown = "unknown"
    wrong = "wrong"
    conflict = "conflict"
    ours = "ours"


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    identifier: str
    account: str
    verdict: Verdict
    person_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    lines: list[Line] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(line.verdict is verdict for line in self.lines)

    @property
    def problems(self) -> list[Line]:
        return [line for line in self.lines if line.verdict not in (Verdict.new, Verdict.known)]


def preview(session: Session, tenant_id: UUID, base: str, text: Iterable[str]) -> Preview:
    """What would come of the file. ``base``: of our own accounts, which stand for aliases and pseudonyms.

    Raises :class:`FileWrong`.
    """
    people = _People(session, tenant_id)
    there = {
        row.identifier: row.person_id
        for row in session.execute(
            select(PersonIdentifier.identifier, PersonIdentifier.person_id).where(
                PersonIdentifier.tenant_id == tenant_id
            )
        )
    }
    said: dict[str, UUID] = {}
    lines = []
    for number, told, account in lines_of(text):
        identifier = normal(told)
        person_id = people.find(account)
        verdict = Verdict.new
        if identifier is None:
            verdict = Verdict.wrong
        elif identifier.partition("|")[0].rstrip("/") == base.rstrip("/"):
            verdict = Verdict.ours
        elif person_id is None:
            verdict = Verdict.unknown
        elif (
            said.get(identifier, person_id) != person_id
            or there.get(identifier, person_id) != person_id
            or people.find(identifier) not in (None, person_id)
        ):
            verdict = Verdict.conflict
        elif identifier in there or identifier in said:
            verdict = Verdict.known
        if identifier and person_id:
            said.setdefault(identifier, person_id)
        lines.append(Line(number, identifier or told, account, verdict, person_id))
    return Preview(lines)


def write(session: Session, now: datetime, tenant_id: UUID, found: Preview) -> int:
    """Adds what is new, in the caller's transaction; answers how many. ValueError while there are problems."""
    if found.problems:
        raise ValueError("all or nothing")
    new = [line for line in found.lines if line.verdict is Verdict.new]
    session.add_all(
        PersonIdentifier(
            tenant_id=tenant_id, identifier=line.identifier, person_id=line.person_id, imported_at=now
        )
        for line in new
    )
    session.flush()
    return len(new)


def normal(told: str) -> str | None:
    """As statements are compared with it; None where it identifies nobody."""
    told = told.strip()
    if _MAIL.fullmatch(told):
        told = f"mailto:{told}"
    home_page, bar, name = told.partition("|")
    is_account = bool(bar and name and IRI.fullmatch(home_page))
    usable = is_account or _SHA1.fullmatch(told) or (not bar and IRI.fullmatch(told))
    return folded(told) if usable and len(told) <= IDENTIFIER_LENGTH else None


class _People:
    """Who has which account; by the name alone where only one LMS has it."""

    def __init__(self, session: Session, tenant_id: UUID) -> None:
        self._by_account: dict[str, UUID] = {}
        self._by_name: dict[str, UUID | None] = {}
        found = session.execute(
            select(Account.home_page, Account.name, Account.person_id).where(Account.tenant_id == tenant_id)
        )
        for home_page, name, person_id in found:
            self._by_account[f"{home_page}|{name}"] = person_id
            self._by_name[name] = None if name in self._by_name else person_id

    def find(self, account: str) -> UUID | None:
        account = account.strip()
        return self._by_account.get(account) or self._by_name.get(account)


def lines_of(text: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """(number, identifier, account). Raises :class:`FileWrong`."""
    try:
        rows = csv.DictReader(text)
        names = [name.strip().lower().lstrip("\ufeff") for name in rows.fieldnames or ()]
        if missing := [name for name in COLUMNS if name not in names]:
            raise FileWrong(f"the first line must name the columns; missing: {', '.join(missing)}")
        rows.fieldnames = names
        for row in rows:
            if rows.line_num > MOST_LINES:
                raise FileWrong(f"the file has more than {MOST_LINES} lines; import it in parts")
            yield rows.line_num, row["identifier"] or "", row["account"] or ""
    except csv.Error as error:
        raise FileWrong(f"the file is no CSV: {error}") from None
    except UnicodeDecodeError:
        raise FileWrong("the file is not in UTF-8; save it as CSV UTF-8") from None
