"""Identifiers of people out of a CSV file: first what would come of it, then all of it or nothing.

A line says by what a person is known elsewhere (``identifier``: a mail address, its SHA-1, ``homePage|name``, an
OpenID), and who that is here (``account``: ``homePage|name``, or the name alone where only one LMS has it). Columns are
parted by commas, semicolons or tabs, as spreadsheets of different countries write them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import BinaryIO
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from social_layer.database import Database
from social_layer.people.models import Account
from xapi.gathering.identifiers import folded
from xapi.gathering.models import IDENTIFIER_LENGTH, PersonIdentifier
from xapi.lrs.validation.formats import IRI

COLUMNS = ("identifier", "account")
# A file for a whole university, and no more than fits into memory at ease.
MOST_LINES = 200_000
MOST_MEGABYTES = 50
_MAIL = re.compile(r"[^\s@<>\":|\x00-\x1f]+@[^\s@<>\"\x00-\x1f]+\.[^\s@<>\"\x00-\x1f]+")
_SHA1 = re.compile("[0-9a-fA-F]{40}")


class Flaw(StrEnum):
    """Why a file cannot be read at all, in one line for a terminal."""

    columns = "the first line must name the columns; missing: {told}"
    doubled = "the first line names a column twice: {told}"
    csv = "the file is no CSV: {told}"
    encoding = "the file is not in UTF-8; save it as CSV UTF-8"
    lines = "the file has more than {told} lines; import it in parts"
    size = "the file has more than {told} MB; import it in parts"


class FileWrong(Exception):
    """``told``: what the flaw is about."""

    def __init__(self, flaw: Flaw, told: str = "") -> None:
        super().__init__(flaw.value.format(told=told))
        self.flaw = flaw
        self.told = told


class Verdict(StrEnum):
    """What a line comes to. With a line that is neither ``new`` nor ``known`` nothing is written; lines about accounts
    that nobody has may be left out on demand, for there are always people who have not come yet."""

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

    def may_be_written(self, *, without_unknown: bool = False) -> bool:
        left_out = self.count(Verdict.unknown) if without_unknown else 0
        return len(self.problems) == left_out


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


def bring_in(
    database: Database, now: datetime, tenant_id: UUID, base: str, text: str, *, without_unknown: bool = False
) -> tuple[Preview, bool]:
    """Previews and, if it may be, writes, in one transaction: what was found is what is written. Answers whether.

    Raises :class:`FileWrong`.
    """
    try:
        return _bring_in(database, now, tenant_id, base, text, without_unknown)
    except IntegrityError:
        # Somebody else imported the same meanwhile, or a person was erased: now that is seen.
        return _bring_in(database, now, tenant_id, base, text, without_unknown)


def _bring_in(
    database: Database, now: datetime, tenant_id: UUID, base: str, text: str, without_unknown: bool
) -> tuple[Preview, bool]:
    with database.write() as session:
        found = preview(session, tenant_id, base, io.StringIO(text, newline=""))
        is_written = found.may_be_written(without_unknown=without_unknown)
        if is_written:
            _write(session, now, tenant_id, found)
    return found, is_written


def _write(session: Session, now: datetime, tenant_id: UUID, found: Preview) -> None:
    new = [
        {
            "tenant_id": tenant_id,
            "id": uuid4(),
            "identifier": line.identifier,
            "person_id": line.person_id,
            "imported_at": now,
        }
        for line in found.lines
        if line.verdict is Verdict.new
    ]
    if new:
        session.execute(insert(PersonIdentifier), new)


def read_file(file: BinaryIO) -> str:
    """Raises :class:`FileWrong`."""
    content = file.read(MOST_MEGABYTES * 1_000_000 + 1)
    if len(content) > MOST_MEGABYTES * 1_000_000:
        raise FileWrong(Flaw.size, str(MOST_MEGABYTES))
    return decoded(content)


def decoded(content: bytes) -> str:
    """The file's text. Raises :class:`FileWrong`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileWrong(Flaw.encoding) from None


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
        lines = iter(text)
        first = next(lines, "")
        rows = csv.DictReader(chain([first], lines), delimiter=_delimiter(first))
        names = [name.strip().lower().lstrip("\ufeff") for name in rows.fieldnames or ()]
        if missing := [name for name in COLUMNS if name not in names]:
            raise FileWrong(Flaw.columns, ", ".join(missing))
        if doubled := [name for name in COLUMNS if names.count(name) > 1]:
            raise FileWrong(Flaw.doubled, ", ".join(doubled))
        rows.fieldnames = names
        for row in rows:
            if rows.line_num > MOST_LINES:
                raise FileWrong(Flaw.lines, str(MOST_LINES))
            identifier, account = row["identifier"] or "", row["account"] or ""
            # Spreadsheets leave lines of commas at the end.
            if identifier.strip() or account.strip():
                yield rows.line_num, identifier, account
    except csv.Error as error:
        raise FileWrong(Flaw.csv, str(error)) from None
    except UnicodeDecodeError:
        raise FileWrong(Flaw.encoding) from None


def _delimiter(first: str) -> str:
    """The one that the line of names uses most: none of them stands in a name."""
    return max(",;\t", key=first.count)
