"""An operator forgets somebody: found by account, removed after a second look, with a receipt."""

import re

from flask import Flask
from sqlalchemy import func, select

from lti_tool.parts import Parts
from social_layer.people.models import Account
from tests.lti_tool.console.desk import Desk, make_operator
from tests.xapi.world import World


def maya(given: Parts, tenant: str = "default") -> World:
    world = World(given.database, given.clock, tenant=tenant)
    world.post("maya", "Words")
    return world


def removal(page: str) -> str:
    found = re.search(r'href="/admin(/people/[^"]+/removal)"', page)
    assert found is not None
    return found[1]


def accounts(given: Parts) -> int:
    with given.database.read() as session:
        return session.scalar(select(func.count()).select_from(Account)) or 0


def test_somebody_is_found_removed_and_receipted(desk: Desk, given: Parts) -> None:
    maya(given)
    assert "Nobody has this account." in desk.get("/people?find=nobody").text
    found = desk.get("/people?find=maya-7").text
    assert "Maya" in found
    address = removal(found)
    assert "This cannot be undone." in desk.get(address).text
    wrong = desk.submit(address, account="jonas-7")
    assert wrong.status_code == 422
    assert "Nothing was removed." in wrong.text
    assert accounts(given) == 1
    done = desk.submit(address, account="maya-7")
    assert done.status_code == 303
    assert accounts(given) == 0
    after = desk.get("/people?done=removed").text
    assert "operator ada" in after
    assert "1 entries removed" in after
    assert "Its signature is wrong." not in after
    assert desk.get(address).status_code == 404


def test_a_form_from_elsewhere_and_a_stranger_remove_nobody(desk: Desk, visitor: Desk, given: Parts) -> None:
    maya(given)
    address = removal(desk.get("/people?find=maya-7").text)
    assert desk.send(address, account="maya-7").status_code == 403
    assert visitor.send(address, account="maya-7").status_code in (401, 403)
    assert visitor.get(address).status_code == 401
    assert accounts(given) == 1


def test_an_operator_of_one_institution_finds_nobody_of_another(app: Flask, desk: Desk, given: Parts) -> None:
    maya(given, "Elsewhere College")
    make_operator(given, "bo", tenant="River College")
    other = Desk(app)
    assert other.sign_in("bo").status_code == 303
    address = removal(desk.get("/people?find=maya-7").text)
    assert "Nobody has this account." in other.get("/people?find=maya-7").text
    assert other.get(address).status_code == 404
    assert other.submit(address, account="maya-7").status_code == 404
    assert accounts(given) == 1
    desk.submit(address, account="maya-7")
    assert "operator ada" not in other.get("/people").text
