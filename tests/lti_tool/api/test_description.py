"""The OpenAPI description: there for everybody, complete, and the limits that it announces."""

from typing import Any

import pytest
from flask import Flask

from lti_tool.app import create_app
from lti_tool.parts import Parts
from lti_tool.problems import PROBLEMS
from tests.lti_tool.api.speaker import Speaker
from tests.room import Room


@pytest.fixture
def tables_url(sqlite_tables_url: str) -> str:
    return sqlite_tables_url


@pytest.fixture
def description(app: Flask) -> dict[str, Any]:
    response = app.test_client().get("/api/v1/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return dict(response.json)


def operations(description: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_every_address_of_the_api_is_described(app: Flask, description: dict[str, Any]) -> None:
    served = {
        (
            method,
            str(rule)
            .replace("<uuid:", "{")
            .replace("<any(like, insight, same):", "{")
            .replace("<", "{")
            .replace(">", "}"),
        )
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if str(rule).startswith("/api/v1/") and not str(rule).endswith("openapi.json")
    }
    assert served == set(operations(description))


def test_every_operation_says_what_it_does_and_how_it_refuses(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert description["security"] == [{"bearer": []}]
    for place, operation in operations(description).items():
        assert operation["summary"], place
        assert {"401", "403", "404", "405", "429", "503"} <= set(operation["responses"]), place
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), place
            assert "example" in operation["requestBody"]["content"]["application/json"], place
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                (content,) = response["content"].items()
                assert content[0] == "application/problem+json"
                codes = content[1]["schema"]["properties"]["code"]["enum"]
                assert {PROBLEMS[code].status for code in codes} == {int(status)}, place


def test_changes_announce_their_conflicts(description: dict[str, Any]) -> None:
    changing = operations(description)["PATCH", "/api/v1/entries/{entry_id}"]
    assert {"409", "412", "428"} <= set(changing["responses"])


def test_who_asks_too_often_is_told_when_to_come_again(given: Parts, room: Room) -> None:
    parts = Parts(given.settings.with_changes(rate_limits=True), given.database, given.sealer, given.clock)
    speaker = Speaker.of(create_app(parts), parts, room, room.join())
    answers = [speaker.get("{panel}") for _ in range(601)]
    assert {answer.status_code for answer in answers[:600]} == {200}
    assert (answers[600].status_code, answers[600].json["code"]) == (429, "too_many_requests")
    assert int(answers[600].headers["Retry-After"]) > 0
    other = Speaker.of(speaker.app, parts, room, room.join())
    assert other.get("{panel}").status_code == 200
