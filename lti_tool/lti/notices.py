"""What platforms tell by themselves, at POST /lti/notices (Platform Notification Service 1.0).

A platform tells once and does not try again; the same notice may come twice all the same. Of what is told, one thing
is of use: that a course is a copy. It is kept until somebody opens a panel in the copy.
"""

import hashlib
import json
from typing import Any

from flask import Response, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.limits import NOTICES, NOTICES_BY_ADDRESS, address, limited
from lti_tool.logs import log
from lti_tool.lti.claims import CONTEXT_COPIED
from lti_tool.lti.messages import Notice
from lti_tool.lti.models import CopiedContext, Deployment
from lti_tool.lti.protocol import protocol
from lti_tool.lti.queries import PlatformCard, platforms_of
from lti_tool.lti.verifier import take_apart, verify_notice
from lti_tool.lti.views import blueprint
from lti_tool.parts import Parts, parts
from lti_tool.problems import Problem
from social_layer.clock import Clock
from social_layer.database import run, upsert

MOST_NOTICES = 50
MOST_AUDIENCES = 5


def _teller() -> str:
    """The platform that it says it is, at its address: neither uses up what another has, nor gains by saying so."""
    try:
        claims = take_apart(_tokens()[0]).claims
        told = json.dumps([claims.get("iss"), claims.get("aud")])
    except (Problem, IndexError):
        told = ""
    return f"{address()} {hashlib.sha256(told.encode()).hexdigest()}"


@blueprint.post("/notices")
@limited(NOTICES_BY_ADDRESS, by=address)
@limited(NOTICES, by=_teller)
def take_notices() -> Response:
    """Each is taken by itself; the first that is refused says why, and those before it stay."""
    given = parts()
    for token in _tokens():
        platform = _platform_of(given, token)
        g.tenant_id = platform.tenant_id
        notice = verify_notice(token, platform, protocol().key_sets.find, given.clock())
        with given.database.write() as session:
            _take(session, given.clock, platform, notice)
    return Response(status=200)


def _tokens() -> list[str]:
    try:
        sent: Any = json.loads(request.get_data())
        notices = sent["notices"]
        tokens = [notice["jwt"] for notice in notices]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Problem("notices_malformed") from None
    if (
        not isinstance(notices, list)
        or len(tokens) > MOST_NOTICES
        or not all(isinstance(token, str) for token in tokens)
    ):
        raise Problem("notices_malformed")
    return tokens


def _platform_of(given: Parts, token: str) -> PlatformCard:
    """By whom the token says it is from and for; whether that is so is the verifier's to find."""
    told = take_apart(token).claims
    issuer, audience = told.get("iss"), told.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    with given.database.read() as session:
        for client_id in audiences[:MOST_AUDIENCES]:
            if _can_be_looked_up(issuer) and _can_be_looked_up(client_id):
                for found in platforms_of(session, str(issuer), client_id):
                    return found
    raise Problem("platform_unknown")


def _can_be_looked_up(told: object) -> bool:
    return isinstance(told, str) and 0 < len(told) <= 512 and told.isprintable()


def _take(session: Session, clock: Clock, platform: PlatformCard, notice: Notice) -> None:
    """Raises ``deployment_unknown``: a notice makes no deployment known."""
    deployment_id = session.scalar(
        select(Deployment.id).where(
            Deployment.tenant_id == platform.tenant_id,
            Deployment.platform_id == platform.id,
            Deployment.lti_deployment_id == notice.deployment_id,
        )
    )
    if deployment_id is None:
        raise Problem("deployment_unknown", deployment=notice.deployment_id)
    log.info("notice", platform=str(platform.id), type=notice.type[:64], origins=len(notice.origins))
    if notice.type != CONTEXT_COPIED or notice.context_id is None:
        return
    for origin in notice.origins:
        run(
            session,
            upsert(session, CopiedContext).on_conflict_do_nothing(),
            {
                "tenant_id": platform.tenant_id,
                "deployment_id": deployment_id,
                "lti_context_id": notice.context_id,
                "origin_context_id": origin,
                "created_at": clock(),
            },
        )
