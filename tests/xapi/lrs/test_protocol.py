"""Everything around the statements: versions, credentials, parameters, headers, refusals, the form syntax."""

import json
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.xapi.lrs.client import HEADERS, Client, Json, agent, basic, new_id, statement, voiding
from xapi.lrs.authentication import add_credential, remove_credential
from xapi.lrs.validation.formats import parse_timestamp

FORM = "application/x-www-form-urlencoded"
THROUGH = "X-Experience-API-Consistent-Through"


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.0.1", "1.0.3", "1.0.9", "2.0.0", "2.0.1"])
def test_every_version_of_both_editions_is_taken(lrs: Client, version: str) -> None:
    answer = lrs.send("GET", headers={"X-Experience-API-Version": version})
    assert answer.status_code == 200
    assert answer.headers["X-Experience-API-Version"] == ("2.0.0" if version.startswith("2") else "1.0.3")


@pytest.mark.parametrize(
    "version", [None, "", "0.9", "0.95", "1.1.0", "2.0", "2.1.0", "3.0.0", "10.0.3", "1.00", "x"]
)
def test_another_version_or_none_is_refused(lrs: Client, version: str | None) -> None:
    answer = lrs.post(statement(), headers={"X-Experience-API-Version": version})
    assert answer.status_code == 400
    assert answer.get_json()["error"].startswith("version")
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert lrs.ids() == []


def test_about_needs_no_user_and_no_version(lrs: Client) -> None:
    answer = lrs.http.get("/xAPI/about")
    assert answer.status_code == 200
    assert {"1.0.0", "1.0.3"} <= set(answer.get_json()["version"])
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert lrs.http.get("/xAPI/about?x=1").status_code == 400


def test_health_says_ok(lrs: Client) -> None:
    assert lrs.http.get("/healthz").get_json() == {"status": "ok"}


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Basic", "Basic ", "Basic !!!", "Basic Og==", "Bearer abc", "Basic Zm9v", "Basic gICA",
        basic("bridge", "wrong"), basic("nobody", "correct horse"), basic("", ""), basic("a\0b", "c"),
    ],
)  # fmt: skip
def test_wrong_credentials_are_refused(lrs: Client, header: str | None) -> None:
    answer = lrs.send("GET", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["error"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_credentials_of_the_table_are_hashed_and_end_when_removed(make_lrs: Any) -> None:
    lrs = make_lrs()
    database = lrs.app.extensions["lrs"].database
    add_credential(database, "reader", "pässword")
    with database.read() as connection:
        row = str(connection.exec_driver_sql("SELECT * FROM credentials").all())
    assert "pässword" not in row
    assert lrs.send("GET", headers={"Authorization": basic("reader", "pässword")}).status_code == 200
    assert lrs.send("GET", headers={"Authorization": basic("reader", "pässword")}).status_code == 200
    assert lrs.send("GET", headers={"Authorization": basic("reader", "password")}).status_code == 401
    add_credential(database, "reader", "new")
    assert make_lrs().send("GET", headers={"Authorization": basic("reader", "new")}).status_code == 200
    assert remove_credential(database, "reader")
    assert not remove_credential(database, "reader")
    assert make_lrs().send("GET", headers={"Authorization": basic("reader", "new")}).status_code == 401


def test_a_remembered_password_costs_no_second_hashing(
    make_lrs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lrs = make_lrs()
    add_credential(lrs.app.extensions["lrs"].database, "reader", "secret")
    headers = {"Authorization": basic("reader", "secret")}
    assert lrs.send("GET", headers=headers).status_code == 200
    monkeypatch.setattr("hashlib.scrypt", lambda *_, **__: pytest.fail("hashed again"))
    assert lrs.send("GET", headers=headers).status_code == 200


def test_the_authority_is_who_sent_it(make_lrs: Any) -> None:
    lrs = make_lrs(
        credentials=(("bridge", "correct horse"), ("other", "x")), home_page="https://lrs.example/xAPI"
    )
    lrs.post(statement(), headers={"Authorization": basic("other", "x")})
    assert lrs.found()[0]["authority"] == {
        "objectType": "Agent",
        "account": {"homePage": "https://lrs.example/xAPI", "name": "other"},
    }


@pytest.mark.parametrize(
    "parameters",
    [
        {"foo": "1"}, {"Verb": "https://x.example/v"}, {"statementID": new_id()}, {"limit": "-1"},
        {"limit": "x"}, {"limit": "1.0"}, {"limit": "٣"}, {"since": "yesterday"}, {"since": "2026-01-01"},
        {"until": "2026-01-01T00:00:00-00:00"}, {"ascending": "1"}, {"ascending": "True"},
        {"attachments": "yes"}, {"related_agents": "on"}, {"related_activities": ""}, {"format": "Exact"},
        {"format": "all"}, {"verb": "replied"}, {"activity": "/relative"}, {"registration": "12"},
        {"statementId": "12"}, {"voidedStatementId": ""}, {"agent": "ann"}, {"agent": "{}"},
        {"agent": "[]"}, {"agent": "null"}, {"agent": '{"mbox":"ann@x.example"}'},
        {"agent": '{"objectType":"Group","member":[{"mbox":"mailto:a@x.example"}]}'},
        {"agent": '{"mbox":"mailto:a@x.example","mbox":"mailto:b@x.example"}'},
        {"statementId": new_id(), "voidedStatementId": new_id()},
        {"statementId": new_id(), "verb": "https://x.example/v"},
        {"voidedStatementId": new_id(), "limit": "1"},
        {"more": "x", "limit": "1"},
    ],
)  # fmt: skip
def test_a_parameter_that_is_wrong_or_unknown_is_refused(lrs: Client, parameters: Json) -> None:
    answer = lrs.get(**parameters)
    assert answer.status_code == 400
    assert answer.get_json()["message"]
    assert THROUGH in answer.headers


def test_a_parameter_twice_or_with_a_post_is_refused(lrs: Client) -> None:
    assert lrs.send("GET", "/xAPI/statements?limit=1&limit=2").status_code == 400
    assert lrs.post(statement(), query_string={"statementId": new_id()}).status_code == 400


def test_single_statements_may_be_asked_for_with_format_and_attachments(lrs: Client) -> None:
    sent = statement()
    lrs.store(sent)
    for extra in ({"format": "ids"}, {"attachments": "true"}, {"attachments": "false", "format": "exact"}):
        assert lrs.get(statementId=sent["id"], **extra).status_code == 200


def test_an_unknown_statement_is_404(lrs: Client) -> None:
    answer = lrs.get(statementId=new_id())
    assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")
    assert lrs.get(voidedStatementId=new_id()).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "bad_json"), ("   ", "bad_json"), ("{", "bad_json"), ("[", "bad_json"), ("[{},]", "missing"),
        ("nonsense", "bad_json"), (b"\xff\xfe{}", "bad_json"), ('{"a":1}{"b":2}', "bad_json"),
        ('[{"a": NaN}]', "bad_json"), ('[{"a": 1e999}]', "bad_json"), ('{"id":1,"id":2}', "bad_json"),
        ('{"x": {"y": 1, "y": 1}}', "bad_json"), ("[" * 100_000, "bad_json"), ("1" * 5000, "bad_json"),
        (json.dumps({"x": "a"}).replace("a", "\\ud800"), "bad_json"), ("[1]", "type"), ("null", "null"),
        ('"text"', "type"), ("[[]]", "type"),
    ],
)  # fmt: skip
def test_a_body_that_is_no_statement_is_refused(lrs: Client, body: Any, code: str) -> None:
    answer = lrs.post(body)
    assert (answer.status_code, answer.get_json()["error"]) == (400, code)
    assert answer.get_json()["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "", "multipart/form-data; boundary=x", FORM])
def test_statements_of_another_content_type_are_refused(lrs: Client, content_type: str) -> None:
    answer = lrs.post(statement(), content_type=content_type)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "content_type")


def test_a_body_too_large_is_413_also_without_a_length(make_lrs: Any) -> None:
    lrs = make_lrs(max_body_bytes=2000)
    assert lrs.post(statement()).status_code == 200
    assert lrs.post([statement() for _ in range(20)]).status_code == 413
    endless = {"wsgi.input": _Endless(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    chunked = lrs.send("POST", content_type="application/json", environ_overrides=endless)
    assert (chunked.status_code, chunked.get_json()["error"]) == (413, "too_large")


class _Endless:
    def read(self, size: int = -1) -> bytes:
        assert 0 < size < 100_000, "asked for more than it may hold"
        return b" " * min(size, 700)


def test_the_headers_of_an_answer(lrs: Client) -> None:
    sent = statement()
    posted = lrs.post(sent)
    answer = lrs.get(statementId=sent["id"])
    stored = parse_timestamp(answer.get_json()["stored"])
    assert stored is not None
    assert parsedate_to_datetime(answer.headers["Last-Modified"]) == stored.replace(microsecond=0)
    assert answer.headers["ETag"] == lrs.get(statementId=sent["id"]).headers["ETag"]
    assert answer.content_type == "application/json"
    for one in (posted, answer, lrs.get(), lrs.get(limit="x"), lrs.post("{"), lrs.get(statementId=new_id())):
        assert parse_timestamp(one.headers[THROUGH]) is not None
    through = parse_timestamp(lrs.get().headers[THROUGH])
    assert through is not None
    assert through >= stored


def test_head_is_get_without_a_body(lrs: Client) -> None:
    sent = statement()
    lrs.store(sent)
    for query in ({"statementId": sent["id"]}, {}, {"limit": "x"}, {"statementId": new_id()}):
        get = lrs.send("GET", query_string=query)
        head = lrs.send("HEAD", query_string=query)
        assert head.status_code == get.status_code
        assert head.get_data() == b""
        assert head.content_type == get.content_type


def test_a_method_or_path_that_is_not_there(lrs: Client) -> None:
    assert lrs.send("DELETE").status_code == 405
    assert lrs.send("GET", "/xAPI/nothing").get_json()["error"] == "not_found"


@pytest.mark.parametrize(
    "path", ["activities/state", "activities/profile", "agents/profile", "activities", "agents"]
)
def test_resources_to_come_say_so(lrs: Client, path: str) -> None:
    assert lrs.send("GET", f"/xAPI/{path}").status_code == 501
    assert lrs.http.get(f"/xAPI/{path}").status_code == 401


# Alternate request syntax (Communication 1.3)


def form(lrs: Client, method: str, fields: Json, **request: Any) -> Any:
    request.setdefault("content_type", FORM)
    return lrs.http.post(f"/xAPI/statements?method={method}", data=urlencode(fields), **request)


def test_a_form_can_carry_method_headers_parameters_and_content(lrs: Client) -> None:
    sent = statement(result={"response": "Grüße & mehr=%41+"})
    put = form(lrs, "PUT", {**HEADERS, "statementId": sent["id"], "content": json.dumps(sent)})
    assert put.status_code == 204
    posted = form(lrs, "POST", {**HEADERS, "content": json.dumps([statement()])}, headers={})
    assert posted.status_code == 200
    one = form(lrs, "GET", {**HEADERS, "statementId": sent["id"]})
    assert one.get_json()["result"] == sent["result"]
    many = form(lrs, "GET", {"agent": json.dumps(agent()), "limit": "1"}, headers=HEADERS)
    assert len(many.get_json()["statements"]) == 1
    assert many.get_json()["more"]
    assert form(lrs, "HEAD", HEADERS).get_data() == b""


@pytest.mark.parametrize(
    ("method", "fields", "status"),
    [
        ("PUT", {"statementId": new_id()}, 400),
        ("BREW", {"content": "{}"}, 400),
        ("GET", {"limit": "x"}, 400),
        ("GET", {"X-Experience-API-Version": "0.9"}, 400),
        ("GET", {"Authorization": basic("x", "y")}, 401),
        ("DELETE", {}, 405),
        ("POST", {"content": "{"}, 400),
        ("POST", {"content": "[]", "Content-Type": "text/plain"}, 400),
        ("GET", {"X-Experience-API-Version": "1.0.3\r\nX: y"}, 400),
    ],
)
def test_a_form_that_is_wrong_is_refused(lrs: Client, method: str, fields: Json, status: int) -> None:
    assert form(lrs, method, {**HEADERS, **fields}).status_code == status


def test_a_form_is_a_post_with_nothing_else_in_its_address(lrs: Client) -> None:
    fields = urlencode({**HEADERS, "content": json.dumps(statement())})
    other = lrs.http.post("/xAPI/statements?method=POST&x=1", data=fields, content_type=FORM)
    assert other.status_code == 400
    assert lrs.send("PUT", "/xAPI/statements?method=POST", data=fields, content_type=FORM).status_code == 400
    raw = lrs.http.post("/xAPI/statements?method=GET", data=b"\xff=\xfe", content_type=FORM)
    assert raw.status_code == 400
    assert form(lrs, "GET", HEADERS, content_type="application/json").status_code == 400


def test_void_and_read_through_forms(lrs: Client) -> None:
    sent = statement()
    lrs.store(sent)
    assert form(lrs, "POST", {**HEADERS, "content": json.dumps(voiding(sent["id"]))}).status_code == 200
    assert form(lrs, "GET", {**HEADERS, "voidedStatementId": sent["id"]}).status_code == 200
