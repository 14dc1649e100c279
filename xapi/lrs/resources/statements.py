"""The statement resource (Communication 2.1)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.http import http_date

from xapi.lrs import definitions, reading
from xapi.lrs.call import Call
from xapi.lrs.database import from_microseconds
from xapi.lrs.documents import stored_text
from xapi.lrs.errors import Refused, bad_request
from xapi.lrs.formats import as_canonical, as_ids
from xapi.lrs.json_text import parse, write
from xapi.lrs.languages import preference
from xapi.lrs.multipart import join
from xapi.lrs.query import PARAMETERS, Query, Single, read_query, uuid_parameter
from xapi.lrs.reading import Found
from xapi.lrs.receiving import read_batch
from xapi.lrs.resources.service import Service
from xapi.lrs.storing import store
from xapi.lrs.terms import Json

THROUGH = "X-Experience-API-Consistent-Through"


def statements_blueprint(service: Service) -> Blueprint:
    blueprint = Blueprint("statements", __name__)

    @blueprint.route("/statements", methods=["GET", "PUT", "POST"])
    def statements() -> Response:
        call, user = service.known_call()
        if call.method == "POST":
            return _post(service, call, user)
        if call.method == "PUT":
            return _put(service, call, user)
        if call.method in ("GET", "HEAD"):
            return _get(service, call)
        raise Refused(405, "method_not_allowed", "Statements are never deleted; void them instead.")

    @blueprint.after_request
    def tell_how_far(response: Response) -> Response:
        response.headers[THROUGH] = stored_text(g.get("through", service.database.promised))
        return response

    return blueprint


def _authority(service: Service, user: str) -> Json:
    return {"objectType": "Agent", "account": {"homePage": service.settings.home_page, "name": user}}


def _post(service: Service, call: Call, user: str) -> Response:
    call.allow()
    authority = _authority(service, user)
    batch = read_batch(call, authority)
    store(service.database, batch.incoming, write(authority), batch.contents)
    return jsonify(batch.ids)


def _put(service: Service, call: Call, user: str) -> Response:
    call.allow("statementId")
    if "statementId" not in call.parameters:
        raise bad_request("parameter", "A PUT needs the parameter 'statementId'.")
    authority = _authority(service, user)
    batch = read_batch(call, authority, only_id=uuid_parameter(call.parameters, "statementId"))
    store(service.database, batch.incoming, write(authority), batch.contents)
    return Response(status=204)


def _get(service: Service, call: Call) -> Response:
    # Before reading: what is read afterwards holds everything up to this moment. A refusal says it too.
    g.through = service.database.consistent_through()
    call.allow(*PARAMETERS)
    settings = service.settings
    asked = read_query(call.parameters, settings.default_limit, settings.maximum_limit)
    response = _one(service, call, asked) if isinstance(asked, Single) else _page(service, call, asked)
    if call.method == "HEAD":
        response.set_data(b"")
    return response


def _one(service: Service, call: Call, asked: Single) -> Response:
    with service.database.read() as connection:
        found = reading.one(connection, asked)
        if found is None:
            raise Refused(404, "not_found", "No such statement.")
        texts = _formatted(service, call, [found], asked.format)
        files = reading.files(connection, [found]) if asked.attachments else []
    response = _answer(texts[0], files if asked.attachments else None, found.stored)
    if not asked.attachments:
        response.set_etag(hashlib.sha1(response.get_data(), usedforsecurity=False).hexdigest())
    return response


def _page(service: Service, call: Call, asked: Query) -> Response:
    with service.database.read() as connection:
        page = reading.page(connection, asked)
        files = []
        if asked.attachments:
            page = reading.within_bytes(connection, page, service.settings.max_multipart_bytes)
            files = reading.files(connection, page.found)
        texts = _formatted(service, call, page.found, asked.format)
    more = (
        f"{request.script_root}{request.path}?more={asked.token(page.found[-1].stored)}" if page.more else ""
    )
    body = f'{{"statements":[{",".join(texts)}],"more":"{more}"}}'
    newest = max((found.stored for found in page.found), default=None)
    return _answer(body, files if asked.attachments else None, newest)


def _formatted(service: Service, call: Call, found: Sequence[Found], form: str) -> list[str]:
    if form == "exact":
        return [one.text for one in found]
    statements = [parse(one.text) for one in found]
    if form == "ids":
        return [write(as_ids(statement)) for statement in statements]
    keys = {
        definitions.activity_key(activity["id"])
        for statement in statements
        for activity in definitions.activities_of(statement)
    } | {
        definitions.verb_key(verb["id"])
        for statement in statements
        for verb in definitions.verbs_of(statement)
    }
    with service.database.read() as connection:
        known = definitions.load(connection, keys)
    wanted = preference(call.headers.get("Accept-Language"))
    return [write(as_canonical(statement, known, wanted)) for statement in statements]


def _answer(body: str, files: Sequence[reading.File] | None, stored: int | None) -> Response:
    """JSON, or multipart where attachments were asked for, be there any or not."""
    if files is None:
        response = Response(body, mimetype="application/json")
    else:
        boundary = secrets.token_hex(24)
        parts = join(body.encode(), ((one.sha2, one.content_type, one.content) for one in files), boundary)
        response = Response(b"".join(parts), content_type=f"multipart/mixed; boundary={boundary}")
    if stored is not None:
        response.headers["Last-Modified"] = http_date(from_microseconds(stored))
    return response
