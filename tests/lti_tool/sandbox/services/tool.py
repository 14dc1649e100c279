"""The tool at the services: what it calls, with a score that is a second later each time."""

import json
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from tests.lti_tool.sandbox.conftest import Bench

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
SUBMISSION = "https://canvas.instructure.com/lti/submission"
MAKES = {"scoreMaximum": 20, "label": "Reflection wk1", "resourceId": "refl-1", "tag": "reflection"}


class Tool:
    """The tool at the services, with every scope, and a score that is a second later each time."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.url: str = bench.claims("amara", "food-web")[ENDPOINT]["lineitems"]
        self.token = bench.sandbox.grants.issue(bench.sandbox.registration, bench.sandbox.registration.scopes)
        self.at = bench.sandbox.config.clock()

    def call(
        self, method: str, url: str, accept: str = "", content: str = "", body: Any = None
    ) -> TestResponse:
        headers = {"Accept": accept} if accept else {}
        if content:
            headers["Content-Type"] = content
        data = json.dumps(body) if body is not None else None
        return self.bench.service(method, url, token=self.token, headers=headers, data=data)

    def make(self, **changes: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.call("POST", self.url, content=ITEM, body=MAKES | changes).get_json()
        return made

    def listed(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", more(self.url, query), accept=ITEMS).get_json()
        return found

    def score(
        self, item: dict[str, Any], who: str = "maya", content: str = SCORE, **changes: Any
    ) -> TestResponse:
        self.at += timedelta(seconds=1)
        usual = {
            "userId": self.bench.sandbox.world.person(who).sub,
            "scoreGiven": 15,
            "scoreMaximum": 20,
            "timestamp": self.at.isoformat(),
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
        }
        body = {name: value for name, value in (usual | changes).items() if value is not None}
        return self.call("POST", part(item["id"], "scores"), content=content, body=body)

    def results(self, item: dict[str, Any], query: str = "") -> Any:
        url = more(part(item["id"], "results"), query)
        return self.call("GET", url, accept=RESULTS).get_json()

    def points(self, item: dict[str, Any], who: str = "maya") -> float | None:
        sub = self.bench.sandbox.world.person(who).sub
        return {each["userId"]: each.get("resultScore") for each in self.results(item)}.get(sub)


def part(url: str, name: str) -> str:
    """`/scores` or `/results` behind the path of a line item's address (LTI-AGS 2.0, section 3.3.1)."""
    path, mark, query = url.partition("?")
    return f"{path}/{name}{mark}{query}"


def more(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url
