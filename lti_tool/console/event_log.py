"""The event log as a download: streamed, with pseudonyms, as far as the scopes let it leave."""

import re
from collections.abc import Iterator
from uuid import UUID

from flask import Response, request

from lti_tool.bridging import base_of
from lti_tool.console import blueprint
from lti_tool.console.guard import me, scope
from lti_tool.console.scope_queries import tenants
from lti_tool.logs import log
from lti_tool.parts import parts
from lti_tool.problems import Problem
from social_layer.sealing import SealBroken
from xapi.eventlog.files import lines
from xapi.eventlog.rows import EventLog, Wanted
from xapi.scopes.pseudonyms import Masks

_NUMBER = re.compile(r"[0-9]{1,18}")


@blueprint.post("/events/<uuid:tenant_id>")
def download_events(tenant_id: UUID) -> Response:
    """JSON Lines. A form, since it gives numbers to what is new. ``after``: the number of the last whole row of a
    download that broke off. Raises ``not_found``, ``event_number_unknown`` and ``pseudonyms_sealed``."""
    given = parts()
    said = request.form.get("after", "").strip() or "0"
    with given.database.read() as session:
        if tenant_id not in dict(tenants(session, scope())):
            raise Problem("not_found")
    base = base_of(given)
    found = EventLog(
        given.database, given.clock, Masks(given.database, given.sealer, base), base, Wanted(tenant_id)
    )
    up_to = found.number()
    if not _NUMBER.fullmatch(said) or int(said) > up_to:
        raise Problem("event_number_unknown")
    try:
        portions = found.portions(int(said), up_to)
    except SealBroken:
        log.error("key of pseudonyms cannot be opened", tenant=str(tenant_id))
        raise Problem("pseudonyms_sealed") from None
    log.warning("event log downloaded", operator=me().name, tenant=str(tenant_id))

    def told() -> Iterator[bytes]:
        for portion in portions:
            yield lines(portion.rows)

    answer = Response(told(), mimetype="application/x-ndjson")
    answer.headers["Content-Disposition"] = f'attachment; filename="events-{up_to}.jsonl"'
    return answer
