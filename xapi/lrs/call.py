"""One xAPI call, whichever way it was sent.

Browsers that could neither send headers nor use PUT put both into a POSTed form (Communication 1.3, alternate
request syntax). Resources see the same `Call` for either way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from xapi.lrs.errors import Refused, bad_request

VERSION = "1.0.3"
VERSION_2 = "2.0.0"
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE"})
_HEADERS = {
    name.lower(): name
    for name in (
        "Authorization", "X-Experience-API-Version", "Content-Type", "Content-Length",
        "If-Match", "If-None-Match", "Accept", "Accept-Language",
    )
}  # fmt: skip
_MOST_FIELDS = 100


@dataclass(frozen=True)
class Call:
    method: str
    parameters: Mapping[str, str]
    headers: Headers
    body: bytes

    @property
    def media_type(self) -> str:
        return parse_options_header(self.headers.get("Content-Type"))[0].lower()

    @property
    def boundary(self) -> str | None:
        return parse_options_header(self.headers.get("Content-Type"))[1].get("boundary")

    @property
    def version(self) -> str:
        """The newest of the edition that the request asks for."""
        asked = self.headers.get("X-Experience-API-Version", "")
        return VERSION_2 if asked.startswith("2.0.") else VERSION

    def check_version(self) -> None:
        """1.0, every 1.0.x and every 2.0.x; nothing older or newer, and not nothing (Communication 3.3)."""
        version = self.headers.get("X-Experience-API-Version")
        if version is None:
            raise bad_request("version_missing", "The header X-Experience-API-Version is required.")
        if version != "1.0" and not version.startswith(("1.0.", "2.0.")):
            raise bad_request(
                "version_unsupported",
                f"This LRS speaks xAPI {VERSION} and {VERSION_2}; the request asks for another version.",
            )

    def allow(self, *names: str) -> None:
        """Refuse parameters that the resource does not know (Communication 3.2.s3.b7)."""
        for name in self.parameters:
            if name not in names:
                raise bad_request("unknown_parameter", f"The parameter {name[:100]!r} is not known here.")


def read_call(request: Request, most_json: int, most_multipart: int) -> Call:
    query = _once(list(request.args.items(multi=True)))
    if request.method == "POST" and "method" in query:
        return _alternate(request, query, most_json)
    headers = Headers(request.headers)
    multipart = parse_options_header(headers.get("Content-Type"))[0].lower() == "multipart/mixed"
    body = _body(request, most_multipart if multipart else most_json)
    return Call(request.method, query, headers, body)


def _alternate(request: Request, query: dict[str, str], most: int) -> Call:
    if len(query) > 1:
        raise bad_request("unknown_parameter", "With 'method', everything else goes into the form.")
    method = query["method"].upper()
    if method not in _METHODS:
        raise bad_request("method", "The parameter 'method' must name an HTTP method of xAPI.")
    if parse_options_header(request.content_type)[0].lower() != "application/x-www-form-urlencoded":
        raise bad_request("content_type", "The alternate request syntax takes a URL-encoded form.")
    # Percent-encoding triples a text, so the form may be longer than the content in it.
    try:
        fields = parse_qsl(
            _body(request, 3 * most).decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise bad_request("form", "The body is no URL-encoded form in UTF-8.") from None
    form = _once(fields)
    headers = Headers(request.headers)
    headers.remove("Content-Type")
    body = form.pop("content", None)
    if method in ("PUT", "POST") and body is None:
        raise bad_request("form", "The form needs the field 'content'.")
    for name in [name for name in form if name.lower() in _HEADERS]:
        value = form.pop(name)
        if "\r" in value or "\n" in value:
            raise bad_request("form", f"The field {name!r} is no header value.")
        headers[_HEADERS[name.lower()]] = value
    headers.setdefault("Content-Type", "application/json")
    content = (body or "").encode("utf-8")
    if len(content) > most:
        raise _too_large(most)
    return Call(method, form, headers, content)


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise bad_request("parameter_twice", "A parameter stands twice.")
    return found


def _body(request: Request, most: int) -> bytes:
    """The whole body, unless it is longer than allowed; never more than that in memory."""
    if request.content_length is not None and request.content_length > most:
        raise _too_large(most)
    pieces: list[bytes] = []
    left = most + 1
    while left and (piece := request.stream.read(left)):  # one read may give less than is there
        pieces.append(piece)
        left -= len(piece)
    if not left:
        raise _too_large(most)
    return b"".join(pieces)


def _too_large(most: int) -> Refused:
    return Refused(413, "too_large", f"The body may hold {most} bytes at most. Send it in parts.")
