"""Plans: who would be in which group, drawn at random or read from a file. Looked at first, and then carried out."""

import csv
import io
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from social_layer import text
from social_layer.groups.roll import Pupil
from social_layer.refusals import Invalid

MOST_GROUPS = 500
MOST_PEOPLE = 10_000
MOST_ROWS = 10_000
# What a file's columns are called by those who make such files, in English and German.
_GROUP_COLUMNS = frozenset({"group", "groups", "gruppe", "gruppen", "group name", "group_name", "team"})
_ACCOUNT_COLUMNS = frozenset(
    {"account", "id", "user id", "user_id", "lti user id", "sis user id", "username", "konto", "kennung"}
)
_NAME_COLUMNS = frozenset({"name", "full name", "student", "person", "vollständiger name"})
_FIRST_COLUMNS = frozenset({"first name", "firstname", "given name", "vorname"})
_LAST_COLUMNS = frozenset({"last name", "lastname", "surname", "family name", "nachname"})
_MAIL_COLUMNS = frozenset({"e-mail", "email", "email address", "mail", "e-mail-adresse", "e-mail address"})


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A group to be made. Without a name it is called by its number."""

    name: str
    people: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A row of a file that puts nobody into a group: ``who`` it names, and why: ``unknown``, ``ambiguous``,
    ``conflict`` (named again, with another group), ``incomplete``."""

    row: int
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says."""

    groups: tuple[PlannedGroup, ...]
    unmatched: tuple[Unmatched, ...] = ()


@dataclass(slots=True)
class _Columns:
    group: int
    account: int | None = None
    name: int | None = None
    first: int | None = None
    last: int | None = None
    mail: int | None = None
    first_row: int = 0


def drawn(
    people: Iterable[UUID], seed: int, *, groups: int | None = None, size: int | None = None
) -> tuple[PlannedGroup, ...]:
    """Groups of nearly the same size: so many of them, or of about so many people. The same seed draws the same.

    Raises ``group_numbers_wrong``.
    """
    # In an order of their own first: that of the list is not to matter.
    drawn_from = sorted(people, key=lambda one: one.bytes)
    if (groups is None) == (size is None) or not drawn_from or not 1 <= (groups or size or 0) <= MOST_PEOPLE:
        raise Invalid("group_numbers_wrong")
    number = groups if groups is not None else max(1, round(len(drawn_from) / (size or 1)))
    if number > min(len(drawn_from), MOST_GROUPS):
        raise Invalid("group_numbers_wrong")
    random.Random(seed).shuffle(drawn_from)  # noqa: S311 (nobody gains by guessing it)
    return tuple(PlannedGroup("", tuple(drawn_from[start::number])) for start in range(number))


def read_file(content: bytes, roll: Sequence[Pupil]) -> Reading:
    """A file of two or more columns, one of them the group, matched with the people of the course.

    By account or by name; e-mail addresses are not kept and match nobody. A person may stand in it once, or several
    times with the same group. Raises ``file_unreadable``, ``file_too_long``, ``file_without_group``.
    """
    table = _table(content)
    columns = _columns(table[0])
    by_account: dict[str, list[UUID]] = defaultdict(list)
    by_name: dict[str, list[UUID]] = defaultdict(list)
    for pupil in roll:
        for account in pupil.accounts:
            by_account[account].append(pupil.person_id)
        if pupil.name:
            by_name[_folded(pupil.name)].append(pupil.person_id)
    names: dict[str, str] = {}
    placed: dict[UUID, str] = {}
    members: dict[str, list[UUID]] = defaultdict(list)
    unmatched: list[Unmatched] = []
    for number, row in enumerate(table[columns.first_row :], columns.first_row + 1):
        if not any(row):
            continue
        group = text.one_line(_cell(row, columns.group))[:255]
        account = _cell(row, columns.account)
        name = _cell(row, columns.name) or " ".join(
            filter(None, (_cell(row, columns.first), _cell(row, columns.last)))
        )
        who = name or account or _cell(row, columns.mail)
        if not group or not who:
            unmatched.append(Unmatched(number, who, "incomplete"))
            continue
        found = by_account.get(account) or by_name.get(_folded(name)) or by_account.get(name) or []
        if len(found) != 1:
            unmatched.append(Unmatched(number, who, "ambiguous" if found else "unknown"))
            continue
        key = _folded(group)
        names.setdefault(key, group)
        if placed.setdefault(found[0], key) != key:
            unmatched.append(Unmatched(number, who, "conflict"))
        elif found[0] not in members[key]:
            members[key].append(found[0])
    if len(names) > MOST_GROUPS:
        raise Invalid("group_numbers_wrong")
    ordered = sorted((key for key in names if members[key]), key=_natural)
    return Reading(tuple(PlannedGroup(names[key], tuple(members[key])) for key in ordered), tuple(unmatched))


def _table(content: bytes) -> list[list[str]]:
    if b"\x00" in content:
        raise Invalid("file_unreadable")
    try:
        told = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        told = content.decode("cp1252", errors="replace")
    first = told.partition("\n")[0]
    delimiter = max(";\t,", key=first.count)
    table: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(told), delimiter=delimiter):
            table.append([text.storable(cell).strip() for cell in row])
            if len(table) > MOST_ROWS:
                raise Invalid("file_too_long", most=MOST_ROWS)
    except csv.Error:
        raise Invalid("file_unreadable") from None
    if not table or max(map(len, table)) < 2:
        raise Invalid("file_without_group")
    return table


def _columns(header: Sequence[str]) -> _Columns:
    """By their headings; where there are none, the first column says who and the second which group."""
    found: dict[str, int] = {}
    kinds = {
        "group": _GROUP_COLUMNS,
        "account": _ACCOUNT_COLUMNS,
        "name": _NAME_COLUMNS,
        "first": _FIRST_COLUMNS,
        "last": _LAST_COLUMNS,
        "mail": _MAIL_COLUMNS,
    }
    for index, heading in enumerate(header):
        for kind, words in kinds.items():
            if _folded(heading) in words:
                found.setdefault(kind, index)
    if not found:
        return _Columns(group=1, name=0)
    if "group" not in found or len(found) < 2:
        raise Invalid("file_without_group")
    return _Columns(**found, first_row=1)


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column] if column is not None and column < len(row) else ""


def _folded(words: str) -> str:
    """As people compare names: without regard to case, spaces and how accents are coded."""
    return " ".join(unicodedata.normalize("NFKC", words).casefold().split())


def _natural(words: str) -> list[tuple[int, int | str]]:
    """So that Group 10 stands behind Group 2."""
    parts = re.findall(r"[0-9]{1,9}|[^0-9]+", words)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts]
