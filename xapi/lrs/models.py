"""The tables of the LRS.

`stored` is the key of a statement: microseconds since 1970, strictly increasing in the order of commits.
So one number is the time of storing, the order of paging, and how far a reader has got.

A query finds statements by *terms*: a term is the hash of one thing that can be asked for (an agent, an
activity, a verb, a registration). A statement that refers to another one by a StatementRef is found by the
other's terms too; `origin` says whose terms a row repeats, so that two filters must be met by one and the
same statement.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Text, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite keeps rows in the order of an INTEGER primary key, and only of one spelled so.
_Key = BigInteger().with_variant(Integer(), "sqlite")
_Hash = LargeBinary(16)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Statement(Base):
    """One statement. `received` is the very text that came; it is never changed."""

    __tablename__ = "statements"

    stored: Mapped[int] = mapped_column(_Key, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), unique=True)
    target: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))  # of the StatementRef that is its object
    voiding: Mapped[bool]
    voided: Mapped[bool]
    received: Mapped[str] = mapped_column(Text)
    # What the LRS adds, as JSON properties ready to be put before the closing brace of `received` …
    added: Mapped[str] = mapped_column(Text)
    # … or of this text, where `received` has properties that the LRS must replace or spell otherwise.
    rewritten: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index(
            None,
            "target",
            sqlite_where=text("target IS NOT NULL"),
            postgresql_where=text("target IS NOT NULL"),
        ),
    )


class StatementTerm(Base):
    __tablename__ = "statement_terms"

    term: Mapped[bytes] = mapped_column(_Hash, primary_key=True)
    stored: Mapped[int] = mapped_column(_Key, primary_key=True, autoincrement=False)
    origin: Mapped[int] = mapped_column(_Key, primary_key=True, autoincrement=False)

    __table_args__ = ({"sqlite_with_rowid": False},)


class Definition(Base):
    """What this LRS holds to be an activity's definition or a verb's display (format=canonical)."""

    __tablename__ = "definitions"

    term: Mapped[bytes] = mapped_column(_Hash, primary_key=True)
    iri: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))  # activity, verb
    body: Mapped[str] = mapped_column(Text)
    updated: Mapped[int] = mapped_column(_Key)


class Attachment(Base):
    """The bytes of attachments, each kept once under its hash."""

    __tablename__ = "attachments"

    sha2: Mapped[str] = mapped_column(String(128), primary_key=True)
    length: Mapped[int] = mapped_column(_Key)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class StatementAttachment(Base):
    """Which statement came with which bytes, and the media type it gives them."""

    __tablename__ = "statement_attachments"

    stored: Mapped[int] = mapped_column(
        _Key, ForeignKey(Statement.stored), primary_key=True, autoincrement=False
    )
    sha2: Mapped[str] = mapped_column(String(128), ForeignKey(Attachment.sha2), primary_key=True)
    content_type: Mapped[str] = mapped_column(Text)


class Credential(Base):
    """Who may use this LRS; the password only as a salted scrypt hash."""

    __tablename__ = "credentials"

    username: Mapped[str] = mapped_column(String(255), primary_key=True)
    password_hash: Mapped[str] = mapped_column(Text)
