"""multipart/mixed: statements in the first part, attachments in those after it (Communication 1.5.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xapi.lrs.errors import bad_request

_HASHES = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}
_MOST_HEADER_BYTES = 8192


@dataclass(frozen=True)
class Part:
    headers: dict[str, str]  # names in lower case
    content: bytes


def split(body: bytes, boundary: str | None) -> list[Part]:
    """The parts of a body (RFC 2046, section 5.1.1). A 400 where it is none."""
    if not boundary:
        raise bad_request("boundary", "The Content-Type multipart/mixed needs a boundary.")
    delimiter = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    # The first delimiter may stand at the very start, without a line break before it.
    pieces = (b"\r\n" + body).split(delimiter)
    if len(pieces) < 2:
        raise bad_request("multipart", "The body has no parts with the boundary of its Content-Type.")
    parts: list[Part] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            if not parts:
                raise bad_request("multipart", "The body has no part.")
            return parts
        parts.append(_part(piece.lstrip(b" \t")))
    raise bad_request("multipart", "The body ends without its closing boundary.")


def _part(piece: bytes) -> Part:
    if not piece.startswith(b"\r\n"):
        raise bad_request("multipart", "A boundary does not end its line.")
    head, blank, content = piece[2:].partition(b"\r\n\r\n")
    if piece.startswith(b"\r\n\r\n"):  # a part without headers
        head, blank, content = b"", b"\r\n\r\n", piece[4:]
    if not blank or len(head) > _MOST_HEADER_BYTES:
        raise bad_request("multipart", "A part has no blank line after its headers.")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n") if head else ():
        name, colon, value = line.partition(":")
        if not colon:
            raise bad_request("multipart", "A header of a part is malformed.")
        headers[name.strip().lower()] = value.strip()
    return Part(headers, content)


def attachments(parts: Iterable[Part]) -> dict[str, Part]:
    """The parts by their hash (in lower case); each must have the hash it claims."""
    found: dict[str, Part] = {}
    for part in parts:
        claimed = part.headers.get("x-experience-api-hash")
        if claimed is None:
            raise bad_request("attachment_hash", "An attachment part lacks X-Experience-API-Hash.")
        if part.headers.get("content-transfer-encoding", "").lower() != "binary":
            raise bad_request(
                "attachment_encoding", "An attachment part needs Content-Transfer-Encoding: binary."
            )
        claimed = claimed.lower()
        algorithm = _HASHES.get(len(claimed))
        if algorithm is None or algorithm(part.content).hexdigest() != claimed:
            raise bad_request("attachment_hash", "An attachment does not have the SHA-2 hash it claims.")
        found[claimed] = part
    return found


def join(document: bytes, files: Iterable[tuple[str, str, bytes]], boundary: str) -> Iterator[bytes]:
    """A multipart answer; `files` are hash, media type and content."""
    mark = boundary.encode()
    yield b"--" + mark + b"\r\nContent-Type: application/json\r\n\r\n" + document
    for sha2, content_type, content in files:
        head = (
            f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n"
            f"X-Experience-API-Hash: {sha2}\r\n\r\n"
        )
        yield b"\r\n--" + mark + b"\r\n" + head.encode() + content
    yield b"\r\n--" + mark + b"--\r\n"
