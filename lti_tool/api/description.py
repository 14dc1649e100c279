"""The OpenAPI description: made once when the app is, from the views' own schemas and from the table of problems."""

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from apispec import APISpec, BasePlugin
from flask import Flask, Response
from flask_smorest import Api, Blueprint
from werkzeug.exceptions import HTTPException

from lti_tool.api.schemas import ProblemDetails
from lti_tool.errors import of_http
from lti_tool.problems import PROBLEMS

API_PREFIX = "/api/v1"
# What every address may answer, and what every one that takes a body may.
_ALWAYS = [
    *("token_missing", "token_invalid", "token_expired", "other_panel", "not_member"),
    *("not_found", "method_not_allowed", "too_many_requests", "database_busy"),
]
_WITH_BODY = ("bad_request", "too_large", "unsupported_media_type", "invalid")
_PROBLEM = "ProblemDetails"
_CODES = "x-codes"
_INTRODUCTION = """
Read and write one panel with the bearer token that its page carries in `<script id="config">`.
A token is for one panel and one member of its course, and is renewed before it ends.
Errors are `application/problem+json` (RFC 9457); their `code` is stable, their sentences are for people.
"""
View = TypeVar("View", bound=Callable[..., Any])


def refuses(*codes: str) -> Callable[[View], View]:
    """Says which refusals of the table a view may answer besides those that every view may."""
    decorate: Callable[[View], View] = Blueprint.doc(**{_CODES: list(codes)})
    return decorate


class DescribedApi(Api):
    """flask-smorest's Api with our own form of errors, and a description that is put into JSON once."""

    def __init__(self, app: Flask) -> None:
        app.config.update(
            API_TITLE="Alongside",
            API_VERSION="1",
            OPENAPI_VERSION="3.1.0",
            OPENAPI_URL_PREFIX=API_PREFIX,
            OPENAPI_JSON_PATH="openapi.json",
        )
        # Each refusal is described by the table of problems, and there is none that could be called the default.
        self.DEFAULT_ERROR_RESPONSE_NAME = None
        info = {
            "description": _INTRODUCTION.strip(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        }
        super().__init__(
            app,
            spec_kwargs={"extra_plugins": [_Refusals()], "info": info, "security": [{"bearer": []}]},
        )
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
        self.spec.components.schema(_PROBLEM, schema=ProblemDetails)

    def handle_http_exception(self, error: HTTPException) -> Response:
        return of_http(error)

    def _openapi_json(self) -> Response:
        return Response(self._as_json, mimetype="application/json")

    @cached_property
    def _as_json(self) -> bytes:
        return json.dumps(self.spec.to_dict(), separators=(",", ":")).encode()


class _Refusals(BasePlugin):
    """Adds to each operation the answers that refuse it, with their codes."""

    def init_spec(self, spec: APISpec) -> None:
        self.openapi = spec

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        for operation in (operations or {}).values():
            codes = [*_ALWAYS, *operation.pop(_CODES, ())]
            if "requestBody" in operation:
                codes += _WITH_BODY
            elif operation.get("parameters"):
                codes.append("invalid")
            responses = operation["responses"]
            # What flask-smorest noted by itself for validation has no codes.
            responses.pop(422, None)
            for status in sorted({PROBLEMS[code].status for code in codes}):
                responses[status] = _refusal([code for code in codes if PROBLEMS[code].status == status])


def _refusal(codes: list[str]) -> dict[str, Any]:
    schema = {
        "allOf": [{"$ref": f"#/components/schemas/{_PROBLEM}"}],
        "properties": {"code": {"enum": codes}},
    }
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "content": {"application/problem+json": {"schema": schema}},
    }
