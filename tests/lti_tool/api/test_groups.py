"""Groups in the API: each entry names its own, and nobody gets at another's."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from lti_tool.parts import Parts
from social_layer.panels.models import GroupMode
from tests.lti_tool.api.speaker import Speaker
from tests.queries import counted
from tests.social_layer.groups.divided import Divided

SPEAK = Callable[[str], Speaker]


@pytest.fixture
def room(settings: object) -> object:
    parts = Parts.of(settings)  # type: ignore[arg-type]
    yield Divided(parts.database).divide(GroupMode.across)
    parts.database.close()


@pytest.fixture
def speaks(app: Flask, given: Parts, room: Divided) -> SPEAK:
    return lambda name: Speaker.of(app, given, room, room.members[name])


def test_an_entry_names_its_group_and_the_panel_those_of_its_viewer(speaks: SPEAK, room: Divided) -> None:
    red = {"id": str(room.groups["red"]), "name": "red"}
    blue = {"id": str(room.groups["blue"]), "name": "blue"}
    assert speaks("red").write("red thought")["group"] == red
    assert speaks("staff").write("dear all")["group"] is None
    assert speaks("staff").write("dear blues", group=blue["id"])["group"] == blue
    assert speaks("red").get("{panel}").json["groups"] == {"mode": "across", "items": [red]}
    assert speaks("staff").get("{panel}").json["groups"]["items"] == [red, blue]


def test_lists_are_narrowed_to_a_group(speaks: SPEAK, room: Divided) -> None:
    for name in ("red", "blue"):
        speaks(name).write(f"{name} thought")
    speaks("staff").write("dear all")

    def bodies(who: str, group: str) -> set[str]:
        answer = speaks(who).get(f"{{panel}}/entries?group={room.groups[group]}")
        return {entry["body"] for entry in answer.json["items"]}

    assert bodies("staff", "blue") == {"blue thought", "dear all"}
    assert bodies("red", "red") == {"red thought", "dear all"}
    for group in (room.groups["blue"], uuid4()):
        refused = speaks("red").get(f"{{panel}}/entries?group={group}")
        assert (refused.status_code, refused.json["code"]) == (404, "group_not_found")


def test_nobody_gets_at_an_entry_of_another_group(speaks: SPEAK, room: Divided) -> None:
    red, blue = speaks("red"), speaks("blue")
    cursor = red.get("{panel}").json["cursor"]
    theirs = blue.write("blue thought")["id"]
    attempts = [
        red.get(f"/entries/{theirs}"),
        red.patch(f"/entries/{theirs}", {"body": "x", "version": 1}),
        red.delete(f"/entries/{theirs}?version=1"),
        red.put(f"/entries/{theirs}/reactions/like"),
        red.delete(f"/entries/{theirs}/reactions/like"),
        red.post("{panel}/entries", {"body": "x", "parent_id": theirs}),
        red.post("{panel}/entries", {"body": "x", "group": str(room.groups["blue"])}),
    ]
    assert [answer.status_code for answer in attempts] == [404] * len(attempts)
    for group in ("", f"&group={room.groups['blue']}", f"&group={room.groups['red']}"):
        assert red.get(f"{{panel}}/updates?after={cursor}{group}").status_code == 204
    assert red.post("{panel}/read", {"entries": [theirs]}).status_code == 204
    assert red.get("{panel}/entries").json["items"] == []
    assert blue.get(f"/entries/{theirs}").json["version"] == 1


def test_a_set_up_by_the_api_chooses_groups(speaks: SPEAK, room: Divided) -> None:
    wanted = {"kind": "discussion", "title": "Divided", "group_mode": "apart"}
    answer = speaks("staff").put("{panel}/setup", {**wanted, "group_set_id": str(room.set_id)})
    assert answer.json["groups"]["mode"] == "apart"
    refused = speaks("staff").post("{panel}/entries", {"body": "to whom?"})
    assert (refused.status_code, refused.json["code"]) == (409, "group_missing")
    unknown = speaks("staff").put("{panel}/setup", {**wanted, "group_set_id": str(uuid4())})
    assert (unknown.status_code, unknown.json["code"]) == (404, "group_set_not_found")


def test_groups_cost_a_post_few_statements(speaks: SPEAK, room: Divided) -> None:
    red = speaks("red")
    red.write()
    with counted(room.database.engine) as sent:
        red.write()
    assert len(sent) <= 13
