"""Invites: one-time addresses by which LMSs register themselves. Each is shown once, when it is made."""

from datetime import timedelta
from uuid import UUID

from flask import Response, make_response, redirect, render_template, url_for

from lti_tool.console import blueprint, queries
from lti_tool.console.forms import Listing, NewInvite, from_form, from_query
from lti_tool.console.guard import me, scope
from lti_tool.logs import log
from lti_tool.lti import invites as making
from lti_tool.parts import parts
from lti_tool.problems import Problem
from social_layer.people.actions import DEFAULT_TENANT


@blueprint.get("/invites")
def invites() -> str:
    asked = from_query(Listing)
    given = parts()
    with given.database.read() as session:
        page = queries.invites_page(session, scope(), asked["after"])
        tenants = queries.tenant_names(session, scope())
    return render_template(
        "console/invites.html",
        page=page,
        tenants=tenants or [DEFAULT_TENANT],
        default=DEFAULT_TENANT,
        now=given.clock(),
        asked=asked,
    )


@blueprint.post("/invites")
def make_invite() -> Response:
    """Its address is in this answer and nowhere else, so that nobody can look it up later."""
    given = parts()
    sent = from_form(NewInvite)
    tenant = me().tenant or sent["tenant"] or DEFAULT_TENANT
    with given.database.write() as session:
        if tenant not in {*queries.tenant_names(session, scope()), DEFAULT_TENANT}:
            raise Problem("console_form_wrong")
        secret, expires_at = making.make_invite(
            session,
            given.clock,
            tenant,
            name=sent["name"] or None,
            replaces=sent["replaces"] or None,
            lifetime=timedelta(hours=sent["hours"]),
        )
    log.info("invite made", operator=me().name, tenant=tenant)
    address = making.address_of(given.settings.public_url, secret)
    return make_response(
        render_template("console/new_invite.html", address=address, expires_at=expires_at, name=sent["name"])
    )


@blueprint.get("/invites/<uuid:invite_id>/withdrawal")
def confirm_withdrawal(invite_id: UUID) -> str:
    given = parts()
    with given.database.read() as session:
        row = queries.find_invite(session, scope(), invite_id)
    return render_template("console/withdraw_invite.html", row=row, state=row.state(given.clock()))


@blueprint.post("/invites/<uuid:invite_id>/withdrawal")
def withdraw_invite(invite_id: UUID) -> Response:
    given = parts()
    with given.database.write() as session:
        row = queries.find_invite(session, scope(), invite_id)
        making.withdraw(session, given.clock, row.invite)
    log.info("invite withdrawn", operator=me().name, invite=str(invite_id))
    return make_response(redirect(url_for("console.invites", done="withdrawn"), 303))
