"""How the tests talk to an LRS: statements to send, and a client that sends them with the right headers."""

import base64
import json
import uuid
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Json = dict[str, Any]

USER, PASSWORD = "bridge", "correct horse"
REPLIED = "http://id.tincanapi.com/verb/replied"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def new_id() -> str:
    return str(uuid.uuid4())


def agent(name: str = "ann") -> Json:
    return {"objectType": "Agent", "account": {"homePage": "https://lms.example", "name": name}}


def activity(name: str = "entry/1") -> Json:
    return {"objectType": "Activity", "id": f"https://tool.example/{name}"}


def reference(statement_id: str) -> Json:
    return {"objectType": "StatementRef", "id": statement_id}


def statement(**properties: Any) -> Json:
    """A statement with an id of its own; `properties` replace or add to it, and None removes."""
    made = {
        "id": new_id(),
        "actor": agent(),
        "verb": {"id": REPLIED, "display": {"en": "replied"}},
        "object": activity(),
        **properties,
    }
    return {key: value for key, value in made.items() if value is not None}


def voiding(statement_id: str, **properties: Any) -> Json:
    return statement(verb={"id": VOIDED}, object=reference(statement_id), **properties)


def basic(user: str = USER, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


HEADERS = {"Authorization": basic(), "X-Experience-API-Version": "1.0.3"}


class Client:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()

    def send(self, method: str, path: str = "/xAPI/statements", **request: Any) -> TestResponse:
        headers = {**HEADERS, **request.pop("headers", {})}
        kept = {name: value for name, value in headers.items() if value is not None}
        return self.http.open(path, method=method, headers=kept, **request)

    def post(self, statements: Any, **request: Any) -> TestResponse:
        body = statements if isinstance(statements, str | bytes) else json.dumps(statements)
        request.setdefault("content_type", "application/json")
        return self.send("POST", data=body, **request)

    def put(self, statement_id: str, statement_: Any, **request: Any) -> TestResponse:
        return self.send(
            "PUT",
            query_string={"statementId": statement_id},
            data=json.dumps(statement_),
            content_type="application/json",
            **request,
        )

    def store(self, *statements: Json) -> list[str]:
        """Store them, which must succeed; their ids."""
        answer = self.post(list(statements))
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(answer.get_json())

    def get(self, headers: Json | None = None, **parameters: Any) -> TestResponse:
        query = {
            name: json.dumps(value) if isinstance(value, dict | bool) else value
            for name, value in parameters.items()
        }
        return self.send("GET", query_string=query, headers=headers or {})

    def found(self, **parameters: Any) -> list[Json]:
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(answer.get_json()["statements"])

    def ids(self, **parameters: Any) -> list[str]:
        """The ids that a query finds, in the order of the answer."""
        return [one["id"] for one in self.found(**parameters)]

    def one(self, statement_id: str, **parameters: Any) -> Json:
        answer = self.get(statementId=statement_id, **parameters)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.get_json())

    def more(self, answer: TestResponse) -> TestResponse:
        return self.send("GET", answer.get_json()["more"])
