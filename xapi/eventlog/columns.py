"""What a row of the exported event log says: each column with its type and its meaning, in order.

The files, their documentation and the tests are held to this list. Columns are only ever added, at the end.
"""

from dataclasses import dataclass
from enum import StrEnum

# Raised when a column comes to mean something else, or goes.
LAYOUT = 1


class PersonIs(StrEnum):
    """What the column ``person`` holds."""

    account = "account"
    pseudonym = "pseudonym"
    alias = "alias"


@dataclass(frozen=True, slots=True)
class Column:
    """``type``: as DuckDB and Parquet know it; in JSON ids and times are text, and what is not there is null."""

    name: str
    type: str
    says: str


COLUMNS = (
    Column("number", "BIGINT", "Its place in the order of the export: grows, and is never given twice"),
    Column("event", "UUID", "Its id; what it publishes, an entry, has the same one"),
    Column("type", "VARCHAR", "What happened"),
    Column("schema_version", "INTEGER", "The version of the form in which events of this type are logged"),
    Column("occurred_at", "TIMESTAMPTZ", "When it happened, in UTC"),
    Column("platform", "VARCHAR", "The LMS of the course: the home page of its accounts"),
    Column("course", "UUID", "The course, as in its activity id"),
    Column("panel", "UUID", "The panel, as in its activity id"),
    Column("panel_kind", "VARCHAR", "Which kind of panel it is now"),
    Column("object", "UUID", "What it was done to: the entry, or the panel itself"),
    Column("object_kind", "VARCHAR", "What that is: panel, or the kind of the entry"),
    Column("thread", "UUID", "The entry that opened the thread; null for a panel"),
    Column("answers", "UUID", "The event that published what it answers; null where it answers nothing"),
    Column("revision", "INTEGER", "Which version of the entry's text; null where it is about none"),
    Column(
        "detail",
        "VARCHAR",
        "Which one, where a type has several: the reaction, the kind of entry; of reading, for how long",
    ),
    Column("person", "VARCHAR", "Who: an account as homePage|name"),
    Column("person_is", "VARCHAR", "What that account is: account, pseudonym or alias"),
)
NAMES = tuple(column.name for column in COLUMNS)
