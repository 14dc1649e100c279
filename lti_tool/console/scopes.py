"""What leaves for the LRSs: the rule of each place, what it would mean to change it, and what was said before."""

import json
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session

from lti_tool.bridging import reading_builder
from lti_tool.console import blueprint
from lti_tool.console.forms import Find, ScopePlaceWish, ScopeRuleWish, from_form, from_query
from lti_tool.console.guard import me, scope
from lti_tool.console.scope_queries import (
    MOST_COUNTED,
    consequences,
    example,
    history,
    holding,
    panels_of,
    places_called,
    previews,
    ruled_places,
    tenants,
)
from lti_tool.logs import log
from lti_tool.parts import parts
from lti_tool.problems import Problem
from lti_tool.scope_places import ScopePlace, find_place
from social_layer.sealing import SealBroken
from xapi.models import Scope
from xapi.scopes.actions import set_rule
from xapi.scopes.models import Level
from xapi.scopes.queries import ORDER, Rule

SCOPES = {
    Scope.nothing: lazy_gettext("Nothing"),
    Scope.pseudonymous: lazy_gettext("Under pseudonyms"),
    Scope.identified: lazy_gettext("Under the accounts of the LMS, without names"),
    Scope.named: lazy_gettext("With names"),
}
LEVELS = {
    Level.tenant: lazy_gettext("Institution"),
    Level.platform: lazy_gettext("LMS"),
    Level.course: lazy_gettext("Course"),
    Level.panel: lazy_gettext("Panel"),
}


@blueprint.get("/scopes")
def scopes() -> str:
    find = from_query(Find)["find"]
    with parts().database.read() as session:
        names = dict(tenants(session, scope()))
        found = places_called(session, names, find) if find else []
        ruled = ruled_places(session, names)
    return _page("console/scopes.html", find=find, names=names, ruled=ruled, found=found)


@blueprint.get("/scopes/<uuid:tenant_id>")
def show_scope(tenant_id: UUID) -> str:
    _mine(tenant_id)
    wish = from_query(ScopePlaceWish)
    with parts().database.read() as session:
        place = _place(session, tenant_id, wish)
        return _page("console/scope.html", **_shown(session, place), statements=_previews(session, place))


@blueprint.post("/scopes/<uuid:tenant_id>")
def change_scope(tenant_id: UUID) -> Response:
    """First what it would mean; then, confirmed, the change."""
    _mine(tenant_id)
    wish = from_form(ScopeRuleWish)
    given = parts()
    chosen = Scope(wish["scope"]) if wish["scope"] else None
    has_text = wish["text"] and chosen not in (None, Scope.nothing)
    may_choose = wish["may_choose"] and chosen is not None
    with given.database.read() as session:
        place = _place(session, tenant_id, wish)
        if not wish["confirmed"]:
            meant = (
                Rule(chosen, may_choose, place.level, has_text)
                if chosen
                else holding(session, place, own=False)
            )
            page = _page(
                "console/scope_change.html",
                **_shown(session, place),
                meant=meant,
                chosen=chosen,
                consequences=consequences(session, place, meant),
                most=MOST_COUNTED,
            )
            return make_response(page)
    with given.database.write() as session:
        set_rule(
            session,
            given.clock,
            tenant_id,
            place.level,
            place.target,
            scope=chosen,
            may_choose=may_choose,
            text=has_text,
            set_by=f"operator {me().name}"[:64],
        )
    log.warning(
        "scope changed", operator=me().name, level=place.level.value, scope=wish["scope"] or "inherit"
    )
    address = url_for(
        "console.show_scope", tenant_id=tenant_id, level=place.level, target=place.target, done="changed"
    )
    return make_response(redirect(address, 303))


def _mine(tenant_id: UUID) -> None:
    """Raises ``not_found``."""
    if scope() not in (None, tenant_id):
        raise Problem("not_found")


def _place(session: Session, tenant_id: UUID, wish: dict[str, Any]) -> ScopePlace:
    """Raises ``not_found``."""
    place = find_place(session, tenant_id, wish["level"], wish["target"])
    if place is None:
        raise Problem("not_found")
    return place


def _shown(session: Session, place: ScopePlace) -> dict[str, Any]:
    said = history(session, place)
    return {
        "place": place,
        "rule": holding(session, place),
        "own": said[0] if said and said[0].scope is not None else None,
        "history": said,
        "panels": panels_of(session, place) if place.level is Level.course else [],
    }


def _previews(session: Session, place: ScopePlace) -> dict[str, tuple[str, str]]:
    """As JSON; none where nothing has happened, or where the key of pseudonyms cannot be opened."""
    given = parts()
    now = given.clock()
    act = example(session, place, now)
    if act is None:
        return {}
    words = _("(the words of the entry)")
    try:
        built = previews(reading_builder(session, given), act, now, words)
    except SealBroken:
        return {}
    return {scope.value: (_json(plain), _json(worded)) for scope, (plain, worded) in built.items()}


def _json(statement: dict[str, Any]) -> str:
    return json.dumps(statement, indent=2, ensure_ascii=False)


def _page(template: str, **values: Any) -> str:
    return render_template(template, scopes=SCOPES, levels=LEVELS, order=ORDER, **values)
