"""The live record: what an LRS holds, told in sentences; and what is said when it holds nothing or is away."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Response, request

from lti_tool.sandbox import statements
from tests.lti_tool.sandbox.conftest import Bench
from tests.lti_tool.sandbox.stand_in import Site
from tests.services.servers import LearningLocker

ISSUER = "http://lms.test:8001"


def statement(sub: str = "5", **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "actor": {"objectType": "Agent", "account": {"homePage": ISSUER, "name": sub}},
        "verb": {"id": "http://id.tincanapi.com/verb/replied", "display": {"en": "replied to"}},
        "object": {
            "id": "http://tool.test/x/1",
            "definition": {
                "name": {"en": "A food web near you"},
                "type": "http://id.tincanapi.com/activitytype/forum-reply",
            },
        },
        "timestamp": "2026-11-21T18:00:00.000Z",
        **changes,
    }


@pytest.fixture
def bench(bench_for: Callable[..., Bench], site: Site) -> Bench:
    return bench_for(lrs_endpoint=f"{site.address}/xAPI/", lrs_username="reader", lrs_password="secret")


def read(bench: Bench) -> dict[str, Any]:
    answer: dict[str, Any] = bench.client.get("/statements.json").json
    return answer


def holding(site: Site, *held: dict[str, Any]) -> None:
    site.answers["xAPI/statements"] = lambda: {"statements": list(held), "more": ""}


def test_a_statement_is_told_with_the_name_the_lms_knows(bench: Bench, site: Site) -> None:
    maya = bench.sandbox.world.person("maya")
    holding(site, sent := statement(maya.sub))
    told = read(bench)
    assert told["state"] == "reading"
    assert told["statements"] == [
        {
            "id": sent["id"],
            "who": "Maya Chen",
            "verb": "replied to",
            "whom": "",
            "object": "A food web near you",
            "time": "2026-11-21T18:00:00.000Z",
            "is_view": False,
            "raw": sent,
        }
    ]


def deed(verb: str, kind: str, of: str = "", **context: Any) -> dict[str, Any]:
    """As the tool writes it: the entry has no name, the panel around it has one."""
    panel = {
        "id": "http://tool.test/p/1",
        "definition": {
            "type": "http://id.tincanapi.com/activitytype/community-site",
            "name": {"en": "A food web near you"},
        },
    }
    if of:
        context["statement"] = {"objectType": "StatementRef", "id": of}
    return {
        "verb": {"id": verb, "display": {"en": "did"}},
        "object": {"id": "http://tool.test/e/1", "definition": {"type": f"http://tool.test/types/{kind}"}},
        "context": {"contextActivities": {"parent": [{"id": "x"}], "grouping": [panel]}, **context},
    }


def sentence(told: dict[str, Any]) -> str:
    return " ".join(filter(None, (told["who"], told["verb"], told["whom"], "·", told["object"])))


REPLIED, LIKED = "http://id.tincanapi.com/verb/replied", "http://activitystrea.ms/like"
WITH_REACTION = {"extensions": {"http://tool.test/xapi/extensions/reaction": "insight"}}


@pytest.mark.parametrize(
    ("verb", "context", "told"),
    [
        (REPLIED, {}, "Lucas Meyer replied to Maya Chen · A food web near you"),
        (LIKED, WITH_REACTION, "Lucas Meyer gave “Made me think” to Maya Chen · A food web near you"),
        (
            "http://activitystrea.ms/unlike",
            WITH_REACTION,
            "Lucas Meyer took back “Made me think” from Maya Chen · A food web near you",
        ),
        ("https://w3id.org/xapi/acrossx/verbs/edited", {}, "Lucas Meyer edited a text · A food web near you"),
    ],
)
@pytest.mark.parametrize("is_near", [True, False])
def test_whom_a_statement_answers_is_told(
    bench: Bench, site: Site, verb: str, context: dict[str, Any], told: str, is_near: bool
) -> None:
    world = bench.sandbox.world
    lucas = world.person("lucas")
    first = statement(world.person("maya").sub, **deed("http://activitystrea.ms/create", "discussion"))
    answer = statement(lucas.sub, **deed(verb, "forum-reply", of=first["id"], **context))
    asked: list[str] = []

    def statements() -> dict[str, Any]:
        if wanted := request.args.get("statementId"):
            asked.append(wanted)
            return first
        return {"statements": [answer, first] if is_near else [answer]}

    site.answers["xAPI/statements"] = statements
    expected = told.replace("Lucas Meyer", lucas.name)
    assert sentence(read(bench)["statements"][0]) == expected
    assert sentence(read(bench)["statements"][0]) == expected
    # What is not among the newest is asked for once.
    assert asked == ([] if is_near else [first["id"]])


def test_what_cannot_be_found_is_told_without_whom(bench: Bench, site: Site) -> None:
    lone = statement("6", **deed(REPLIED, "forum-reply", of=str(uuid.uuid4())))

    def statements() -> Any:
        return ("gone", 404) if "statementId" in request.args else {"statements": [lone]}

    site.answers["xAPI/statements"] = statements
    told = read(bench)["statements"][0]
    assert (told["verb"], told["whom"], told["object"]) == ("replied", "", "A food web near you")


def test_the_lrs_is_asked_with_credentials_and_version(bench: Bench, site: Site) -> None:
    seen: list[tuple[Any, ...]] = []

    def answer() -> dict[str, Any]:
        credentials = request.authorization
        assert credentials is not None
        seen.append((credentials.username, credentials.password, request.headers["X-Experience-API-Version"]))
        return {"statements": []}

    site.answers["xAPI/statements"] = answer
    assert read(bench) == {"state": "reading", "detail": "", "statements": []}
    assert seen == [("reader", "secret", "1.0.3")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"actor": {"account": {"homePage": "https://x.example", "name": "5"}}}, ("5", None, None)),
        ({"actor": {"account": {"homePage": ISSUER, "name": "not-here"}}}, ("not-here", None, None)),
        ({"actor": {"mbox": "mailto:a@x.example", "name": "Ada"}}, ("Ada", None, None)),
        ({"actor": {"objectType": "Group"}}, ("Group", None, None)),
        ({"verb": {"id": "https://w3id.org/xapi/acrossx/verbs/was-assigned"}}, (None, "was assigned", None)),
        ({"verb": {"id": "x", "display": {"de": "antwortete"}}}, (None, "antwortete", None)),
        ({"object": {"objectType": "StatementRef", "id": "a1b2c3d4-0"}}, (None, None, "statement a1b2c3d4")),
        (
            {"object": {"id": "http://x/1", "definition": {"type": "http://x/activitytype/forum-reply"}}},
            (None, None, "forum reply"),
        ),
        ({"object": {"id": "http://x/1"}}, (None, None, "http://x/1")),
        ({"actor": "nobody", "verb": [], "object": None}, ("somebody", "", "")),
    ],
)
def test_other_statements_are_told_as_well_as_they_can_be(
    bench: Bench, site: Site, changes: dict[str, Any], told: tuple[str | None, ...]
) -> None:
    holding(site, statement(**changes))
    line = read(bench)["statements"][0]
    for key, expected in zip(("who", "verb", "object"), told, strict=True):
        if expected is not None:
            assert line[key] == expected


def test_without_an_lrs_it_says_so(moodle: Bench) -> None:
    assert read(moodle)["state"] == "not_connected"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (("no", 401), "refused"),
        (("no", 403), "refused"),
        (("broken", 500), "unreadable"),
        (("<p>Welcome", 200), "unreadable"),
        (([], 200), "unreadable"),
        (({"statements": None}, 200), "unreadable"),
    ],
)
def test_an_lrs_in_trouble_is_described_and_never_an_error(
    bench: Bench, site: Site, answer: Any, state: str
) -> None:
    site.answers["xAPI/statements"] = lambda: answer
    response = bench.client.get("/statements.json")
    assert response.status_code == 200
    assert (response.json["state"], response.json["statements"]) == (state, [])
    assert "secret" not in response.text


def test_an_lrs_that_is_down_is_described(
    bench_for: Callable[..., Bench], free_port: Callable[[], int]
) -> None:
    bench = bench_for(lrs_endpoint=f"http://127.0.0.1:{free_port()}/xAPI")
    assert read(bench)["state"] == "unreachable"


def test_an_lrs_that_hangs_is_given_up(bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang() -> Response:
        time.sleep(0.6)
        return Response(json.dumps({"statements": []}))

    site.answers["xAPI/statements"] = hang
    monkeypatch.setattr(statements, "CONNECT_AND_READ", (0.2, 0.2))
    assert read(bench)["state"] == "unreachable"


def test_an_unchanged_list_is_not_sent_again(bench: Bench, site: Site) -> None:
    holding(site, statement())
    first = bench.client.get("/statements.json")
    again = bench.client.get("/statements.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    holding(site, statement())
    changed = bench.client.get("/statements.json", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_foreign_lrs_is_read_newest_first(
    bench_for: Callable[..., Bench], learning_locker: LearningLocker
) -> None:
    bench = bench_for(
        lrs_endpoint=learning_locker.endpoint,
        lrs_username=learning_locker.username,
        lrs_password=learning_locker.password,
    )
    sent = [statement("5"), statement("6")]
    for each in sent:
        answer = requests.post(
            f"{learning_locker.endpoint}/statements",
            json=each,
            headers={"X-Experience-API-Version": "1.0.3"},
            auth=(learning_locker.username, learning_locker.password),
            timeout=10,
        )
        assert answer.status_code == 200
    mine = {each["id"] for each in sent}
    told = [each["id"] for each in read(bench)["statements"] if each["id"] in mine]
    assert told == [each["id"] for each in reversed(sent)]
    bench.sandbox.http.close()
