"""From the body of a POST or PUT to statements that may be stored; everything is checked before the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from xapi.lrs.call import VERSION_2, Call
from xapi.lrs.errors import bad_request
from xapi.lrs.incoming import Incoming
from xapi.lrs.json_text import BadJson, decode, elements
from xapi.lrs.multipart import Part, attachments, split
from xapi.lrs.signatures import SIGNATURE, BadSignature, check_signature
from xapi.lrs.terms import Json, statement_terms
from xapi.lrs.validation import validate_statement


@dataclass(frozen=True)
class Batch:
    incoming: list[Incoming]
    ids: list[str]  # as they were written, in order
    contents: dict[str, bytes]  # attachments by hash


def read_batch(call: Call, authority: Json, *, only_id: str | None = None) -> Batch:
    """`only_id` is the id a PUT names: then there is one statement, and it has that id."""
    text, parts = _text_and_parts(call)
    incoming: list[Incoming] = []
    ids: list[str] = []
    seen: set[str] = set()
    used: set[str] = set()
    for index, (statement, own) in enumerate(_elements(text)):
        if only_id is not None and (index or text.lstrip(" \t\r\n").startswith("[")):
            raise bad_request("one_statement", "A PUT takes one statement, not an array.")
        _check(statement, index, call.version)
        written = statement.get("id") or only_id or str(uuid4())
        key = written.lower()
        if only_id is not None and key != only_id:
            raise bad_request("id_mismatch", "The id differs from statementId.", path="$.id", statement=0)
        if key in seen:
            raise bad_request(
                "duplicate_id", "The id stands twice in the batch.", path="$.id", statement=index
            )
        seen.add(key)
        links = _attached(statement, parts, index)
        used.update(sha2 for sha2, _ in links)
        incoming.append(
            Incoming(
                key,
                statement,
                own,
                statement_terms(statement, authority),
                links,
                second=call.version == VERSION_2,
            )
        )
        ids.append(written)
    if only_id is not None and not incoming:
        raise bad_request("one_statement", "A PUT takes one statement.")
    unused = (parts or {}).keys() - used
    if unused:
        raise bad_request("attachment_unknown", "A part is the attachment of no statement in the first part.")
    return Batch(incoming, ids, {sha2: part.content for sha2, part in (parts or {}).items()})


def _text_and_parts(call: Call) -> tuple[str, dict[str, Part] | None]:
    if call.media_type == "application/json":
        return decode(call.body), None
    if call.media_type != "multipart/mixed":
        raise bad_request("content_type", "Statements come as application/json or multipart/mixed.")
    first, *others = split(call.body, call.boundary)
    media_type = first.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise bad_request("multipart", "The first part holds the statements, as application/json.")
    return decode(first.content), attachments(others)


def _elements(text: str) -> Any:
    if not text.strip(" \t\r\n"):
        raise BadJson("The body is empty.")
    return elements(text)


def _check(statement: Any, index: int, version: str) -> None:
    problems = validate_statement(statement, version=version)
    if problems:
        first = problems[0]
        raise bad_request(first.code, first.message, path=first.path, statement=index)


def _attached(statement: Json, parts: dict[str, Part] | None, index: int) -> list[tuple[str, str]]:
    """The hashes and media types of the attachments that came along; the others must have a fileUrl."""
    links: list[tuple[str, str]] = []
    target = statement["object"]
    inner = target.get("attachments", ()) if target.get("objectType") == "SubStatement" else ()
    for number, attachment in enumerate((*statement.get("attachments", ()), *inner)):
        place = {"path": f"$.attachments[{number}]", "statement": index}
        sha2 = attachment["sha2"].lower()
        part = (parts or {}).get(sha2)
        if part is None:
            if "fileUrl" not in attachment:
                raise bad_request(
                    "attachment_missing", "Neither its bytes nor a fileUrl came along.", **place
                )
            continue
        # Bytes and statement belong together by the hash alone; a length counts where the part states one.
        if part.headers.get("content-length", str(attachment["length"])) != str(attachment["length"]):
            raise bad_request("attachment_length", "Part and statement state different lengths.", **place)
        if attachment["usageType"] == SIGNATURE:
            try:
                check_signature(statement, attachment["contentType"], part.content)
            except BadSignature as error:
                raise bad_request("signature", str(error), **place) from None
        links.append((sha2, attachment["contentType"]))
    return links
