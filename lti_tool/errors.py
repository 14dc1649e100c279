"""Turns every refusal, at whatever depth, into one page or one problem+json."""

import re
import traceback
from datetime import datetime

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from lti_tool.logs import log
from lti_tool.moments import moment_of
from lti_tool.parts import parts
from lti_tool.problems import Problem
from social_layer.refusals import Refusal

_HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
}
_OURS = {"lti_tool", "xapi", "social_layer"}
_QUOTED = re.compile(r'"[^"]*"')


def _of_refusal(refusal: Refusal) -> Response:
    """Its instants in the reader's own words; a program reads them as they are."""
    instants = {name: at for name, at in refusal.facts.items() if isinstance(at, datetime)}
    if not instants:
        return answer(Problem.of(refusal))
    viewer = g.get("viewer")
    zone = viewer.time_zone if viewer else None
    refusal.facts |= {name: moment_of(at, zone, parts().clock()) for name, at in instants.items()}
    return answer(Problem.of(refusal), {name: at.isoformat() for name, at in instants.items()})


def register_errors(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(Refusal, _of_refusal)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(DBAPIError, _of_database)
    app.register_error_handler(PoolTimeout, _of_database)
    app.register_error_handler(Exception, _of_anything)


def answer(problem: Problem, extra: dict[str, object] | None = None) -> Response:
    """The problem as this client reads it: JSON for the API and for scripts of the page, a page for people."""
    kind = problem.kind
    g.refused_as, g.refused_about = problem.code, problem.facts
    log.info("refused", code=problem.code, status=kind.status, trace_id=g.get("trace_id"))
    if wants_json():
        body = {
            "type": f"urn:alongside:problem:{problem.code}",
            "code": problem.code,
            "title": problem.sentence,
            "detail": problem.next_step,
            "status": kind.status,
            "trace_id": g.get("trace_id"),
            **({"errors": problem.errors} if problem.errors else {}),
            **(extra or {}),
        }
        response = jsonify(body)
        response.mimetype = "application/problem+json"
    else:
        response = make_response(
            render_template("web/problem.html", problem=problem, trace_id=g.get("trace_id"))
        )
    response.status_code = kind.status
    response.headers.extend(problem.headers)
    return response


def wants_json() -> bool:
    """Scripts of the page say so with ``HX-Request`` or by carrying a token."""
    return (
        request.path.startswith("/api/")
        or "HX-Request" in request.headers
        or "Authorization" in request.headers
        or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    )


def of_http(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name.lower() in ("allow", "retry-after")}
    messages = getattr(error, "data", {}).get("messages") if getattr(error, "data", None) else None
    code = _HTTP_CODES.get(error.code or 500, "bad_request" if (error.code or 500) < 500 else "unexpected")
    if code == "method_not_allowed" and request.path.startswith("/lti/"):
        code = "for_the_lms"
    return answer(Problem(code, headers=headers), {"errors": messages} if messages else None)


def _of_database(error: Exception) -> Response:
    """The database is locked, full, restarting or gone: nothing was written, and trying again is right."""
    if (
        isinstance(error, DBAPIError)
        and not isinstance(error, OperationalError)
        and not error.connection_invalidated
    ):
        return _of_anything(error)
    # The driver's own words: SQLAlchemy's would add the statement and what was written.
    said = str(getattr(error, "orig", error)).partition("\n")[0]
    log.error("database", trace_id=g.get("trace_id"), error=type(error).__name__, said=said)
    return answer(Problem("database_busy", headers={"Retry-After": "5"}))


def _of_anything(error: Exception) -> Response:
    if (database := _database_error_in(error)) is None:
        log.exception("unexpected", trace_id=g.get("trace_id"), exc_info=error)
    else:
        log.error("unexpected", trace_id=g.get("trace_id"), **_told_of(error, database))
    return answer(Problem("unexpected"))


def _database_error_in(error: BaseException | None) -> DBAPIError | None:
    """A traceback shows everything that led to an error, so one of the database may stand anywhere below it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, DBAPIError):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _told_of(error: Exception, database: DBAPIError) -> dict[str, object]:
    """What may be logged of it. PostgreSQL's DETAIL and CONTEXT quote what was to be written."""
    said = str(database.orig).partition("\n")[0]
    if isinstance(database, DataError):
        said = _QUOTED.sub("…", said)  # here the first line quotes it too
    return {
        "error": type(error).__name__,
        "database": type(database.orig).__name__,
        "constraint": getattr(getattr(database.orig, "diag", None), "constraint_name", None),
        "said": said,
        "where": [
            f"{frame.f_globals['__name__']}:{line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_globals["__name__"].partition(".")[0] in _OURS
        ],
    }
