"""What the LRS answers when it cannot do as asked: always a code, a sentence, and where it applies a place."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from xapi.lrs.database import Unavailable
from xapi.lrs.json_text import BadJson
from xapi.lrs.storing import Conflict


class Refused(Exception):
    """A request that is answered with an error. `path` is a JSON path, `statement` an index in the batch."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        path: str | None = None,
        statement: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.path = path
        self.statement = statement
        self.headers = headers or {}


def bad_request(code: str, message: str, **where: Any) -> Refused:
    return Refused(400, code, message, **where)


def _answer(refused: Refused) -> Response:
    body: dict[str, Any] = {"error": refused.code, "message": refused.message}
    if refused.path is not None:
        body["path"] = refused.path
    if refused.statement is not None:
        body["statement"] = refused.statement
    # A message may quote the request; whatever it holds must not break the answer.
    response = jsonify(body)
    response.status_code = refused.status
    response.headers.extend(refused.headers)
    return response


def register_errors(app: Flask, retry_after_seconds: int) -> None:
    @app.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return _answer(error)

    @app.errorhandler(BadJson)
    def bad_json(error: BadJson) -> Response:
        return _answer(bad_request("bad_json", str(error)))

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> Response:
        return _answer(Refused(409, "conflict", str(error), path="$.id", statement=error.index))

    @app.errorhandler(Unavailable)
    def unavailable(error: Unavailable) -> Response:
        app.logger.warning("database unavailable: %s", error)
        return _answer(
            Refused(
                503,
                "unavailable",
                "The database cannot be used just now; nothing was stored. Send the same request again later.",
                headers={"Retry-After": str(retry_after_seconds)},
            )
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        code = error.name.lower().replace(" ", "_")
        response = _answer(Refused(error.code or 500, code, error.description or error.name))
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
        return response
