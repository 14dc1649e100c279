"""People who ask to be forgotten: found by their account, removed after a second look, and the receipts of it."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, url_for
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lti_tool.console import blueprint
from lti_tool.console.forms import Confirmation, Find, from_form, from_query
from lti_tool.console.guard import me, scope
from lti_tool.erasing import erase_person
from lti_tool.logs import log
from lti_tool.parts import parts
from lti_tool.problems import Problem
from social_layer.people.models import Account, Person, Tenant
from xapi.scopes.models import Erasure
from xapi.scopes.receipts import is_genuine

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A person under one of their accounts."""

    tenant_id: UUID
    person_id: UUID
    tenant: str
    name: str | None
    home_page: str
    account: str


@blueprint.get("/people")
def people() -> str:
    find = from_query(Find)["find"]
    given = parts()
    with given.database.read() as session:
        found = _found(session, Account.name == find) if find else []
        receipts = [
            (one, tenant, json.loads(one.counts), is_genuine(given.sealer, one))
            for one, tenant in _receipts(session)
        ]
    return render_template("console/people.html", find=find, found=found, receipts=receipts)


@blueprint.get("/people/<uuid:tenant_id>/<uuid:person_id>/removal")
def confirm_erasure(tenant_id: UUID, person_id: UUID) -> str:
    with parts().database.read() as session:
        accounts = _accounts(session, tenant_id, person_id)
    return render_template("console/remove_person.html", accounts=accounts, is_wrong=False)


@blueprint.post("/people/<uuid:tenant_id>/<uuid:person_id>/removal")
def remove_person(tenant_id: UUID, person_id: UUID) -> Response:
    """Only with the account typed once more."""
    typed = from_form(Confirmation)["account"]
    given = parts()
    with given.database.read() as session:
        accounts = _accounts(session, tenant_id, person_id)
    if typed not in {one.account for one in accounts}:
        page = render_template("console/remove_person.html", accounts=accounts, is_wrong=True)
        return make_response(page, 422)
    receipt = erase_person(given, tenant_id, person_id, f"operator {me().name}"[:64])
    log.warning("person erased", operator=me().name, receipt=str(receipt.id))
    return make_response(redirect(url_for("console.people", done="removed"), 303))


def _accounts(session: Session, tenant_id: UUID, person_id: UUID) -> list[Found]:
    """Raises ``not_found``."""
    found = _found(session, and_(Account.tenant_id == tenant_id, Account.person_id == person_id))
    if not found:
        raise Problem("not_found")
    return found


def _found(session: Session, condition: Any) -> list[Found]:
    query = (
        select(
            Account.tenant_id, Account.person_id, Tenant.name, Person.name, Account.home_page, Account.name
        )
        .join(Person, and_(Person.tenant_id == Account.tenant_id, Person.id == Account.person_id))
        .join(Tenant, Tenant.id == Account.tenant_id)
        .where(condition)
        .order_by(Tenant.name, Account.home_page)
        .limit(SHOWN)
    )
    if scope() is not None:
        query = query.where(Account.tenant_id == scope())
    return [Found(*row) for row in session.execute(query)]


def _receipts(session: Session) -> list[tuple[Erasure, str]]:
    query = (
        select(Erasure, Tenant.name)
        .join(Tenant, Tenant.id == Erasure.tenant_id)
        .order_by(Erasure.erased_at.desc(), Erasure.id)
        .limit(SHOWN)
    )
    if scope() is not None:
        query = query.where(Erasure.tenant_id == scope())
    return [(row[0], row[1]) for row in session.execute(query)]
