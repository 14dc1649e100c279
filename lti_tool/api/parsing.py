"""How requests are read: who asks first, then the body, strictly, then each field; every fault has its answer."""

import json
from typing import Any, NoReturn

from flask import Request, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from lti_tool import bearer
from lti_tool.problems import Problem


class Parser(FlaskParser):
    """JSON as RFC 8259 has it, and nothing else: UTF-8, one object, a depth that can be read."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        if getattr(schema, "body_may_lack", False) and not req.get_data():
            return {}
        if not req.is_json:
            raise Problem("unsupported_media_type")
        try:
            return json.loads(req.get_data().decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Problem("bad_request") from None

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        by_field: dict[str, Any] = {}
        for messages in error.normalized_messages().values():
            by_field |= messages if isinstance(messages, dict) else {"_schema": messages}
        raise Problem("invalid", errors=by_field)


class ApiBlueprint(Blueprint):
    """Asks for the token before anything that was sent is looked at."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, import_name: str, **options: Any) -> None:
        super().__init__(name, import_name, **options)
        self.before_request(_ask_who)


class Whole(fields.Integer):
    """A whole number as JSON Schema has it: 3 or 3.0, and neither "3" nor true."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is int:
            return value
        if type(value) is float and value.is_integer():
            return int(value)
        raise ValidationError("Not a valid integer.")


def _ask_who() -> None:
    bearer.of_request((request.view_args or {}).get("panel_id"))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
